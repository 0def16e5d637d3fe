-- an allowed file's name as a table
SELECT * FROM silver.program, '{parquet}'
