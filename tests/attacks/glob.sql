-- lists folders
FROM glob('/*')
