-- a built-in macro over a refused function
FROM duckdb_profiling_settings()
