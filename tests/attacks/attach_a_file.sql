-- ATTACH writes a new file
ATTACH '{folder}/new.duckdb' AS other
