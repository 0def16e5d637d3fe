-- never ends
SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range + b.range = -1
