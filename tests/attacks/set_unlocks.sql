-- SET turns the sandbox off
SET enable_external_access = true
