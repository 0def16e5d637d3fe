-- INSERT inside WITH
WITH more AS (INSERT INTO gold.program_profile VALUES ('3', 'x', 1, 1, NULL) RETURNING *) SELECT * FROM more
