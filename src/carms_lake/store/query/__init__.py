"""One statement that reads, answered in a sandbox."""
