-- reads a file's footer
FROM parquet_metadata('{parquet}')
