-- a table function that takes a pointer
FROM arrow_scan(1, 2, 3)
