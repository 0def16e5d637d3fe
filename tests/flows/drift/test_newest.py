"""The newest file of each source, as `status` looks at it: contract, file before, first records."""

from __future__ import annotations

import gzip
import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tiny import PRODUCTS, put, stocked

from carms_lake.contract.model import Column, Contract, SourceSpec
from carms_lake.contract.types import ColumnType
from carms_lake.flows import drift as module
from carms_lake.flows.drift import drift_of
from carms_lake.flows.drift.files import HEAD_RECORDS
from carms_lake.flows.ingest import ingest
from carms_lake.flows.status import status
from carms_lake.names import Layer, TableRef
from carms_lake.readers.discover import discover
from carms_lake.readers.json.values import LINE

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.config import LakeConfig

EVENTS = Contract(
    TableRef("tiny", Layer.BRONZE, "events"),
    "1.0.0",
    (),
    "One row per event",
    source=SourceSpec(("*.jsonl",), ("jsonl",)),
)
HEADER = "sale_id,product_id,quantity\n"


@pytest.fixture
def shop(tmp_path: Path) -> LakeConfig:
    config = stocked(tmp_path)
    ingest(config)
    return config


def told(config: LakeConfig) -> list[tuple[str, str, str | None, str, str | None, str]]:
    found = status(config).drift
    return found.select("source", "file", "beside", "change", "column", "severity").rows()


def later(path: Path) -> None:
    """A file that arrives now is newer than those before, however coarse the clock of the disk."""
    os.utime(path, ns=(10**18 * 4, 10**18 * 4))


def lines(count: int, product: str, first: int = 0) -> str:
    return "".join(f"s{first + i},{product},1\n" for i in range(count))


def test_what_keeps_its_contract_and_is_like_the_last_file_is_no_drift(shop: LakeConfig) -> None:
    put(shop, "sales/day_2.csv", f"{HEADER}s3,p1,5\n")
    assert told(shop) == []
    ingest(shop)
    assert told(shop) == []
    assert status(shop).drift_unseen == ()


@pytest.mark.parametrize(
    ("text", "change", "column"),
    [
        ("sale_id,product_id,quantity,shop\ns3,p1,5,north\n", "added", "shop"),
        ("sale_id,product_id\ns3,p1\n", "gone", "quantity"),
        ("sale_id,product_id,quantity_sold\ns3,p1,2\ns4,p2,1\n", "renamed", "quantity"),
        (f"{HEADER}s3,p1,five\ns4,p1,six\n", "retyped", "quantity"),
        (f"{HEADER}s3,p1,0\ns4,p1,-1\n", "range", "quantity"),
        (f"{HEADER}s3,,1\ns4,,1\n", "nulls", "product_id"),
        (f"{HEADER}s3\ns4\n", "malformed", None),
    ],
)
def test_an_arriving_file_is_looked_at_before_it_lands_and_after(
    shop: LakeConfig, text: str, change: str, column: str | None
) -> None:
    later(put(shop, "sales/day_2.csv", text))
    expected = ("sales", "sales/day_2.csv", "sales/day_1.csv", change, column, "error")
    assert told(shop) == [expected]
    ingest(shop)
    assert told(shop) == [expected], "a refused file is still the newest one"


def test_the_newest_of_several_arriving_files_counts(shop: LakeConfig) -> None:
    later(put(shop, "sales/day_2.csv", "sale_id,product_id\ns3,p1\n"))
    put(shop, "sales/day_3.csv", f"{HEADER}s4,p1,5\n")
    assert {file for _, file, *_ in told(shop)} == {"sales/day_2.csv"}


def test_new_values_are_those_that_the_file_before_had_not(shop: LakeConfig) -> None:
    put(shop, "sales/day_2.csv", HEADER + lines(120, "p1"))
    ingest(shop)
    put(shop, "sales/day_3.csv", HEADER + lines(120, "p2", first=500))
    ingest(shop)
    assert told(shop) == [
        ("sales", "sales/day_3.csv", "sales/day_2.csv", "new_values", "product_id", "warning")
    ]


def test_a_delivery_is_held_beside_the_one_of_the_same_name_before_it(shop: LakeConfig) -> None:
    many = "".join(f"p{i},Tea,2.50\n" for i in range(120))
    put(shop, "products.csv", PRODUCTS.partition("\n")[0] + "\n" + many)
    ingest(shop)
    later(put(shop, "products.csv", "product_id,name,price\n" + many.replace("Tea", "Ham")))
    expected = ("products", "products.csv", "products.csv", "new_values", "name", "warning")
    assert told(shop) == [expected], "beside the rows that landed"
    ingest(shop)
    assert told(shop) == [expected], "beside the rows of the delivery before"


def test_only_the_first_records_are_looked_at(shop: LakeConfig) -> None:
    fine = lines(HEAD_RECORDS, "p1")
    later(put(shop, "sales/day_2.csv", HEADER + fine + "x,p1,0\n" * HEAD_RECORDS))
    assert told(shop) == []
    later(put(shop, "sales/day_2.csv", HEADER + "x,p1,0\n" * HEAD_RECORDS + fine))
    assert [change for *_, change, _, _ in told(shop)] == ["range"]


def test_a_file_that_cannot_be_read_says_so(shop: LakeConfig) -> None:
    later(put(shop, "sales/day_2.csv", ""))
    (found,) = status(shop).drift.to_dicts()
    assert (found["change"], found["severity"], found["beside"]) == ("unreadable", "error", None)
    assert "has no header" in found["found"]


def test_a_large_file_that_shows_nothing_before_it_is_read_is_named(
    shop: LakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SMALL_BYTES", 100)
    packed = shop.data_raw / "sales/day_2.csv.gz"
    packed.write_bytes(gzip.compress(b"sale_id,product_id\ns3,p1\n", mtime=0))
    later(packed)
    assert [change for *_, change, _, _ in told(shop)] == ["gone"]
    packed.write_bytes(gzip.compress(os.urandom(2000), mtime=0))
    later(packed)
    found = status(shop)
    assert (found.drift.rows(), found.drift_unseen) == ([], ("sales",))


def test_a_source_whose_files_left_has_no_newest_file(shop: LakeConfig) -> None:
    (shop.data_raw / "sales/day_1.csv").unlink()
    found = status(shop)
    assert (found.drift.rows(), found.drift_unseen) == ([], ())
    assert dict(found.sources.select("source", "gone").rows())["sales"] == ["sales/day_1.csv"]


def events(days: int, kinds: int, first: int = 0) -> str:
    """Whole records of a source; one in `kinds` has a key of its own."""
    return "".join(
        json.dumps({"id": n, **({"coupon": "x"} if n % kinds == 0 else {})}) + "\n"
        for n in range(first, first + days)
    )


@pytest.mark.parametrize(
    ("records", "kinds", "changes"),
    [(40, 10, []), (40, 2, ["added"]), (400, 10, ["added"])],
)
def test_a_key_of_whole_records_is_new_where_it_was_to_be_expected(
    tmp_path: Path, records: int, kinds: int, changes: list[str]
) -> None:
    contract = replace(EVENTS, columns=(Column("record", ColumnType("json"), LINE),))
    for name, text in (("a.jsonl", events(records, 10**6, 1)), ("b.jsonl", events(records, kinds))):
        (tmp_path / name).write_text(text, encoding="utf-8")
    before, source = (discover(contract, tmp_path / name)[0] for name in ("a.jsonl", "b.jsonl"))
    found = drift_of(tmp_path, contract, source, before)
    assert found is not None
    assert [row[3:6] for row in found] == [(change, "coupon", "warning") for change in changes]
