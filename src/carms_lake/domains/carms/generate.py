"""The options of `carms generate carms`; `synthetic` makes the files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated

Files = Iterator[tuple[str, Iterable[object], str, dict[str, object]]]
"""Path below the output folder, chunks of rows, format, the writer's options."""


def generate(
    *,
    seed: Annotated[int, "The same seed gives the same files."] = 7,
    programs: Annotated[int, "How many programs."] = 120,
    anomalies: Annotated[
        bool, "Add faulty records, and a list of them; too many to publish below 60 programs."
    ] = False,
    iteration: Annotated[
        int, "The id of the match iteration; of 9000 to 9999, never newer than a real one."
    ] = 9999,
    delivery: Annotated[int, "The Nth delivery of the same files."] = 1,
) -> Files:
    """The files of one delivery: disciplines, program master, documents, and their sections.

    The same options give the same bytes. Another iteration has most of the programs, some with
    other seats or another text. With `anomalies`, faulty records are added to the sound ones, and a
    fifth file says which reason code each of them must get.

    Raises:
        ValueError: a number is out of range.
    """
    from carms_lake.domains.carms.synthetic.files import files

    for name, value in (("programs", programs), ("iteration", iteration), ("delivery", delivery)):
        if value < 1:
            raise ValueError(f"`{name}` must be 1 or more, not {value}")
    return files(seed, programs, iteration, delivery, anomalies=anomalies)
