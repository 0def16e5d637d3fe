"""A draw is the same everywhere, and has the distribution it says."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from itertools import pairwise

import polars as pl
import pytest

from carms_lake.domains import draws as draw

ROWS = 20_000
MASK = (1 << 64) - 1


def drawn(expr: pl.Expr, rows: int = ROWS) -> list:
    frame = pl.DataFrame({"i": pl.int_range(rows, dtype=pl.UInt64, eager=True)})
    return frame.select(expr.alias("drawn"))["drawn"].to_list()


def splitmix64(state: int, number: int) -> int:
    mixed = (state + number * 0x9E3779B97F4A7C15) & MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & MASK
    return mixed ^ (mixed >> 31)


def test_the_reference_gives_the_published_values():
    assert [splitmix64(1234567, number) for number in (1, 2, 3)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
    ]


def test_bits_are_splitmix64_at_any_position():
    key = draw.key(7, "orders")
    positions = [0, 1, 2, 1 << 40, MASK]
    frame = pl.DataFrame({"i": pl.Series(positions, dtype=pl.UInt64)})
    bits = frame.select(draw.bits(7, "orders", pl.col("i")))["i"].to_list()
    assert bits == [splitmix64(key, position) for position in positions]


def test_a_stream_begins_where_the_digest_of_its_name_says():
    assert draw.key(7, "orders") == 0x421704936768F9D6
    assert draw.key(7, "orders") != draw.key(8, "orders") != draw.key(8, "lines")


def test_the_first_draws_are_these():
    index = pl.col("i")
    assert drawn(draw.below(7, "a", index, 1000), 4) == [714, 99, 223, 193]
    assert drawn(draw.uniform(7, "a", index), 2) == [0.723253431855501, 0.7662541593028589]
    assert drawn(draw.normal(7, "a", index, 1000), 4) == [-756, 251, 179, -421]
    assert drawn(draw.power_law(7, "a", index, 1000, 0.05), 4) == [395, 465, 469, 246]
    assert drawn(draw.coded(index, 6), 2) == ["WIPBMN", "T1EN9A"]


def test_a_uniform_has_mean_one_half_and_stays_below_one():
    values = drawn(draw.uniform(7, "u", pl.col("i")))
    assert sum(values) / ROWS == pytest.approx(0.5, abs=0.01)
    assert 0 <= min(values) < max(values) < 1


def test_a_normal_has_its_deviation_and_two_thirds_within_it():
    values = drawn(draw.normal(7, "n", pl.col("i"), 100))
    assert sum(values) / ROWS == pytest.approx(0, abs=3)
    assert (sum(value * value for value in values) / ROWS) ** 0.5 == pytest.approx(100, rel=0.02)
    assert sum(abs(value) <= 100 for value in values) / ROWS == pytest.approx(0.67, abs=0.02)


def test_a_power_law_favours_the_first_ranks_and_reaches_the_last():
    ranks = Counter(drawn(draw.power_law(7, "p", pl.col("i"), 100, 0.05)))
    assert ranks[0] > 5 * ranks[50] > 0
    assert set(ranks) == set(range(100))
    assert ranks[0] / ROWS < 1.2 * (1 / 0.05) / 100


def test_weights_say_how_often_a_value_is_chosen():
    found = Counter(drawn(draw.choice(7, "c", pl.col("i"), ("a", "b", "c"), (70, 30, 0))))
    assert set(found) == {"a", "b"}
    assert found["a"] / ROWS == pytest.approx(0.7, abs=0.015)


def test_a_share_happens_as_often_as_it_says():
    assert sum(drawn(draw.happens(7, "h", pl.col("i"), 0.2))) / ROWS == pytest.approx(0.2, abs=0.01)
    assert not any(drawn(draw.happens(7, "h", pl.col("i"), 0.0)))
    assert all(drawn(draw.happens(7, "h", pl.col("i"), 1.0)))


@pytest.mark.parametrize("every", [1, 7, 20, 333, 2000])
def test_one_in_so_many_has_it_exactly_and_the_first_is_early(every):
    found = drawn(draw.one_in(7, "f", pl.col("i"), every))
    blocks = [found[at : at + every] for at in range(0, ROWS - every + 1, every)]
    assert [sum(block) for block in blocks] == [1] * len(blocks)
    assert found.index(True) < 200


def test_none_in_so_many_is_none():
    frame = pl.DataFrame({"i": [0, 1, 2]})
    assert frame.filter(draw.one_in(7, "f", pl.col("i"), None)).is_empty()


def test_quantiles_are_met_at_their_places_and_lie_on_lines_between():
    table = (0, 100, 1000)
    frame = pl.DataFrame({"p": [0, 16_384, 32_768, 49_152, 65_535]})
    found = frame.select(p=draw.quantile(table, pl.col("p")))["p"].to_list()
    assert found == [0, 50, 100, 550, 999]


@pytest.mark.parametrize("number", [1, 2, 20, 999, 80_000])
def test_a_shuffle_is_undone(number):
    places = drawn(draw.scattered(pl.col("i"), number), number)
    assert sorted(places) == list(range(number))
    frame = pl.DataFrame({"p": places})
    ranks = frame.select(p=draw.gathered(pl.col("p"), number))["p"].to_list()
    assert ranks == list(range(number))


def test_picks_are_disjoint_ascending_and_of_the_counts_asked_for():
    picked = draw.picks(7, "k", 100, [5, 0, 30])
    assert [len(found) for found in picked] == [5, 0, 30]
    assert all(before < after for found in picked for before, after in pairwise(found))
    assert not set(picked[0]) & set(picked[2])


def test_codes_differ_for_every_number():
    codes = drawn(draw.coded(pl.col("i"), 6))
    assert len(set(codes)) == ROWS
    assert {len(code) for code in codes} == {6}


def test_a_decimal_has_the_digits_asked_for():
    frame = pl.DataFrame({"n": [0, 5, -1234, None]})
    found = frame.select(draw.decimal(pl.col("n"), 2, 4))
    assert found.schema == {"n": pl.Decimal(12, 4)}
    assert found["n"].to_list() == [Decimal(0), Decimal("0.05"), Decimal("-12.34"), None]
