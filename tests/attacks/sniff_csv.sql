-- reads a file's first lines
FROM sniff_csv('/etc/passwd')
