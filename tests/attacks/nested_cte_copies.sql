-- the same inside a subquery
SELECT * FROM (WITH gone AS (COPY (SELECT 1) TO '{gold}' (USE_TMP_FILE false)) SELECT * FROM gone)
