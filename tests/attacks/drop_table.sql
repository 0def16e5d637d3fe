-- DROP TABLE
DROP TABLE gold.program_profile
