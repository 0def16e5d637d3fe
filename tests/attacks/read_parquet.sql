-- reads a file past its Delta log
FROM read_parquet('{parquet}')
