"""The options of `carms generate ticketing`; `synthetic` makes the files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated

Files = Iterator[tuple[str, Iterable[object], str, dict[str, object]]]
"""Path below the output folder, chunks of rows, format, the writer's options."""


def generate(
    *,
    seed: Annotated[int, "The same seed gives the same files."] = 7,
    scale: Annotated[float, "How much data; 1 is a million customers."] = 0.01,
    batches: Annotated[int, "How many deliveries after the initial one."] = 3,
    disorder: Annotated[bool, "Deliver rows in any order; batch numbers have gaps."] = False,
    anomalies: Annotated[bool, "Plant faults: rejects, orphans, circles of merges."] = True,
    anomaly_rate: Annotated[float, "How many faults; 1 is the usual share."] = 1.0,
) -> Files:
    """The files of an initial load and its batches, and the truth about them.

    The files must be written in their order: the last one says what the others hold.

    Raises:
        ValueError: a number is out of range.
    """
    from carms_lake.domains.ticketing.synthetic.files import files

    for name, value, least, most in (
        ("scale", scale, 0.0001, 20.0),
        ("batches", batches, 0, 5_000),
        ("anomaly_rate", anomaly_rate, 0, 10.0),
    ):
        if not least <= value <= most:
            raise ValueError(f"`{name}` must be from {least:g} to {most:g}, not {value}")
    return files(seed, scale, batches, anomaly_rate if anomalies else 0.0, disorder=disorder)
