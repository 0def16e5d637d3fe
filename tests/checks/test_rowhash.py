"""The row hash is documented and stable: these vectors never change."""

from __future__ import annotations

import polars as pl
import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from carms_lake.checks.rowhash import row_hash

VECTORS = [
    ([""], "af1349b9f5f9a1a6a0404dea36dcc949"),
    (["abc"], "6437b3ac38465133ffb63b75273a8db5"),
    (["a", "b"], "de57a552cdb05b71bc0ae3db23c33cbf"),
    (["a", None], "d9ec5c83373ba7210b33c396057e441c"),
    ([None], "eb90b747c2c48c2fdadb4af4823eec7d"),
    (["é", "\U0001f600"], "f831efc184005015fed9eb32f3f9551f"),
]


def hashed(fields: list[str | None]) -> bytes:
    frame = pl.DataFrame(
        {f"c{i}": [v] for i, v in enumerate(fields)},
        schema_overrides={f"c{i}": pl.String for i in range(len(fields))},
    )
    value: bytes = frame.select(row_hash(frame.columns).alias("h"))["h"][0]
    return value


def by_hand(fields: list[str | None]) -> bytes:
    return blake3("\x1f".join("\x1e" if f is None else f for f in fields).encode()).digest()[:16]


@pytest.mark.parametrize(("fields", "expected"), VECTORS)
def test_the_hash_is_the_one_in_the_vectors(fields: list[str | None], expected: str) -> None:
    assert hashed(fields).hex() == expected


@given(st.lists(st.none() | st.text(max_size=20), min_size=1, max_size=6))
def test_the_hash_is_blake3_over_the_joined_fields(fields: list[str | None]) -> None:
    assert hashed(fields) == by_hand(fields)


def test_a_null_is_not_an_empty_text() -> None:
    assert hashed([None]) != hashed([""])


def test_a_boundary_between_fields_counts() -> None:
    assert hashed(["ab", "c"]) != hashed(["a", "bc"])
