-- a file behind DESCRIBE
SELECT * FROM (DESCRIBE SELECT * FROM read_text('/etc/passwd'))
