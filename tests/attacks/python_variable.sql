-- a Python variable as a table
FROM config
