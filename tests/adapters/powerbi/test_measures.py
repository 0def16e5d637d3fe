"""The measures of the domains that come with the tool, on gold of generated data."""

from __future__ import annotations

import re
from numbers import Number
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from carms_lake import Lake
    from carms_lake.contract.measures import Measure

SIMPLE = (
    (r"(SUM|AVERAGE|COUNT)\('(\w+)'\[(\w+)\]\)", r"select \1(\3) from gold.\2"),
    (r"DISTINCTCOUNT\('(\w+)'\[(\w+)\]\)", r"select count(distinct \2) from gold.\1"),
    (r"COUNTROWS\('(\w+)'\)( \+ 0)?", r"select count(*) from gold.\1"),
    (
        r"DIVIDE\(SUM\('(\w+)'\[(\w+)\]\), SUM\('\1'\[(\w+)\]\)\)",
        r"select sum(\2) / sum(\3) from gold.\1",
    ),
)
"""DAX that has one meaning in SQL, where no column is null that is counted."""


@pytest.fixture(scope="module")
def measures(shipped_lake: Lake) -> dict[str, Measure]:
    found = [
        measure for contract in shipped_lake.contracts.values() for measure in contract.measures
    ]
    return {measure.name: measure for measure in found}


def number(lake: Lake, sql: str) -> float | None:
    frame = lake.query(sql.replace("AVERAGE(", "avg("))
    assert frame.shape == (1, 1), sql
    value = frame.item()
    assert value is None or isinstance(value, Number), f"{sql}: {value!r}"
    return None if value is None else float(value)  # type: ignore[arg-type]  # a number


def test_the_sql_of_every_measure_gives_one_number(
    shipped_lake: Lake, measures: dict[str, Measure]
) -> None:
    assert measures
    for measure in measures.values():
        value = number(shipped_lake, measure.sql)
        needs_two_years = "previous year" in f"{measure.name} {measure.dax}"
        assert value is not None or needs_two_years, measure.name


def test_simple_dax_means_what_its_sql_gives(
    shipped_lake: Lake, measures: dict[str, Measure]
) -> None:
    compared = 0
    for measure in measures.values():
        for dax, sql in SIMPLE:
            if found := re.fullmatch(dax, measure.dax):
                compared += 1
                wanted = number(shipped_lake, found.expand(sql))
                assert number(shipped_lake, measure.sql) == pytest.approx(wanted), measure.name
    assert compared


def test_a_share_is_the_quotient_of_its_measures(
    shipped_lake: Lake, measures: dict[str, Measure]
) -> None:
    for measure in measures.values():
        if found := re.fullmatch(r"DIVIDE\(\[([^\]]+)\], \[([^\]]+)\]\)", measure.dax):
            above, below = (number(shipped_lake, measures[name].sql) for name in found.groups())
            assert above is not None
            assert below
            assert number(shipped_lake, measure.sql) == pytest.approx(above / below), measure.name
