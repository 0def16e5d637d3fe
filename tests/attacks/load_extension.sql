-- LOAD runs foreign code
LOAD '{folder}/evil.duckdb_extension'
