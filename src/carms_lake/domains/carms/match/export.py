"""One market and its matching as CSV files, so that anybody can check them with other tools."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

import carms_lake
from carms_lake.domains.carms.match.market import NONE, Market
from carms_lake.domains.carms.match.supply import Program

Rows = Iterable[Sequence[object]]


def write_market(
    folder: Path, market: Market, programs: Sequence[Program], matching: Sequence[int]
) -> list[Path]:
    """Write the six files, all or none; a member of a couple has no list but the couple's.

    Raises:
        carms_lake.UsageError: the folder is not empty, or cannot be written.
    """
    folder = folder.resolve()
    check_folder(folder)
    files = _files(market, [program.id for program in programs], matching)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".market.", suffix=".part", dir=folder.parent) as hidden:
            whole = Path(hidden) / folder.name
            whole.mkdir()
            for file, (columns, rows) in files.items():
                frame = pl.DataFrame(
                    list(rows), schema=columns, orient="row", infer_schema_length=None
                )
                frame.write_csv(whole / f"{file}.csv")
            if folder.exists():
                folder.rmdir()
            whole.rename(folder)
    except OSError as error:
        raise carms_lake.UsageError(f"`{folder}` cannot be written: {error}") from None
    return [folder / f"{file}.csv" for file in files]


def check_folder(folder: Path) -> None:
    """Do nothing if a market can be written there.

    Raises:
        carms_lake.UsageError: the folder is not empty, or is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise carms_lake.UsageError(f"`{folder}` is a file", "name a new folder")
    if folder.is_dir() and any(folder.iterdir()):
        raise carms_lake.UsageError(f"`{folder}` is not empty", "name a new folder")


def _files(
    market: Market, names: Sequence[str], matching: Sequence[int]
) -> dict[str, tuple[dict[str, type[pl.DataType]], Rows]]:
    people = [f"a{number:05}" for number in range(market.applicants)]
    coupled = {member for couple in market.couples for member in couple[:2]}
    wishes = [
        (people[a], rank, names[market.programs[edge]])
        for a in range(market.applicants)
        if a not in coupled
        for rank, edge in enumerate(range(market.start[a], market.start[a + 1]), 1)
    ]
    ranked: list[list[tuple[int, int]]] = [[] for _ in names]
    for a in range(market.applicants):
        for edge in range(market.start[a], market.start[a + 1]):
            ranked[market.programs[edge]].append((market.places[edge], a))
    rankings = [
        (names[program], rank, people[a])
        for program, row in enumerate(ranked)
        for rank, (_, a) in enumerate(sorted(row), 1)
    ]
    said = [*names, None]
    text, number = pl.String, pl.Int64
    return {
        "applicants": ({"applicant_id": text, "rank": number, "program_id": text}, wishes),
        "programs": (
            {"program_id": text, "quota": number}, zip(names, market.seats, strict=True),
        ),
        "program_ranks": ({"program_id": text, "rank": number, "applicant_id": text}, rankings),
        "couples": (
            {"couple_id": text, "first_id": text, "second_id": text},
            [(f"c{n}", people[c.first], people[c.second]) for n, c in enumerate(market.couples)],
        ),
        "couple_ranks": (
            {"couple_id": text, "rank": number, "first_program_id": text,
             "second_program_id": text},
            [
                (f"c{n}", rank, said[p], said[q])
                for n, couple in enumerate(market.couples)
                for rank, (p, q) in enumerate(couple.pairs, 1)
            ],
        ),
        "matching": (
            {"applicant_id": text, "program_id": text},
            [(people[a], names[p]) for a, p in enumerate(matching) if p != NONE],
        ),
    }  # fmt: skip
