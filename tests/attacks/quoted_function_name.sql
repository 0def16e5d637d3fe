-- quotes around a function's name
FROM "read_text"('/etc/passwd')
