-- ROLLBACK ends the read-only transaction
ROLLBACK
