"""`carms status`: the state of a lake in lines of at most 80 characters, and as rows."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any

import polars as pl

from carms_lake.cli.formats import on_one_line
from carms_lake.cli.render import write
from carms_lake.cli.reports import as_plain
from carms_lake.cli.tables import plain_lines
from carms_lake.errors import counted, first_few
from carms_lake.run_names import short_id
from carms_lake.writers.json import as_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from carms_lake.flows.status import Status

WIDTH = 80
_LISTED = 5
_RUNS = ("run", "began", "command", "status", "took", "rejected")
_UNITS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))


def draw(status: Status) -> None:
    """Write the dashboard."""
    write("\n".join(on_one_line(line) for line in _lines(status)) + "\n")


def as_rows(status: Status) -> pl.DataFrame:
    """One row per value: `section`, `item`, `name`, `value`."""
    rows = [
        (section, item, name, as_text(value))
        for section, content in as_plain(status).items()
        for item, values in _items(content)
        for name, value in values.items()
    ]
    return pl.DataFrame(
        rows, dict.fromkeys(("section", "item", "name", "value"), str), orient="row"
    )


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
    for text in status.damage:
        yield ""
        yield from wrap(f"DAMAGED: {text}", WIDTH, subsequent_indent="  ")
    for text in status.notes:
        yield ""
        yield from wrap(text, WIDTH, subsequent_indent="  ")
    yield from _sources(status)
    yield from _tables(status)
    runs = [
        (
            short_id(r["run_id"]),
            f"{r['started_at']:%Y-%m-%d %H:%M:%S}",
            r["command"],
            r["status"],
            f"{r['seconds']:.1f} s",
            r["rejected"],
        )
        for r in status.runs.iter_rows(named=True)
    ]
    yield from _section("last runs", _RUNS, runs)
    rejects = status.rejects
    yield from _section("rejected and quarantined", rejects.columns, rejects.rows())
    refused = status.refused.select("file", "code")
    yield from _section("refused by the last ingest", refused.columns, refused.rows())
    yield from _publications(status)
    yield from _drift(status)
    yield from _checks(status)
    yield from _integrity(status)
    yield ""
    disk = ", ".join(f"{name} {_size(size)}" for name, size in status.disk_bytes.items() if size)
    yield from wrap(f"disk: {disk or 'nothing yet'}", WIDTH, subsequent_indent="  ")


def _sources(status: Status) -> Iterator[str]:
    sources = status.sources.to_dicts()
    rows = [
        (
            s["source"],
            s["files"],
            s["rejected"],
            "never" if s["age_s"] is None else f"{_span(s['age_s'])} ago",
            "" if s["max_age_s"] is None else _span(s["max_age_s"]) + " LATE" * s["is_late"],
        )
        for s in sources
    ]
    yield from _section("sources", ("source", "files", "rejected", "newest", "max age"), rows)
    for source in sources:
        if gone := source["gone"]:
            files = counted(len(gone), "landed file")
            yield f"  {files} of {source['source']} no longer in data_raw: {first_few(gone, 2)}"
        if older := source["old_contract"]:
            name = source["source"]
            yield f"  {counted(older, 'file')} of {name} read under an older contract:"
            yield f"    carms ingest {name} --full-refresh"
        if forgotten := source["forgotten"]:
            files = counted(len(forgotten), "file")
            yield f"  {files} of {source['source']} forgotten: {first_few(forgotten, 2)}"


def _tables(status: Status) -> Iterator[str]:
    rows = [
        (
            t["table"],
            "" if t["rows"] is None else t["rows"],
            t["waiting"] or "",
            "" if t["version"] is None else t["version"],
        )
        for t in status.tables.iter_rows(named=True)
    ]
    yield from _section("tables", ("table", "rows", "quarantined", "version"), rows)
    for t in status.tables.iter_rows(named=True):
        if t["contract_version"] not in (None, t["contract_now"]):
            yield f"  {t['table']} was made under its contract {t['contract_version']},"
            yield f"    which is {t['contract_now']} now"
    failed = status.gold_failed_checks
    gold = (
        f"published by {short_id(status.gold_run_id)}"
        if status.gold_run_id
        else "not published yet"
    )
    yield f"  gold: {gold}" + f" although {counted(failed, 'check')} failed" * bool(failed)


def _publications(status: Status) -> Iterator[str]:
    """What was published to other tools, and whether gold was built since."""
    found = status.publications.to_dicts()
    if found:
        yield ""
        yield "published"
    for p in found:
        behind = ", BEHIND" * p["is_behind"]
        text = f"{p['kind']} {p['target']}: {short_id(p['gold_run_id'])}{behind}"
        yield from wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ")


def _drift(status: Status) -> Iterator[str]:
    """How the newest file of each source differs from its contract, or from the last file."""
    shown = status.drift.head(_LISTED)
    columns = ("source", "column", "change", "severity", "found")
    rows = [[cell or "" for cell in row] for row in shown.select(columns).rows()]
    yield from _section("drift of newest files", columns, rows)
    more = status.drift.height - _LISTED
    if more > 0:
        yield f"  and {more} more: `carms drift --all` shows them"
    if status.drift_unseen:
        names = ", ".join(status.drift_unseen)
        text = f"drift: too large to inspect here, run `carms drift`: {names}"
        yield from wrap(text, WIDTH, subsequent_indent="  ")


def _integrity(status: Status) -> Iterator[str]:
    last = status.integrity
    if last is None:
        yield "integrity: never checked (`carms check --integrity`)"
        return
    found = f"{last['damaged']} damaged" if last["damaged"] else "all as they were written"
    at = last["at"][:16].replace("T", " ")
    yield f"integrity: {counted(last['files'], 'file')} checked {at} UTC, {found}"


def _checks(status: Status) -> Iterator[str]:
    yield ""
    checks = status.checks
    if checks is None:
        yield "checks: none yet"
        return
    errors, warnings = (
        counted(len(checks.errors), "error"),
        counted(len(checks.warnings), "warning"),
    )
    yield f"checks: {checks.passed} passed, {errors}, {warnings}"
    failed = [f"error {e}" for e in checks.errors] + [f"warning {w}" for w in checks.warnings]
    yield from (f"  {text}" for text in failed[:_LISTED])
    if len(failed) > _LISTED:
        yield f"  and {len(failed) - _LISTED} more"


def _section(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    """A title and aligned rows; nothing where there are none."""
    if rows:
        yield ""
        yield title
        yield from (f"  {line}" for line in plain_lines(columns, rows, WIDTH - 2))


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
