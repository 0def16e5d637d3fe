-- a statement that DuckDB's own Python does not know
UPDATE EXTENSIONS
