"""The options of `carms generate retail`; `synthetic` makes the files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated

Files = Iterator[tuple[str, Iterable[object], str, dict[str, object]]]
"""Path below the output folder, chunks of rows, format, the writer's options."""

_MOST = 20.0
_MOST_FAULTS = 10.0


def generate(
    *,
    seed: Annotated[int, "The same seed gives the same files."] = 7,
    scale: Annotated[float, "How much data; 1 is a million orders a year."] = 0.01,
    start_date: Annotated[str, "The first day, as 2024-12-31."] = "2024-01-01",
    days: Annotated[int, "How many days."] = 365,
    anomalies: Annotated[bool, "Plant faults, and list them in a file."] = True,
    anomaly_rate: Annotated[float, "How many faults; 1 is the usual share."] = 1.0,
) -> Files:
    """The files of a base run, or with a later `start_date` those that further days add to it.

    The files must be written in their order: the last one lists the faults in the others.

    Raises:
        ValueError: a number or the date is out of range.
    """
    from carms_lake.domains.retail.synthetic.files import files

    if not 0 < scale <= _MOST:
        raise ValueError(f"`scale` must be above 0 and at most {_MOST:g}, not {scale}")
    if days < 1:
        raise ValueError(f"`days` must be 1 or more, not {days}")
    if not 0 <= anomaly_rate <= _MOST_FAULTS:
        raise ValueError(f"`anomaly_rate` must be from 0 to {_MOST_FAULTS:g}, not {anomaly_rate}")
    return files(seed, scale, start_date, days, anomaly_rate if anomalies else 0.0)
