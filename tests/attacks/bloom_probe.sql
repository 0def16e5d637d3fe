-- reads a file's filters
FROM parquet_bloom_probe('{parquet}', 'x', 1)
