-- DELETE inside WITH
WITH more AS (DELETE FROM gold.program_profile RETURNING *) SELECT * FROM more
