-- reaches the network
FROM 'https://example.com/x.parquet'
