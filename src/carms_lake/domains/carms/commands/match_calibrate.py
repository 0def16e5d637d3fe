"""`match calibrate`: the model fitted to a user's own copies of published tables."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from carms_lake.cli.command import (
    Call,
    Format,
    Option,
    OutputFormat,
    Target,
    UsageError,
    command,
    emit,
    emit_text,
    envelope,
    note,
    progress,
    target,
)
from carms_lake.domains.carms.commands.match import ParametersFile, Seed, match_app
from carms_lake.domains.carms.commands.match_shown import note_all
from carms_lake.domains.carms.commands.match_validate import Folder, Repetitions, shown_errors
from carms_lake.domains.carms.commands.options import IterationOption
from carms_lake.domains.carms.commands.shared import lake

if TYPE_CHECKING:
    from carms_lake.domains.carms.match.calibration import Calibration

Years = Annotated[
    str | None,
    Option(
        "--years", metavar="YEARS", help='To fit to, as "2013-2016,2018" (default: all others).'
    ),
]
HoldOut = Annotated[
    int | None,
    Option("--hold-out", metavar="YEAR", help="Not fitted to, but tried on (default: the newest)."),
]
Evaluations = Annotated[
    int, Option("--evaluations", min=1, max=100_000, help="How many parameters the search tries.")
]
Output = Annotated[
    Path | None, Option("-o", "--output", metavar="FILE", help="Write the parameters, as TOML.")
]


@command(match_app)
def calibrate(
    call: Call,
    oracle: Folder,
    years: Years = None,
    hold_out: HoldOut = None,
    parameters: ParametersFile = None,
    evaluations: Evaluations = 360,
    reps: Repetitions = 40,
    seed: Seed = 1,
    iteration: IterationOption = None,
    output_format: OutputFormat = None,
    output: Output = None,
) -> None:
    """Fit the model to published years and try it on another.

    The search starts at the shipped parameters, or those of a file, and changes those that the
    figures of the years tell apart. Rows are the errors in the year held out: of the model before
    and fitted, the curve, last year and the mean of three years. What loses is printed too.

    `simulate` and `validate` read what `-o` writes with `--parameters`.
    """
    from carms_lake.domains.carms.match import calibration as cal
    from carms_lake.domains.carms.match.fitted import Fitted, read_parameters
    from carms_lake.domains.carms.match.fitting import Ask
    from carms_lake.domains.carms.match.oracle import read_oracle
    from carms_lake.domains.carms.match.supply import supply

    to = target(output_format, None)
    _refuse_if_unwritable(output)
    offered = supply(lake(call), iteration)
    start = read_parameters(parameters) if parameters else Fitted()
    ask = Ask(hold_out or 0, _years(years), seed, evaluations, reps, start)
    tables = read_oracle(oracle, offered.programs)
    with progress(call) as advance:
        found = cal.calibrate(offered.programs, tables, ask, advance or (lambda *_: None))
    if output:
        emit_text(cal.file_of(found), Target(Format.TABLE, output))
    said = _said(found)
    if call.json:
        frames = {"parameters": found.parameters, "moments": found.moments, "rows": found.held_out}
        envelope(said | {name: frame.to_dicts() for name, frame in frames.items()})
        return
    emit(call, shown_errors(found.held_out) if to.format is Format.TABLE else found.held_out, to)
    note_all(call, said)
    end = f"wrote the parameters to `{output}`" if output else "`-o FILE` writes the parameters"
    note(call, end)


def _refuse_if_unwritable(output: Path | None) -> None:
    """Before minutes of work, after which it would be too late.

    Raises:
        UsageError: the folder does not exist, or the file is stdout, where the rows go.
    """
    if output and str(output) == "-":
        raise UsageError("`-o -`: rows go to stdout", "name a file for the parameters")
    if output and not output.parent.is_dir():
        raise UsageError(
            f"`{output}`: the folder does not exist", f"create `{output.parent}` first"
        )


def _years(text: str | None) -> tuple[int, ...]:
    """The years of "2013-2016,2018".

    Raises:
        UsageError: it is something else.
    """
    found: list[int] = []
    for part in text.split(",") if text else ():
        match = re.fullmatch(r"\s*(\d{4})(?:\s*-\s*(\d{4}))?\s*", part, re.ASCII)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if last < first:
            raise UsageError(
                f"`--years {text}`: `{part}` is not a year or a range", 'as "2013-2016,2018"'
            )
        found += range(first, last + 1)
    return tuple(found)


def _said(found: Calibration) -> dict[str, str]:
    """What has to be known with the figures."""
    from carms_lake.domains.carms.match import calibration as cal

    rows = found.parameters.to_dicts()

    def named(status: str) -> str:
        return ", ".join(row["parameter"] for row in rows if row["status"] == status) or "none"

    moved = [
        f"{row['parameter']} {row['before']:g} -> {row['fitted']:g}"
        for row in rows
        if row["before"] != row["fitted"]
    ]
    before, fitted, last_year = cal.moment_errors(found)
    return {
        "fitted_to": f"{', '.join(map(str, found.ask.years))}; eight figures were wrong by"
        f" {found.before:.1f} points before, and are by {found.after:.1f}",
        "held_out": f"{found.ask.hold_out}; eight figures are wrong by {before:.1f} points before,"
        f" {fitted:.1f} fitted"
        + ("" if last_year is None else f", last year's by {last_year:.1f}"),
        "moved": ", ".join(moved) or "none",
        "flat": f"{named(cal.FLAT)}: the figures hardly depend on it, so it stays as it was",
        "not_distinguishable": f"{named(cal.ALIKE)}: others do what it does, so it stays as it was",
        "fitted_but_flat_there": f"{named(cal.WEAK)}: other values would fit as well",
        "seed": f"{found.ask.seed}, {found.ask.evaluations} evaluations, {found.ask.repetitions}"
        " repetitions of the year held out; bands hold 90 %",
        "read_it_so": "a method whose held_out is false may have seen that year",
    }
