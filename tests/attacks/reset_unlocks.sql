-- RESET turns the sandbox off
RESET enable_external_access
