"""Customer ids in gold: their versions, whom they stood for at a moment, and what is ignored."""

from __future__ import annotations

import pytest
from domains.ticketing.gold_lake import answers, gold, merge, page, theatre
from domains.ticketing.test_identity import AT, FROM, MERGES, TO, by_key, hour, naive
from hypothesis import given, settings

from carms_lake.domains.ticketing.questions import CHAIN

VERSIONS = """
    select customer_id, canonical_customer_id, merges, valid_from::text, valid_to::text, is_current,
        merged_into_customer_id, is_disregarded
    from gold.dim_customer_identity order by customer_id, valid_from
"""
FACTS = [
    merge("cust_B", "cust_A", "2025-01-15T12:00:00"),
    merge("cust_D", "cust_C", "2025-02-01T10:00:00"),
    merge("cust_C", "cust_A", "2025-02-10T00:00:00"),
]


def rows_of(merges):
    return [
        {FROM: source, AT: hour(at), TO: target, "is_self": source == target}
        for source, at, target in merges
    ]


def at(connection, moment):
    rows = connection.execute(
        "select customer_id, canonical_customer_id, merges from gold.identity_at($at)",
        {"at": moment},
    ).fetchall()
    return {customer: (canonical, merges) for customer, canonical, merges in rows}


@pytest.mark.slow
@settings(max_examples=15)
@given(merges=MERGES)
def test_the_macro_says_who_it_was_at_every_moment(tmp_path_factory, merges):
    known = by_key(merges)
    everybody = {name for source, _, target in known for name in (source, target)}
    nobody_yet = {name: (name, 0) for name in everybody}
    with gold(
        tmp_path_factory.mktemp("lake"), theatre(identity_merge=rows_of(known))
    ) as connection:
        for until in (None, *range(-1, 8)):
            moment = None if until is None else hour(until).replace(tzinfo=None)
            told = {name: answer[:2] for name, answer in naive(known, until).items()}
            assert at(connection, moment) == {**nobody_yet, **told}


@pytest.mark.slow
@settings(max_examples=15)
@given(merges=MERGES)
def test_the_chain_of_an_id_leads_to_its_canonical_one(tmp_path_factory, merges):
    known = by_key(merges)
    with gold(
        tmp_path_factory.mktemp("lake"), theatre(identity_merge=rows_of(known))
    ) as connection:
        asked = [(until, *answer) for until in (None, 3) for answer in naive(known, until).items()]
        for until, name, told in asked:
            moment = None if until is None else hour(until).replace(tzinfo=None)
            chain = connection.execute(CHAIN, {"customer": name, "at": moment}).fetchall()
            assert chain[0][:3] == (0, name, None)
            assert (chain[-1][1], chain[-1][0]) == told[:2]
            assert [row[3] for row in chain] == [False] * told[1] + [True]


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2025-02-01 09:59:59", ("cust_D", 0)),
        ("2025-02-01 10:00:00", ("cust_C", 1)),
        ("2025-02-05", ("cust_C", 1)),
        ("2025-02-09 23:59:59.999999", ("cust_C", 1)),
        ("2025-02-10", ("cust_A", 2)),
        (None, ("cust_A", 2)),
    ],
)
def test_a_merge_counts_from_its_moment_on(tmp_path, moment, expected):
    with gold(tmp_path, theatre(identity_merge=FACTS)) as connection:
        assert at(connection, moment)["cust_D"] == expected


def test_each_merge_of_its_own_is_a_version(tmp_path):
    silver = theatre(
        identity_merge=[*FACTS, merge("cust_D", "cust_E", "2025-03-01T00:00:00")],
        page_view=[page(customer_id="cust_X"), page("p2", customer_id="cust_E"), page("p3")],
    )
    begin = "1900-01-01 00:00:00"
    first, second = "2025-02-01 10:00:00", "2025-03-01 00:00:00"
    found = [row for row in answers(tmp_path, silver, VERSIONS) if row[0] > "cust_C"]
    assert found == [
        ("cust_D", "cust_D", 0, begin, first, False, None, False),
        ("cust_D", "cust_A", 2, first, second, False, "cust_C", False),
        ("cust_D", "cust_E", 1, second, None, True, "cust_E", False),
        ("cust_E", "cust_E", 0, begin, None, True, None, False),
        ("cust_X", "cust_X", 0, begin, None, True, None, False),
    ]


@pytest.mark.slow
def test_a_merge_that_closed_a_circle_counts_again_when_it_is_opened(tmp_path):
    merges = [
        merge("a", "b", "2025-01-01"), merge("b", "a", "2025-01-02"),
        merge("a", "c", "2025-01-03"), merge("x", "x", "2025-01-04"),
    ]  # fmt: skip
    silver = theatre(identity_merge=merges)
    found = [row[1:] for row in answers(tmp_path, silver, VERSIONS) if row[0] == "b"]
    assert found == [
        ("b", 0, "1900-01-01 00:00:00", "2025-01-02 00:00:00", False, None, False),
        ("b", 0, "2025-01-02 00:00:00", "2025-01-03 00:00:00", False, None, True),
        ("c", 2, "2025-01-03 00:00:00", None, True, "a", False),
    ]
    issues = """
        select issue, from_customer_id, to_customer_id, merged_at::text, members, ended_at::text,
            is_current
        from gold.identity_issue order by issue
    """
    assert answers(tmp_path, silver, issues) == [
        ("cycle", "b", "a", "2025-01-02 00:00:00", ["a", "b"], "2025-01-03 00:00:00", False),
        ("self_merge", "x", "x", "2025-01-04 00:00:00", ["x"], None, True),
    ]


def test_a_merge_from_before_1900_has_no_version_before_it(tmp_path):
    silver = theatre(identity_merge=[merge("a", "b", "1899-12-31")])
    found = [row[1:5] for row in answers(tmp_path, silver, VERSIONS) if row[0] == "a"]
    assert found == [("b", 1, "1899-12-31 00:00:00", None)]


@pytest.mark.slow
def test_a_chain_of_three_hundred_merges_is_followed_in_gold(tmp_path):
    merges = [(f"c{n}", n, f"c{n + 1}") for n in range(300)]
    with gold(tmp_path, theatre(identity_merge=rows_of(merges))) as connection:
        now = at(connection, None)
        then = at(connection, hour(150).replace(tzinfo=None))
    assert now == {f"c{n}": ("c300", 300 - n) for n in range(301)}
    assert (then["c0"], then["c150"], then["c151"]) == (("c151", 151), ("c151", 1), ("c151", 0))
