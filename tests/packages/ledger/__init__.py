"""A ledger: a domain whose silver tables are made again key by key."""
