-- writes a log
SELECT write_log('x')
