-- a file behind LATERAL
SELECT * FROM range(3) t(i), LATERAL (SELECT * FROM read_text('/etc/passwd'))
