"""What a table promises: contracts in the Open Data Contract Standard, read into frozen objects."""
