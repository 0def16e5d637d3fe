"""Whatever a file's header and values are: its patch is a contract under which it lands."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from helpers import property_, write_contract
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from sources import read, written

from carms_lake import readers
from carms_lake.contract.change import level_of
from carms_lake.contract.diff import diff
from carms_lake.contract.load import load_contract, parse_contract
from carms_lake.contract.patch import applied
from carms_lake.flows.drift.compare import compare
from carms_lake.flows.drift.files import read_raw
from carms_lake.flows.drift.inference import (
    count_nonconforming,
    inferred_type,
    name_similarity,
    overlap,
    stability,
)
from carms_lake.flows.drift.proposal import column_name, proposed, text_of
from carms_lake.names import IDENTIFIER, Layer, TableRef
from carms_lake.quality.split import Provenance, TrackedChunk, split

if TYPE_CHECKING:
    from carms_lake.contract.model import Contract
    from carms_lake.records import SourceFile

pytestmark = pytest.mark.slow

REF = TableRef("shop", Layer.BRONZE, "orders")
COLUMNS = [
    property_("order_id", "integer", "integer", required=True),
    property_("state", enum=[{"value": "open"}, {"value": "paid"}]),
    property_("price", "number", "decimal(8,2)", logicalTypeOptions={"minimum": 0, "maximum": 50}),
    property_("sold_on", "date", "date", logicalTypeOptions={"minimum": "2020-01-01"}),
    property_("note", logicalTypeOptions={"pattern": "^n", "maxLength": 3}),
    property_("is_new", "boolean", "boolean"),
]
KINDS: dict[str, st.SearchStrategy[str]] = {
    "whole": st.integers(-(10**12), 10**12).map(str),
    "fraction": st.decimals(-1000, 1000, places=3).map(str),
    "day": st.dates().map(str),
    "moment": st.datetimes().map(lambda at: at.isoformat(" ", "seconds")),
    "word": st.sampled_from(["open", "paid", "lost", "new", "n"]),
    "truth": st.sampled_from(["true", "false"]),
    "text": st.text(
        st.characters(blacklist_categories=("C",), blacklist_characters=',"'), min_size=1
    ),
    "nothing": st.just(""),
}
header_names = st.text(
    st.characters(blacklist_categories=("C", "Z"), blacklist_characters=',"'),
    min_size=1,
    max_size=8,
)


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """A CSV file with some of the contract's columns, some new ones, one kind of value in each."""
    own = draw(st.lists(st.sampled_from([c["name"] for c in COLUMNS]), unique=True))
    new = draw(st.lists(header_names, max_size=3))
    folded: set[str] = set()
    headers = [
        name
        for name in draw(st.permutations([*own, *new]))
        if (key := name.strip().casefold()) not in folded and not folded.add(key)  # type: ignore[func-returns-value]  # adds it
    ]
    kinds = [draw(st.sampled_from(sorted(KINDS))) for _ in headers]
    rows = draw(st.lists(st.tuples(*(KINDS[kind] for kind in kinds)), min_size=2, max_size=6))
    lines = [headers, *rows]
    return "".join(",".join(line) + "\n" for line in lines if any(line)).encode()


def rejected(source: SourceFile, contract: Contract) -> list[Any]:
    """What ingest would set aside of a file; a refusal is raised."""
    stamp = Provenance("run", datetime(2025, 1, 1, tzinfo=UTC))
    batch = read(source, contract)
    parts = [TrackedChunk(source, stamp, part) for part in batch.chunks]
    if not batch.records:
        return []
    parsed = readers.parse_chunks(batch.chunks)
    return split(parsed, parts, contract).rejected["reasons"].to_list()


@settings(phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(content=files())
@example(content=b"sold_on\n2000-01-01 00:00:00\n2000-01-01 00:00:00\n")
def test_the_patched_contract_accepts_the_file(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("files")
    path = write_contract(folder, REF, COLUMNS, **{"carms.files": ["*.csv"], "carms.format": "csv"})
    contract = load_contract(path, REF)
    source = replace(written(folder, content, "orders.csv"), table=REF)
    if not content.splitlines():
        return
    raw = read_raw(source, contract)
    compared = compare(contract, source.name, raw, None)
    patch = proposed(contract, [compared])
    text = applied(text_of(contract), patch)
    patched = parse_contract(text.encode(), Path(), REF)
    assert bool(diff(contract, patched)) == bool(patch)
    assert (level_of(diff(contract, patched)) == 0) == (not patch)
    reasons = rejected(source, patched)
    told = {(f.column, f.change) for f in compared.findings if f.severity == "note"}
    assert not reasons or told, (reasons, compared.findings)
    again = compare(patched, source.name, read_raw(source, patched), None)
    assert [f for f in again.findings if f.severity == "error"] == []
    assert proposed(patched, [again]).edits == ()


@given(st.lists(st.text(max_size=12), max_size=6))
def test_a_name_made_of_a_header_is_one_and_no_other_column_has_it(headers: list[str]) -> None:
    taken: list[str] = ["run_id"]
    for header in headers:
        name = column_name(header, taken)
        assert IDENTIFIER.fullmatch(name)
        assert name not in taken
        taken.append(name)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "2"], "integer"),
        (["1", str(2**40)], "bigint"),
        (["007", "008"], "varchar"),
        (["1.50", "2"], "decimal(18,2)"),
        (["1.5e3", "2"], "double"),
        (["1.1234567", "2"], "double"),
        (["true", "FALSE"], "boolean"),
        (["0", "1"], "integer"),
        (["2025-01-31"], "date"),
        (["2025-01-31", "2025-01-31 10:00"], "timestamp"),
        (['{"a": 1}', "[1]"], "json"),
        (["{a}"], "varchar"),
        ([None, ""], "varchar"),
        ([], "varchar"),
        ([*map(str, range(199)), "x"], "integer"),
        ([*map(str, range(9)), "x"], "varchar"),
    ],
)
def test_the_narrowest_type_keeps_the_values(values: list[str | None], kind: str) -> None:
    assert str(inferred_type(pl.Series(values, dtype=pl.String))) == kind


@pytest.mark.parametrize(
    ("dtype", "kind"),
    [
        (pl.Int16, "smallint"), (pl.Int64, "bigint"), (pl.Float32, "double"), (pl.Date, "date"),
        (pl.Datetime("ns"), "timestamp"), (pl.Decimal(9, 2), "decimal(9,2)"),
        (pl.Binary, "blob"), (pl.List(pl.Int32), "integer[]"), (pl.Boolean, "boolean"),
    ],
)  # fmt: skip
def test_a_typed_column_says_its_type(dtype: pl.DataType, kind: str) -> None:
    assert str(inferred_type(pl.Series([None], dtype=dtype))) == kind


@given(st.lists(st.one_of(*KINDS.values()), min_size=1))
def test_no_value_misses_the_narrowest_type_of_few_values(values: list[str]) -> None:
    series = pl.Series([value or None for value in values], dtype=pl.String)
    assert count_nonconforming(series, inferred_type(series)) == 0


@given(st.lists(st.integers(-99, 99) | st.none(), min_size=1, max_size=300))
def test_a_column_beside_itself_is_stable(values: list[int | None]) -> None:
    series = pl.Series(values, dtype=pl.Int64)
    found = stability(series, series)
    assert found is None or found.psi == pytest.approx(0)
    assert 0 <= overlap(series, series) <= 1


@pytest.mark.parametrize(
    ("old", "new", "is_shifted"),
    [
        (range(1000), [n / 2 for n in range(1000)], True),
        (range(1000), range(0, 1000, 2), False),
        ([float(n % 7) for n in range(500)], [float(n % 7) for n in range(3, 400)], False),
        (["a", "b"] * 200, ["a"] * 350 + ["b"] * 50, True),
        (["a", "b"] * 200, ["a"] * 3 + ["b"], False),
    ],
)
def test_another_distribution_is_seen_and_chance_is_not(
    old: Any, new: Any, is_shifted: bool
) -> None:
    first, second = pl.Series(list(old)), pl.Series(list(new))
    if first.dtype.is_integer() and second.dtype.is_float():
        first = first.cast(pl.Float64)
    found = stability(first, second)
    assert found is not None
    assert (found.psi > found.limit) is is_shifted


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (range(100), range(100, 200)),
        ([f"id {n}" for n in range(500)], [f"id {n}" for n in range(500, 900)]),
        ([datetime(2025, 1, 1, tzinfo=UTC)], [datetime(2026, 1, 1, tzinfo=UTC)]),
        ([1, 2], [None, None]),
    ],
)
def test_ids_and_days_have_no_distribution_to_compare(old: Any, new: Any) -> None:
    first = pl.Series(list(old))
    assert stability(first, pl.Series(list(new), dtype=first.dtype)) is None


def test_names_are_near_whatever_joins_their_words() -> None:
    assert name_similarity("customer_id", "ID Customer") == 1
    assert name_similarity("qty", "quantity") > name_similarity("qty", "colour")
