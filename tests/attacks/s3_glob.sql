-- reaches the network
FROM read_parquet('s3://bucket/*.parquet')
