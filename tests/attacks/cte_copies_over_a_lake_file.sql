-- COPY inside WITH overwrites a Parquet file that a view may read
WITH gone AS (COPY (SELECT 1) TO '{parquet}' (FORMAT csv, USE_TMP_FILE false)) SELECT * FROM gone, silver.program
