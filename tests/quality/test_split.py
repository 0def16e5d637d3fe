"""A batch by its contract: every record in exactly one half, the rejected with reasons."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl
import pytest
from helpers import contract, property_
from hypothesis import given
from hypothesis import strategies as st

from carms_lake.contract.model import Delivery, NewColumns
from carms_lake.errors import ContractError, NotReconciled
from carms_lake.names import AUDIT_COLUMNS
from carms_lake.quality.constraints import value_constraints
from carms_lake.quality.rejected import REJECT_SCHEMA
from carms_lake.quality.split import Checked, Provenance, TrackedChunk, split
from carms_lake.readers import parse_chunks
from carms_lake.readers.frames import RawLines, parsed_chunk
from carms_lake.records import SourceFile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from carms_lake.contract.model import Contract

NOW = datetime(2025, 1, 1, tzinfo=UTC)
MALFORMED = {
    "src_row_number": pl.Int64,
    "raw_record": pl.String,
    "code": pl.String,
    "column": pl.String,
    "value": pl.String,
    "message": pl.String,
}


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    return contract(
        tmp_path_factory.mktemp("contracts"),
        "bronze.orders",
        [
            property_("order_id", required=True, logicalTypeOptions={"pattern": r"^\d+$"}),
            property_(
                "quantity", "integer", "integer", required=True, logicalTypeOptions={"minimum": 1}
            ),
            property_("channel", enum=[{"value": "web"}, {"value": "shop"}]),
            property_("year", "integer", "integer", **{"carms.fromPath": r"(\d{4})_"}),
            property_(
                "note",
                required=True,
                logicalTypeOptions={"maxLength": 5},
                **{"carms.mayBeAbsent": True},
            ),
        ],
    )


class Outcome(NamedTuple):
    accepted: pl.DataFrame
    rejected: pl.DataFrame
    records: int
    disagreeing: Mapping[tuple[str, str], int]


def checked(
    orders: Contract,
    rows: list[dict[str, Any]],
    malformed: list[tuple[Any, ...]] = (),
    *,
    columns: tuple[str, ...] = ("order_id", "quantity", "channel"),  # type: ignore[assignment]
    delivery_id: int | None = None,
    name: str = "2025_orders.csv",
) -> Outcome:
    piece = stamped(orders, rows, malformed, columns=columns, delivery_id=delivery_id, name=name)
    found = split_all([piece], orders)
    return Outcome(found.accepted, found.rejected, piece.chunk.records, found.disagreeing)


def split_all(chunks: list[TrackedChunk], orders: Contract) -> Checked:
    return split(parse_chunks([tracked.chunk for tracked in chunks]), chunks, orders)


def stamped(
    orders: Contract,
    rows: list[dict[str, Any]],
    malformed: list[tuple[Any, ...]] = (),
    *,
    columns: tuple[str, ...] = ("order_id", "quantity", "channel"),  # type: ignore[assignment]
    delivery_id: int | None = None,
    name: str = "2025_orders.csv",
) -> TrackedChunk:
    source = SourceFile(orders.ref, name, Path(name), 1, 1)
    frame = pl.DataFrame(
        [{"src_row_number": n + 1, **row} for n, row in enumerate(rows)],
        schema={"src_row_number": pl.Int64, **dict.fromkeys(columns, pl.String)},
    )
    faults = pl.DataFrame(malformed, schema=MALFORMED, orient="row")
    raw = {n + 1: ",".join(map(str, row.values())).encode() for n, row in enumerate(rows)}
    records = len(rows) + faults["src_row_number"].n_unique()
    part = parsed_chunk(frame, faults, records, RawLines(raw))
    return TrackedChunk(
        source, Provenance("run-1", NOW, delivery_id, NOW if delivery_id else None), part
    )


def reasons(found: Outcome) -> list[list[tuple[str, str]]]:
    return [[(r["code"], r["rule"]) for r in row] for row in found.rejected["reasons"].to_list()]


GOOD = {"order_id": "1", "quantity": "2", "channel": "web"}


def test_an_accepted_row_is_typed_and_stamped(orders: Contract) -> None:
    row = checked(orders, [GOOD]).accepted.row(0, named=True)
    assert (row["order_id"], row["quantity"], row["channel"], row["year"], row["note"]) == (
        "1",
        2,
        "web",
        2025,
        None,
    )
    assert (row["src_filename"], row["src_row_number"], row["run_id"], row["ingestion_ts"]) == (
        "2025_orders.csv",
        1,
        "run-1",
        NOW,
    )
    assert len(row["src_row_hash"]) == 16


def test_the_columns_are_the_contracts_then_the_audit_columns(orders: Contract) -> None:
    assert tuple(checked(orders, [GOOD]).accepted.columns) == (*orders.column_names, *AUDIT_COLUMNS)


def test_a_snapshot_row_knows_its_delivery(orders: Contract) -> None:
    assert orders.source
    kept = replace(orders, source=replace(orders.source, delivery=Delivery.SNAPSHOT))
    row = checked(kept, [GOOD], delivery_id=3).accepted.row(0, named=True)
    assert (row["delivery_id"], row["delivered_at"]) == (3, NOW)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"quantity": "x"}, [("TYPE_MISMATCH", "quantity.type")]),
        ({"quantity": None}, [("REQUIRED_NULL", "quantity.required")]),
        ({"quantity": "0"}, [("OUT_OF_RANGE", "quantity.minimum")]),
        ({"order_id": "a"}, [("PATTERN_MISMATCH", "order_id.pattern")]),
        ({"channel": "phone"}, [("NOT_IN_ENUM", "channel.enum")]),
        (
            {"order_id": None, "quantity": "-1"},
            [("REQUIRED_NULL", "order_id.required"), ("OUT_OF_RANGE", "quantity.minimum")],
        ),
    ],
)
def test_a_rejected_row_says_every_reason_once(
    orders: Contract, change: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    found = checked(orders, [GOOD | change])
    assert found.accepted.is_empty()
    assert sorted(reasons(found)[0]) == sorted(expected)


def test_a_rejected_row_keeps_its_text_and_shows_the_value(orders: Contract) -> None:
    row = checked(orders, [GOOD | {"quantity": "many"}]).rejected.row(0, named=True)
    assert row["raw_record"] == "1,many,web"
    assert row["reasons"][0]["value"] == "many"
    assert "quantity" in row["reasons"][0]["message"]


def test_a_null_passes_a_rule_that_does_not_require_a_value(orders: Contract) -> None:
    assert checked(orders, [GOOD | {"channel": None}]).accepted.height == 1


def test_a_column_that_the_file_need_not_have_is_required_where_it_has_it(orders: Contract) -> None:
    columns = ("order_id", "quantity", "channel", "note")
    found = checked(
        orders,
        [GOOD | {"note": None}, GOOD | {"note": "ok"}, GOOD | {"note": "too long"}],
        columns=columns,
    )
    assert found.accepted["note"].to_list() == ["ok"]
    assert reasons(found) == [
        [("REQUIRED_NULL", "note.required")],
        [("OUT_OF_RANGE", "note.maxLength")],
    ]


def test_a_record_with_two_malformed_cells_is_one_record(orders: Contract) -> None:
    cells = [
        (5, "raw", "TYPE_MISMATCH", c, "1", f"`{c}` is a number") for c in ("order_id", "channel")
    ]
    found = checked(orders, [GOOD], cells)
    assert (found.records, found.rejected.height) == (2, 1)
    assert reasons(found) == [
        [("TYPE_MISMATCH", "order_id.type"), ("TYPE_MISMATCH", "channel.type")]
    ]


def test_a_text_that_is_no_json_is_set_aside_where_no_reader_has_looked(tmp_path: Path) -> None:
    listed = [property_("order_id"), property_("extra", "string", "json")]
    orders = contract(tmp_path, "bronze.orders", listed)
    texts = ['{"a": [1]}', "1", None, "{", '{"a": NaN}', ""]
    rows = [{"order_id": str(n), "extra": text} for n, text in enumerate(texts)]
    found = checked(orders, rows, columns=("order_id", "extra"))
    assert found.accepted["order_id"].to_list() == ["0", "1", "2"]
    assert reasons(found) == [[("TYPE_MISMATCH", "extra.type")]] * 3


def test_a_pattern_that_is_none_is_a_fault_of_the_contract(tmp_path: Path) -> None:
    wrong = contract(
        tmp_path, "bronze.orders", [property_("a", logicalTypeOptions={"pattern": "(?<=x)y"})]
    )
    with pytest.raises(ContractError, match="invalid pattern"):
        value_constraints(wrong)


def test_a_count_that_the_frames_do_not_reach_is_an_error(orders: Contract) -> None:
    piece = stamped(orders, [GOOD])
    chunk = replace(piece.chunk, records=2)
    with pytest.raises(NotReconciled, match="2 records, but 1 accepted"):
        split_all([piece._replace(chunk=chunk)], orders)


def test_a_column_that_other_tables_get_as_a_mark_keeps_the_values_of_the_file(
    tmp_path: Path,
) -> None:
    shipments = contract(
        tmp_path,
        "bronze.shipments",
        [
            property_("delivered_at", "timestamp", "timestamp"),
            property_("delivery_id", required=True),
        ],
    )
    rows = [
        {"delivered_at": "2025-01-31T10:00:00Z", "delivery_id": "d1"},
        {"delivered_at": "never", "delivery_id": "d2"},
    ]
    found = checked(shipments, rows, columns=("delivered_at", "delivery_id"))
    assert found.accepted["delivered_at"].to_list() == [datetime(2025, 1, 31, 10, tzinfo=UTC)]
    assert found.rejected["delivery_id"].to_list() == [None]


def test_parts_of_several_files_are_split_together_and_keep_their_names(orders: Contract) -> None:
    bad = GOOD | {"quantity": "many"}
    names = ("2024_orders.csv", "2025_orders.csv")
    found = split_all([stamped(orders, [GOOD, bad], name=name) for name in names], orders)
    columns = ("src_filename", "src_row_number")
    assert found.accepted.select(*columns, "year").rows() == [(n, 1, int(n[:4])) for n in names]
    assert found.rejected.select(*columns, "raw_record").rows() == [
        (name, 2, "1,many,web") for name in names
    ]


def test_a_value_that_is_not_what_the_path_says_is_counted(tmp_path: Path) -> None:
    of_day = contract(
        tmp_path,
        "bronze.orders",
        [
            property_("day", "date", "date", **{"carms.agreesWithPath": r"dt=([^/]+)"}),
            property_("at", "timestamp", "timestamp", **{"carms.agreesWithPath": r"month=([^/]+)"}),
        ],
    )
    rows = [
        {"day": "2025-01-31", "at": "2025-01-31T10:00:00Z"},
        {"day": "2025-02-01", "at": "2025-02-01T00:00:00Z"},
        {"day": None, "at": None},
    ]
    columns = ("day", "at")
    name = "dt=2025-01-31/month=2025-01/x.csv"
    assert checked(of_day, rows, columns=columns, name=name).disagreeing == {
        (name, "day"): 1,
        (name, "at"): 1,
    }
    assert checked(of_day, rows, columns=columns, name="elsewhere.csv").disagreeing == {}


@pytest.mark.parametrize("key", ["carms.fromPath", "carms.agreesWithPath"])
def test_a_pattern_for_paths_takes_no_time_and_looks_around_nowhere(
    key: str, tmp_path: Path
) -> None:
    """Python's `re` would try every way to divide the path, for years."""
    nested = contract(tmp_path, "bronze.orders", [property_("day", **{key: "((?:(?:[^/]+)+)+)!$"})])
    name = "a" * 60 + "/x.csv"
    columns = ("day",) if key == "carms.agreesWithPath" else ()
    assert checked(nested, [{"day": "x"}], columns=columns, name=name).disagreeing == {}
    around = contract(tmp_path, "bronze.orders", [property_("day", **{key: "(a)(?=b)"})])
    with pytest.raises(ContractError, match="cannot be used") as caught:
        checked(around, [{"day": "x"}], columns=columns, name=name)
    assert "lookaround" in caught.value.hint


def test_rows_with_a_value_in_a_new_column_are_set_aside(orders: Contract) -> None:
    assert orders.source
    strict = replace(orders, source=replace(orders.source, new_columns=NewColumns.REJECT))
    columns = ("order_id", "quantity", "channel", "src_extra")
    rows = [GOOD | {"src_extra": '{"new":"x"}'}, GOOD | {"src_extra": None}]
    found = checked(strict, rows, columns=columns)
    assert found.accepted["src_row_number"].to_list() == [2]
    assert reasons(found) == [[("UNEXPECTED_COLUMN", "record.newColumns")]]
    lenient = replace(orders, source=replace(orders.source, new_columns=NewColumns.ACCEPT))
    kept = checked(lenient, rows, columns=columns).accepted
    assert kept["src_extra"].to_list() == ['{"new":"x"}', None]
    assert kept["src_row_hash"][0] == kept["src_row_hash"][1]


def test_an_empty_batch_is_two_empty_halves(orders: Contract) -> None:
    found = checked(orders, [])
    assert (found.records, found.accepted.height, found.rejected.height) == (0, 0, 0)
    assert found.rejected.schema == pl.Schema(REJECT_SCHEMA)


cells = st.none() | st.text(max_size=4) | st.integers(-5, 5).map(str)


@given(
    rows=st.lists(
        st.fixed_dictionaries({"order_id": cells, "quantity": cells, "channel": cells}), max_size=8
    )
)
def test_every_record_is_in_exactly_one_half(orders: Contract, rows: list[dict[str, Any]]) -> None:
    found = checked(orders, rows)
    numbers = (
        found.accepted["src_row_number"].to_list() + found.rejected["src_row_number"].to_list()
    )
    assert sorted(numbers) == list(range(1, len(rows) + 1))
    assert found.records == len(rows)
    assert all(reason for reason in reasons(found))
    again = checked(orders, [rows[n - 1] for n in found.accepted["src_row_number"]])
    assert again.rejected.is_empty()
