-- reads a database past the catalog
FROM read_duckdb('{gold}', table_name = 'program_profile')
