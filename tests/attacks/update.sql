-- UPDATE
UPDATE gold.program_profile SET quota = 0
