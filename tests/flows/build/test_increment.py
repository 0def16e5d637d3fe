"""What is made again when something changed: decided by one function, case by case."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from helpers import contract, property_

from carms_lake.catalog import load_catalog
from carms_lake.config import Domain
from carms_lake.contract.model import Balance
from carms_lake.flows.build.plan import (
    Changes,
    RebuildScope,
    decide,
    key_pairs,
    why_not_incremental,
)
from carms_lake.names import Layer, TableRef
from carms_lake.store.delta.manifest import Build


def ref(name: str) -> TableRef:
    layer, table = name.split(".")
    return TableRef("shop", Layer(layer), table)


SALES, PRODUCT, SHOP = ref("bronze.sales"), ref("silver.product"), ref("silver.shop")
BUILT = Changes(is_built=True, driver=SALES, looked_up=frozenset([SHOP]))


@pytest.mark.parametrize(
    ("changes", "way", "why"),
    [
        (replace(BUILT, is_built=False), RebuildScope.ALL, "not built yet"),
        (BUILT, RebuildScope.NOTHING, ""),
        (
            replace(BUILT, changed_code=("code", "contract")),
            RebuildScope.ALL,
            "code, contract changed",
        ),
        (replace(BUILT, inputs=frozenset([SALES])), RebuildScope.KEYS, ""),
        (replace(BUILT, inputs=frozenset([SHOP])), RebuildScope.KEYS, ""),
        (replace(BUILT, inputs=frozenset([SALES, SHOP])), RebuildScope.KEYS, ""),
        (replace(BUILT, inputs=frozenset([PRODUCT])), RebuildScope.ALL, "`silver.product` changed"),
        (
            replace(BUILT, inputs=frozenset([SALES, PRODUCT])),
            RebuildScope.ALL,
            "`silver.product` changed",
        ),
        (
            replace(BUILT, inputs=frozenset([SALES]), has_change_log=False),
            RebuildScope.ALL,
            "does not say",
        ),
        (
            replace(BUILT, inputs=frozenset([SALES]), why_not_incremental="so it is"),
            RebuildScope.ALL,
            "so it is",
        ),
        (replace(BUILT, why_not_incremental="so it is"), RebuildScope.NOTHING, ""),
        (
            replace(BUILT, inputs=frozenset([SALES]), changed_code=("tool",)),
            RebuildScope.ALL,
            "tool changed",
        ),
    ],
)
def test_how_much_is_made_again(changes: Changes, way: RebuildScope, why: str) -> None:
    scope, found = decide(changes)
    assert scope is way
    assert why in found


def ledger_steps(folder: Path, table: str, change: dict[str, Any]) -> tuple[Any, Any]:
    """The step of a table of the ledger, with a changed silver spec or changed columns."""
    domain = Domain("ledger", "ledger", (Path(str(files("ledger"))) / "schemas",))
    catalog = load_catalog(domain)
    step = next(s for s in catalog.silver_steps if s.contract.ref.table == table)
    found = step.contract
    spec = {k: v for k, v in change.items() if k in ("by_key", "driver", "balance", "driver_key")}
    columns = tuple(
        replace(c, **change.get(f"column {c.name}", {})) if f"column {c.name}" in change else c
        for c in found.columns
    )
    changed = replace(found, silver=replace(found.silver, **spec), columns=columns)
    return replace(step, contract=changed), catalog.contracts


@pytest.mark.parametrize(
    ("table", "change", "why"),
    [
        ("entry", {}, ""),
        ("posting", {}, ""),
        ("account", {}, ""),
        ("label", {}, ""),
        ("entry", {"by_key": False}, "its contract says so"),
        ("entry", {"balance": Balance.NONE}, "no driver"),
        ("entry", {"driver": None}, "no driver"),
        ("entry", {"column amount": {"unique": True}}, "about all its rows"),
        ("entry", {"column amount": {"coverage": True}}, "about all its rows"),
        (
            "label",
            {"balance": Balance.EXPAND, "driver_key": ("amount",)},
            "no columns in its driver",
        ),
        ("posting", {"driver_key": ("amount",)}, "no columns in its driver"),
        ("account", {"driver": TableRef("ledger", Layer.SILVER, "entry")}, "not in bronze"),
        ("account", {"driver": TableRef("ledger", Layer.BRONZE, "entries")}, "does not read"),
    ],
)
def test_what_hinders_a_table_from_being_made_key_by_key(
    tmp_path: Path, table: str, change: dict[str, Any], why: str
) -> None:
    step, contracts = ledger_steps(tmp_path, table, change)
    last = Build("r", {}, 0, has_driver_keys=True)
    found = why_not_incremental(step, contracts, last)
    assert why in found
    assert bool(found) == bool(why)
    assert (
        why_not_incremental(step, contracts, replace(last, has_driver_keys=False))
        or table == "label"
    )


READINGS = [
    property_("read_ts", "timestamp"),
    property_("store_id", "integer", "bigint"),
    property_("shelf"),
]


@pytest.mark.parametrize(
    ("key", "table", "pairs"),
    [
        (["store_id", "shelf"], {}, {"store_id": "store_id", "shelf": "shelf"}),
        (["read_at", "store_id"], {}, {}),
        (
            ["read_at", "store_id"],
            {"carms.driverKey": ["read_ts", "store_id"]},
            {"read_ts": "read_at", "store_id": "store_id"},
        ),
        (["read_at", "store_id"], {"carms.driverKey": ["read_ts"]}, {"read_ts": "read_at"}),
        (["made_at", "store_id"], {}, {"read_ts": "made_at", "store_id": "store_id"}),
        (["shelf_id"], {"carms.driverKey": ["store_id"]}, {}),
        (["wide_id"], {"carms.driverKey": ["store_id"]}, {}),
    ],
)
def test_the_key_of_a_table_is_found_in_its_driver(
    tmp_path: Path, key: list[str], table: dict[str, Any], pairs: dict[str, str]
) -> None:
    columns = {
        "read_at": ("timestamp", None, {}),
        "made_at": ("timestamp", None, {"transformSourceObjects": ["bronze.readings.read_ts"]}),
        "store_id": ("integer", "bigint", {}),
        "shelf": ("string", None, {}),
        "shelf_id": ("string", None, {}),
        "wide_id": ("integer", "integer", {}),
    }
    properties = [
        property_(
            name,
            logical,
            physical,
            **rest,
            **(
                {"primaryKey": True, "primaryKeyPosition": 1 + key.index(name)}
                if name in key
                else {}
            ),
        )
        for name, (logical, physical, rest) in columns.items()
    ]
    driver = contract(tmp_path, "bronze.readings", READINGS)
    made = contract(tmp_path, "silver.reading", properties, **table)
    assert key_pairs(made, driver) == pairs
