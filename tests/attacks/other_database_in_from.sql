-- another database's address as a table
FROM "postgres:host=localhost"
