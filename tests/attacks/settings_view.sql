-- a built-in view over a refused function tells paths of the machine
SELECT * FROM pg_catalog.pg_settings
