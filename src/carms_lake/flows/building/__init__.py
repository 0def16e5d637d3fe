"""How `carms build` makes silver and gold: which keys, by which function, checked and published."""
