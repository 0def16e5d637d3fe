-- a file's name as a table
FROM 'carms.toml.csv'
