-- the text of query() is parsed only when it runs
FROM query('WITH gone AS (COPY (SELECT 1) TO ''{gold}'' (USE_TMP_FILE false)) SELECT * FROM gone')
