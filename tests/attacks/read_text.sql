-- reads any file
FROM read_text('/etc/passwd')
