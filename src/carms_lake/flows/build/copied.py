"""What a new gold file takes over from the published one, as a copy of which it begins."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from carms_lake.catalog import Catalog
from carms_lake.config import LakeConfig
from carms_lake.flows.build.audit import forgotten_since
from carms_lake.flows.build.checked import Checked, last_checked
from carms_lake.flows.build.gold_changes import GoldChanges, last_made
from carms_lake.flows.build.plan import Made
from carms_lake.flows.build.published import classified
from carms_lake.flows.run import Run
from carms_lake.names import TableRef
from carms_lake.store.gold import STORAGE_VERSION, BuildRecord, published_place
from carms_lake.store.gold.file import Warehouse
from carms_lake.store.sql import attach

MOST_COPIES = 20
"""So many builds begin with a copy of the file before; then all is computed and checked again."""


@dataclass(frozen=True)
class Stock:
    """The tables that a copied file has; none of a new file."""

    same: Collection[TableRef] = ()
    """Those of which nothing changed."""
    earlier: Collection[TableRef] = ()
    """Those whose inputs changed."""
    changes: GoldChanges | None = None
    made: dict[TableRef, Made] = field(default_factory=dict)
    """What the same tables were made from."""
    checked: Mapping[TableRef, Checked] = field(default_factory=dict)
    """What the checks found in the published file."""


def stocked(
    run: Run,
    catalog: Catalog,
    warehouse: Warehouse,
    made: Mapping[TableRef, Made],
    reusable: Collection[TableRef],
) -> Stock:
    """Keep what can be used of a copied file, and drop the rest.

    Raises:
        StoreError: another program has the published file open for writing.
    """
    config, contracts = run.config, catalog.contracts
    attach(warehouse.connection, config.gold_file)
    changes = GoldChanges(run, catalog, warehouse, last_made(config.gold_file, catalog), made)
    usable = {step.contract.ref for step in catalog.gold_steps if changes.may_update(step)}
    usable.update(reusable)
    kept = warehouse.keep(contracts[ref] for ref in usable if contracts[ref].kind == "table")
    same = kept & set(reusable)
    return Stock(
        same,
        kept - same,
        changes,
        {ref: changes.last.get(ref, Made("", {})) for ref in same},
        last_checked(config.gold_file, catalog.domain.name),
    )


def copies_in_a_row(catalog: Catalog, config: LakeConfig, published: BuildRecord | None) -> int:
    """Which copy in a row a copy of the published file would be; 0 where it has to be a new file.

    A copy keeps the room of rows that were removed, which may still be read in it: after a number
    of builds, when a file of a source was forgotten and when a contract says something else about
    people, the file is a new one.

    Raises:
        StoreError: the lake cannot be read.
    """
    if published is None or published.copies is None:
        return 0
    may_copy = (
        not published.failed_checks
        and published.copies < MOST_COPIES
        and published.classified == classified(catalog)
        and published.storage.removesuffix("+") == STORAGE_VERSION
        and not _log_beside(config).exists()
        and not forgotten_since(config, published.run_id)
    )
    return published.copies + 1 if may_copy else 0


def _log_beside(config: LakeConfig) -> Path:
    """Where a program that writes to the published file keeps what the file does not have yet."""
    place = published_place(config.gold_file)
    return place.with_name(place.name + ".wal")
