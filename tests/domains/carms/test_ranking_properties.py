"""What holds for every ranking, whatever the programs and the wishes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import permutations, product

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from carms_lake.domains.carms.analysis.ranking import Profile, Wish, ranking
from carms_lake.domains.carms.analysis.ranking.bands import Degree, bands
from carms_lake.domains.carms.analysis.ranking.candidates import Candidate, Examination
from carms_lake.domains.carms.analysis.ranking.constraints import findings, has_a_day_each
from carms_lake.domains.carms.analysis.ranking.degrees import degree

DRAWS = 60
WISHES = [
    Wish("discipline", ("84",)),
    Wish("province", ("ON", "QC")),
    Wish("site", ("rural",)),
    Wish("theme", ("research",)),
    Wish("apply_in", ("fr",)),
    Wish("return_of_service", ("none",)),
    Wish("seats", ("many",)),
    Wish("length", ("short",)),
    Wish("low_contestedness", ("true",)),
]
BUCKETS = [(None, None), (0, 50), (51, 200), (201, 400), (401, 600), (601, None)]
SHARES = [(None, None), (0, 25), (26, 50), (51, 75), (76, 100)]
DAYS = [date(2025, 1, day) for day in (20, 21, 22)]


@st.composite
def candidates(draw: st.DrawFn, stream_id: str = "1") -> Candidate:
    """A program in which any fact may be unknown."""

    def maybe(*values):
        return draw(st.sampled_from([None, *values]))

    applications, interviewed = draw(st.sampled_from(BUCKETS)), draw(st.sampled_from(SHARES))
    return Candidate(
        stream_id,
        discipline_id=draw(st.sampled_from(["84", "27"])),
        school_code=draw(st.sampled_from([80, 90])),
        program_site=draw(st.sampled_from(["Rural North", "Montréal"])),
        training_province=maybe("ON", "QC", "BC"),
        eligible_cmg=maybe(True, False),
        application_language=maybe("en", "fr", "either"),
        document_language=maybe("en"),
        length_years=maybe(2, 3, 5),
        quota=maybe(1, 2, 9, 127),
        applications_min=applications[0],
        applications_max=applications[1],
        interviewed_pct_min=interviewed[0],
        interviewed_pct_max=interviewed[1],
        return_of_service_cmg=maybe("required", "none", "unclear", "not_applicable"),
        tests=tuple(draw(st.lists(st.builds(
            Examination,
            st.sampled_from(["casper", "nac"]),
            st.sampled_from(["required", "conditional", "optional", None]),
            st.sampled_from(["IMG", "CMG", None]),
        ), max_size=2))),
        interview_dates=tuple(draw(st.lists(st.sampled_from(DAYS), unique=True, max_size=2))),
        themes=draw(st.sampled_from([(), (("research", 0.0),), (("research", 12.0),)])),
    )  # fmt: skip


@st.composite
def some_programs(draw: st.DrawFn, least: int = 1, *, eligible: bool = False) -> list[Candidate]:
    """Programs with ids of their own; those that are `eligible` take CMGs."""
    drawn = draw(st.lists(candidates(), min_size=least, max_size=7))
    drawn = [replace(one, eligible_cmg=True) for one in drawn] if eligible else drawn
    return [replace(one, program_stream_id=str(n)) for n, one in enumerate(drawn)]


def wishes(least: int = 1) -> st.SearchStrategy[tuple[Wish, ...]]:
    """Wishes with weights."""
    weighed = st.builds(
        lambda wish, weight: replace(wish, weight=weight),
        st.sampled_from(WISHES),
        st.sampled_from([None, 0.1, 1.0, 7.0]),
    )
    return st.lists(weighed, min_size=least, max_size=5, unique_by=lambda w: w.kind).map(tuple)


profiles = st.builds(
    Profile,
    applicant=st.just("CMG"),
    apply_in=st.sampled_from([(), ("en",)]),
    tests=st.sampled_from([None, (), ("casper",)]),
    disciplines=st.sampled_from([(), ("84",)]),
    provinces=st.sampled_from([(), ("ON", "BC")]),
    return_of_service=st.sampled_from([None, "none"]),
    max_length=st.sampled_from([None, 3]),
    min_seats=st.sampled_from([None, 2]),
    busy=st.sampled_from([(), (DAYS[0],)]),
    strict=st.booleans(),
    wishes=wishes(least=0),
)


def ranked(programs: list[Candidate], profile: Profile, seed: int = 7) -> pl.DataFrame:
    return ranking(programs, profile, draws=DRAWS, seed=seed).programs


def row(found: pl.DataFrame, stream_id: str) -> dict:
    return found.row(by_predicate=pl.col("program_stream_id") == stream_id, named=True)


BETTER = {
    "discipline": lambda one: replace(one, discipline_id="84"),
    "province": lambda one: replace(one, training_province="ON"),
    "site": lambda one: replace(one, program_site="Rural"),
    "theme": lambda one: replace(one, themes=(("research", 99.0),)),
    "apply_in": lambda one: replace(one, application_language="fr"),
    "return_of_service": lambda one: replace(one, return_of_service_cmg="none"),
    "length": lambda one: replace(one, length_years=2),
    "fewer applications": lambda one: replace(one, applications_min=0, applications_max=1),
    "seats": lambda one: replace(one, quota=127),
    "more interviewed": lambda one: replace(one, interviewed_pct_min=100, interviewed_pct_max=100),
}
"""The best there is of each wish: better than, or as good as, whatever it is in place of."""


@pytest.mark.slow
@given(some_programs(eligible=True), wishes(), st.sampled_from(sorted(BETTER)), st.data())
def test_a_better_attribute_never_lowers_a_program(programs, wished, what, data):
    place = data.draw(st.integers(0, len(programs) - 1))
    profile = Profile(applicant="CMG", wishes=wished)
    better = BETTER[what](programs[place])
    before = row(ranked(programs, profile), str(place))
    after = row(ranked([*programs[:place], better, *programs[place + 1 :]], profile), str(place))
    for column in ("rank", "median_rank", "rank_from", "rank_to"):
        assert after[column] <= before[column]
    assert after["top_10"] >= before["top_10"]
    assert after["fit"] >= before["fit"]


@pytest.mark.slow
@given(some_programs(2, eligible=True), wishes())
def test_a_dominated_program_never_ranks_above(programs, wished):
    profile = Profile(applicant="CMG", wishes=wished)
    found = ranked(programs, profile)
    place = {one: n for n, one in enumerate(found["program_stream_id"])}

    def ends(program):
        degrees = [degree(program, wish, "CMG")[0].parts for wish in wished]
        return [end for parts in degrees for part in parts for end in part]

    for better, worse in permutations(programs, 2):
        pairs = list(zip(ends(better), ends(worse), strict=True))
        if all(b >= w for b, w in pairs):
            mine, others = (row(found, one.program_stream_id) for one in (better, worse))
            assert mine["fit"] >= others["fit"]
            assert mine["rank"] <= others["rank"]
            if mine["fit"] > others["fit"]:
                assert place[better.program_stream_id] < place[worse.program_stream_id]


@given(
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(0, 1),
    st.lists(st.floats(0, 1), min_size=1, max_size=9),
)
def test_a_wider_range_never_gives_a_narrower_band(middle, narrow, wider, others):
    def band(half):
        degrees = [[Degree(((middle - half, middle + half),))]]
        degrees += [[Degree.known(one)] for one in others]
        ids = [str(n) for n in range(len(degrees))]
        return bands(ids, degrees, [("w", 1.0)], draws=DRAWS, seed=7).row(0, named=True)

    before, after = band(narrow), band(narrow + wider)
    assert after["rank_from"] <= before["rank_from"]
    assert after["rank_to"] >= before["rank_to"]


@pytest.mark.slow
@given(some_programs(), profiles, st.integers(0, 3), st.randoms())
def test_the_same_seed_gives_the_same_answer_in_any_order_of_rows_and_wishes(
    programs, profile, seed, chance
):
    mixed = replace(profile, wishes=tuple(chance.sample(profile.wishes, len(profile.wishes))))
    shuffled = chance.sample(programs, len(programs))
    assert_frame_equal(ranked(programs, profile, seed), ranked(shuffled, mixed, seed))


@pytest.mark.slow
@given(some_programs(), profiles, st.data())
def test_names_that_no_wish_is_about_change_nothing(programs, profile, data):
    names = st.lists(st.text(max_size=3), min_size=len(programs), max_size=len(programs))
    renamed = [
        replace(one, program_name=name, school_name=name, discipline_name=name, program_stream=name)
        for one, name in zip(programs, data.draw(names), strict=True)
    ]
    shown = ["program_stream_id", "rank", "fit", "median_rank", "rank_from", "rank_to", "top_10"]

    def answer(of_programs):
        return ranked(of_programs, profile).select(shown).sort("program_stream_id")

    assert_frame_equal(answer(programs), answer(renamed))


@given(some_programs(), profiles, st.data())
def test_another_id_changes_neither_fit_nor_rank_and_no_band_of_known_facts(
    programs, profile, data
):
    ids = data.draw(st.permutations([str(n) for n in range(len(programs))]))
    renamed = [replace(p, program_stream_id=i) for p, i in zip(programs, ids, strict=True)]
    known = not any(one.kind == "low_contestedness" for one in profile.wishes)
    before, after = ranked(programs, profile), ranked(renamed, profile)
    known = known and before["unknown"].is_null().all()
    for old, new in zip(programs, ids, strict=True):
        if old.program_stream_id in before["program_stream_id"]:
            mine, renamed_row = row(before, old.program_stream_id), row(after, new)
            columns = ["rank", "fit", "unknown", *(["rank_from", "rank_to", "top_10"] * known)]
            assert [mine[c] for c in columns] == [renamed_row[c] for c in columns]


@given(some_programs(), profiles)
def test_constraints_remove_exactly_what_breaks_them_and_touch_nothing_else(programs, profile):
    found = ranking(programs, profile, draws=DRAWS)
    breaks = {
        one.program_stream_id: [
            f for f in findings(one, profile) if f.removes(strict=profile.strict)
        ]
        for one in programs
    }
    assert set(found.programs["program_stream_id"]) == {one for one, by in breaks.items() if not by}
    assert found.considered == len(programs)
    assert found.left_out.select("program_stream_id", "constraint").rows() == [
        (one, finding.constraint) for one, by in breaks.items() for finding in by
    ]
    rest = [one for one in programs if not breaks[one.program_stream_id]]
    alone = ranked(rest, Profile(applicant=profile.applicant, wishes=profile.wishes))
    assert_frame_equal(found.programs.drop("unknown"), alone.drop("unknown"))


@given(some_programs(), profiles)
def test_strict_leaves_out_what_is_not_known_and_nothing_else(programs, profile):
    lenient = ranking(programs, replace(profile, strict=False), draws=1)
    strict = ranking(programs, replace(profile, strict=True), draws=1)
    more = set(lenient.programs["program_stream_id"]) - set(strict.programs["program_stream_id"])
    unknown = {
        one.program_stream_id
        for one in programs
        if "unknown" in {f.outcome for f in findings(one, profile)}
    }
    assert more == unknown & set(lenient.programs["program_stream_id"])


@given(some_programs(), profiles)
def test_ranks_are_ranks(programs, profile):
    found = ranked(programs, profile)
    assert found["rank"].is_between(1, found.height).all()
    assert (found["rank_from"] <= found["median_rank"]).all()
    assert (found["median_rank"] <= found["rank_to"]).all()
    assert found["rank_to"].is_between(1, found.height).all()
    assert found["fit"].is_between(0, 100).all()
    assert abs(found["top_10"].sum() - min(found.height, 10)) < 1e-6
    assert found["tied_group"].is_sorted()


@given(st.lists(st.sets(st.sampled_from(DAYS), max_size=3), max_size=4))
def test_interviews_fit_if_some_order_of_days_gives_each_its_own(offered):
    assert has_a_day_each(offered) == any(
        len(set(chosen)) == len(offered) for chosen in product(*offered)
    )
