-- reads any file
FROM read_csv('/etc/passwd')
