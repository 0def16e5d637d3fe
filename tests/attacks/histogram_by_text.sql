-- a built-in macro names a table where no parser sees it
FROM histogram('{parquet}', program_stream_id)
