"""Programs in the order of an applicant's wishes, and why each is where it is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

import carms_lake
from carms_lake.domains.carms.analysis import nearest
from carms_lake.domains.carms.analysis.ranking.bands import bands, fits, tied_groups
from carms_lake.domains.carms.analysis.ranking.candidates import candidates
from carms_lake.domains.carms.analysis.ranking.constraints import Finding, findings, has_a_day_each
from carms_lake.domains.carms.analysis.ranking.degrees import FACTS, degree, per_seat
from carms_lake.domains.carms.analysis.ranking.names import Resolved, resolved

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from carms_lake.domains.carms.analysis.ranking.candidates import Candidate
    from carms_lake.domains.carms.analysis.ranking.profile import Profile

DRAWS = 500
SEED = 7

NO_CHANCE = (
    "This order follows the wishes that were stated; it is not a chance of a match. A rank order "
    "list should follow your own preference: because the match is applicant-proposing, a program "
    "further down never costs you one above it."
)

_PROGRAM = {
    "rank": pl.Int64,
    "tied_group": pl.Int64,
    "median_rank": pl.Float64,
    "rank_from": pl.Int64,
    "rank_to": pl.Int64,
    "top_10": pl.Float64,
    "fit": pl.Float64,
    "match_iteration_id": pl.String,
    "program_stream_id": pl.String,
    "program_name": pl.String,
    "discipline_name": pl.String,
    "school_name": pl.String,
    "program_site": pl.String,
    "program_stream": pl.String,
    "training_province": pl.String,
    "quota": pl.Int64,
    "applications_per_seat_min": pl.Float64,
    "applications_per_seat_max": pl.Float64,
    "unknown": pl.String,
}
_OF_PROGRAM = [
    "match_iteration_id", "program_stream_id", "program_name", "discipline_name", "school_name",
    "program_site", "program_stream", "training_province", "quota",
]  # fmt: skip
_STATED = [
    *_OF_PROGRAM, "fit", "applications_per_seat_min", "applications_per_seat_max", "unknown",
]  # fmt: skip
_FINDING = ["constraint", "asked", "fact", "value", "outcome", "evidence"]
_LEFT_OUT = dict.fromkeys(["program_stream_id", "program_name", *_FINDING], pl.String)
_WHY = {
    "program_stream_id": pl.String,
    "wish": pl.String,
    "share": pl.Float64,
    "fact": pl.String,
    "fulfilled": pl.Float64,
    "fulfilled_min": pl.Float64,
    "fulfilled_max": pl.Float64,
    "points": pl.Float64,
}


@dataclass(frozen=True)
class Ranking:
    """Programs in order, those left out, and how many there were.

    `programs`, one row each, best first:

    * rank: by `fit`; equal ones share the best of their ranks. tied_group: from 1; programs of a
      group are not surely below its first: their bands overlap with its band.
    * median_rank, rank_from, rank_to: over the draws; 5 % of the draws rank it better than from,
      5 % worse than to. top_10: the share of draws, 0 to 1, in which it is among the first ten.
    * fit: 0 to 100, the wishes' shares times how far each is fulfilled.
    * applications_per_seat_min, _max: at least and at most as printed; null where no end is.
    * unknown: facts that are asked for and not known, as `length_years, quota`; null for none.
    * match_iteration_id, program_stream_id, program_name, discipline_name, school_name,
      program_site, program_stream, training_province, quota: as in program_profile.

    `left_out`, one row per program and constraint that removes it: program_stream_id, program_name,
    constraint, asked, fact, value, outcome (removed, or unknown where the profile is strict) and
    evidence, all text.
    """

    programs: pl.DataFrame
    left_out: pl.DataFrame
    considered: int

    def left_out_by(self) -> dict[str, int]:
        """How many programs each constraint removes, most first; a program may break several."""
        return dict(Counter(self.left_out["constraint"].sort().to_list()).most_common())


def rank(
    lake: carms_lake.Lake, profile: Profile, *, draws: int = DRAWS, seed: int = SEED
) -> Ranking:
    """The programs of an iteration that pass the constraints, in the order of the wishes.

    The same lake, profile, draws and seed give the same answer on every system.

    Raises:
        UsageError: the profile names what does not exist, or programs whose interviews collide.
        GoldMissing: gold is not built yet.
    """
    asked = _asked(lake, profile)
    found = ranking(asked.candidates, asked.resolved.profile, draws=draws, seed=seed)
    return replace(found, left_out=_as_said(found.left_out, asked.resolved))


def ranking(
    programs: Sequence[Candidate], profile: Profile, *, draws: int = DRAWS, seed: int = SEED
) -> Ranking:
    """`rank` for these programs and a profile with codes in place of names.

    Raises:
        UsageError: a fixed program is not among the programs, or two of them collide.
    """
    days = interview_days(programs, profile)
    kept: list[tuple[Candidate, list[Finding]]] = []
    left_out = []
    for program in programs:
        said = findings(program, profile, days)
        removing = [one for one in said if one.removes(strict=profile.strict)]
        if not removing:
            kept.append((program, said))
        left_out += [_left_out(program, one) for one in removing]
    return Ranking(
        programs=_in_order(kept, profile, draws, seed),
        left_out=pl.DataFrame(left_out, schema=_LEFT_OUT, orient="row"),
        considered=len(programs),
    )


def interview_days(programs: Sequence[Candidate], profile: Profile) -> dict[str, tuple[date, ...]]:
    """The interview dates, but for busy days, of the fixed programs that state some.

    Raises:
        UsageError: a fixed program is not among the programs, or they cannot all be attended.
    """
    known = {program.program_stream_id: program for program in programs}
    days = {}
    for one in sorted(set(profile.fixed)):
        if one not in known:
            raise carms_lake.UsageError(
                f"`fixed`: no program of this iteration has the id `{one}`",
                nearest.hint(one, known),
            )
        if dates := known[one].interview_dates:
            days[one] = tuple(day for day in dates if day not in profile.busy)
    if not has_a_day_each(days.values()):
        raise carms_lake.UsageError(
            f"`fixed`: the interviews of {', '.join(days)} cannot all be attended: too few days",
            "leave one of them out, or a day of `busy`",
        )
    return days


def _left_out(program: Candidate, finding: Finding) -> tuple[str | None, ...]:
    values = (getattr(finding, name) for name in _FINDING)
    return (program.program_stream_id, program.program_name, *values)


def _in_order(
    kept: Sequence[tuple[Candidate, Sequence[Finding]]], profile: Profile, draws: int, seed: int
) -> pl.DataFrame:
    """The rows of `Ranking.programs`."""
    shares = profile.shares()
    wished = [
        [degree(program, wish, profile.applicant) for wish, _ in shares] for program, _ in kept
    ]
    degrees = [[one for one, _ in of_program] for of_program in wished]
    ids = [program.program_stream_id for program, _ in kept]
    rows = []
    for (program, said), of_program, fit in zip(
        kept, wished, fits(degrees, [share for _, share in shares]), strict=True
    ):
        unknown = [one.fact for one in said if one.outcome == "unknown"]
        unknown += [
            FACTS[wish.kind]
            for (wish, _), (_, fact) in zip(shares, of_program, strict=True)
            if fact is None
        ]
        row = {name: getattr(program, name) for name in _OF_PROGRAM}
        least, most = per_seat(program)
        row |= {
            "fit": fit,
            "applications_per_seat_min": least,
            "applications_per_seat_max": most,
            "unknown": ", ".join(dict.fromkeys(unknown)) or None,
        }
        rows.append(row)
    drawn = bands(ids, degrees, [(w.text, share) for w, share in shares], draws=draws, seed=seed)
    ordered = (
        pl.DataFrame(rows, schema={name: _PROGRAM[name] for name in _STATED})
        .hstack(drawn)
        .sort(
            "fit",
            "discipline_name",
            "school_name",
            "program_site",
            "program_stream",
            "program_stream_id",
            descending=[True, *[False] * 5],
        )
    )
    groups = tied_groups(ordered.select("rank_from", "rank_to").rows())
    return ordered.with_columns(
        pl.col("fit").rank("min", descending=True).cast(pl.Int64).alias("rank"),
        pl.Series("tied_group", groups, pl.Int64),
        (pl.col("fit") * 100).round(2),
    ).select(*_PROGRAM)


_EVIDENCE = """
select fact, array_to_string(list_sort(list(distinct trim(sentence))), ' | ')
from program_evidence
where program_stream_id = $program and match_iteration_id = $iteration
group by fact
"""


def why_not(lake: carms_lake.Lake, profile: Profile, program: str) -> pl.DataFrame:
    """What each constraint says of one program, those that remove it first.

    Columns: as `Ranking.left_out`; outcome is removed, unknown or passed.

    Raises:
        UnknownKey: no program of the iteration has the id.
        UsageError, GoldMissing: as `rank`.
    """
    asked = _asked(lake, profile)
    profile = asked.resolved.profile
    one = asked.one(program)
    read_from = {"program": program, "iteration": one.match_iteration_id}
    sentences = dict(lake.query(_EVIDENCE, read_from).rows())
    said = [
        finding if finding.evidence else replace(finding, evidence=sentences.get(finding.fact))
        for finding in findings(one, profile, interview_days(asked.candidates, profile))
    ]
    order = ("removed", "unknown", "passed")
    rows = [
        _left_out(one, finding) for finding in sorted(said, key=lambda f: order.index(f.outcome))
    ]
    return _as_said(pl.DataFrame(rows, schema=_LEFT_OUT, orient="row"), asked.resolved)


def _as_said(found: pl.DataFrame, names: Resolved) -> pl.DataFrame:
    """Findings with the names that the profile has in place of codes."""
    said = pl.col("constraint").replace_strict(names.said, default=pl.col("asked"))
    return found.with_columns(said.alias("asked")).select(*_LEFT_OUT)


def why(lake: carms_lake.Lake, profile: Profile, program: str) -> pl.DataFrame:
    """What each wish adds to the fit of one program, those that add most first.

    Columns: program_stream_id, wish (as stated), share (of all weights), fact (what is known; null
    for nothing), fulfilled (0 to 1, expected), fulfilled_min and fulfilled_max, points (100 times
    share times fulfilled; their sum is the fit).

    Raises:
        UnknownKey: no program of the iteration has the id.
        UsageError, GoldMissing: as `rank`.
    """
    return reasons(lake, profile, [program])


def reasons(lake: carms_lake.Lake, profile: Profile, programs: Sequence[str]) -> pl.DataFrame:
    """The same of several programs, one after the other.

    Raises:
        UnknownKey: no program of the iteration has one of the ids.
        UsageError, GoldMissing: as `rank`.
    """
    asked = _asked(lake, profile)
    profile = asked.resolved.profile
    frames = [pl.DataFrame(schema=_WHY)]
    for program in programs:
        one, rows = asked.one(program), []
        for wish, share in profile.shares():
            by, fact = degree(one, wish, profile.applicant)
            text = asked.resolved.said[wish.text]
            points = round(100 * share * by.expected, 2)
            fulfilled = (round(x, 4) for x in (by.expected, by.low, by.high))
            rows.append((program, text, round(share, 4), fact, *fulfilled, points))
        found = pl.DataFrame(rows, schema=_WHY, orient="row")
        frames.append(found.sort("points", "wish", descending=[True, False]))
    return pl.concat(frames)


@dataclass(frozen=True)
class _Asked:
    """The programs of an iteration, and a profile with codes in place of names."""

    candidates: list[Candidate]
    resolved: Resolved

    def one(self, program: str) -> Candidate:
        known = {one.program_stream_id: one for one in self.candidates}
        if program not in known:
            raise carms_lake.UnknownKey(
                f"no program of this iteration has the id `{program}`",
                nearest.hint(program, known),
            )
        return known[program]


def _asked(lake: carms_lake.Lake, profile: Profile) -> _Asked:
    names = resolved(lake, profile)
    similar_to = sorted({w.values[0] for w in profile.wishes if w.kind == "similar_to"})
    return _Asked(candidates(lake, profile.iteration, similar_to), names)
