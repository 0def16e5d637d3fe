"""A sandbox of the match: markets, how they are solved, how a matching is proved, what is drawn."""
