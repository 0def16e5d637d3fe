"""How `carms check --mutate` spoils copies of tables, and what notices."""
