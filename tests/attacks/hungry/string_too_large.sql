-- fills the memory past DuckDB's own limit
SELECT length(repeat('x', 3900000000))
