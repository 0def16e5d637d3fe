"""The Canadian residency match: programs, their descriptions and what they ask for."""
