-- EXPLAIN (ANALYZE) with a comment in between
EXPLAIN (/* ) */ ANALYZE) WITH gone AS (COPY (SELECT 1) TO '{gold}' (USE_TMP_FILE false)) SELECT * FROM gone
