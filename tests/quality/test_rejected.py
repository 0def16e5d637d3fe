"""The row hash is documented and stable: these vectors never change."""

from __future__ import annotations

import polars as pl
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st
from sources import bronze, column

from carms_lake.quality.rejected import BAD, reasons_of, row_hash

VECTORS = [
    ([""], "99aa06d3014798d86001c324468d497f"),
    (["abc"], "06b05ab6733a618578af5f94892f3950"),
    (["a", "b"], "d565f29ad8964a7cd671f8867f47bbb9"),
    (["a", None], "526352b6b24b3dab2ee903389a2d837c"),
    ([None], "3195a37edc06e26b313c36c6889b8aaa"),
    (["é", "\U0001f600"], "86cccef07bdae208134c3a3d6d50c8dc"),
]


def hashed(fields: list[str | None]) -> bytes:
    frame = pl.DataFrame(
        {f"c{i}": [v] for i, v in enumerate(fields)},
        schema_overrides={f"c{i}": pl.String for i in range(len(fields))},
    )
    value: bytes = frame.select(row_hash(frame.columns).alias("h"))["h"][0]
    return value


def by_hand(fields: list[str | None]) -> bytes:
    text = "\x1f".join("\x1e" if field is None else field for field in fields)
    return xxhash.xxh3_128_digest(text.encode())


@pytest.mark.parametrize(("fields", "expected"), VECTORS)
def test_the_hash_is_the_one_in_the_vectors(fields: list[str | None], expected: str) -> None:
    assert hashed(fields).hex() == expected


@given(st.lists(st.none() | st.text(max_size=20), min_size=1, max_size=6))
def test_the_hash_is_xxh3_over_the_joined_fields(fields: list[str | None]) -> None:
    assert hashed(fields) == by_hand(fields)


def test_a_null_is_not_an_empty_text() -> None:
    assert hashed([None]) != hashed([""])


def test_a_boundary_between_fields_counts() -> None:
    assert hashed(["ab", "c"]) != hashed(["a", "bc"])


@given(st.integers(0, 200_000), st.integers(0, 200_000))
def test_a_slice_of_many_rows_has_the_hashes_of_its_rows(begin: int, length: int) -> None:
    rows = pl.DataFrame({"a": pl.int_range(begin, begin + length % 70_000, eager=True)})
    found = rows.lazy().select(row_hash(["a"])).collect(engine="streaming").to_series()
    for place in {0, rows.height // 2, rows.height - 1} if rows.height else ():
        assert found[place] == xxhash.xxh3_128_digest(str(begin + place).encode())


def test_lists_and_bytes_have_a_hash_and_a_text_of_their_own() -> None:
    frame = pl.DataFrame(
        {
            "l": [[1, None], [], None, [1]],
            "b": [b"\xff", b"", None, b"a"],
            "deep": [[[b"\xff"]], [[]], None, [[b"a", None]]],
        },
        schema={"l": pl.List(pl.Int64), "b": pl.Binary, "deep": pl.List(pl.List(pl.Binary))},
    )
    for name, dtype in frame.schema.items():
        hashes = frame.select(row_hash([name], {name: dtype})).to_series()
        assert hashes.null_count() == 0
        assert hashes.n_unique() == frame.height
    bad = frame.with_columns(
        pl.lit(value=True).alias(f"{BAD}{name}.type") for name in frame.columns
    )
    columns = [column("l", "bigint[]"), column("b", "blob"), column("deep", "blob[][]")]
    found = reasons_of(bad, bronze(*columns, format="parquet"))
    shown = [[reason["value"] for reason in row] for row in found]
    assert shown == [
        ["[1,null]", "ff", '[["ff"]]'],
        ["[]", "", "[[]]"],
        [None, None, None],
        ["[1]", "61", '[["61",null]]'],
    ]
