"""What schools, disciplines and provinces are called, and what a name means."""

from __future__ import annotations

import polars as pl
import pytest
from domains.carms.gold_lake import gold, known_names, version

from carms_lake.domains.carms import reference
from carms_lake.domains.carms.analysis import filters
from carms_lake.domains.carms.commands.options import Filters
from carms_lake.domains.carms.synthetic.disciplines import DISCIPLINES
from carms_lake.domains.carms.synthetic.schools import PROVINCES, SCHOOLS

NAMES = reference.names().collect()


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    silver = {
        "other_name": known_names(),
        "program_history": [
            version(school_code=99, school_name="Nord-Ø University", discipline_id="900",
                    discipline_name="Space Medicine")
        ],
    }  # fmt: skip
    with gold(tmp_path_factory.mktemp("gold"), silver) as connection:
        yield connection


def meant(lake, kind, called):
    found = lake.execute("select code from gold.codes_named(?, ?)", [kind, called]).fetchall()
    return [code for (code,) in found]


@pytest.mark.parametrize("kind", ["school", "discipline", "province"])
def test_everything_known_has_one_official_name_in_each_language(kind):
    known = {
        "school": reference.schools().collect()["school_code"].cast(pl.String),
        "discipline": reference.disciplines().collect()["discipline_id"],
        "province": pl.Series([*PROVINCES, "YT"]),
    }[kind]
    named = NAMES.filter(kind=kind)
    for language in ("en", "fr"):
        official = named.filter(name_type="name", language=language)["code"]
        assert sorted(official) == sorted(known)
    assert set(named["code"]) == set(known)
    assert named.filter(name_type="short")["code"].is_duplicated().sum() == 0


def test_official_names_are_those_of_the_sources():
    english = {
        (row["kind"], row["code"]): row["name"]
        for row in NAMES.filter(name_type="name", language="en").iter_rows(named=True)
    }
    assert {("school", str(s.code)): s.name for s in SCHOOLS}.items() <= english.items()
    assert {("discipline", str(d.id)): d.name for d in DISCIPLINES}.items() <= english.items()


def test_every_name_means_one_thing(lake):
    unclear = lake.execute("""
        select kind, code, name from gold.other_name as given
        where (select list(code) from gold.codes_named(given.kind, given.name)) <> [given.code]
    """).fetchall()
    assert unclear == []
    assert len(NAMES) == len(known_names()) > 300


@pytest.mark.parametrize(
    ("kind", "called", "codes"),
    [
        ("discipline", "psychiatrie", ["84"]),
        ("discipline", "MEDECINE D'URGENCE", ["25"]),
        ("discipline", "médecine d’urgence", ["25"]),
        ("discipline", "me\u0301decine d urgence", ["25"]),
        ("discipline", "ob gyn", ["58"]),
        ("discipline", "Physical medicine and rehabilitation", ["82"]),
        ("discipline", "chirurgie du coeur", ["14"]),
        ("discipline", "84", ["84"]),
        ("school", "u of t", ["83"]),
        ("school", "queens", ["82"]),
        ("school", "universite de montreal", ["93"]),
        ("school", "U.B.C.", ["90"]),
        ("province", "quebec", ["QC"]),
        ("province", "C.-B.", ["BC"]),
        ("province", "île du prince edouard", ["PE"]),
    ],
)
def test_case_accents_spaces_and_punctuation_do_not_count(lake, kind, called, codes):
    assert meant(lake, kind, called) == codes


@pytest.mark.parametrize(
    ("kind", "called", "codes"),
    [
        ("discipline", "Internal Medicine", ["43"]),
        ("discipline", "Family Medicine", ["27"]),
        ("discipline", "family", ["107", "141", "27", "28"]),
        ("discipline", "chirurgie", ["14", "34", "61", "63", "83", "93"]),
        ("discipline", "emergency", ["25", "28"]),
        ("discipline", "rads", ["24"]),
        ("discipline", "heart", ["14"]),
        ("discipline", "laryngology", ["63"]),
        ("school", "Toronto", ["83"]),
        ("school", "toronto m", ["42"]),
        ("province", "new", ["NB", "NL"]),
    ],
)
def test_a_whole_name_beats_a_part_and_a_word_beats_letters(lake, kind, called, codes):
    assert meant(lake, kind, called) == codes


@pytest.mark.parametrize("called", ["nowhere", "", " ", "%", "'", "x" * 500, "8", None])
def test_what_names_nothing_means_nothing(lake, called):
    assert meant(lake, "school", called) == []


def test_what_the_reference_does_not_know_is_called_as_in_the_sources(lake):
    assert meant(lake, "school", "nord-ø") == ["99"]
    assert meant(lake, "discipline", "space") == ["900"]
    named = lake.execute(
        "select school_name_fr, school_short_name from gold.dim_school where school_code = 99"
    ).fetchall()
    assert named == [(None, "Nord-Ø University")]


def test_the_options_are_the_filters():
    assert set(Filters._fields) == set(filters.parameters())
