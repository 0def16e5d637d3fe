"""Set-aside records: where they stand in their files, and how they are read again."""
