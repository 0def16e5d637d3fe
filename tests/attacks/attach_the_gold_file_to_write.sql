-- ATTACH the gold file without READ_ONLY
ATTACH '{gold}' AS again (READ_WRITE)
