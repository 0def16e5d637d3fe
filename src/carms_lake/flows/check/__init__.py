"""Every constraint checked on the tables as they are, and what the last check found."""

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from carms_lake.catalog import load_catalog
from carms_lake.config import LakeConfig
from carms_lake.contract.limits import Dimension
from carms_lake.errors import StoreError, UsageError, did_you_mean
from carms_lake.flows.build.audit import Audit, audited, check_arrival, existing, rows_before
from carms_lake.flows.run import running
from carms_lake.names import RUN_ID, SRC_FILENAME, SRC_ROW_NUMBER, Layer
from carms_lake.notebook import Shown
from carms_lake.records import Progress, RunReport
from carms_lake.run_names import run_named
from carms_lake.store import delta, ops_path, table_path
from carms_lake.store.delta.inspection import GOLD_CURE, ensure_undamaged, inspected
from carms_lake.store.delta.integrity import damaged, ensure_named
from carms_lake.store.delta.log import table_folders
from carms_lake.store.delta.manifest import last_builds
from carms_lake.store.gold import gold_fault, reading
from carms_lake.store.ops import ops_rows

_INTEGRITY = {
    "table": pl.String(),
    "files": pl.Int64(),
    "bytes": pl.Int64(),
    "without_checksum": pl.Int64(),
    "damaged": pl.String(),
}
_CHECKED = '`carms query "select distinct run_id from ops.{}"` lists the runs that have checked'
_EARLIER = "put the file back from a backup; without one, `carms vacuum` drops that version in time"


def check(config: LakeConfig, *, now: datetime | None = None) -> RunReport:
    """Run the checks of a build on the published file and the lake; the results stay in `ops`.

    Ages are measured at `now`, which is when the run begins. Bronze is counted file by file.

    Raises:
        GoldMissing: gold is not built yet.
        ContractError: a rule cannot be run.
        StoreError: the lake cannot be read or written.
    """
    contracts = load_catalog(config.domain).contracts
    there = [c for c in existing(config, contracts) if c.ref.layer is not Layer.BRONZE]
    with running(config, "check") as run:
        for ref in contracts:
            if ref.layer is not Layer.GOLD:
                ensure_named(table_path(config, ref))
        ensure_undamaged(table_folders(config).values())
        task = Audit(
            run=run,
            contracts=contracts,
            builds=last_builds(config, there),
            rows_before=rows_before(config, before=True),
            now=now or run.started_at,
            by_file=True,
        )
        check_arrival(run, [c for c in contracts.values() if c.ref.layer is Layer.BRONZE])
        with reading(config, there) as connection:
            audited(task, connection)
    return run.report()


@dataclass(frozen=True)
class Integrity(Shown):
    """What came of the comparison of every file with its checksum."""

    tables: pl.DataFrame
    """One row per table and for the gold file: `table`, `files`, `bytes`, `without_checksum`;
    `damaged` says what is wrong, null where nothing is."""
    fault: StoreError | None
    """The damage, and what cures it."""


def integrity(config: LakeConfig, *, progress: Progress | None = None) -> Integrity:
    """Compare the bytes of every data file, earlier versions included, with those written.

    The checksums are in the commits that added the files; the gold file has its own, of each block,
    and is read whole. When it was done and what was found stays in `ops`.

    Raises:
        StoreError: a log of the lake is damaged, or the lake cannot be read or written.
    """
    rows: list[tuple[str, int, int, int, str | None]] = []
    faults: list[StoreError] = []
    with running(config, "check --integrity") as run:
        folders = table_folders(config)
        for number, (name, path) in enumerate(folders.items()):
            if progress:
                progress(name, number, len(folders) + 1)
            found = inspected(path, contents=True, everything=True)
            wrong = [*found.newest, *(f"{text} (of an earlier version)" for text in found.earlier)]
            without = sum(file.sha256 is None for file in found.files)
            size = sum(file.bytes for file in found.files)
            rows.append((name, len(found.files), size, without, "; ".join(wrong) or None))
            if found.newest:
                faults.append(damaged(path, found.newest))
            elif found.earlier:
                message = damaged(path, found.earlier).message
                faults.append(StoreError(f"{message}, of an earlier version", _EARLIER))
        if config.gold_file.exists():
            try:
                said = gold_fault(config.gold_file)
                fault = StoreError(
                    f"the gold file `{config.gold_file}` is damaged: {said}", GOLD_CURE
                )
            except StoreError as error:
                said, fault = error.message, error
            faults += [fault] if said else []
            rows.append(("gold", 1, config.gold_file.stat().st_size, 0, said))
        run.integrity = {
            "run_id": run.run_id,
            "at": run.started_at.isoformat(),
            "files": sum(row[1] for row in rows),
            "damaged": len(faults),
        }
    messages = "; ".join(fault.message for fault in faults)
    hints = "; ".join(dict.fromkeys(fault.hint for fault in faults))
    frame = pl.DataFrame(rows, _INTEGRITY, orient="row")
    return Integrity(frame, StoreError(messages, hints) if faults else None)


def failures(
    config: LakeConfig, *, rule: str | None = None, run: str | None = None
) -> tuple[pl.DataFrame, list[tuple[str, str, int, int]]]:
    """One row per row that breaks a rule, of the last run that checked everything and what came on.

    With it (table, rule, rows kept, rows that failed) of each rule that has more than are kept.
    `run` is another run; `rule` is one rule's name.

    Raises:
        UsageError: no run has checked yet, or the run did not check that rule.
        StoreError: the lake cannot be read.
    """
    results = _of_runs(config, "check_results", run)
    known = results["rule"].unique().to_list()
    if rule and rule not in known:
        raise UsageError(f"no check has a rule `{rule}`", did_you_mean(rule, known))
    kept = _of_runs(config, "check_failures", run)
    if rule:
        results, kept = (frame.filter(pl.col("rule") == rule) for frame in (results, kept))
    # A later build may have checked a rule once more: what it found last counts.
    newest = pl.col(RUN_ID) == pl.col(RUN_ID).max().over("layer", "table_name", "rule")
    names = ("table", "rule", "severity", "column_name", "row_key", "value")
    kept = kept.filter(newest).select(*names, SRC_FILENAME, SRC_ROW_NUMBER, "message")
    more = (
        results.filter(newest & ~pl.col("passed"))
        .join(kept.group_by("table", "rule").len("kept"), on=["table", "rule"])
        .filter((pl.col("failed_rows") > pl.col("kept")) & (pl.col("kept") > 1))
        .select("table", "rule", "kept", "failed_rows")
        .sort("table", "rule")
        .rows()
    )
    return kept.sort("severity", "table", "rule", maintain_order=True), more


def scorecard(config: LakeConfig, *, run: str | None = None) -> pl.DataFrame:
    """One row per table: its score in each dimension of quality, null where it has none.

    Raises:
        UsageError: no run has checked yet.
        StoreError: the lake cannot be read.
    """
    rows = _of_runs(config, "scorecard", run)
    score, dimension = pl.col("score_pct"), pl.col("dimension")
    scores = [score.filter(dimension == str(name)).last().alias(name) for name in Dimension]
    return rows.group_by("table", maintain_order=True).agg(scores)


def _of_runs(config: LakeConfig, table: str, run: str | None) -> pl.DataFrame:
    """The rows of a run, or of the last one that checked everything and of those after it.

    Only a run that checked everything has a scorecard.

    Raises:
        UsageError: nothing has been checked yet, or the run has not checked.
    """
    scorecard = ops_path(config, "scorecard")
    if run is not None:
        # Of a run without a failure there are results; a scorecard is of a run that checked all.
        kept = "scorecard" if table == "scorecard" else "check_results"
        ids = ops_rows(config, kept).select(pl.col(RUN_ID).unique().sort()).collect()[RUN_ID]
        at = pl.col(RUN_ID) == run_named(run, ids.to_list(), listed=_CHECKED.format(kept))
    elif delta.exists(scorecard):
        last = delta.scan(scorecard).select(pl.col(RUN_ID).max()).collect().item()
        at = pl.col(RUN_ID) >= last
    else:
        raise UsageError("nothing has been checked yet", "run `carms build` or `carms check`")
    name = pl.concat_str("layer", "table_name", separator=".").alias("table")
    return ops_rows(config, table).filter(at).with_columns(name).collect()
