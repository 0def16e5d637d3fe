-- a table function that writes
FROM force_checkpoint('published')
