"""Every type of DuckDB goes out as it is, with one spelling in every format, and comes back."""

# ruff: noqa: E501 - one value on one line

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb
import openpyxl
import pyarrow.parquet as pq
import pytest
from lakes import small_lake

from carms_lake.cli.formats import Format, write_rows
from carms_lake.errors import QueryRefused
from carms_lake.flows.query import query_batches, query_frame, query_to_file

if TYPE_CHECKING:
    from pathlib import Path

# The name of a value, its SQL, and how it is written; a list is written as JSON, with the same inside.
VALUES: dict[str, tuple[str, str]] = {
    "boolean": ("true", "true"),
    "tinyint": ("-5::tinyint", "-5"),
    "smallint": ("(-32768)::smallint", "-32768"),
    "integer": ("7", "7"),
    "bigint": ("9223372036854775807", "9223372036854775807"),
    "hugeint": ("1::hugeint", "1"),
    "utinyint": ("255::utinyint", "255"),
    "usmallint": ("65535::usmallint", "65535"),
    "uinteger": ("4294967295::uinteger", "4294967295"),
    "ubigint": ("18446744073709551615::ubigint", "18446744073709551615"),
    "uhugeint": ("340282366920938463463374607431768211455::uhugeint", f"{2**128 - 1}"),
    "bignum": ("'-12345678901234567890123456789012345678901'::bignum", "-12345678901234567890123456789012345678901"),
    "float": ("1.1::float", "1.1"),
    "float_infinity": ("'infinity'::float", "inf"),
    "double": ("0.1::double + 0.2::double", "0.30000000000000004"),
    "double_large": ("1e300::double", "1e+300"),
    "double_small": ("1e-7::double", "1e-07"),
    "double_infinity": ("'infinity'::double", "inf"),
    "double_minus_infinity": ("'-infinity'::double", "-inf"),
    "double_nan": ("'nan'::double", "nan"),
    "decimal_zero": ("0::decimal(18,8)", "0.00000000"),
    "decimal_small": ("0.00000012::decimal(18,8)", "0.00000012"),
    "decimal_long": ("'-1234567890123456789012345678.0123456789'::decimal(38,10)", "-1234567890123456789012345678.0123456789"),
    "varchar": ("'a, \"b\" é'", 'a, "b" é'),
    "varchar_like_a_formula": ("'=1+1'", "=1+1"),
    "varchar_like_a_number": ("'007'", "007"),
    "blob": ("'\\x00\\xff'::blob", "00ff"),
    "bit": ("'0101'::bit", "0101"),
    "uuid": ("'123e4567-e89b-12d3-a456-426614174000'::uuid", "123e4567-e89b-12d3-a456-426614174000"),
    "enum": ("'b'::enum('a','b')", "b"),
    "date": ("date '2024-01-02'", "2024-01-02"),
    "date_last": ("date '9999-12-31'", "9999-12-31"),
    "date_infinity": ("'infinity'::date", "infinity"),
    "date_minus_infinity": ("'-infinity'::date", "-infinity"),
    "date_before_christ": ("'0044-03-15 (BC)'::date", "0044-03-15 (BC)"),
    "date_far": ("'12345-01-01'::date", "12345-01-01"),
    "time": ("time '03:04:05.5'", "03:04:05.5"),
    "time_of_midnight": ("'24:00:00'::time", "24:00:00"),
    "time_ns": ("'03:04:05.123456789'::time_ns", "03:04:05.123456789"),
    "time_zone": ("'03:04:05.5+05:30'::timetz", "03:04:05.5+05:30"),
    "timestamp": ("timestamp '2024-01-02 03:04:05.5'", "2024-01-02 03:04:05.5"),
    "timestamp_s": ("'2024-01-02 03:04:05'::timestamp_s", "2024-01-02 03:04:05"),
    "timestamp_s_infinity": ("'infinity'::timestamp_s", "infinity"),
    "timestamp_ms": ("'2024-01-02 03:04:05.123'::timestamp_ms", "2024-01-02 03:04:05.123"),
    "timestamp_ns": ("'2024-01-02 03:04:05.123456789'::timestamp_ns", "2024-01-02 03:04:05.123456789"),
    "timestamp_infinity": ("'infinity'::timestamp", "infinity"),
    "timestamp_last": ("timestamp '9999-12-31 23:59:59.999999'", "9999-12-31 23:59:59.999999"),
    "timestamp_before_christ": ("'0044-03-15 (BC) 01:02:03'::timestamp", "0044-03-15 (BC) 01:02:03"),
    "timestamp_far": ("'20000-01-01 00:00:00'::timestamp", "20000-01-01 00:00:00"),
    "moment": ("timestamptz '2024-01-02 03:04:05.5+02'", "2024-01-02 01:04:05.5+00"),
    "moment_infinity": ("'-infinity'::timestamptz", "-infinity"),
    "moment_far": ("'20000-01-01 00:00:00+00'::timestamptz", "20000-01-01 00:00:00+00"),
    "interval": ("interval '1 month 2 days 03:04:05.5'", "1 month 2 days 03:04:05.5"),
    "interval_negative": ("interval '-5 minutes'", "-00:05:00"),
    "json": ("'{\"a\": [1.10]}'::json", '{"a": [1.10]}'),
    "geometry": ("'POINT(1 2)'::geometry", "POINT (1 2)"),
    "variant": ("{'a': 1.50}::variant", "{'a': 1.50}"),
    "union_of_numbers": ("union_value(num := 2)", "2"),
    "union_of_days": ("union_value(day := 'infinity'::date)", "infinity"),
    "null": ("null", ""),
    "list": ("[1, null]", "[1,null]"),
    "list_empty": ("[]::integer[]", "[]"),
    "list_of_decimals": ("[0::decimal(18,8), 1.10]", "[0.00000000,1.10000000]"),
    "list_of_huge": ("[1::hugeint]", "[1]"),
    "list_of_floats": ("[1.1::float, 'nan'::float]", '[1.1,"nan"]'),
    "list_of_days": ("['infinity'::date, '12345-01-01'::date, null]", '["infinity","12345-01-01",null]'),
    "list_of_moments": ("[timestamptz '2024-01-02 03:04:05+00']", '["2024-01-02 03:04:05+00"]'),
    "list_of_nanoseconds": ("['2024-01-02 03:04:05.123456789'::timestamp_ns]", '["2024-01-02 03:04:05.123456789"]'),
    "list_of_seconds": ("['infinity'::timestamp_s]", '["infinity"]'),
    "list_of_intervals": ("[interval 1 month]", '["1 month"]'),
    "list_of_times": ("[time '03:04:05', '24:00:00'::time]", '["03:04:05","24:00:00"]'),
    "list_of_bits": ("['01'::bit]", '["01"]'),
    "list_of_blobs": ("['\\x00\\xff'::blob]", '["00ff"]'),
    "list_of_uuids": ("['123e4567-e89b-12d3-a456-426614174000'::uuid]", '["123e4567-e89b-12d3-a456-426614174000"]'),
    "list_of_enums": ("['a'::enum('a','b')]", '["a"]'),
    "array_of_numbers": ("[1, 2]::integer[2]", "[1,2]"),
    "array_of_days": ("['infinity'::date]::date[1]", '["infinity"]'),
    "struct": ("{'a b': 1, 'c': 'x, \"y\"'}", '{"a b":1,"c":"x, \\"y\\""}'),
    "struct_of_all": ("{'d': 'infinity'::date, 'i': [interval 1 year], 'n': null, 'f': 1.1::float}", '{"d":"infinity","i":["1 year"],"n":null,"f":1.1}'),
    "map": ("map {'k': 1.50}", '{"k":1.50}'),
    "map_of_days": ("map {date '2024-01-02': interval 1 day}", '{"2024-01-02":"1 day"}'),
    "tuple": ("row(1, date '2024-01-02')", '[1,"2024-01-02"]'),
}  # fmt: skip

TEXT_IN_PARQUET = {
    "time_zone", "interval", "interval_negative", "bit", "bignum", "uhugeint", "geometry", "uuid",
    "variant", "union_of_numbers", "union_of_days", "tuple", "json", "enum",
}  # fmt: skip
"""What Polars has no type for, or what is text anyway."""

NESTED = ("list", "array", "struct", "map")


class Written(NamedTuple):
    """All values in one row, as each format has it."""

    texts: dict[str, dict[str, str]]
    json: str
    cells: dict[str, Any]
    parquet: Path


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("types")
    config = small_lake(folder)
    sql = f"SELECT {', '.join(f'{value} AS {name}' for name, (value, _) in VALUES.items())}"
    texts: dict[str, str] = {}
    for file_format in (Format.CSV, Format.TSV, Format.JSON, Format.JSONL, Format.MD):
        stream = io.StringIO(newline="")
        with query_batches(config, sql) as answer:
            write_rows(stream, file_format, answer.columns, answer.batches)
        texts[file_format] = stream.getvalue()
    assert json.loads(texts[Format.JSON], parse_constant=pytest.fail) == [
        json.loads(texts[Format.JSONL], parse_constant=pytest.fail)
    ]
    query_to_file(config, sql, folder / "x.xlsx", "xlsx")
    header, row = openpyxl.load_workbook(folder / "x.xlsx").active.iter_rows(values_only=True)
    query_to_file(config, sql, folder / "x.parquet", "parquet")
    return Written(
        {
            Format.CSV: dict(zip(*csv.reader(io.StringIO(texts[Format.CSV])), strict=True)),
            Format.TSV: dict(
                zip(*csv.reader(io.StringIO(texts[Format.TSV]), delimiter="\t"), strict=True)
            ),
            Format.MD: dict(zip(*_markdown(texts[Format.MD]), strict=True)),
        },
        texts[Format.JSONL],
        dict(zip(header, row, strict=True)),
        folder / "x.parquet",
    )


def _markdown(text: str) -> list[list[str]]:
    lines = text.replace("\\\\", "\\").splitlines()
    return [line[2:-2].split(" | ") for line in lines if "---" not in line]


@pytest.mark.parametrize("name", VALUES)
def test_a_value_is_written_alike_in_all_texts(written: Written, name: str) -> None:
    text = VALUES[name][1]
    assert {file_format: row[name] for file_format, row in written.texts.items()} == dict.fromkeys(
        written.texts, text
    )
    number = text.replace("e-07", "e-7")  # the same number
    spellings = {number or "null", json.dumps(text, ensure_ascii=False)}
    assert any(f'"{name}":{spelling}' in written.json for spelling in spellings)


@pytest.mark.parametrize("name", VALUES)
def test_a_workbook_has_days_and_numbers_and_the_same_text_for_all_else(
    written: Written, name: str
) -> None:
    cell, text = written.cells[name], VALUES[name][1]
    if isinstance(cell, bool):
        assert str(cell).lower() == text
    elif isinstance(cell, int | float):
        assert cell == float(text)
    elif isinstance(cell, datetime):
        assert text.startswith(f"{cell:%Y-%m-%d}")
        assert cell.isoformat(" ", "milliseconds").startswith(text[:21].removesuffix("+00"))
    else:
        assert (cell or "") == text


@pytest.mark.parametrize("name", VALUES)
def test_a_value_comes_back_from_parquet_and_from_csv(written: Written, name: str) -> None:
    value = VALUES[name][0]
    with duckdb.connect() as connection:
        connection.execute("SET timezone = 'UTC'")
        kind, wanted = connection.execute(
            f"SELECT typeof(v), v FROM (SELECT {value} AS v)"
        ).fetchone()
        found = connection.execute(f"SELECT typeof({name}) FROM '{written.parquet}'").fetchone()[0]
        assert (found == "VARCHAR") == (name in TEXT_IN_PARQUET or kind == "VARCHAR")
        is_known_as_text = kind.startswith(("VARIANT", "GEOMETRY", "TUPLE", "UNION"))
        cast = "VARCHAR" if is_known_as_text else kind
        same = f"SELECT v::{cast} IS NOT DISTINCT FROM ({value})::{cast} FROM "
        in_parquet = f"(SELECT {name} AS v FROM '{written.parquet}')"
        assert connection.execute(same + in_parquet).fetchone()[0], (found, wanted)
        if name == "tuple" or "blob" in name or name == "list_of_bits":
            return  # CSV has a list, hexadecimal; and DuckDB reads no bits from JSON
        text = written.texts[Format.CSV][name]
        in_csv = "($text::JSON" if name.startswith(NESTED) else "(nullif($text, '')"
        back = f"{same}(SELECT {in_csv}) AS v)"
        assert connection.execute(back, {"text": text}).fetchone()[0], wanted


def test_a_number_of_39_digits_is_text_in_parquet_and_one_of_38_is_not(tmp_path: Path) -> None:
    config = small_lake(tmp_path)
    for digits in (38, 39):
        value = "1" * digits
        frame = query_frame(config, f"select {value}::hugeint as n, 1 as a, 2 as a")
        assert [str(cell) for cell in frame.row(0)] == [value, "1", "2"]
        assert frame.columns == ["n", "a", "a_2"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("names", "renamed"),
    [
        (["a", "a"], ["a", "a_2"]),
        (["a", "a", "a_2"], ["a", "a_3", "a_2"]),
        (["a_2", "a", "a", "a"], ["a_2", "a", "a_3", "a_4"]),
        (["a", "b", "A"], ["a", "b", "A"]),
    ],
)
@pytest.mark.parametrize("value", ["1", "date '2024-01-02'"])
def test_columns_of_one_name_are_renamed_alike_in_every_format(
    tmp_path: Path, names: list[str], renamed: list[str], value: str
) -> None:
    config = small_lake(tmp_path)
    sql = f"select {', '.join(f'{value} as {name}' for name in names)}"
    with query_batches(config, sql) as answer:
        assert list(answer.columns) == renamed
    query_to_file(config, sql, tmp_path / "x.parquet", "parquet")
    assert pq.read_schema(tmp_path / "x.parquet").names == renamed
    query_to_file(config, sql, tmp_path / "x.xlsx", "xlsx")
    header, _ = openpyxl.load_workbook(tmp_path / "x.xlsx").active.iter_rows(values_only=True)
    assert list(header) == renamed


def test_a_value_that_cannot_be_cast_after_many_rows_is_a_mistake_in_the_query(
    tmp_path: Path,
) -> None:
    sql = "select (case when i = 50000 then 'x' else '1' end)::int as n from range(100000) t(i)"
    with pytest.raises(QueryRefused, match="Could not convert string 'x' to INT32"):
        query_to_file(small_lake(tmp_path), sql, tmp_path / "x.parquet", "parquet")
