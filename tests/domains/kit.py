"""What tests of every shipped domain use: the public kit, on the contracts of the checkout."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

from carms_lake.config import Domain
from carms_lake.testing import DomainKit, reasons

SCHEMAS = Path(__file__).parents[2] / "schemas"
DOMAINS = ("carms", "retail", "ticketing")

Row = dict[str, Any]
Rows = dict[str, list[Row]]


class Kit(DomainKit):
    """One shipped domain."""

    def __init__(self, name: str) -> None:
        super().__init__(Domain(name, f"carms_lake.domains.{name}", (SCHEMAS / name,)))

    def gold_texts(self) -> dict[str, str]:
        """The gold SELECTs by table, as they stand in their files."""
        folder = files(self.domain.package) / "gold"
        return {
            entry.name.removesuffix(".sql"): entry.read_text(encoding="utf-8")
            for entry in folder.iterdir()
            if entry.name.endswith(".sql")
        }


__all__ = ["DOMAINS", "SCHEMAS", "Kit", "Row", "Rows", "reasons"]
