-- a file's name with a schema before it
SELECT * FROM main."/etc/passwd.csv"
