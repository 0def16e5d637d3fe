"""`rank`: programs in the order of one applicant's wishes."""

from __future__ import annotations

import sys
import textwrap
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from carms_lake.cli.command import (
    Argument,
    Call,
    Format,
    Option,
    Target,
    UsageError,
    command,
    emit,
    emit_text,
    envelope,
    note,
    text_width,
)
from carms_lake.domains.carms.commands.options import ForOption, IterationOption
from carms_lake.domains.carms.commands.shared import app, lake
from carms_lake.domains.carms.commands.tables import fitting

if TYPE_CHECKING:
    import polars as pl

    from carms_lake.domains.carms.analysis.ranking import Profile, Ranking

Texts = list[str] | None


def _many(name: str, metavar: str, meaning: str) -> Any:
    return Option(name, metavar=metavar, help=f"{meaning} Again for more.")


ProfileFile = Annotated[
    Path | None, Argument(metavar="[PROFILE.toml]", help="Constraints and wishes; options win.")
]
Template = Annotated[bool, Option("--template", help="Write a commented profile and end.")]
Wishes = Annotated[
    Texts, _many("--wish", "KIND=VALUE:WEIGHT", "A wish, as `province=ON,QC:2`, `seats=many`.")
]
Disciplines = Annotated[Texts, _many("--discipline", "NAME", "Only these disciplines.")]
Schools = Annotated[Texts, _many("--school", "NAME", "Only these schools.")]
Provinces = Annotated[Texts, _many("--province", "NAME", "Only training in these provinces.")]
ApplyIn = Annotated[Texts, _many("--apply-in", "en|fr", "A language in which you can apply.")]
Tests = Annotated[
    Texts, _many("--test", "NAME", "An examination that you have, as casper; or `none`.")
]
Service = Annotated[
    Literal["none", "required"] | None,
    Option("--return-of-service", help="Whether one is asked of you."),
]
MinLength = Annotated[
    int | None, Option("--min-length", metavar="YEARS", min=1, help="Years at least.")
]
MaxLength = Annotated[
    int | None, Option("--max-length", metavar="YEARS", min=1, help="Years at most.")
]
MaxSeats = Annotated[
    int | None, Option("--max-seats", metavar="N", min=0, help="So many seats or fewer.")
]
MinSeats = Annotated[
    int | None, Option("--min-seats", metavar="N", min=0, help="So many seats or more.")
]
Fixed = Annotated[Texts, _many("--fixed", "ID", "A program whose interview you attend.")]
Busy = Annotated[
    list[datetime] | None,
    Option(
        "--busy", formats=["%Y-%m-%d"], help="A day without time for interviews. Again for more."
    ),
]
Strict = Annotated[
    bool, Option("--strict", help="Leave out programs of which a fact asked for is not known.")
]
Draws = Annotated[int, Option("--draws", min=1, max=20_000, help="Draws behind the bands.")]
Seed = Annotated[int, Option("--seed", help="The same seed gives the same bands.")]
Limit = Annotated[
    int | None,
    Option("--limit", min=1, help="Programs at most (default: 20 in a table, else all)."),
]
Why = Annotated[str | None, Option("--why", metavar="ID", help="What each wish adds to its fit.")]
WhyNot = Annotated[str | None, Option("--why-not", metavar="ID", help="What leaves it out.")]


class Asked(NamedTuple):
    """What a profile says, under the names of its fields; what is not given is left to the file."""

    wishes: Wishes = None
    applicant: ForOption = None
    apply_in: ApplyIn = None
    tests: Tests = None
    disciplines: Disciplines = None
    schools: Schools = None
    provinces: Provinces = None
    return_of_service: Service = None
    min_length: MinLength = None
    max_length: MaxLength = None
    min_seats: MinSeats = None
    max_seats: MaxSeats = None
    fixed: Fixed = None
    busy: Busy = None
    strict: Strict = False
    iteration: IterationOption = None


SHOWN = 20
"""Programs in a table where no limit is given."""

OF_ONE = ("program_stream_id", "program_name", "fulfilled_min", "fulfilled_max")
"""Columns that a table about one program has no room for."""


@command(app)
def rank(
    call: Call,
    to: Target,
    options: Asked,
    profile: ProfileFile = None,
    template: Template = False,
    draws: Draws = 500,
    seed: Seed = 7,
    limit: Limit = None,
    why: Why = None,
    why_not: WhyNot = None,
) -> None:
    """Order programs by your wishes, after your constraints.

    A rank is printed with the band of ranks that 90 % of the draws give it. It is not a chance.
    """
    from carms_lake.domains.carms.analysis import ranking

    if template:
        emit_text(ranking.template(), to)
        return
    if why is not None and why_not is not None:
        raise UsageError("both `--why` and `--why-not` were given", "give one of them")
    asked = ranking.with_options(
        ranking.read_profile(profile) if profile else ranking.Profile(),
        {**options._asdict(), "busy": [day.date() for day in options.busy or []]},
    )
    if why is not None or why_not is not None:
        explain = ranking.why if why is not None else ranking.why_not
        found = explain(lake(call), asked, why or why_not or "")
        is_drawn = to.format is Format.TABLE and not call.json
        emit(call, found.drop(OF_ONE, strict=False) if is_drawn else found, to)
        if why is not None and found.is_empty():
            note(call, "no wish was stated: `--wish`, or a profile, has them")
        return
    ranked = ranking.rank(lake(call), asked, draws=draws, seed=seed)
    _show(call, to, ranked, asked, limit)


def _show(call: Call, to: Target, found: Ranking, asked: Profile, limit: int | None) -> None:
    """The programs, then on stderr how many were left out by what, and what this is not."""
    from carms_lake.domains.carms.analysis import ranking

    is_drawn = to.format is Format.TABLE and not call.json
    total = found.programs.height
    most = limit or (SHOWN if is_drawn else total)
    programs = found.programs.head(most)
    if call.json:
        data = {
            "programs": programs.to_dicts(),
            "ranked": total,
            "considered": found.considered,
            "left_out": found.left_out_by(),
            "note": ranking.NO_CHANCE,
        }
        envelope(data, to=to)
        return
    if is_drawn:
        table = _for_reading(programs)
        emit(call, table if to.file else fitting(lake(call), table), to)
    else:
        emit(call, programs, to)
    listed = f"{programs.height} of {total}" if programs.height < total else str(total)
    note(call, f"{listed} ranked of {found.considered} programs{_left_out(found)}")
    if total and not asked.shares():
        note(call, "no wish was stated, so all are tied: `--wish`, or a profile, orders them")
    if programs["unknown"].count():
        note(
            call, "?: a fact that was asked for is not known; `--strict` leaves these programs out"
        )
    # On a terminal the sentence does not break within a word.
    is_seen = sys.stderr.isatty()
    said = textwrap.wrap(ranking.NO_CHANCE, text_width(to)) if is_seen else [ranking.NO_CHANCE]
    for line in said:
        note(call, line)


def _left_out(found: Ranking) -> str:
    """How many programs each constraint leaves out; one may break several."""
    by = found.left_out_by()
    if not by:
        return ""
    return "; left out by " + ", ".join(f"`{name}`: {count}" for name, count in by.items())


def _for_reading(programs: pl.DataFrame) -> pl.DataFrame:
    """What fits a terminal, under short headings."""
    import polars as pl

    per_seat = pl.format("{}-{}", *(
        pl.col(f"applications_per_seat_{end}").round(1).cast(pl.String).str.strip_suffix(".0")
        for end in ("min", "max")
    ))  # fmt: skip
    least = pl.format(
        "{}+", pl.col("applications_per_seat_min").round(1).cast(pl.String).str.strip_suffix(".0")
    )
    band = pl.format("{}-{}", "rank_from", "rank_to")
    marked = pl.when(pl.col("unknown").is_not_null()).then(pl.lit("?")).otherwise(pl.lit(""))
    return programs.select(
        pl.col("tied_group").alias("group"),
        "rank",
        pl.when(pl.col("rank_from") == pl.col("rank_to"))
        .then(pl.col("rank_from").cast(pl.String))
        .otherwise(band)
        .alias("band"),
        pl.col("program_stream_id").alias("id"),
        pl.col("discipline_name").alias("discipline"),
        pl.col("school_name").alias("school"),
        pl.col("program_site").alias("site"),
        pl.col("training_province").alias("in"),
        pl.col("quota").alias("seats"),
        pl.coalesce(per_seat, least).alias("apps/seat"),
        *([marked.alias("")] if programs["unknown"].count() else []),
    )
