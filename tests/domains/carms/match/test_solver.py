from __future__ import annotations

from itertools import combinations
from random import Random

import pytest
from domains.carms.match.markets import NONE, Lists, random_lists, stable_matchings
from hypothesis import given, settings
from hypothesis import strategies as st

from carms_lake.domains.carms.match.certificate import NotStable, certify, faults
from carms_lake.domains.carms.match.market import market_of
from carms_lake.domains.carms.match.solver import solve

SINGLES = st.integers(0, 2**32).map(lambda seed: random_lists(Random(seed), people=8, offers=5))


def solved(lists: Lists) -> list[int] | None:
    market = market_of(*lists)
    matching = solve(market).matching
    if matching is not None:
        certify(market, matching)
    return matching


def rank(wishes: list[int], program: int) -> int:
    return wishes.index(program) if program != NONE else len(wishes)


@pytest.mark.parametrize("part", range(4))
def test_singles_get_the_best_that_any_stable_matching_gives_them(part: int) -> None:
    for seed in range(part * 250, part * 250 + 250):
        lists = random_lists(Random(seed))
        best = min(
            stable_matchings(lists),
            key=lambda m, w=lists.wishes: sum(rank(w[a], p) for a, p in enumerate(m)),
        )
        assert solved(lists) == list(best), seed


@pytest.mark.slow
@pytest.mark.parametrize("couples", [1, 2])
def test_with_couples_only_stable_matchings_are_found_and_nearly_all_that_exist(
    couples: int,
) -> None:
    exist = found = 0
    for seed in range(500):
        lists = random_lists(Random(seed), couples=couples, people=5, offers=3)
        stable = stable_matchings(lists)
        matching = solved(lists)
        assert matching is None or tuple(matching) in stable, seed
        if not stable:
            assert matching is None
        exist += bool(stable)
        found += matching is not None
    assert found >= 0.95 * exist


@pytest.mark.parametrize("couples", [0, 2])
def test_the_certificate_agrees_with_the_definitions_on_every_matching(couples: int) -> None:
    for seed in range(12):
        lists = random_lists(Random(seed), couples=couples, people=4, offers=2)
        stable = set(stable_matchings(lists))
        market = market_of(*lists)
        number = len(lists.wishes)
        programs = len(lists.seats)
        for code in range((programs + 1) ** number):
            matching = [code // (programs + 1) ** a % (programs + 1) - 1 for a in range(number)]
            assert (not list(faults(market, matching))) == (tuple(matching) in stable)


def test_no_seat_no_list_and_nobody_ranked_are_markets_too() -> None:
    assert solved(Lists([[0], []], [[0, 1]], [0], {})) == [NONE, NONE]
    assert solved(Lists([[0]], [[]], [3], {})) == [NONE]
    assert solved(Lists([], [], [], {})) == []


def test_a_market_without_a_stable_matching_is_answered_so() -> None:
    # The couple takes the seat of the single, who then takes one of theirs: and so on.
    lists = Lists([[], [], [0, 1]], [[0, 2], [2, 1]], [1, 1], {(0, 1): [(0, 1)]})
    assert stable_matchings(lists) == []
    outcome = solve(market_of(*lists), tries=5)
    assert outcome.matching is None
    assert outcome.tries == 6


def test_a_couple_may_go_to_one_program_only_if_both_are_among_the_best() -> None:
    lists = Lists([[], [], [0]], [[0, 2, 1]], [2], {(0, 1): [(0, 0), (0, NONE)]})
    assert solved(lists) == [0, NONE, 0]


def test_a_seat_that_the_partner_would_leave_does_not_count_as_free() -> None:
    lists = Lists([[], []], [[1, 0], [1]], [1, 1], {(0, 1): [(0, 1), (NONE, 0)]})
    market = market_of(*lists)
    assert not list(faults(market, [NONE, 0]))


def test_a_swapped_pair_is_refused_unless_it_is_stable_too() -> None:
    refused = 0
    for seed in range(150):
        lists = random_lists(Random(seed))
        market, matching = market_of(*lists), solved(lists)
        assert matching is not None
        stable = set(stable_matchings(lists))
        for one, other in combinations(range(len(matching)), 2):
            swapped = list(matching)
            swapped[one], swapped[other] = swapped[other], swapped[one]
            if tuple(swapped) not in stable:
                refused += 1
                with pytest.raises(NotStable):
                    certify(market, swapped)
    assert refused > 300


@pytest.mark.slow
@given(SINGLES, st.data())
@settings(max_examples=300, deadline=None)
def test_nobody_gains_by_a_list_that_is_not_their_own(lists: Lists, data: st.DataObject) -> None:
    who = data.draw(st.integers(0, len(lists.wishes) - 1))
    said = data.draw(st.permutations(range(len(lists.seats))))
    cut = data.draw(st.integers(0, len(said)))
    wishes = [*lists.wishes]
    wishes[who] = list(said[:cut])
    honest, other = solved(lists), solved(lists._replace(wishes=wishes))
    assert honest is not None
    assert other is not None
    true = lists.wishes[who]
    if other[who] in true:
        assert rank(true, honest[who]) <= rank(true, other[who])


@pytest.mark.slow
@given(SINGLES, st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_other_names_of_programs_and_applicants_change_nothing(lists: Lists, rng: Random) -> None:
    people, offers = len(lists.wishes), len(lists.seats)
    person, offer = rng.sample(range(people), people), rng.sample(range(offers), offers)
    renamed = Lists(
        [[offer[p] for p in lists.wishes[person.index(a)]] for a in range(people)],
        [[person[a] for a in lists.rankings[offer.index(p)]] for p in range(offers)],
        [lists.seats[offer.index(p)] for p in range(offers)],
        {},
    )
    matching, again = solved(lists), solved(renamed)
    assert matching is not None
    assert again is not None
    assert again == [
        NONE if matching[person.index(a)] == NONE else offer[matching[person.index(a)]]
        for a in range(people)
    ]


@pytest.mark.slow
@given(SINGLES, st.data())
@settings(max_examples=200, deadline=None)
def test_more_seats_make_no_applicant_worse_off(lists: Lists, data: st.DataObject) -> None:
    where = data.draw(st.integers(0, len(lists.seats) - 1))
    seats = [quota + (p == where) for p, quota in enumerate(lists.seats)]
    before, after = solved(lists), solved(lists._replace(seats=seats))
    assert before is not None
    assert after is not None
    for wishes, had, has in zip(lists.wishes, before, after, strict=True):
        assert rank(wishes, has) <= rank(wishes, had)
