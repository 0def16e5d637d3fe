-- a catalog before a function's name
FROM system.main.read_text('/etc/passwd')
