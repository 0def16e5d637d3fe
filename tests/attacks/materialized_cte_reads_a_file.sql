-- a file behind MATERIALIZED
WITH x AS MATERIALIZED (FROM read_text('/etc/passwd')) SELECT 1
