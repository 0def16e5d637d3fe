-- TRUNCATE
TRUNCATE gold.program_profile
