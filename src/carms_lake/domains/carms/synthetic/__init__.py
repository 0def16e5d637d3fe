"""Invented CaRMS programs: the plan of each one, and the documents that tell it."""
