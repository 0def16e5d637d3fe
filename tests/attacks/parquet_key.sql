-- keeps a key for encrypted files
PRAGMA add_parquet_key('k', '0123456789112345')
