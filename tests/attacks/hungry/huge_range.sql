-- never ends
SELECT count(*) FROM range(9000000000000000000) t(i) WHERE i % 7 = 8
