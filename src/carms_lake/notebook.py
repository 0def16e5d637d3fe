"""How a notebook shows a report: its figures as one table, each list of records as another."""

from dataclasses import fields, is_dataclass
from html import escape
from typing import Any

_ROWS = 50
"""How many records of a list are shown; the rest are counted."""


class Shown:
    """A report that a notebook shows as tables."""

    def _repr_html_(self) -> str:
        """The report as HTML; every value is escaped, because values come from source files."""
        figures: list[list[str]] = []
        tables: list[str] = []
        for name, value in _values(self):
            if hasattr(value, "_repr_html_"):  # a report within a report, or a frame
                tables.append(f"<h4>{escape(name)}</h4>{value._repr_html_()}")
            elif isinstance(value, tuple) and value and is_dataclass(value[0]):
                tables.append(_listed(name, value))
            elif value not in (None, (), ""):
                figures.append([f"<th>{escape(name)}</th>", _cell(value)])
        return _table(figures) + "".join(tables)


def _listed(name: str, records: tuple[Any, ...]) -> str:
    more = f" ({_ROWS} of {len(records)})" if len(records) > _ROWS else ""
    header = [f"<th>{escape(column)}</th>" for column, _ in _values(records[0])]
    rows = [[_cell(value) for _, value in _values(record)] for record in records[:_ROWS]]
    return f"<h4>{escape(name)}{more}</h4>{_table([header, *rows])}"


def _values(record: Any) -> list[tuple[str, Any]]:
    return [(field.name, getattr(record, field.name)) for field in fields(record)]


def _cell(value: Any) -> str:
    return f"<td>{escape(_text(value))}</td>"


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_text, value))
    return "" if value is None else str(value)


def _table(rows: list[list[str]]) -> str:
    lines = (f"<tr>{''.join(cells)}</tr>" for cells in rows)
    return f"<table>{''.join(lines)}</table>"
