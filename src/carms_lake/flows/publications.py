"""What `carms publish` put where: `ops.publications`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.flows.run import running
from carms_lake.names import RUN_ID
from carms_lake.store.gold import build_record
from carms_lake.store.ops import ops_rows

if TYPE_CHECKING:
    from carms_lake.config import LakeConfig
    from carms_lake.records import Publication


def publish(config: LakeConfig, write: Callable[[], Publication]) -> Publication:
    """Call `write`, which publishes, while the lake is held: no build replaces gold meanwhile.

    What it published is recorded, unless the last record of the target says the same.

    Raises:
        StoreLocked: another process is writing.
        StoreError: the lake cannot be written.
    """
    with running(config, "publish") as run:
        done = write()
        row = asdict(done)
        if publications(config).filter(**row).is_empty():
            run.add(
                rows={"publications": [{RUN_ID: run.run_id, "published_at": run.started_at, **row}]}
            )
    return done


def publications(config: LakeConfig) -> pl.DataFrame:
    """The last publication of each target, the newest first.

    Columns: those of `ops.publications`, then `is_behind`, whether gold was built since.

    Raises:
        StoreError: the lake cannot be read.
    """
    rows = ops_rows(config, "publications").collect().sort(RUN_ID, descending=True)
    last = rows.unique(("kind", "target"), keep="first", maintain_order=True)
    build = None if last.is_empty() else build_record(config.gold_file)
    now = pl.lit(build.run_id if build else None, pl.String)
    return last.with_columns(is_behind=pl.col("gold_run_id").ne_missing(now))
