"""Whom a customer id stands for: against dictionaries that follow one merge after the other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carms_lake.domains.ticketing.identity import AT, FROM, TO, cycles, resolved

START = datetime(2025, 1, 1, tzinfo=UTC)


def hour(number):
    return START + timedelta(hours=number)


def frame(merges):
    """Merges as (from, hour, to), in the given order."""
    rows = [(source, hour(at), target) for source, at, target in merges]
    schema = {FROM: pl.String, AT: pl.Datetime("us", "UTC"), TO: pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def by_key(merges):
    """One merge per id and moment, as silver has them."""
    return list({(source, at): (source, at, target) for source, at, target in merges}.values())


def found(merges, until=None):
    rows = frame(merges)
    if until is not None:
        rows = rows.filter(pl.col(AT) <= hour(until))
    made = resolved(rows, cycles(rows))
    return {row[0]: row[1:] for row in made.rows()}


def naive(merges, until=None):
    """Canonical id, number of merges and whether it is in a circle, of every id; one by one."""
    counted = [merge for merge in merges if until is None or merge[1] <= until]
    latest = {}
    for source, at, target in sorted(counted):
        if source != target:
            latest[source] = (at, target)
    circles = []
    for start in latest:
        path = [start]
        while path[-1] in latest and latest[path[-1]][1] not in path:
            path.append(latest[path[-1]][1])
        if path[-1] in latest and latest[path[-1]][1] == start:
            circles.append(frozenset(path))
    in_circle = {member for circle in circles for member in circle}
    for circle in set(circles):
        _, newest = max((latest[member][0], member) for member in circle)
        del latest[newest]
    answers = {}
    for customer in {name for source, _, target in counted for name in (source, target)}:
        canonical, steps = customer, 0
        while canonical in latest:
            canonical, steps = latest[canonical][1], steps + 1
        answers[customer] = (canonical, steps, customer in in_circle)
    return answers


IDS = st.sampled_from("abcdefg")
MERGES = st.lists(st.tuples(IDS, st.integers(0, 6), IDS), max_size=14)


@given(merges=MERGES, until=st.none() | st.integers(-1, 7))
def test_every_id_stands_for_what_following_merges_one_by_one_gives(merges, until):
    known = by_key(merges)
    assert found(known, until) == naive(known, until)


@pytest.mark.slow
@given(merges=MERGES, data=st.data())
def test_the_order_of_the_rows_and_repeated_merges_change_nothing(merges, data):
    again = data.draw(st.permutations(merges + merges[:3]))
    assert found(again) == found(merges)
    assert cycles(frame(again)).equals(cycles(frame(merges)))


@given(length=st.integers(1, 300), times=st.randoms(use_true_random=False), closes=st.booleans())
def test_a_chain_of_any_length_ends_at_its_last_id(length, times, closes):
    hours = list(range(length))
    times.shuffle(hours)
    merges = [(f"c{n}", hours[n], f"c{n + 1}") for n in range(length)]
    merges += [(f"c{length}", length, "c0")] if closes else []
    assert found(merges) == {f"c{n}": (f"c{length}", length - n, closes) for n in range(length + 1)}


@given(merges=MERGES, at=st.integers(-1, 7))
def test_a_circle_lasts_while_its_members_are_in_one(merges, at):
    known = by_key(merges)
    lasting = {
        member
        for row in cycles(frame(known)).to_dicts()
        if row[AT] <= hour(at) and (row["ended_at"] is None or row["ended_at"] > hour(at))
        for member in row["members"]
    }
    assert lasting == {name for name, told in naive(known, at).items() if told[2]}


@pytest.mark.parametrize(
    ("merges", "expected"),
    [
        ([], {}),
        ([("d", 1, "c"), ("c", 2, "a")], {"d": "a", "c": "a", "a": "a"}),
        ([("c", 2, "a"), ("d", 1, "c")], {"d": "a", "c": "a", "a": "a"}),
        ([("d", 1, "c"), ("d", 2, "b")], {"d": "b", "c": "c", "b": "b"}),
        ([("d", 1, "c"), ("d", 2, "d")], {"d": "c", "c": "c"}),
        ([("d", 1, "d")], {"d": "d"}),
        ([("a", 1, "b"), ("b", 2, "a")], {"a": "b", "b": "b"}),
        ([("a", 1, "b"), ("b", 1, "a")], {"a": "b", "b": "b"}),
        ([("a", 3, "b"), ("b", 1, "c"), ("c", 2, "a")], {"a": "a", "b": "a", "c": "a"}),
        ([("x", 9, "a"), ("a", 1, "b"), ("b", 2, "a")], {"x": "b", "a": "b", "b": "b"}),
        ([("b", 0, "x"), ("a", 1, "b"), ("b", 2, "a")], {"a": "b", "b": "b", "x": "x"}),
        ([("a", 1, "b"), ("b", 2, "a"), ("a", 3, "c")], {"a": "c", "b": "c", "c": "c"}),
        ([("Z", 1, "a"), ("a", 1, "Z")], {"Z": "a", "a": "a"}),
    ],
    ids=[
        "nothing", "chain", "chain the other way round", "the latest wins", "self merges do not",
        "self merge alone", "circle of two", "tie in a circle", "circle of three",
        "into a circle", "the merge before a disregarded one does not come back",
        "a circle that was opened", "the greatest id by its bytes",
    ],
)  # fmt: skip
def test_ids_stand_for(merges, expected):
    assert {name: told[0] for name, told in found(merges).items()} == expected


def test_a_circle_is_told_with_its_members_its_newest_merge_and_its_end():
    merges = [("b", 1, "c"), ("a", 2, "b"), ("c", 3, "a"), ("b", 5, "d"), ("d", 6, "c")]
    assert cycles(frame(merges)).rows() == [
        ("c", hour(3), "a", hour(5), ["a", "b", "c"]),
        ("d", hour(6), "c", None, ["a", "b", "c", "d"]),
    ]


def test_merges_of_one_moment_make_no_circle_that_they_open():
    merges = [("b", 0, "a"), ("a", 1, "b"), ("b", 1, "c")]
    assert cycles(frame(merges)).is_empty()
    assert found(merges)["a"] == ("c", 2, False)


def test_a_circle_is_seen_on_a_way_that_was_gone_before():
    merges = [("s", 1, "x"), ("p", 2, "s"), ("q", 3, "p"), ("s", 4, "p")]
    assert cycles(frame(merges)).rows() == [("s", hour(4), "p", None, ["p", "s"])]
    assert {name: told[0] for name, told in found(merges).items()} == {
        "p": "s", "q": "s", "s": "s", "x": "x",
    }  # fmt: skip


def test_who_it_was_changes_with_every_moment():
    merges = [("a", 1, "b"), ("b", 2, "a"), ("a", 4, "c"), ("c", 5, "d")]
    told = [found(merges, at).get("b", ("b", 0, False)) for at in range(7)]
    assert told == [
        ("b", 0, False), ("b", 0, False), ("b", 0, True), ("b", 0, True), ("c", 2, False),
        ("d", 3, False), ("d", 3, False),
    ]  # fmt: skip


def test_ten_thousand_ids_in_chains_and_circles_each_have_one_canonical_id():
    merges = [
        (f"{chain}-{n}", chain + n, f"{chain}-{n + 1}") for chain in range(100) for n in range(99)
    ]
    merges += [(f"{chain}-99", 500, f"{chain}-0") for chain in range(0, 100, 2)]
    rows = frame(merges)
    made = resolved(rows, cycles(rows))
    expected = pl.col("customer_id").str.replace("-.*", "-99")
    assert made.height == 10_000
    assert made.filter(pl.col("canonical_customer_id") != expected).is_empty()
    assert cycles(rows).height == made["is_in_cycle"].sum() / 100 == 50
