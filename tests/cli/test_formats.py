"""One value has one spelling in every format, and comes back as it was."""

from __future__ import annotations

import csv
import io
import json
import uuid
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carms_lake.cli.formats import Format, on_one_line, write_rows
from carms_lake.writers.json import as_json, as_text

BEHIND = timezone(-timedelta(minutes=90))
STAMP = "2025-01-02 03:00:00+00"
HARD: list[tuple[Any, str, str]] = [
    (None, "", "null"),
    (True, "true", "true"),
    (1, "1", "1"),
    (2**100, str(2**100), str(2**100)),
    (-(2**63), str(-(2**63)), str(-(2**63))),
    (1.5, "1.5", "1.5"),
    (float("nan"), "nan", '"nan"'),
    (float("-inf"), "-inf", '"-inf"'),
    (timedelta(days=-1, minutes=-5), "-1 day -00:05:00", '"-1 day -00:05:00"'),
    (timedelta(days=2), "2 days", '"2 days"'),
    (time(3, 4, 0, 500, BEHIND), "03:04:00.0005-01:30", '"03:04:00.0005-01:30"'),
    (Decimal("1.50"), "1.50", "1.50"),
    (Decimal("1234567890123456789.123"), "1234567890123456789.123", "1234567890123456789.123"),
    ('é"\n', 'é"\n', '"é\\"\\n"'),
    (date(2025, 1, 2), "2025-01-02", '"2025-01-02"'),
    (datetime(2025, 1, 2, 3, tzinfo=UTC), STAMP, f'"{STAMP}"'),
    (time(3, 4), "03:04:00", '"03:04:00"'),
    (timedelta(minutes=1), "00:01:00", '"00:01:00"'),
    (b"\x00\xff", "00ff", '"00ff"'),
    (["a", None, Decimal("1.0")], '["a",null,1.0]', '["a",null,1.0]'),
    ({"k": b"\x01"}, '{"k":"01"}', '{"k":"01"}'),
    ({1: "x"}, '{"1":"x"}', '{"1":"x"}'),
    (uuid.UUID(int=1), str(uuid.UUID(int=1)), f'"{uuid.UUID(int=1)}"'),
]  # fmt: skip


@pytest.mark.parametrize(("value", "text", "json_text"), HARD, ids=lambda v: type(v).__name__)
def test_a_value_has_one_spelling(value: object, text: str, json_text: str) -> None:
    assert as_text(value) == text
    assert as_json(value) == json_text


def written(file_format: Format, rows: list[tuple[Any, ...]]) -> str:
    stream = io.StringIO(newline="")
    assert write_rows(stream, file_format, ("a|b", "c"), [rows[:1], rows[1:]]) == len(rows)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("file_format", "text"),
    [
        (Format.CSV, 'a|b,c\n1,"x,y"\n,"z\n|"\n'),
        (Format.TSV, 'a|b\tc\n1\tx,y\n\t"z\n|"\n'),
        (Format.JSON, '[\n {"a|b":1,"c":"x,y"},\n {"a|b":null,"c":"z\\n|"}\n]\n'),
        (Format.JSONL, '{"a|b":1,"c":"x,y"}\n{"a|b":null,"c":"z\\n|"}\n'),
        (Format.MD, "| a\\|b | c |\n| --- | --- |\n| 1 | x,y |\n|  | z<br>\\| |\n"),
    ],
)
def test_rows_are_written_in_each_format(file_format: Format, text: str) -> None:
    assert written(file_format, [(1, "x,y"), (None, "z\n|")]) == text


@pytest.mark.parametrize(
    "file_format", [Format.CSV, Format.TSV, Format.JSON, Format.JSONL, Format.MD]
)
def test_no_rows_are_still_a_whole_document(file_format: Format) -> None:
    text = written(file_format, [])
    if file_format is Format.JSON:
        assert json.loads(text) == []
    elif file_format is Format.JSONL:
        assert text == ""
    else:
        assert text.startswith(("a|b", "| a\\|b"))


@given(st.lists(st.tuples(st.text(), st.text()), max_size=5))
def test_text_comes_back_from_csv_and_json_as_it_was(rows: list[tuple[str, str]]) -> None:
    rows = [row for row in rows if not any("\ud800" <= c <= "\udfff" for cell in row for c in cell)]
    back = list(csv.reader(io.StringIO(written(Format.CSV, rows), newline="")))
    assert [tuple(row) for row in back[1:]] == rows
    assert [tuple(row.values()) for row in json.loads(written(Format.JSON, rows))] == rows


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("0E-8"), "0.00000000"),
        (Decimal("1.2E-7"), "0.00000012"),
        (Decimal("-1E+3"), "-1000"),
        (Decimal("0.10"), "0.10"),
    ],
)
def test_a_decimal_has_its_digits_and_no_exponent(value: Decimal, text: str) -> None:
    assert as_text(value) == text
    for file_format in (Format.CSV, Format.TSV, Format.JSONL):
        stream = io.StringIO()
        write_rows(stream, file_format, ["v"], [[(value,)]])
        assert text in stream.getvalue()


def test_control_characters_cannot_move_the_cursor() -> None:
    assert on_one_line("a\x1b[2J\nb\té") == "a\\x1b[2J\\nb\\té"
