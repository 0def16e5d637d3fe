-- the same in SQLite's words
FROM pragma_database_list
