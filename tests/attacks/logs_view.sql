-- the same for the log
FROM duckdb_logs
