-- the same for the databases' files
FROM main.duckdb_databases
