"""The only room that knows Delta, Parquet and DuckDB."""
