"""How rejects and replays are shown: records below their files, files with what landed of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carms_lake.cli import render
from carms_lake.cli.output import emit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from carms_lake.cli.context import Call
    from carms_lake.cli.output import Target
    from carms_lake.flows.rejects.replay import ReplayReport
    from carms_lake.records import QueryResult, RunReport


def draw(found: QueryResult) -> None:
    """Draw each record below its file: where it stands, its reasons, its text as it was."""
    stream = render.out()
    room = max(render.width(stream) - 4, render.LONG_TEXT // 2)
    file = record = None
    for values in found.rows:
        row = dict(zip(found.columns, values, strict=True))
        of = f"{row['layer']}.{row['table_name']}"
        if (of, row["src_filename"]) != file:
            file = (of, row["src_filename"])
            stream.write(f"\n{'  '.join(filter(None, file))}\n")
        this = (*file, row["src_row_number"], row["row_key"], row["raw_record"])
        if this != record:
            record = this
            raw = render.on_one_line(row["raw_record"] or "")
            cut = raw if len(raw) <= room else f"{raw[: room - 3]}..."
            stream.write(f"  {row['place'] or row['row_key']}\n    {cut}\n")
        value = "" if row["value"] is None else f": {render.on_one_line(row['value'])}"
        stream.write(f"    {row['code']} {row['message']}{value}\n")


def show(
    call: Call, report: ReplayReport, built: RunReport | None, to: Target, *, is_dry: bool = False
) -> None:
    """Show what a replay did, or would do, and the build behind it."""
    from carms_lake.cli import reports

    if call.json:
        data = {
            "files": [reports.as_plain(file) for file in report.files],
            "build": None if built is None else reports.as_plain(built),
        }
        render.envelope(data, run_id=report.run.run_id)
    else:
        emit(call, _rows(report), to)
    for text in report.run.notes:
        render.note(call, text)
    landed = sum(file.landed for file in report.files)
    left = sum(file.left for file in report.files)
    verb = "would land" if is_dry else "landed"
    render.note(call, f"replay: {landed} records {verb}, {left} are still set aside")
    lost = [file for file in report.files if file.why_not]
    for why in dict.fromkeys(file.why_not for file in lost):
        names = [file.name for file in lost if file.why_not == why]
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        render.note(call, f"not read again: `{names[0]}`{more}: {why}")
    if built is not None:
        reports.tell(call, built)


def _rows(report: ReplayReport) -> QueryResult:
    from carms_lake.records import QueryResult

    rows: list[tuple[Any, ...]] = [
        (
            file.table.table,
            file.name,
            file.set_aside,
            file.landed,
            file.left,
            file.read_from or None,
            file.why_not or None,
        )
        for file in report.files
    ]
    names = ("table_name", "src_filename", "set_aside", "landed", "left", "read_from", "why_not")
    return QueryResult(names, ("VARCHAR", "VARCHAR", *("BIGINT",) * 3, *("VARCHAR",) * 2), rows)


def best_repairs(offered: QueryResult) -> Sequence[tuple[str, str, int, int]]:
    """Of each table the repair that saves most: table, repair, records with surplus, would land."""
    sums: dict[tuple[str, str], list[int]] = {}
    for name, _, repair, records, would_land, _ in offered.rows:
        total = sums.setdefault((name, repair), [0, 0])
        total[0] += records
        total[1] += would_land
    best: dict[str, tuple[str, str, int, int]] = {}
    for (name, repair), (records, would_land) in sums.items():
        if name not in best or would_land > best[name][3]:
            best[name] = (name, repair, records, would_land)
    return list(best.values())
