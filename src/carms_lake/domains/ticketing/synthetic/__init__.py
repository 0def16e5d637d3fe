"""Invented ticketing data: every value is drawn from the seed and the number of its row."""
