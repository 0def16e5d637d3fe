"""Theatre tickets: seven sources that come in batches, in any order, and customers that merge."""
