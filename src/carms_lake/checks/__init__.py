"""Rows and tables against their contracts: types, rules, the split, the gate."""
