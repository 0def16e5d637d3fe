-- DELETE
DELETE FROM gold.program_profile
