"""The gold file: how it is built and published, and how it is read."""
