"""What the data means: one package for each built-in domain."""
