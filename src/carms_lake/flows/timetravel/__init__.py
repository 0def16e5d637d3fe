"""The lake as it was: which run is meant, what changed since, and how to go back."""
