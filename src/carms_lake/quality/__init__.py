"""Rows and tables against their contracts: types, constraints, validation, checks."""

from __future__ import annotations
