-- query_table() names tables where no parser sees them
FROM query_table('silver.program')
