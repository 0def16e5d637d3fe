-- a file inside a lambda
SELECT list_transform([1], lambda x: (SELECT content FROM read_text('/etc/passwd')))
