-- COPY inside WITH ... USING KEY
WITH t(a) USING KEY (a) AS (COPY (SELECT 1) TO '{gold}' (USE_TMP_FILE false)) FROM t
