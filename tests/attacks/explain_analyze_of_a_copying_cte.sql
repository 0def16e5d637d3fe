-- EXPLAIN ANALYZE runs what it explains
EXPLAIN ANALYZE WITH gone AS (COPY (SELECT 1) TO '{parquet}' (FORMAT csv, USE_TMP_FILE false)) SELECT * FROM gone, silver.program
