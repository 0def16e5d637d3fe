-- a folder's list behind LIMIT
SELECT * FROM program_profile LIMIT (SELECT count(*) FROM glob('/*'))
