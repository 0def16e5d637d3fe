from __future__ import annotations

import csv
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from domains.carms.match.markets import Lists, random_lists, stable_matchings
from domains.carms.match.worlds import BASE, PROGRAMS

import carms_lake
from carms_lake.domains.carms.match.demand import read_demand
from carms_lake.domains.carms.match.export import write_market
from carms_lake.domains.carms.match.market import NONE, market_of
from carms_lake.domains.carms.match.scenario import TEMPLATE, apply, flag, read_scenario
from carms_lake.domains.carms.match.simulate import World
from carms_lake.domains.carms.match.solver import solve

if TYPE_CHECKING:
    from pathlib import Path


def applied(folder: Path, text: str) -> World:
    file = folder / "scenario.toml"
    file.write_text(text, encoding="utf-8")
    return apply(BASE, read_scenario(file))


def seats(world: World) -> dict[str, int]:
    return {program.id: program.seats for program in world.programs}


QUOTAS: list[tuple[str, dict[str, int]]] = [
    ("Psychiatry/Toronto+10", {"1": 20, "2": 5}),
    ("psychiatry / university of toronto / IMG -2", {"2": 1}),
    ("7=0", {"7": 0}),
    ("Université mcgill*1.5", {"4": 6}),
    ("Family Medicine/BC+50%", {"7": 9, "8": 12}),
]


@pytest.mark.parametrize(("text", "changed"), QUOTAS)
def test_seats_are_changed_where_all_parts_of_the_name_fit(text: str, changed: dict) -> None:
    world = apply(BASE, [flag("--quota", "quota", text)])
    assert seats(world) == seats(BASE) | changed
    assert [p.appeal for p in world.programs] == [p.appeal for p in PROGRAMS]


def test_any_two_go_together(tmp_path: Path) -> None:
    world = applied(
        tmp_path,
        """
        img_seats = "+100%"
        [shift]
        BC = "+10%"
        [demand]
        Psychiatry = "+20%"
        [language]
        "5" = "either"
        [applicants]
        IMG = "+10%"
        [second_iteration]
        open_to_all = false
        [[reversion]]
        from = "Psychiatry/IMG"
        to = ["Psychiatry/CMG"]
        """,
    )
    assert (seats(world)["2"], seats(world)["8"]) == (6, 16)
    assert world.behaviour.shift == (("BC", pytest.approx(0.0953, abs=1e-4)),)
    before, after = BASE.behaviour.shares["CMG"], world.behaviour.shares["CMG"]
    assert after["Psychiatry"] == pytest.approx(1.2 * before["Psychiatry"])
    assert sum(after.values()) == pytest.approx(1)
    assert world.programs[4].language == "either"
    assert world.behaviour.parameters.img == 33
    assert not world.open_to_all
    assert world.reversions == ((1, (0,)),)


def test_streams_merge_and_split(tmp_path: Path) -> None:
    merged = applied(tmp_path, '[[merge]]\nprograms = ["7", "8"]')
    one = next(program for program in merged.programs if program.id == "7")
    assert (one.seats, one.kinds, one.eligibility) == (14, ("CMG", "IMG", "USMG"), "All")
    assert "8" not in seats(merged)
    parts = applied(tmp_path, '[[split]]\nprogram = "4"\nseats = { CMG = 3, IMG = 2 }')
    assert (seats(parts)["4-CMG"], seats(parts)["4-IMG"]) == (3, 2)
    assert "4" not in seats(parts)


def test_the_template_is_a_scenario_and_so_is_all_that_it_comments_out() -> None:
    assert tomllib.loads(TEMPLATE)["quota"] == {"Psychiatry/Toronto": "+10"}
    lines = [line.removeprefix("# ") for line in TEMPLATE.splitlines()]
    said = [line for line in lines if line.startswith("[") or " = " in line]
    top = [line for line in said if line.startswith(("name", "img_seats"))]
    data = tomllib.loads("\n".join(top + [line for line in said if line not in top]))
    assert {"shift", "demand", "language", "merge", "split", "program", "reversion"} <= set(data)


WRONG: list[tuple[str, list[str]]] = [
    ('[quota]\n"Psychiatri" = "+1"', ["line 2", "Psychiatri", "`Psychiatry`"]),
    ("[quota]\n\n1 = -5", ["line 3", "cannot be -5", '"-3"']),
    ('[quota]\n7 = "-50"', ["line 2", "6 seats cannot become -44"]),
    ('[quota]\n7 = "many"', ["line 2", "`many` is not a change"]),
    ("[quotas]\n7 = 1", ["line 1", "unknown key `quotas`", "`quota`"]),
    ('[shift]\nXX = "+1%"', ["line 2", "unknown province `XX`"]),
    ('[demand]\nDermatologie = "+1%"', ["line 2", "`Dermatology`"]),
    ('[demand]\nDermatology = "=3"', ["line 2", "share of first choices would be 3"]),
    ('[[merge]]\nprograms = ["7"]', ["line 1", "fewer than two"]),
    ("[[program]]\nseats = 3", ["line 1", "`discipline` is missing"]),
    ('[[reversion]]\nfrom = "1"\nto = ["1"]', ["line 1", "`from` names too"]),
    ("name = = 1", ["not TOML", "line 1"]),
]


@pytest.mark.parametrize(("text", "words"), WRONG)
def test_what_is_wrong_is_said_with_line_and_key(tmp_path: Path, text: str, words: list) -> None:
    with pytest.raises(carms_lake.UsageError) as raised:
        applied(tmp_path, text)
    said = f"{raised.value.message} {raised.value.hint}"
    assert [word for word in words if word not in said] == [], said


DEMANDS: list[tuple[str, str]] = [
    ("[CMG]\nPsychiatry = 0.5", "line 1: the shares of `CMG` sum to 0.5"),
    ("[CMG]\nPsychiatry = 1.5\nDermatology = -0.5", "line 3: the share of `Dermatology`"),
    ("[XMG]\nPsychiatry = 1", "line 1: unknown kind of applicant `XMG`"),
    ("[CMG]\nSurgery = 1", "line 2: unknown discipline `Surgery`"),
]


@pytest.mark.parametrize(("text", "said"), DEMANDS)
def test_a_wrong_demand_file_is_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "demand.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(carms_lake.UsageError, match=said):
        read_demand(file, PROGRAMS)


def test_a_demand_file_gives_the_shares_of_the_kinds_that_it_names(tmp_path: Path) -> None:
    file = tmp_path / "demand.toml"
    file.write_text('[IMG]\nPsychiatry = 0.25\n"Family Medicine" = 0.75', encoding="utf-8")
    shares = read_demand(file, PROGRAMS)
    assert shares["IMG"] == {"Psychiatry": 0.25, "Family Medicine": 0.75}
    assert shares["CMG"] == BASE.behaviour.shares["CMG"]


def rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("seed", range(20))
def test_the_exported_files_are_a_market_of_which_the_exported_matching_is_stable(
    tmp_path: Path, seed: int
) -> None:
    from random import Random

    lists = random_lists(Random(seed), couples=seed % 3, people=6, offers=3)
    market = market_of(*lists)
    matching = solve(market).matching
    if matching is None:
        pytest.skip("this market has no stable matching that was found")
    write_market(tmp_path, market, PROGRAMS[: len(lists.seats)], matching)
    read = {path.stem: rows(path) for path in tmp_path.iterdir()}
    offers = [row["program_id"] for row in read["programs"]]

    def person(name: str) -> int:
        return int(name.removeprefix("a"))

    def offer(name: str) -> int:
        return offers.index(name) if name else NONE

    wishes: list[list[int]] = [[] for _ in lists.wishes]
    rankings: list[list[int]] = [[] for _ in offers]
    for row in sorted(read["applicants"], key=lambda row: int(row["rank"])):
        wishes[person(row["applicant_id"])].append(offer(row["program_id"]))
    for row in sorted(read["program_ranks"], key=lambda row: int(row["rank"])):
        rankings[offer(row["program_id"])].append(person(row["applicant_id"]))
    couples = {
        (person(couple["first_id"]), person(couple["second_id"])): [
            (offer(row["first_program_id"]), offer(row["second_program_id"]))
            for row in read["couple_ranks"]
            if row["couple_id"] == couple["couple_id"]
        ]
        for couple in read["couples"]
    }
    held = [NONE] * len(wishes)
    for row in read["matching"]:
        held[person(row["applicant_id"])] = offer(row["program_id"])
    again = Lists(wishes, rankings, [int(row["quota"]) for row in read["programs"]], couples)
    assert tuple(held) in stable_matchings(again)


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    with pytest.raises(carms_lake.UsageError, match="not empty"):
        write_market(tmp_path, market_of([[0]], [[0]], [1]), PROGRAMS[:1], [0])
