"""What the gold file says of runs: a copy of `ops`, without what its records say about people.

Whoever may open the published file may not read the lake. So where a table is about people, as the
contracts classify it, the copy says that a record was rejected, where it is and why, but not what
it holds. `carms rejects` and `carms query` read the lake, and show it.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from carms_lake import __version__
from carms_lake.catalog import Catalog
from carms_lake.config import LakeConfig
from carms_lake.flows.build.checked import Checked, checks_frame
from carms_lake.flows.build.plan import Made, digest_of
from carms_lake.flows.run import OpsRows, Run
from carms_lake.names import SRC_ROW_HASH, Layer, TableRef
from carms_lake.quality.rejected import REASON
from carms_lake.records import CheckResult
from carms_lake.store import delta, ops, ops_path

IN_THE_LAKE = "left out, it may name people; `carms query` shows it"
"""What the copy has in place of a message that may quote a record."""

_HOLDS_RECORDS: dict[str, tuple[str, ...]] = {
    # A hash without a key is as good as the value: a list of addresses is quickly tried.
    "rejects": ("row_key", "raw_record", "raw_header", "reasons", SRC_ROW_HASH),
    "check_failures": ("row_key", "value"),
    # A file without a header is refused with its first record in the place of column names.
    "processed_files": ("message", "notes"),
}
"""By table, the columns that may repeat a part of a record."""


def tables_about_people(catalog: Catalog) -> set[TableRef]:
    """The bronze and silver tables that may hold what a contract classifies.

    That is a table whose columns are classified as other than public, or those of a table that it
    is made of or that is made of it, through any number of others: a contract need not repeat what
    another one says.

    Raises:
        ContractError: functions or SELECTs do not fit the contracts.
    """
    reads: dict[TableRef, set[TableRef]] = {}
    read_by: dict[TableRef, set[TableRef]] = {}
    made = {step.contract.ref: set(step.reads.values()) for step in catalog.silver_steps}
    made |= {step.contract.ref: set(step.reads) for step in catalog.gold_steps}
    for ref, sources in made.items():
        reads[ref] = sources
        for source in sources:
            read_by.setdefault(source, set()).add(ref)
    said = {
        ref
        for ref, contract in catalog.contracts.items()
        if any(column.is_private for column in contract.columns)
    }
    found = _reached(said, reads) | _reached(said, read_by)
    return {ref for ref in found if ref.layer is not Layer.GOLD}


def classified(catalog: Catalog) -> str:
    """The fingerprint of what the contracts say about people."""
    private = {
        str(ref): [column.name for column in contract.columns if column.is_private]
        for ref, contract in catalog.contracts.items()
    }
    return digest_of([private, sorted(map(str, tables_about_people(catalog)))])


def _reached(begin: Collection[TableRef], links: Mapping[TableRef, set[TableRef]]) -> set[TableRef]:
    """The tables that links lead to, and those where they begin."""
    found, new = set(begin), set(begin)
    while new:
        new = {ref for known in new for ref in links.get(known, ())} - found
        found |= new
    return found


def published_ops(
    config: LakeConfig,
    catalog: Catalog,
    people: Collection[TableRef],
    this_run: OpsRows,
    rejects: pl.DataFrame,
) -> Iterator[tuple[str, pl.DataFrame]]:
    """Each table of operations as it is published: earlier runs, then this one.

    `people` are the tables about people, `rejects` the rejects that count.

    Raises:
        StoreError: the lake cannot be read.
    """
    for table, schema in ops.OPS_SCHEMAS.items():
        path = ops_path(config, table)
        frame = pl.DataFrame(this_run.get(table, []), schema=schema, orient="row")
        if delta.exists(path):
            before = delta.scan(path).collect()
            frame = pl.concat([before, frame], how="diagonal").select(frame.columns)
        yield table, _without_people(table, frame, catalog, people)
    yield "rejects", _without_people("rejects", rejects, catalog, people)


def _without_people(
    table: str, frame: pl.DataFrame, catalog: Catalog, people: Collection[TableRef]
) -> pl.DataFrame:
    """Rows of a table of operations, without values of records that may be about people."""
    if table == "runs":
        # An error may quote the value that it is about, of whatever table.
        is_told = (pl.col("status") == "done") | pl.lit(not people)
        return frame.with_columns(
            pl.when(is_told).then("message").otherwise(_left_out("message", pl.String()))
        )
    if table == "field_coverage":
        grouped = [
            ref.table
            for ref, contract in catalog.contracts.items()
            if any(contract.column(name).is_private for name in contract.coverage_by)
        ]
        return frame.filter((pl.col("group_name") == "all") | ~pl.col("table_name").is_in(grouped))
    if table not in _HOLDS_RECORDS:
        return frame
    # A table that no contract knows any more may have been about anything.
    shown = [ref.in_domain for ref in catalog.contracts if ref not in people]
    layer = "layer" if "layer" in frame.columns else pl.lit(str(Layer.BRONZE))
    is_shown = pl.concat_str(layer, "table_name", separator=".").is_in(shown)
    return frame.with_columns(
        pl.when(is_shown).then(name).otherwise(_left_out(name, frame.schema[name])).alias(name)
        for name in _HOLDS_RECORDS[table]
    )


def _left_out(name: str, kind: pl.DataType) -> pl.Expr:
    if name == "message":
        return pl.when(pl.col(name) == "").then(name).otherwise(pl.lit(IN_THE_LAKE))
    if name == "reasons":  # which rule and which column stays
        kept = ("code", "column", "rule")
        fields = [
            pl.element().struct.field(field.name)
            if field.name in kept
            else pl.lit(None, field.dtype).alias(field.name)
            for field in REASON.fields
        ]
        return pl.col(name).list.eval(pl.struct(fields))
    return pl.lit(None, kind)


def published_rows(run: Run, catalog: Catalog) -> OpsRows:
    """What this build adds to the tables of operations once it is published."""
    built = [
        ops.version_row(run.run_id, table, 0, catalog.contracts[table.table].version)
        for table in run.report().tables
        if table.table.layer is Layer.GOLD and catalog.contracts[table.table].kind == "table"
    ]
    reads = [(step.contract.ref, read) for step in catalog.gold_steps for read in step.reads]
    for step in catalog.silver_steps:
        reads += [(step.contract.ref, read) for read in step.reads.values()]
    lineage: list[dict[str, Any]] = [
        {
            "run_id": run.run_id,
            "layer": str(ref.layer),
            "table_name": ref.table,
            "reads_layer": str(read.layer),
            "reads_table": read.table,
        }
        for ref, read in reads
    ]
    return {"table_versions": built, "lineage": lineage}


@dataclass(frozen=True)
class BuildOf:
    """What a gold file was made from, and what its checks found."""

    fingerprint: str
    """Of all of it; empty where the next build may not take it for complete."""
    tables: Mapping[TableRef, tuple[Made, str]]
    """By table: what it was made from, and the version of its contract."""
    results: Sequence[CheckResult]
    """What the constraints of the tables came to."""
    checks: Mapping[TableRef, Checked]
    """By table: what its checks depend on."""
    classified: str
    """What contracts say about people: in a copy of a file, what was left out could be read."""


def build_tables(run: Run, made: BuildOf, copies: int) -> Iterator[tuple[str, pl.DataFrame]]:
    """What the file was built from: as a whole, and by table with its version and its checks.

    `copies` says how many builds began with a copy of the file before, since it was a new one.
    """
    build = {
        "run_id": run.run_id,
        "fingerprint": made.fingerprint,
        "built_at": run.started_at,
        "tool_version": __version__,
        "failed_checks": run.report().failed_checks,
        "copies": copies,
        "classified": made.classified,
    }
    at = {"built_at": pl.Datetime("us", "UTC")}
    yield "build", pl.DataFrame([build], schema_overrides=at)
    names = ("table_name", "fingerprint", "contract_version", "definition", "inputs")
    schema = dict.fromkeys(names, pl.String)
    rows = [
        (ref.table, of.fingerprint, version, of.definition, json.dumps(dict(of.inputs)))
        for ref, (of, version) in made.tables.items()
    ]
    yield "build_tables", pl.DataFrame(rows, schema=schema, orient="row")
    yield "build_checks", checks_frame(made.checks, made.results)
