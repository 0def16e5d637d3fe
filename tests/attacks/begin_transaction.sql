-- a transaction of its own
BEGIN TRANSACTION
