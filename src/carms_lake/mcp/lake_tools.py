"""The tools about the lake behind gold, of any domain: `trace`, `rejects`, `status`.

They say where a record is and what happened to it. What a table holds that may name people, as the
contracts classify it, is left out, and so is the answer to whether such a table has somebody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from carms_lake import Lake, UnknownKey, UsageError
from carms_lake.mcp.answers import (
    Reject,
    RejectCount,
    Rejects,
    RunEntry,
    Source,
    State,
    Step,
    Traced,
    TracedValue,
)
from carms_lake.mcp.capped import DEFAULT_ROWS, MOST_ROWS
from carms_lake.mcp.private import LEFT_OUT, may_name_people

if TYPE_CHECKING:
    from collections.abc import Mapping

Key = Annotated[
    str,
    Field(
        min_length=1,
        max_length=500,
        description="A value of the table's key, as `27447`, or `column=value,column=value`.",
    ),
]
TableOfKey = Annotated[
    str, Field(max_length=200, description="The table that has the key, as `gold.fact_program`.")
]
SomeTable = Annotated[str | None, Field(max_length=200, description="As `bronze.program_master`.")]
Code = Annotated[str | None, Field(max_length=50, description="A reason, as `TYPE_MISMATCH`.")]
Limit = Annotated[int, Field(ge=1, le=MOST_ROWS, description="How many rows at most.")]


def trace(lake: Lake, key: Key, table: TableOfKey, limit: Limit = DEFAULT_ROWS) -> Traced:
    """The way of one record: the file, the rows of bronze and silver, what gold made of it.

    For "where does this number come from": the row that has the key comes first. It may take a
    minute. Values of tables that may name people are left out.

    Raises:
        UnknownKey: no row of the table has the key.
        UsageError: the table may name people, or the key is ambiguous.
        LakeError: as `Lake.trace`.
    """
    contracts = lake.contracts
    people = _about_people(lake)
    asked = contracts[table]
    if asked.ref.in_domain in people:
        raise UsageError(
            f"`{asked.ref.in_domain}` may name people, so no key is looked for in it",
            "give a table of gold without classified columns",
        )
    unknown = UnknownKey(
        f"no row of `{asked.ref.in_domain}` has the key `{key}`", "`query` finds keys"
    )
    try:
        found = lake.trace(key, table=asked.ref.in_domain)
    except UnknownKey:
        raise unknown from None
    rejects = [
        f"{one.table.in_domain}: {one.place}: {'; '.join(one.reasons)}"
        for one in found.rejects
        if one.table.in_domain not in people
    ]
    if not found.steps and not rejects:
        raise unknown  # as if it were not there: a record about people that was rejected has it
    steps = [_step(step, is_withheld=step.table.in_domain in people) for step in found.steps]
    steps.sort(key=lambda step: step.role != "found")  # what is cut is at the end
    notes = [f"more rows of `{ref.in_domain}` than are shown" for ref in found.cut]
    if is_cut := len(steps) > limit:
        notes.append(f"only the first {limit} of {len(steps)} rows: ask with a larger `limit`")
    if any(step.is_withheld for step in steps):
        notes.append(LEFT_OUT.format(command="trace"))
    return Traced(
        steps=steps[:limit],
        rejects=rejects,
        truncated=bool(found.cut) or is_cut,
        notes=[*notes, *found.notes],
    )


def _step(step: Any, *, is_withheld: bool) -> Step:
    has_rules = str(step.role) == "found"  # those of the others are in `describe`, and long
    return Step(
        table=step.table.in_domain,
        role=str(step.role),
        place=step.place,
        values=[
            TracedValue(
                column=one.column,
                value=one.value,
                made_of=list(one.made_of) if has_rules else [],
                rule=one.rule if has_rules else "",
            )
            for one in step.values
            if not is_withheld
        ],
        raw=step.raw.text if step.raw and not is_withheld else None,
        is_withheld=is_withheld,
    )


def rejects(
    lake: Lake, table: SomeTable = None, code: Code = None, limit: Limit = DEFAULT_ROWS
) -> Rejects:
    """What is rejected (bronze) or quarantined (silver) now, counted, and the first reasons.

    Raises:
        LakeError: as `Lake.rejects`.
    """
    found = lake.rejects(table, code=code)
    people = _about_people(lake)
    contracts = lake.contracts
    rows: list[Reject] = []
    counts: dict[tuple[str, str, str | None], int] = {}
    for row in found.iter_rows(named=True):
        name = f"{row['layer']}.{row['table_name']}"
        known = contracts[name].column_names if name in contracts else ()
        is_withheld = name in people or name not in contracts
        # A header that no contract knows may be the first record of a file without one.
        is_named = not is_withheld or row["column"] in known
        column = row["column"] if is_named else None
        counts[name, row["code"], column] = counts.get((name, row["code"], column), 0) + 1
        if len(rows) < limit:
            rows.append(
                Reject(
                    table=name,
                    code=row["code"],
                    column=column,
                    rule=row["rule"] if is_named else None,
                    place=_place(row) if is_withheld else row["place"],
                    run_id=row["run_id"],
                    message=None if is_withheld else row["message"],
                    value=None if is_withheld else row["value"],
                )
            )
    notes = [LEFT_OUT.format(command="rejects")] if any(r.table in people for r in rows) else []
    if len(found) > len(rows):
        notes.append(f"only the first {len(rows)} of {len(found)} reasons")
    return Rejects(
        total=len(found),
        counts=[
            RejectCount(table=name, code=reason, column=column, reasons=count)
            for (name, reason, column), count in counts.items()
        ],
        rejects=rows,
        truncated=len(found) > len(rows),
        notes=notes,
    )


def status(lake: Lake) -> State:
    """The state of the lake: what landed when, the last runs, checks, refused files, damage.

    Raises:
        LakeError: as `Lake.status`.
    """
    found = lake.status()
    failed = (*found.checks.errors, *found.checks.warnings) if found.checks else ()
    return State(
        domain=found.domain,
        published_run=found.gold_run_id,
        failed_checks=found.gold_failed_checks,
        sources=[
            Source(
                source=row["source"],
                files=row["files"],
                newest_at=_moment(row["newest_at"]),
                is_late=row["is_late"],
                rejected=row["rejected"],
            )
            for row in found.sources.iter_rows(named=True)
        ],
        runs=[
            RunEntry(
                run_id=row["run_id"],
                command=row["command"],
                status=row["status"],
                started_at=_moment(row["started_at"]),
                rejected=row["rejected"],
            )
            for row in found.runs.iter_rows(named=True)
        ],
        refused=[
            f"{row['source']}: {row['file']}: {row['code']}"
            for row in found.refused.iter_rows(named=True)
        ],
        checks_passed=found.checks.passed if found.checks else 0,
        checks_failed=list(failed),
        damage=list(found.damage),
        notes=["messages are left out, they may quote a record: `carms status` shows them"],
    )


def _about_people(lake: Lake) -> frozenset[str]:
    """The tables of all layers whose values are not for agents."""
    people = lake.tables_about_people()
    return frozenset(
        name for name, contract in lake.contracts.items() if may_name_people(contract, people)
    )


def _place(row: Mapping[str, Any]) -> str | None:
    """File and record; without the key of a row, which may name somebody."""
    if not row["src_filename"]:
        return None
    return f"{row['src_filename']}, record {row['src_row_number']}"


def _moment(value: Any) -> str | None:
    return None if value is None else str(value)
