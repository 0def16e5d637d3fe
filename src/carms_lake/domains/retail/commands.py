"""`anomalies`: whether the lake found what the generator planted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from carms_lake.cli.command import (
    Argument,
    Call,
    Exit,
    ExitCode,
    Target,
    Typer,
    UsageError,
    command,
    emit,
    note,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

DOMAIN = "retail"
"""The command asks this domain, whichever one the project works on."""

PATTERN = "anomalies*.json"
"""What the generator calls its ground truth."""

Files = Annotated[
    list[Path] | None,
    Argument(
        metavar="[FILE]...", help=f"The ground truth (default: {PATTERN} of data_raw/retail)."
    ),
]


app = Typer()


@command(app)
def anomalies(call: Call, to: Target, files: Files = None) -> None:
    """Compare what the lake found with what was planted.

    Exits 1 where a planted anomaly was missed, or a row taken for one that it is not.
    """
    import polars as pl

    from carms_lake.domains.retail.detection import planted, scores
    from carms_lake.flows.query import query_frame

    config = call.on(domain=DOMAIN).config()
    try:
        truth = planted(_documents(files or sorted(config.data_raw.glob(PATTERN)), config.data_raw))
        found = scores(truth, lambda sql: query_frame(config, sql).to_dicts())
    except ValueError as error:
        raise UsageError(f"the ground truth cannot be used: {error}", "generate it again") from None
    emit(call, pl.DataFrame(found), to)
    missed = sum(score.missed for score in found)
    called_falsely = sum(score.called_falsely for score in found)
    note(
        call,
        f"{sum(score.found for score in found)} of {sum(score.injected for score in found)} "
        f"planted anomalies found, {called_falsely} called falsely",
    )
    if missed or called_falsely:
        raise Exit(ExitCode.DATA)


def _documents(files: Sequence[Path], folder: Path) -> list[Any]:
    """The ground truth of each run."""
    if not files:
        raise UsageError(
            f"no `{PATTERN}` in `{folder}`", "`carms generate retail` writes it, or name the file"
        )
    documents = []
    for path in files:
        try:
            documents.append(json.loads(path.read_text(encoding="utf-8")))
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"`{path}` is not JSON: {error}", "generate it again") from None
    return documents
