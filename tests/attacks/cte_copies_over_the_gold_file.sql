-- COPY inside WITH counts as a SELECT, and the attached file's path is allowed
WITH gone AS (COPY gold.program_profile TO '{gold}' (FORMAT csv, USE_TMP_FILE false)) SELECT * FROM gone
