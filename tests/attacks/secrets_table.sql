-- tells secrets
FROM duckdb_secrets()
