-- tells paths of the machine
FROM duckdb_settings()
