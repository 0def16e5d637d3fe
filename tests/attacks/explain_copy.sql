-- EXPLAIN of something else
EXPLAIN COPY (SELECT 1) TO '{gold}'
