"""Why a program fills: chains of who displaces whom, and a seat more or less, on the same draws."""

from __future__ import annotations

import pytest
from domains.carms.match.worlds import BASE, PROGRAMS
from hypothesis import given, settings
from hypothesis import strategies as st

import carms_lake
from carms_lake.domains.carms.explain_text import as_text
from carms_lake.domains.carms.match import explained as module
from carms_lake.domains.carms.match.chains import (
    CAME,
    DISPLACED,
    LEFT,
    PUSHED,
    Person,
    Placed,
    chains,
)
from carms_lake.domains.carms.match.explained import LESS, MORE, SCENARIO, explained, steps
from carms_lake.domains.carms.match.scenario import Setting, apply
from carms_lake.domains.carms.match.simulate import Plan

ANN, BOB, CAT = (Person("CMG", "McGill University", "en", n) for n in (1, 2, 3))


def placed(**where: str) -> dict[Person, Placed]:
    people = {"ann": ANN, "bob": BOB, "cat": CAT}
    return {people[name]: Placed(at, "Neurology") for name, at in where.items()}


def shown(before: dict[Person, Placed], after: dict[Person, Placed], program: str) -> list[object]:
    found = chains(before, after, program, lambda _, one, other: one < other)
    return [(c.why, [(s.person.number, s.was, s.now) for s in c.steps], c.ends) for c in found]


def test_somebody_pushed_out_pushes_others_until_one_has_none_or_a_seat_was_free() -> None:
    before = placed(ann="a", bob="b", cat="c")
    assert shown(before, placed(ann="b", bob="c", cat=""), "a") == [
        (PUSHED, [(1, "a", "b"), (2, "b", "c"), (3, "c", "")], "unmatched")
    ]
    assert shown(before, placed(ann="b", bob="d", cat="c"), "a") == [
        (PUSHED, [(1, "a", "b"), (2, "b", "d")], "free seat")
    ]


def test_somebody_who_comes_leaves_a_seat_until_one_stays_empty_or_one_had_none() -> None:
    after = placed(ann="a", bob="b", cat="c")
    assert shown(placed(ann="b", bob="c", cat=""), after, "a") == [
        (CAME, [(1, "b", "a"), (2, "c", "b"), (3, "", "c")], "was unmatched")
    ]
    assert shown(placed(ann="b", bob="d", cat="c"), after, "a") == [
        (CAME, [(1, "b", "a"), (2, "d", "b")], "empty seat")
    ]


def test_who_leaves_for_something_better_is_not_pushed_out() -> None:
    before, after = placed(ann="b", bob="", cat="c"), placed(ann="a", bob="b", cat="c")
    assert shown(before, after, "b") == [
        (CAME, [(2, "", "b")], "was unmatched"),
        (LEFT, [(1, "b", "a")], "empty seat"),
    ]
    assert shown(after, before, "b") == [
        (PUSHED, [(2, "b", "")], "unmatched"),
        (DISPLACED, [(1, "a", "b")], "free seat"),
    ]


def test_nobody_moves_between_two_matchings_that_are_the_same() -> None:
    assert shown(placed(ann="a"), placed(ann="a"), "a") == []


@settings(max_examples=20, deadline=None)
@given(st.sampled_from([p.id for p in PROGRAMS]), st.integers(0, 500))
def test_a_seat_more_is_worse_for_nobody_and_one_less_better_for_nobody(
    program: str, seed: int
) -> None:
    """A law of stable matchings in which applicants propose."""
    found = explained(Plan(BASE, BASE, seed), program, 2)
    whys = {side: {chain.why for _, chain in listed} for side, listed in found.chains.items()}
    assert whys[SCENARIO] == set()
    assert whys[MORE] <= {CAME, LEFT}
    assert whys[LESS] <= {PUSHED, DISPLACED}
    for side, begins in ((MORE, CAME), (LESS, PUSHED)):
        firsts = [chain.steps[0] for _, chain in found.chains[side] if chain.why == begins]
        assert all(program == (s.now if begins == CAME else s.was) for s in firsts)
    rows = {row["measure"]: row for row in found.figures.to_dicts()}
    seats = rows["seats"]
    assert (seats[MORE], seats[LESS]) == (seats[SCENARIO] + 1, seats[SCENARIO] - 1)
    assert rows["filled_first"][LESS] <= rows["filled_first"][MORE]


def test_the_same_question_has_the_same_answer() -> None:
    plan = Plan(BASE, apply(BASE, [Setting("quota", "1", "-3", "")]), seed=5)
    one, other = (explained(plan, "1", 3) for _ in range(2))
    assert one.figures.equals(other.figures)
    assert one.figures.equals(one.figures.with_columns(module.pl.selectors.float().round(6)))
    assert steps(one).equals(steps(other))
    assert steps(one)["change"].unique(maintain_order=True).to_list() == [SCENARIO, MORE, LESS]


def test_a_program_that_is_closed_cannot_have_a_seat_less_and_a_new_one_has_no_base() -> None:
    closed = apply(BASE, [Setting("quota", "6", "=0", "")])
    found = explained(Plan(BASE, closed, seed=5), "6", 2)
    assert set(found.chains) == {SCENARIO, MORE}
    new = {
        "discipline": "Dermatology", "school": "McGill University", "province": "QC",
        "eligibility": "All", "language": "en", "seats": 2,
    }  # fmt: skip
    opened = apply(BASE, [Setting("program", "", new, "")])
    found = explained(Plan(BASE, opened, seed=5), "new-1", 2)
    seats = found.figures.row(by_predicate=module.pl.col("measure") == "seats", named=True)
    assert (seats["base"], seats[SCENARIO]) == (0.0, 2.0)
    assert {chain.steps[0].now for _, chain in found.chains[SCENARIO]} == {"new-1"}


def test_a_page_says_in_words_who_displaces_whom() -> None:
    plan = Plan(BASE, apply(BASE, [Setting("quota", "1", "-9", "")]), seed=5)
    programs = {program.id: program for program in PROGRAMS}
    text = as_text(explained(plan, "1", 3), programs, 80)
    assert "repetitions in which it fills" in text
    assert "THE SCENARIO IN COMPARISON WITH THE BASE" in text
    words = " ".join(text.split())
    assert "In 3 of 3 repetitions applicants lose their seat in it" in words
    assert "Repetition 1: a CMG of" in words
    assert max(map(len, text.splitlines())) <= 80


def test_a_long_chain_is_given_by_its_beginning_and_its_end() -> None:
    people = [Person("CMG", "McGill University", "en", n) for n in range(7)]
    before = {one: Placed(PROGRAMS[n].id) for n, one in enumerate(people)}
    after = {one: Placed(PROGRAMS[n + 1].id) for n, one in enumerate(people)}
    moved = chains(before, after, "1", lambda *_: False)
    none = explained(Plan(BASE, BASE, seed=5), "1", 1)
    found = none._replace(chains={SCENARIO: [(0, chain) for chain in moved]})
    words = " ".join(as_text(found, {p.id: p for p in PROGRAMS}, 80).split())
    assert "3 more move in the same way; a CMG of McGill University loses that one" in words
    assert words.count("loses that one") == 3


def test_a_program_that_no_side_has_is_said_with_the_nearest() -> None:
    with pytest.raises(carms_lake.UsageError, match="unknown program `11`"):
        explained(Plan(BASE, BASE, seed=5), "11", 1)
