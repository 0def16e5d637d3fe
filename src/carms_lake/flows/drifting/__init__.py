"""How `carms drift` holds a file beside its contract and beside the file that landed last."""
