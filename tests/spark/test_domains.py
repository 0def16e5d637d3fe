"""Gold of the domains that come with carms, of made data, on Sail: all that is no macro's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import carms_lake
from carms_lake.adapters import spark
from carms_lake.flows.generate import generate

if TYPE_CHECKING:
    from pathlib import Path

DOMAINS: dict[str, tuple[dict[str, Any], int, set[str]]] = {
    "carms": ({"programs": 60, "seed": 7}, 26, {"search_posting"}),
    "retail": ({"scale": 0.002, "seed": 7}, 18, set()),
    "ticketing": ({"seed": 7}, 14, set()),
}
"""What is made, how many tables are certified, and which tables read a macro."""


@pytest.mark.slow
@pytest.mark.parametrize("domain", DOMAINS)
def test_gold_is_the_same_on_sail(domain: str, tmp_path: Path) -> None:
    options, certified, reading = DOMAINS[domain]
    (tmp_path / "carms.toml").write_text(f'domain = "{domain}"\n', encoding="utf-8")
    package = f"carms_lake.domains.{domain}"
    generate(package, tmp_path / "data_raw" / domain, options)
    lake = carms_lake.open(tmp_path)
    lake.run()
    found = spark.certify(lake, engine="sail").tables
    macros = {n.partition(".")[2] for n, c in lake.contracts.items() if c.kind == "macro"}
    not_certified = {p.table_name: p.message for p in found if not p.status.is_certified}
    assert not_certified.keys() == macros | reading, not_certified
    assert len(found) - len(not_certified) == certified
    assert {parity.status for parity in found} <= {"exact", "close", "DuckDB only"}
