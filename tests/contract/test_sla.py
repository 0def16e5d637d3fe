"""What contracts promise about time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from helpers import contract, property_

from carms_lake.contract.limits import Age, Severity, ages
from carms_lake.contract.load import load_contract
from carms_lake.errors import ContractError

if TYPE_CHECKING:
    from pathlib import Path

CASES: list[tuple[list[dict[str, Any]], timedelta | None]] = [
    ([], None),
    ([{"property": "retention", "value": 3, "unit": "y"}], None),
    ([{"property": "latency", "value": 4, "unit": "d"}], timedelta(days=4)),
    ([{"property": "frequency", "value": 90, "unit": "minutes"}], timedelta(minutes=90)),
    ([{"property": "freshness", "value": 1.5, "unit": "hr"}], timedelta(minutes=90)),
    ([{"property": "ly", "value": 2, "unit": "weeks"}], timedelta(days=14)),
    ([{"property": "latency", "value": 0}], timedelta(0)),
    (
        [
            {"property": "latency", "value": 2, "unit": "d"},
            {"property": "frequency", "value": 1, "unit": "d"},
        ],
        timedelta(days=1),
    ),
]


@pytest.mark.parametrize(("properties", "age"), CASES)
def test_the_strictest_promise_about_age_counts(
    properties: list[dict[str, Any]], age: timedelta | None
) -> None:
    found = ages(properties, "orders", "here")
    assert min((promise.limit for promise in found), default=None) == age


def test_an_element_is_a_column_of_the_table_and_may_be_several() -> None:
    entry = {"property": "LY", "value": 2, "element": "ordered_at, orders.paid_at"}
    severity = {"customProperties": [{"property": "carms.severity", "value": "error"}]}
    limit = timedelta(days=2)
    assert ages([entry | severity], "orders", "here") == (
        Age("latency", limit, "ordered_at", Severity.ERROR),
        Age("latency", limit, "paid_at", Severity.ERROR),
    )
    whole = {"property": "freshness", "value": 2, "element": "orders"}
    assert ages([whole], "orders", "here") == (Age("freshness", limit),)


@pytest.mark.parametrize(
    "entry",
    [
        {"property": "latency", "value": 1, "unit": "fortnight"},
        {"property": "latency", "value": "soon", "unit": "d"},
        {"property": "latency", "value": 1, "element": "other.column"},
        {
            "property": "latency",
            "value": 1,
            "customProperties": [{"property": "carms.severity", "value": "fatal"}],
        },
    ],
)
def test_a_promise_that_is_no_time_is_a_wrong_contract(
    tmp_path: Path, entry: dict[str, Any]
) -> None:
    good = contract(tmp_path, "bronze.orders", [property_("id")])
    assert good.max_age is None
    assert good.path is not None
    document = yaml.safe_load(good.path.read_text(encoding="utf-8"))
    document["slaProperties"] = [entry]
    good.path.write_text(yaml.safe_dump(document), encoding="utf-8")
    with pytest.raises(ContractError, match=r"orders\.odcs\.yaml"):
        load_contract(good.path, good.ref)
