-- a second statement behind a harmless one
SELECT 1; DROP TABLE gold.program_profile
