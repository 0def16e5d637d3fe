-- the same without its schema
FROM pg_settings WHERE name = 'allowed_paths'
