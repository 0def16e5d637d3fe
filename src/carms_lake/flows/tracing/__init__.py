"""How `carms trace` goes from a row to the rows below and above it."""
