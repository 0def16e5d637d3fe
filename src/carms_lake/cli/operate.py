"""`status`, `history`, `restore`, `forget`, `vacuum` ...: run a lake, and go back in time."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Annotated, Any

import typer

from carms_lake.cli import render
from carms_lake.cli.command import TableName, argument, command, option
from carms_lake.cli.context import Call, complete_runs, complete_tables
from carms_lake.cli.exit_codes import ExitCode, end_with
from carms_lake.cli.formats import on_one_line
from carms_lake.cli.render import Target, emit
from carms_lake.errors import UsageError, counted, first_few
from carms_lake.run_names import short_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

    from carms_lake.flows.doctor.finding import Finding
    from carms_lake.flows.maintenance import Optimized, Vacuumed

TableNames = Annotated[
    list[str] | None,
    argument("[TABLE]...", "As bronze.program_master; all tables if none.", complete_tables),
]
Before = Annotated[
    str | None,
    argument("[RUN1]", "`last`, `2`, an id, a part of it, or a time (UTC).", complete_runs),
]
After = Annotated[
    str | None, argument("[RUN2]", "The run to compare it with; the last if none.", complete_runs)
]
OneTable = Annotated[
    str | None, argument("[TABLE]", "Show the cells of this table.", complete_tables)
]
Limit = Annotated[int, option("--limit ROWS", "Show at most this many rows.", min=1)]
Files = Annotated[
    list[str], argument("FILE...", "The name of a landed file, or a path that ends so.")
]
BackTo = Annotated[
    str, option("--to VERSION|RUN", "A version of the table, a run, or a time.", complete_runs)
]
Yes = Annotated[bool, option("--yes", "Apply it; without, this is a dry run.")]
Strict = Annotated[bool, option("--strict", "Exit 1 if a source is late.")]
KeepRuns = Annotated[
    int | None, option("--keep-runs N", "Keep the versions of the last N runs (default: 100).")
]
KeepDays = Annotated[
    float | None, option("--keep-days N", "Keep all versions of the last N days (default: 30).")
]

_DRY_RUN = "dry run; add `--yes` to apply"
_LISTED = 5


app = typer.Typer()


@command(app)
def status(call: Call, to: Target, *, strict: Strict = False) -> None:
    """Show the lake at a glance.

    Freshness, counts, last runs, rejects, drift, checks, disk.
    """
    from carms_lake.cli import dashboard
    from carms_lake.cli.reports import as_plain
    from carms_lake.flows.status import status as flow

    found = flow(call.config())
    if call.json:
        render.envelope(as_plain(found), to=to)
    elif to.is_drawn:
        dashboard.draw(found)
    else:
        emit(call, dashboard.as_rows(found), to)
    late = ExitCode.DATA if strict and found.sources["is_late"].any() else ExitCode.DONE
    end_with(ExitCode.STORE if found.damage else late)


@command(app)
def doctor(call: Call, to: Target) -> None:
    """Look for what is wrong around the lake and how to mend it.

    Versions, settings, lock, clock, files of tables, gold file, masking key, contracts, leftovers,
    disk. It changes nothing, and exits 1 if there is a problem.
    """
    from carms_lake.flows.doctor import doctor as flow
    from carms_lake.flows.doctor.finding import State

    found = flow(call.config)
    if to.is_drawn and not call.json:
        render.write("".join(_drawn(finding, render.text_width(to)) for finding in found))
    else:
        emit(call, render.Rows(found[0]._fields, [[*map(str, finding)] for finding in found]), to)
    is_well = all(finding.state is not State.PROBLEM for finding in found)
    end_with(ExitCode.DONE if is_well else ExitCode.DATA)


@command(app)
def history(call: Call, to: Target, table: TableName) -> None:
    """List the versions of a table, and the run that made each."""
    from carms_lake.flows.timetravel import history as flow

    emit(call, flow(call.config(), table), to)


@command(app)
def diff(
    call: Call,
    to: Target,
    before: Before = None,
    after: After = None,
    table: OneTable = None,
    *,
    limit: Limit = 100,
) -> None:
    """Show what changed between two runs, and why.

    Without RUN1 the last two runs that changed a table are compared.
    """
    from carms_lake.flows.timetravel import diff as flow

    if before is None:
        before, after = flow.last_two(call.config())
        render.note(call, f"run `{short_id(after)}` compared with `{short_id(before)}`")
    after = after or "last"

    if table is None:
        changed = flow.diff(call.config(), before, after).as_rows()
        is_narrow = to.is_drawn and not call.json and render.is_narrow()
        emit(call, _counts_in_one(changed) if is_narrow else changed, to)
        return
    found, cells = flow.table_diff(call.config(), before, after, table, limit=limit)
    emit(call, cells, to)
    rows, total = found.rows, found.rows.total
    counts = f"{rows.added} rows added, {rows.removed} removed, {rows.changed} changed"
    render.note(call, f"{found.table.in_domain}: {counts}")
    for reason in found.why:
        render.note(call, f"why: {reason}")
    if total > limit:
        render.note(call, f"only {limit} of {total} rows are shown: `--limit {total}` shows all")


@command(app)
def restore(
    call: Call, to: Target, table: TableName, *, version: BackTo = "", yes: Yes = False
) -> None:
    """Restore a table to an earlier version, as a new version."""
    import polars as pl

    from carms_lake.flows.timetravel.restore import restore as flow

    if not version:
        raise UsageError(
            "`--to` is missing", f"`carms history {table}` lists the versions to go back to"
        )
    done = flow(call.config(), table, version, yes=yes)
    new = done.files_new_again
    names = ("version", "to_version", "rows", "to_rows", "new_again", "done_as")
    schema = {"table": pl.String, **dict.fromkeys(names, pl.Int64)}
    row = vars(done) | {"new_again": len(new)}
    emit(call, pl.DataFrame([row], schema), to)
    for name in new[:_LISTED]:
        render.note(
            call, f"the next `carms ingest` treats `{name}` as new if it is still in data_raw"
        )
    if len(new) > _LISTED:
        render.note(call, f"and {counted(len(new) - _LISTED, 'more file')}")
    if done.is_there:
        render.note(call, f"`{done.table}` is at version {done.version} already: nothing to do")
    elif done.done_as is None:
        render.note(call, _DRY_RUN)
    elif done.table.startswith("silver."):
        render.note(call, "run `carms build` to refresh gold; it may rebuild this table")
    else:
        render.note(call, "run `carms build` to refresh silver and gold")


@command(app)
def forget(call: Call, to: Target, files: Files, *, yes: Yes = False) -> None:
    """Take landed files back out of the lake.

    They leave bronze now, silver and gold with the next build. Earlier versions keep their rows
    for --as-of; ingesting a file again brings it back.
    """
    import polars as pl

    from carms_lake.flows.ingest.forget import forget as flow

    done = flow(call.config(), files, yes=yes)
    names = ("deliveries", "rows", "rejected", "done_as")
    schema = {"table": pl.String, "name": pl.String, **dict.fromkeys(names, pl.Int64)}
    rows = [{**vars(file), "table": file.table.in_domain} for file in done]
    emit(call, pl.DataFrame(rows, schema).rename({"name": "file"}), to)
    for file in done:
        name = f"`{file.name}`"
        if file.is_there:
            render.note(call, f"{name} is still in data_raw: the next ingest loads it again")
        if file.copies:
            copies = first_few([f"`{copy}`" for copy in file.copies], _LISTED)
            render.note(call, f"copies of {name} that the next ingest loads instead: {copies}")
    if any(file.is_there or file.copies for file in done):
        render.note(call, "move out of data_raw what is to stay forgotten")
    render.note(call, "run `carms build` to refresh silver and gold" if yes else _DRY_RUN)


@command(app)
def optimize(call: Call, to: Target, tables: TableNames = None) -> None:
    """Compact small data files; proves that no row changed."""
    import polars as pl

    from carms_lake.flows.maintenance import optimize as flow

    with render.progress(call) as progress:
        done = flow(call.config(), tables or [], progress=progress)
    numbers = dict.fromkeys(("files_before", "files_after"), pl.Int64)
    digests = dict.fromkeys(("digest_before", "digest_after"), pl.String)
    emit(call, pl.DataFrame(_records(done), {"table": pl.String, **numbers, **digests}), to)
    compacted = f"{sum(table.is_changed for table in done)} of {counted(len(done), 'table')}"
    render.note(call, f"compacted {compacted}; contents verified unchanged")


@command(app)
def vacuum(
    call: Call,
    to: Target,
    *,
    keep_runs: KeepRuns = None,
    keep_days: KeepDays = None,
    yes: Yes = False,
) -> None:
    """Delete the files of versions that are no longer kept."""
    import polars as pl

    from carms_lake.flows.maintenance import KEEP_DAYS, KEEP_RUNS
    from carms_lake.flows.maintenance import vacuum as flow

    with render.progress(call) as progress:
        done = flow(
            call.config(),
            keep_runs=KEEP_RUNS if keep_runs is None else keep_runs,
            keep_days=KEEP_DAYS if keep_days is None else keep_days,
            yes=yes,
            progress=progress,
        )
    numbers = dict.fromkeys(("versions", "versions_kept", "files", "bytes"), pl.Int64)
    schema = {"table": pl.String, **numbers, "digest": pl.String}
    emit(call, pl.DataFrame(_records(done.tables), schema), to)
    files, size = sum(t.files for t in done.tables), sum(t.bytes for t in done.tables)
    what = "deleted" if done.is_done else "would be deleted"
    render.note(call, f"{counted(files, 'file')}, {counted(size, 'byte')} {what}")
    if done.oldest_run:
        kept = f"the lake as of {counted(done.kept_runs, 'run')}"
        render.note(call, f"kept: {kept}, the earliest `{done.oldest_run}`")
    render.note(call, "contents verified unchanged" if done.is_done else _DRY_RUN)


def _counts_in_one(rows: pl.DataFrame) -> render.Rows:
    """What changed, for a narrow terminal: `+3 -1 ~2` rows were added, removed and changed."""
    drawn = []
    for row in rows.iter_rows(named=True):
        signs = {"+": row["added"], "-": row["removed"], "~": row["changed"]}
        counts = " ".join(f"{sign}{count}" for sign, count in signs.items() if count)
        drawn.append((row["table"], counts, row["why"]))
    return render.Rows(("table", "rows", "why"), drawn)


def _drawn(finding: Finding, width: int) -> str:
    """A finding for reading: its state and subject, then what it means and what to do."""
    lines = [f"{finding.state:<9}{finding.subject}: {finding.found}"]
    lines += [f"         {finding.meaning}"] if finding.meaning else []
    lines += [f"         -> {finding.to_do}"] if finding.to_do else []
    folded = (
        wrap(
            on_one_line(line),
            width,
            subsequent_indent=" " * 11,
            break_on_hyphens=False,
            break_long_words=False,
        )
        for line in lines
    )
    return "".join(f"{line}\n" for part in folded for line in part)


def _records(tables: Iterable[Optimized | Vacuumed]) -> list[dict[str, Any]]:
    """What became of each table; a digest by its value."""
    return [
        {name: getattr(value, "value", value) for name, value in vars(table).items()}
        for table in tables
    ]
