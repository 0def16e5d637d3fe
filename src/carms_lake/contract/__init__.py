"""Contracts of tables: read from files in the Open Data Contract Standard into frozen objects."""
