-- CALL
CALL pragma_version()
