"""Delta tables: read and written through delta-rs, their log read as it is."""
