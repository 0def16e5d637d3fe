-- a file's name as a table
FROM '/etc/passwd'
