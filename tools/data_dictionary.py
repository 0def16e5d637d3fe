"""docs/data-dictionary.md from the contracts: `python tools/data_dictionary.py [--check]`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from carms_lake.contract.load import load_contracts
from carms_lake.names import Layer
from carms_lake.store.ops import meanings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carms_lake.contract.model import Column, Contract

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "data-dictionary.md"


def pages() -> Iterator[str]:
    """The lines of the page: domain by domain, layer by layer, table by table."""
    yield "# Data dictionary"
    yield ""
    yield (
        "Look up what the columns of a table mean and where they come from. Generated from "
        "the contracts in `schemas/` by `make docs`; a test keeps it current."
    )
    yield "Types are DuckDB's. A timestamp is in UTC. **Bold** columns are the primary key."
    for folder in sorted(path for path in (ROOT / "schemas").iterdir() if path.is_dir()):
        contracts = load_contracts([folder], folder.name)
        yield from ("", f"## {folder.name}", "")
        layers = (*Layer, *sorted({ref.layer for ref in contracts} - {*Layer}))
        for layer in layers:
            names = [ref.table for ref in contracts if ref.layer == layer]
            links = ", ".join(f"[{name}](#{folder.name}{layer}{name})" for name in names)
            yield f"* {layer}: {links}"
        for layer in layers:
            for ref, contract in contracts.items():
                if ref.layer == layer:
                    yield from table(contract)
    yield from ("", "## Operations", "")
    yield (
        "Every domain has these tables in the schema `ops`: of the lake, and in the gold file as "
        "they were at its build. `build` and `build_tables` are in the gold file alone."
    )
    for (name, column), meaning in meanings().items():
        if not column:
            head = ("| column | meaning |", "|---|---|")
            yield from ("", f"### ops.{name}", "", meaning, "", *head)
        else:
            yield f"| {column} | {_cell(meaning)} |"


def table(contract: Contract) -> Iterator[str]:
    """The lines of one table."""
    yield from ("", f"### {contract.ref}", "")
    yield contract.description
    yield ""
    yield f"{contract.grain}. {contract.kind.capitalize()}, contract version {contract.version}."
    yield from ("", "| column | type | null | meaning | source |", "|---|---|---|---|---|")
    for column in contract.columns:
        name = f"**{column.name}**" if column.primary_key_position else column.name
        null = "no" if column.required else "yes"
        meaning, origin = _cell(_meaning(contract, column)), _cell(_origin(column))
        yield f"| {name} | {column.type} | {null} | {meaning} | {origin} |"


def _meaning(contract: Contract, column: Column) -> str:
    parts = [column.description]
    if column.enum:
        parts.append("One of " + ", ".join(f"`{value}`" for value in column.enum) + ".")
    for relationship in contract.relationships:
        if relationship.columns[0] == column.name:
            there = ", ".join(relationship.target_columns)
            parts.append(f"Refers to {relationship.target.in_domain} ({there}).")
    if column.classification:
        parts.append(f"Classification: {column.classification}.")
    return " ".join(part for part in parts if part)


def _origin(column: Column) -> str:
    made_of = ", ".join(f"`{source}`" for source in column.sources)
    return ": ".join(part for part in (made_of, column.rule) if part)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> int:
    """Write the page, or with `--check` say whether it is current."""
    text = "\n".join(pages()) + "\n"
    if "--check" in sys.argv[1:]:
        is_current = TARGET.exists() and TARGET.read_text(encoding="utf-8") == text
        if not is_current:
            print(f"{TARGET} is out of date: run `make docs`")
        return 0 if is_current else 1
    TARGET.write_text(text, encoding="utf-8", newline="\n")
    print(f"wrote {TARGET}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
