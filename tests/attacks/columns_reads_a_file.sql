-- a file behind COLUMNS
SELECT COLUMNS((SELECT content FROM read_text('/etc/passwd'))) FROM program_profile
