-- writes a log
FROM enable_logging()
