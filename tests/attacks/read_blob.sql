-- reads any file
FROM read_blob('/etc/passwd')
