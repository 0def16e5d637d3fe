-- fills the memory
SELECT * FROM range(100000000) t(i) ORDER BY md5(i::VARCHAR)
