-- COPY over an allowed path
COPY (SELECT 1) TO '{gold}' (USE_TMP_FILE false)
