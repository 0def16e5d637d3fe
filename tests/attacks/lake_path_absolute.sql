-- a table's name that is a path
FROM bronze."/outside"
