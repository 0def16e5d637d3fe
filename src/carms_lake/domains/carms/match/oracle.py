"""A folder with a user's own copies of the published tables, in the form that docs/match.md gives.

Nothing of it is kept in the lake, and none of it is shipped: the tables are not ours to pass on.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, TypeVar

import carms_lake
from carms_lake.domains.carms.match.demand import unknown
from carms_lake.domains.carms.match.supply import Program

DISCIPLINES = "disciplines.csv"
VACANCIES = "vacancies.csv"
NATIONAL = "national.csv"

T = TypeVar("T")


class Published(NamedTuple):
    """What became of one discipline in one first iteration; all three are of CMGs."""

    seats: int
    first_choices: int
    matched: int

    @property
    def success(self) -> float:
        """The share of those who wanted it first that were matched to it."""
        return self.matched / self.first_choices


class National(NamedTuple):
    """What became of all CMGs of one first iteration; the last three are some of `applicants`."""

    applicants: int
    matched: int
    first_program: int
    home_school: int


class Oracle(NamedTuple):
    """By year: disciplines, the seats of each school that a first iteration left empty, CMGs."""

    disciplines: dict[int, dict[str, Published]]
    vacancies: dict[int, dict[str, int]]
    national: Mapping[int, National] = MappingProxyType({})


def read_oracle(folder: Path, programs: Collection[Program]) -> Oracle:
    """The tables of a folder: `disciplines.csv`, and `vacancies.csv` and `national.csv` if present.

    Raises:
        carms_lake.UsageError: a file is missing or not readable, a column is missing, a number is
            none, a name is not known, a row comes twice, or more were matched than wanted to be;
            the message names file and line.
    """
    disciplines: dict[int, dict[str, Published]] = {}
    columns = ("seats", "first_choices", "matched")
    known = {program.discipline for program in programs}
    for at, year, name, numbers in _rows(folder / DISCIPLINES, columns, "discipline", known):
        row = Published(*numbers)
        if not 0 < row.first_choices >= row.matched <= row.seats:
            raise carms_lake.UsageError(
                f"{at}{row.matched} matched, {row.first_choices} first choices, {row.seats} seats",
                "matched is at most the others, and somebody wanted it: leave the row out if not",
            )
        _put(disciplines.setdefault(year, {}), name, row, at)
    if not disciplines:
        raise carms_lake.UsageError(f"`{folder / DISCIPLINES}` has no rows")
    vacancies: dict[int, dict[str, int]] = {}
    if (folder / VACANCIES).exists():
        schools = {program.school for program in programs}
        for at, year, name, (empty,) in _rows(folder / VACANCIES, ("unfilled",), "school", schools):
            _put(vacancies.setdefault(year, {}), name, empty, at)
    return Oracle(disciplines, vacancies, _national(folder / NATIONAL))


def _national(path: Path) -> dict[int, National]:
    found: dict[int, National] = {}
    for at, year, _, numbers in _rows(path, National._fields) if path.exists() else ():
        row = National(*numbers)
        if not 0 < row.applicants >= row.matched >= max(row.first_program, row.home_school):
            raise carms_lake.UsageError(
                f"{at}{row.applicants} applicants, {row.matched} matched, {row.first_program} to"
                f" their first program, {row.home_school} at their school",
                "the numbers are people: each of the last two is at most those who were matched",
            )
        if year in found:
            raise carms_lake.UsageError(f"{at}{year} comes twice")
        found[year] = row
    return found


def _put(rows: dict[str, T], name: str, row: T, at: str) -> None:
    if name in rows:
        raise carms_lake.UsageError(f"{at}`{name}` comes twice in this year")
    rows[name] = row


def _rows(
    path: Path, columns: tuple[str, ...], what: str = "", known: Collection[str] = ()
) -> Iterator[tuple[str, int, str, list[int]]]:
    """Where it is, year, name as the lake has it, and numbers of each row of a file.

    `what`: the column of names, which are among the `known` ones; a file may have none.
    """
    names = {name.casefold(): name for name in known}
    needed = ["year", *([what] if what else []), *columns]
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            missing = [c for c in needed if c not in (rows.fieldnames or ())]
            if missing:
                raise carms_lake.UsageError(
                    f"`{path}` has no column `{'`, `'.join(missing)}`",
                    f"its columns are {', '.join(needed)}",
                )
            for row in rows:
                at = f"`{path}`, line {rows.line_num}: "
                said = (row[what] or "").strip() if what else ""
                name = names.get(said.casefold()) if what else ""
                if name is None:
                    raise unknown(what, said, known, at)
                year, *numbers = (_number(row[c], c, at) for c in ("year", *columns))
                yield at, year, name, numbers
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise carms_lake.UsageError(
            f"`{path}` cannot be read: {error}",
            "docs/match.md says which files a folder of published tables has",
        ) from None


def _number(text: str | None, column: str, at: str) -> int:
    value = (text or "").strip()
    if not (value.isascii() and value.isdigit()):
        raise carms_lake.UsageError(f"{at}`{column}` is `{value}`, not a whole number from 0 on")
    return int(value)
