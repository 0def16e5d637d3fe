-- waits without working
SELECT sleep_ms(100000)
