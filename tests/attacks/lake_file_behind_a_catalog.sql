-- an allowed file's name with a catalog before it
SELECT * FROM published."{parquet}"
