-- a built-in macro that waits without working
SELECT pg_sleep(100000)
