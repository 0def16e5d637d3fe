-- DETACH
DETACH published
