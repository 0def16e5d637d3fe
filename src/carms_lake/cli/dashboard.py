"""`carms status` for reading: a lake in lines of at most 80 characters, and as rows."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any

from carms_lake.cli.formats import as_text
from carms_lake.cli.reports import as_plain
from carms_lake.records import QueryResult

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TextIO

    from carms_lake.flows.status_report import Status

WIDTH = 80
_LISTED = 5
_UNITS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))


def draw(stream: TextIO, status: Status) -> None:
    """Write the dashboard."""
    stream.write("\n".join(_cut(line) for line in _lines(status)) + "\n")


def as_rows(status: Status) -> QueryResult:
    """One row per value: `section`, `item`, `name`, `value`."""
    plain: dict[str, Any] = as_plain(status)
    rows: list[tuple[str, str | None, str, str]] = []
    for section, content in plain.items():
        for item, values in _items(content):
            rows += [(section, item, name, as_text(value)) for name, value in values.items()]
    return QueryResult(("section", "item", "name", "value"), ("VARCHAR",) * 4, rows)


def _items(content: Any) -> Iterator[tuple[str | None, dict[str, Any]]]:
    """The records of a section and their names; a plain value is a record of one."""
    is_list = isinstance(content, list)
    for entry in content if is_list else [content]:
        if isinstance(entry, dict):
            yield as_text(next(iter(entry.values()))) if is_list else None, entry
        else:
            yield None, {"value": entry}


def _lines(status: Status) -> Iterator[str]:
    yield f"{status.domain}, {status.at:%Y-%m-%d %H:%M} UTC"
    yield from _sources(status)
    yield from _tables(status)
    yield from _section(
        "last runs",
        ("run", "command", "status", "took", "rejected"),
        [(r.run_id, r.command, r.status, f"{r.seconds:.1f} s", r.rejected) for r in status.runs],
    )
    yield from _section(
        "set aside", ("table", "code", "rows"), [(r.table, r.code, r.rows) for r in status.rejects]
    )
    yield from _section(
        "refused by the last ingest", ("file", "code"), [(r.file, r.code) for r in status.refused]
    )
    yield from _drift(status)
    yield from _checks(status)
    yield ""
    disk = ", ".join(f"{name} {_size(size)}" for name, size in status.disk_bytes.items() if size)
    yield from wrap(f"disk: {disk or 'nothing yet'}", WIDTH, subsequent_indent="  ")


def _sources(status: Status) -> Iterator[str]:
    yield from _section(
        "sources",
        ("source", "files", "rejected", "newest", "promised"),
        [
            (
                s.source,
                s.files,
                s.rejected,
                "never" if s.age_s is None else f"{_span(s.age_s)} ago",
                "" if s.max_age_s is None else _span(s.max_age_s) + (" LATE" if s.is_late else ""),
            )
            for s in status.sources
        ],
    )
    for source in status.sources:
        if source.gone:
            shown = ", ".join(source.gone[:2]) + (" ..." if len(source.gone) > 2 else "")  # noqa: PLR2004 - the slice before
            yield f"  {len(source.gone)} of {source.source} landed and left data_raw: {shown}"


def _tables(status: Status) -> Iterator[str]:
    yield from _section(
        "tables",
        ("table", "rows", "waiting", "version", "contract"),
        [
            (
                t.table,
                "" if t.rows is None else t.rows,
                t.waiting or "",
                "" if t.version is None else t.version,
                t.contract_now
                if t.contract_version in (None, t.contract_now)
                else f"{t.contract_version}, now {t.contract_now}",
            )
            for t in status.tables
        ],
    )
    published = f"published by {status.gold_run_id}" if status.gold_run_id else "not published yet"
    checks = status.gold_failed_checks
    yield f"  gold: {published}" + (
        f" although {checks} check{'s' * (checks > 1)} failed" if checks else ""
    )


def _drift(status: Status) -> Iterator[str]:
    """The newest file of each source: what it has otherwise than its contract, or the last file."""
    shown = status.drift[:_LISTED]
    yield from _section(
        "drift of newest files",
        ("source", "column", "change", "severity", "found"),
        [(d.source, d.column or "", d.change, d.severity, d.found) for d in shown],
    )
    if len(status.drift) > _LISTED:
        yield f"  and {len(status.drift) - _LISTED} more: `carms drift --all` shows them"
    if status.drift_unseen:
        names = ", ".join(status.drift_unseen)
        yield from wrap(
            f"drift: too large to look at here, `carms drift` does: {names}",
            WIDTH,
            subsequent_indent="  ",
        )


def _checks(status: Status) -> Iterator[str]:
    yield ""
    found = status.checks
    if found is None:
        yield "checks: none yet"
        return
    failed = f"{len(found.errors)} errors, {len(found.warnings)} warnings"
    yield f"checks: {found.passed} passed, {failed}"
    marked = [f"error {e}" for e in found.errors] + [f"warning {w}" for w in found.warnings]
    yield from (f"  {text}" for text in marked[:_LISTED])
    if len(marked) > _LISTED:
        yield f"  and {len(marked) - _LISTED} more"


def _section(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    """A title and aligned rows; nothing where there are none."""
    if not rows:
        return
    texts = [columns, *([as_text(value) for value in row] for row in rows)]
    widths = [max(len(row[i]) for row in texts) for i in range(len(columns))]
    first = widths[0] - max(0, sum(widths) + 2 * len(widths) - WIDTH)
    widths[0] = max(first, 8)
    numeric = [any(isinstance(row[i], int) for row in rows) for i in range(len(columns))]
    yield ""
    yield title
    for row in texts:
        cells = [
            _fit(text, width).rjust(width) if is_number else _fit(text, width).ljust(width)
            for text, width, is_number in zip(row, widths, numeric, strict=True)
        ]
        yield "  " + "  ".join(cells).rstrip()


def _fit(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 3] + "..."


def _cut(line: str) -> str:
    return _fit(line, WIDTH)


def _span(seconds: float) -> str:
    """A length of time in its largest unit.

    >>> _span(7200)
    '2 h'
    """
    unit, name = next(((u, n) for u, n in _UNITS if seconds >= u), _UNITS[-1])
    return f"{seconds / unit:.0f} {name}"


def _size(size: int) -> str:
    """Bytes in the unit that people read.

    >>> _size(1536)
    '1.5 KB'
    """
    value = float(size)
    for unit in ("B", "KB", "MB"):
        if value < 1024:  # noqa: PLR2004 - what a unit is of the one before
            return f"{value:.0f} B" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} GB"
