-- UPDATE inside WITH
WITH more AS (UPDATE gold.program_profile SET quota = 0 RETURNING *) SELECT * FROM more
