-- PRAGMA turns the sandbox off
PRAGMA enable_external_access = true
