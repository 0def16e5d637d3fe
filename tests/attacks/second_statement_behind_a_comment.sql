-- the same behind a comment
SELECT 1 /* ; */ ; -- nothing here
 COPY (SELECT 1) TO '{gold}'
