-- PREPARE keeps a statement for later
PREPARE p AS SELECT 1
