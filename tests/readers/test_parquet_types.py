"""Every type that other programs write into Parquet: what lands, and what is rejected as what."""

# ruff: noqa: DTZ001 - moments without a zone are the case

from __future__ import annotations

import datetime as dt
import json
import uuid
from decimal import Decimal
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sources import bronze, collected, column, raw_records, read, source

from carms_lake.contract.model import NewColumns
from carms_lake.errors import SourceRefused
from carms_lake.quality.types import typed
from carms_lake.readers import parquet
from carms_lake.readers.json.text import dumped
from carms_lake.readers.parquet.text import plain, taken

MICROS = pa.timestamp("us")
FOREVER = 253_402_214_400_000_000  # 9999-12-31, in microseconds
UUID = uuid.UUID("12345678-1234-5678-1234-567812345678")


def raw(values: list[Any], kind: pa.DataType) -> pa.Array:
    """Values of a type by the numbers that stand for them."""
    return pa.array(values, pa.int32() if kind.bit_width == 32 else pa.int64()).cast(kind)


def of(folder, values: pa.Array, **how: Any):
    """A file with ids and one column."""
    ids = pa.array([str(n) for n in range(1, len(values) + 1)])
    path = folder / "things.parquet"
    pq.write_table(pa.table({"id": ids, "v": values}), path, **how)
    return source(path)


def landed(file, type_: str, **own: Any) -> list[Any]:
    """What the column holds in bronze: the typed value, or `rejected` with the raw text."""
    wanted = column("v", type_, **own)
    batch = read(file, bronze("id", wanted, format="parquet"))
    rows = batch.rows.select("src_row_number", raw="v")
    frame = rows.with_columns(
        rows.select(typed("raw", rows.schema["raw"], wanted.type)).to_series().alias("v")
    )
    found = {row["src_row_number"]: row for row in frame.to_dicts()}
    for fault in batch.malformed.to_dicts():
        found[fault["src_row_number"]] = {"v": None, "raw": fault["value"]}
    return [
        ("rejected", row["raw"]) if row["v"] is None and row["raw"] is not None else row["v"]
        for _, row in sorted(found.items())
    ]


A = pa.array
CASES: list[tuple[str, pa.Array, str, list[Any]]] = [
    ("category", A(["a", None, "b"]).dictionary_encode(), "varchar", ["a", None, "b"]),
    ("large text", A(["a"], pa.large_string()), "varchar", ["a"]),
    ("view of text", A(["a", None], pa.string_view()), "varchar", ["a", None]),
    ("category as date", A(["2025-01-02"]).dictionary_encode(), "date", [dt.date(2025, 1, 2)]),
    ("nothing but nulls", pa.nulls(2), "varchar", [None, None]),
    ("nothing but nulls", pa.nulls(2), "decimal(9,2)", [None, None]),
    ("nothing but nulls", pa.nulls(1), "varchar[]", [None]),
    ("bytes", A([b"caf\xc3\xa9", None]), "varchar", ["café", None]),
    ("bytes", A([b"a", b"\xff"]), "varchar", ["a", ("rejected", "ff")]),
    ("bytes", A([b"\xff", None]), "blob", [b"\xff", None]),
    ("bytes", A([b"12.50"]), "decimal(9,2)", [Decimal("12.50")]),
    ("view of bytes", A([b"a"], pa.binary_view()), "varchar", ["a"]),
    ("fixed bytes", A([b"ab"], pa.binary(2)), "varchar", ["ab"]),
    ("category of bytes", A([b"\xff"]).dictionary_encode(), "blob", [b"\xff"]),
    ("uuid", A([UUID.bytes, None], pa.uuid()), "varchar", [str(UUID), None]),
    ("uuid", A([UUID.bytes], pa.uuid()), "blob", [UUID.bytes]),
    ("json", A(['{"a": 1}'], pa.json_()), "json", ['{"a": 1}']),
    ("bool8", pa.ExtensionArray.from_storage(pa.bool8(), A([1, 0], pa.int8())), "boolean",
     [True, False]),
    ("decimal256", A([Decimal("12345678901234567890.12"), None], pa.decimal256(60, 2)),
     "decimal(30,2)", [Decimal("12345678901234567890.12"), None]),
    ("decimal256", A([Decimal("1.5")], pa.decimal256(60, 1)), "bigint", [("rejected", "1.5")]),
    ("decimal256", A([Decimal("7.00")], pa.decimal256(60, 2)), "bigint", [7]),
    ("decimal256", A([Decimal("9" * 50)], pa.decimal256(60, 0)), "decimal(38,0)",
     [("rejected", "9" * 50)]),
    ("decimal256", A([Decimal("9" * 50)], pa.decimal256(60, 0)), "varchar", ["9" * 50]),
    ("decimal32", A([Decimal("1.50")], pa.decimal32(5, 2)), "decimal(9,2)", [Decimal("1.50")]),
    ("uint64", A([2**64 - 1, 5], pa.uint64()), "bigint", [("rejected", 2**64 - 1), 5]),
    ("uint64", A([2**64 - 1], pa.uint64()), "decimal(20,0)", [Decimal(2**64 - 1)]),
    ("float16", A([1.5], pa.float16()), "double", [1.5]),
    ("float32", A([1.5], pa.float32()), "double", [1.5]),
    ("time", A([dt.time(1, 2, 3, 4)], pa.time64("us")), "varchar", ["01:02:03.000004"]),
    ("time", A([dt.time(23, 59)], pa.time32("ms")), "varchar", ["23:59:00"]),
    ("time", raw([45_001_123_456_789], pa.time64("ns")), "varchar", ["12:30:01.123456789"]),
    ("time", A([dt.time(1)], pa.time64("us")), "timestamp", [("rejected", "01:00:00")]),
    ("duration", A([dt.timedelta(days=1, seconds=5)]), "varchar", ["PT24H5S"]),
    ("duration", A([dt.timedelta(microseconds=-1)]), "varchar", ["PT-0.000001S"]),
    ("duration", A([dt.timedelta(0)]), "bigint", [("rejected", "PT0S")]),
    ("offset", A([dt.datetime(2025, 1, 1)], pa.timestamp("us", "+05:30")), "timestamp",
     [dt.datetime(2025, 1, 1, tzinfo=dt.UTC)]),
    ("offset", A([dt.datetime(2025, 1, 1)], pa.timestamp("ms", "-0330")), "timestamp",
     [dt.datetime(2025, 1, 1, tzinfo=dt.UTC)]),
    ("zone", A([dt.datetime(2025, 1, 1)], pa.timestamp("us", "Europe/Paris")), "timestamp",
     [dt.datetime(2025, 1, 1, tzinfo=dt.UTC)]),
    ("zone of its own", A([dt.datetime(2025, 1, 1)], pa.timestamp("us", "Mars/Base")), "timestamp",
     [dt.datetime(2025, 1, 1, tzinfo=dt.UTC)]),
    ("nanoseconds", raw([1_000, 1_001], pa.timestamp("ns")), "timestamp",
     [dt.datetime(1970, 1, 1, 0, 0, 0, 1, dt.UTC), ("rejected", None)]),
    ("last day", raw([FOREVER, FOREVER + 86_400_000_000], MICROS), "timestamp",
     [dt.datetime(9999, 12, 31, tzinfo=dt.UTC), ("rejected", "+10000-01-01T00:00:00")]),
    ("infinity", raw([2**63 - 1, -(2**63) + 1, 0], MICROS), "timestamp",
     [("rejected", "infinity"), ("rejected", "-infinity"), dt.datetime(1970, 1, 1, tzinfo=dt.UTC)]),
    ("infinity", raw([2**31 - 1, -(2**31) + 1, 0], pa.date32()), "date",
     [("rejected", "infinity"), ("rejected", "-infinity"), dt.date(1970, 1, 1)]),
    ("a thousand times too far", raw([1_735_689_600_000_000_000], MICROS), "timestamp",
     [("rejected", "+56971-10-25T00:00:00")]),
    ("before Christ", raw([-800_000], pa.date32()), "date", [("rejected", "-0221-09-04")]),
    ("first day", raw([-719_162], pa.date32()), "date", [dt.date(1, 1, 1)]),
    ("day as moment", A([dt.date(2025, 1, 2)]), "timestamp",
     [dt.datetime(2025, 1, 2, tzinfo=dt.UTC)]),
    ("midnight as day", A([dt.datetime(2025, 1, 2)], MICROS), "date", [dt.date(2025, 1, 2)]),
    ("struct", A([{"w": 1, "x": Decimal("1.10")}, None]), "json", ['{"w":1,"x":1.10}', None]),
    ("struct", A([{"w": [b"a"], "t": dt.date(2025, 1, 2)}]), "varchar",
     ['{"w":["a"],"t":"2025-01-02"}']),
    ("list", A([[1, None], [], None]), "json", ["[1,null]", "[]", None]),
    ("fixed list", A([[1, 2], None], pa.list_(pa.int8(), 2)), "json", ["[1,2]", None]),
    ("view of lists", A([[1], None, [], [5, 6]], pa.list_view(pa.int8())), "json",
     ["[1]", None, "[]", "[5,6]"]),
    ("map", A([[("a", 1.5), ("b", None)], None], pa.map_(pa.string(), pa.float64())), "json",
     ['{"a":1.5,"b":null}', None]),
    ("numbers in a struct", A([{"a": 0.1, "b": float("nan")}],
                              pa.struct([("a", pa.float32()), ("b", pa.float64())])), "json",
     ['{"a":0.1,"b":"NaN"}']),
    ("infinity in a struct", pa.StructArray.from_arrays([raw([2**63 - 1], MICROS)], ["t"]), "json",
     ['{"t":"infinity"}']),
    ("struct as number", A([{"w": 1}]), "bigint", [("rejected", '{"w":1}')]),
    ("list of texts", A([["a", None], None, []]), "varchar[]", [["a", None], None, []]),
    ("list of numbers", A([[1], [2, 3]], pa.list_(pa.int64())), "integer[]", [[1], [2, 3]]),
    ("list of categories", pa.ListArray.from_arrays([0, 1], A(["a"]).dictionary_encode()),
     "varchar[]", [["a"]]),
    ("list of numbers", A([[1, None], []]), "date[]", [("rejected", [1, None]), []]),
    ("list of texts", A([["1", None], [], ["x"], None]), "integer[]",
     [[1, None], [], ("rejected", ["x"]), None]),
    ("list of texts", A([["2025-01-02", None], ["2025"]]), "date[]",
     [[dt.date(2025, 1, 2), None], ("rejected", ["2025"])]),
    ("number", A([5]), "integer[]", [("rejected", 5)]),
    ("list of infinite days", pa.ListArray.from_arrays([0, 1, 3], raw([0, 1, 2**31 - 1],
                                                                      pa.date32())),
     "date[]", [[dt.date(1970, 1, 1)], ("rejected", "infinity")]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "type_", "expected"),
    [case[1:] for case in CASES],
    ids=[f"{name} as {type_}" for name, _, type_, _ in CASES],
)
def test_a_column_lands_or_is_rejected_by_value(tmp_path, values, type_, expected):
    found = landed(of(tmp_path, values), type_)
    if ("rejected", None) in expected:  # what is shown of it is the raw value, of its own type
        found = [("rejected", None) if isinstance(v, tuple) else v for v in found]
    assert found == expected


def test_a_value_that_cannot_be_held_says_why_and_keeps_its_record(tmp_path):
    values = raw([2**63 - 1, 0], MICROS)
    file = of(tmp_path, values)
    batch = read(file, bronze("id", column("v", "timestamp"), format="parquet"))
    assert batch.malformed.to_dicts() == [
        {
            "src_row_number": 1,
            "raw_record": '{"id":"1","v":"infinity"}',
            "code": "TYPE_MISMATCH",
            "column": "v",
            "value": "infinity",
            "message": "record 1: `v` infinity is outside of the years 1 to 9999",
        }
    ]
    assert collected(batch)["id"].to_list() == ["2"]
    assert batch.records == 2


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()])
def test_text_that_is_not_text_is_rejected_by_value_or_read_in_its_encoding(tmp_path, kind):
    same = {
        pa.string(): pa.binary(), pa.large_string(): pa.large_binary(),
        pa.string_view(): pa.binary_view(),
    }[kind]  # fmt: skip
    values = pa.array([b"ok", b"caf\xe9", None, b"caf\xc3\xa9"], same).view(kind)
    file = of(tmp_path, values)
    assert landed(file, "varchar") == ["ok", ("rejected", "636166e9"), None, "café"]
    assert landed(file, "varchar", bytes_encoding="cp1252") == ["ok", "café", None, "cafÃ©"]
    texts = raw_records(file, bronze("id", "v", format="parquet"), [1, 2])
    assert [json.loads(text)["v"] for text in texts.values()] == ["ok", "636166e9"]
    lists = pa.ListArray.from_arrays([0, 2, 3], values.slice(0, 3))
    assert landed(of(tmp_path, lists), "json") == ['["ok","636166e9"]', "[null]"]


def test_bytes_are_read_in_the_encoding_that_the_contract_says(tmp_path):
    file = of(tmp_path, pa.array([b"caf\xe9"]))
    assert landed(file, "varchar") == [("rejected", "636166e9")]
    assert landed(file, "varchar", bytes_encoding="cp1252") == ["café"]


# -- INT96, as Spark, Impala and Hive write moments ------------------------------------------------

_JULIAN = 2_440_588  # the Julian day of 1970-01-01


def int96(folder, moments: list[tuple[int, int] | None], unit="ns", zone=None):
    """A file of moments as days from 1970 and nanoseconds of the day, whatever they are."""
    # Written as moments of one day each, whose bytes are then replaced.
    marks = [None if m is None else dt.datetime(2001, 1, 1 + n) for n, m in enumerate(moments)]
    values = pa.array(marks, pa.timestamp(unit, zone))
    file = of(
        folder, values, use_deprecated_int96_timestamps=True, compression="none",
        use_dictionary=False, write_statistics=False,
    )  # fmt: skip
    data = file.path.read_bytes()
    for n, moment in enumerate(moments):
        day = (dt.date(2001, 1, 1 + n) - dt.date(1970, 1, 1)).days + _JULIAN
        mark = bytes(8) + day.to_bytes(4, "little")
        if moment is not None:
            assert data.count(mark) == 1
            days, nanos = moment
            wanted = nanos.to_bytes(8, "little") + (days + _JULIAN).to_bytes(4, "little")
            data = data.replace(mark, wanted)
    file.path.write_bytes(data)
    return source(file.path)


def test_int96_lands_as_it_is_or_is_rejected_with_all_that_it_says(tmp_path):
    day = 86_400 * 10**9
    moments = [
        (0, 0), None, (2_932_896, day - 1_000), (2_932_897, 0), (-719_162, 0), (-719_163, 0),
        (-_JULIAN, 0), (10, 1_001), (200_000, 5_000), (200_000, 1), (2**31, 0), (1_000_000_000, 0),
    ]  # fmt: skip
    assert landed(int96(tmp_path, moments), "timestamp") == [
        dt.datetime(1970, 1, 1, tzinfo=dt.UTC),
        None,
        dt.datetime(9999, 12, 31, 23, 59, 59, 999_999, dt.UTC),
        ("rejected", "+10000-01-01T00:00:00"),
        dt.datetime(1, 1, 1, tzinfo=dt.UTC),
        ("rejected", "0000-12-31T00:00:00"),
        ("rejected", "-4713-11-24T00:00:00"),
        ("rejected", "1970-01-11T00:00:00.000001001"),
        dt.datetime(2517, 8, 1, 0, 0, 0, 5, dt.UTC),
        dt.datetime(2517, 8, 1, tzinfo=dt.UTC),  # a nanosecond that no reader of 64 bits sees
        ("rejected", "+5881580-07-12T00:00:00"),
        ("rejected", "+2739877-01-03T00:00:00"),
    ]


@given(st.lists(st.none() | st.datetimes(dt.datetime(1, 1, 1)), min_size=1, max_size=9))
def test_int96_of_any_day_is_that_day(tmp_path_factory, values):
    folder = tmp_path_factory.mktemp("int96")
    start = dt.datetime(1970, 1, 1)
    moments = [
        v and ((v - start).days, (v - start).seconds * 10**9 + v.microsecond * 1_000)
        for v in values
    ]
    expected = [v and v.replace(tzinfo=dt.UTC) for v in values]
    assert landed(int96(folder, moments), "timestamp") == expected


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Paris"])
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_julian_day_0_is_not_1970_whatever_unit_the_writer_named(tmp_path, unit, zone):
    file = int96(tmp_path, [(0, 0), (-_JULIAN, 0), None], unit, zone)
    assert landed(file, "timestamp") == [
        dt.datetime(1970, 1, 1, tzinfo=dt.UTC),
        ("rejected", "-4713-11-24T00:00:00"),
        None,
    ]


def test_two_columns_of_int96_in_parts_of_a_file_keep_their_rows_apart(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "_PART_RECORDS", 7)
    days = [dt.datetime(2025, 1, 1) + dt.timedelta(n) for n in range(100)]
    table = pa.table({"a.b": pa.array(days), "x": list(range(100)), "b": pa.array(days[::-1])})
    path = tmp_path / "t.parquet"
    pq.write_table(table, path, use_deprecated_int96_timestamps=True, row_group_size=13)
    contract = bronze(
        column("a", "timestamp", source="a.b"), column("x", "bigint"), column("b", "timestamp"),
        format="parquet",
    )  # fmt: skip
    rows = collected(read(source(path), contract))
    assert rows.select("a", "x", "b").rows() == list(zip(days, range(100), days[::-1], strict=True))
    assert rows["src_row_number"].to_list() == list(range(1, 101))


@pytest.mark.parametrize("key", ["legacyDateTime", "legacyINT96", None])
@pytest.mark.parametrize("is_int96", [True, False])
def test_days_that_spark_counted_by_the_julian_calendar_are_not_taken_for_others(
    tmp_path, key, is_int96
):
    values = [dt.datetime(1582, 10, 14), dt.datetime(1582, 10, 15), dt.datetime(1, 1, 2)]
    own = {f"org.apache.spark.{key}": ""} if key else {}
    ids = pa.array(["1", "2", "3"])
    table = pa.table({"id": ids, "v": pa.array(values, MICROS)}).replace_schema_metadata(own)
    path = tmp_path / "old.parquet"
    pq.write_table(table, path, use_deprecated_int96_timestamps=is_int96)
    found = landed(source(path), "timestamp")
    kept = [value.replace(tzinfo=dt.UTC) for value in values]
    if key:
        kept[0] = ("rejected", "1582-10-14T00:00:00")
        kept[2] = ("rejected", "0001-01-02T00:00:00")
        batch = read(source(path), bronze("id", column("v", "timestamp"), format="parquet"))
        assert "Julian calendar" in batch.malformed["message"][0]
    assert found == kept


# -- what a file is, apart from its values ---------------------------------------------------------


def test_text_with_any_line_separator_stays_one_record(tmp_path):
    values = pa.array(["a\u2028b", "c\u2029d\x85e\x0bf\n\r\ng", "\x1c"])
    file = of(tmp_path, values)
    contract = bronze("id", "v", format="parquet")
    assert collected(read(file, contract))["v"].to_list() == values.to_pylist()
    texts = raw_records(file, contract, [1, 2, 3])
    assert [json.loads(texts[n])["v"] for n in (1, 2, 3)] == values.to_pylist()


def test_names_with_dots_line_ends_and_quotes_are_names(tmp_path):
    names = ["a.b", "c\nd", 'e"f', "*", "^g.*$", "é", "a"]
    table = pa.table([pa.array([n]) for n in range(6)] + [pa.array([{"b": 7}])], names=names)
    pq.write_table(table, tmp_path / "t.parquet")
    contract = bronze(
        *(column(f"c{n}", "bigint", source=name) for n, name in enumerate(names[:6])),
        column("c6", "json", source="a"),
        format="parquet",
    )
    rows = collected(read(source(tmp_path / "t.parquet"), contract))
    assert rows.drop("src_row_number").rows() == [(0, 1, 2, 3, 4, 5, '{"b":7}')]


def test_a_name_that_comes_twice_is_refused_unless_it_is_dropped(tmp_path):
    table = pa.table([pa.array(["1"]), pa.array(["a"]), pa.array(["b"])], names=["id", "v", "v"])
    pq.write_table(table, tmp_path / "t.parquet")
    file = source(tmp_path / "t.parquet")
    with pytest.raises(SourceRefused, match="duplicate column `v`"):
        read(file, bronze("id", "v", format="parquet"))
    dropping = bronze("id", format="parquet", drop_columns=("v",))
    assert collected(read(file, dropping))["id"].to_list() == ["1"]


INNER = {
    "category": pa.array(["a", "b", "c"]).dictionary_encode(),
    "view": pa.array(["a", "b", "c"], pa.string_view()),
    "bytes": pa.array([b"a", b"b", b"c"], pa.binary_view()),
    "uuid": pa.array([UUID.bytes] * 3, pa.uuid()),
}


@pytest.mark.parametrize("inner", INNER)
@pytest.mark.parametrize("rows", [3, 0])
def test_values_in_lists_are_read_from_several_groups_of_rows(tmp_path, inner, rows):
    items = INNER[inner]
    lists = pa.ListArray.from_arrays([0, 1, 2, 3], items).slice(0, rows)
    file = of(tmp_path, lists, row_group_size=1)
    expected = [[str(UUID) if inner == "uuid" else "abc"[n]] for n in range(rows)]
    contract = bronze("id", column("v", "json"), format="parquet")
    assert [json.loads(v) for v in collected(read(file, contract))["v"]] == expected
    texts = raw_records(file, contract, [1, 2, 3])
    assert [json.loads(text)["v"] for text in texts.values()] == expected


@pytest.mark.parametrize("columns", [["id"], []])
def test_a_file_without_rows_or_columns_has_no_records(tmp_path, columns):
    table = pa.table({"id": pa.array([], pa.string())}).select(columns)
    pq.write_table(table, tmp_path / "t.parquet")
    batch = read(
        source(tmp_path / "t.parquet"), bronze(column("id", may_be_absent=True), format="parquet")
    )
    assert batch.records == 0
    assert len(batch.chunks) == 1


def test_values_of_new_columns_are_kept_as_json_whatever_their_type(tmp_path):
    table = pa.table({
        "id": ["1", "2"],
        "d": pa.array([Decimal("1.10"), None]),
        "t": raw([2**63 - 1, None], MICROS),
        "b": pa.array([b"\xff", None]),
        "l": pa.array([[1], None]),
    })  # fmt: skip
    pq.write_table(table, tmp_path / "t.parquet")
    contract = bronze("id", format="parquet", new_columns=NewColumns.ACCEPT)
    rows = collected(read(source(tmp_path / "t.parquet"), contract))
    assert rows["src_extra"].to_list() == ['{"d":1.10,"t":"infinity","b":"ff","l":[1]}', None]


def test_columns_that_cannot_be_read_are_named_with_their_type(tmp_path):
    wide = pl.DataFrame({"id": ["1"], "w": pl.Series([2**100], dtype=pl.Int128)})
    wide.write_parquet(tmp_path / "w.parquet")
    variant = pa.array([{"metadata": b"\x01", "value": b"\x02"}])
    pq.write_table(pa.table({"id": ["1"], "w": variant}), tmp_path / "v.parquet")
    for name, kind in (("w", "128 bits"), ("v", "VARIANT")):
        with pytest.raises(SourceRefused) as caught:
            read(source(tmp_path / f"{name}.parquet"), bronze("id", "w", format="parquet"))
        assert "`w`" in caught.value.message
        assert kind in caught.value.message
        assert "damaged" not in caught.value.hint
    dropping = bronze("id", format="parquet", drop_columns=("w",))
    assert collected(read(source(tmp_path / "v.parquet"), dropping)).height == 1


def test_an_encrypted_file_is_called_so(tmp_path):
    (tmp_path / "e.parquet").write_bytes(b"PARE" + bytes(50) + b"PARE")
    with pytest.raises(SourceRefused, match="encrypted"):
        read(source(tmp_path / "e.parquet"), bronze("id", format="parquet"))


def test_intervals_of_duckdb_are_durations(tmp_path):
    import duckdb

    path = tmp_path / "i.parquet"
    duckdb.sql("select '1' as id, interval '14 months 3 days 4.5 seconds' as v").write_parquet(
        str(path)
    )
    assert landed(source(path), "varchar") == ["P14M3DT4.5S"]


LEAVES: list[tuple[pa.DataType, st.SearchStrategy[Any]]] = [
    (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    (pa.string(), st.text(max_size=3)),
    (pa.bool_(), st.booleans()),
    (pa.null(), st.none()),
]


def _nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Types of lists, structs and maps with values of them."""

    def of_struct(pairs: list[Any]) -> Any:
        names = [f"f{n}" for n in range(len(pairs))]
        kind = pa.struct(list(zip(names, (kind for kind, _ in pairs), strict=True)))
        values = {n: own | st.none() for n, (_, own) in zip(names, pairs, strict=True)}
        return kind, st.fixed_dictionaries(values)

    def of_list(pair: Any) -> Any:
        return pa.list_(pair[0]), st.lists(pair[1] | st.none(), max_size=3)

    def of_map(pair: Any) -> Any:
        keys = st.text(max_size=2)
        return pa.map_(pa.string(), pair[0]), st.dictionaries(keys, pair[1] | st.none(), max_size=2)

    return (
        inner.map(of_list)
        | inner.map(of_map)
        | st.lists(inner, min_size=1, max_size=3).map(of_struct)
    )


def _as_json(value: Any, kind: pa.DataType) -> Any:
    """What a value of Arrow is in JSON, by the library's own way to Python."""
    if value is None:
        return None
    if pa.types.is_map(kind):
        return {key: _as_json(inner, kind.item_type) for key, inner in value}
    if pa.types.is_struct(kind):
        return {field.name: _as_json(value[field.name], field.type) for field in kind}
    return [_as_json(v, kind.value_type) for v in value] if pa.types.is_list(kind) else value


@given(st.data())
def test_any_nested_values_are_the_json_that_python_writes(data):
    leaf = st.sampled_from(LEAVES)
    kind, values = data.draw(st.recursive(leaf, _nested, max_leaves=5))
    drawn = data.draw(st.lists(values | st.none(), min_size=1, max_size=6))
    drawn = [list(v.items()) if pa.types.is_map(kind) and v is not None else v for v in drawn]
    whole = pa.array(drawn, kind)
    part = whole.slice(data.draw(st.integers(0, len(drawn) - 1)))
    found = [json.loads(dumped(value)) for value in plain(part)]
    assert found == [_as_json(value, kind) for value in part.to_pylist()]
    places = range(len(part))
    assert taken(pa.chunked_array([part]), places) == plain(part)
