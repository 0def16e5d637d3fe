"""One market without couples, solved by `matching`: lists in on stdin, time and matching out.

Runs in the environment of `requirements-match.txt`, which has no carms.
"""

from __future__ import annotations

import json
import sys
import time

from matching.games import HospitalResident


def main() -> None:
    """Read `wishes`, `rankings` and `seats`; print `seconds` to solve, and each one's program."""
    # Players refer to players, and the package copies them by recursion.
    sys.setrecursionlimit(1_000_000)
    market = json.load(sys.stdin)
    game = HospitalResident.create_from_dictionaries(
        *(dict(enumerate(market[key])) for key in ("wishes", "rankings", "seats"))
    )
    began = time.perf_counter()
    found = game.solve(optimal="resident")
    seconds = time.perf_counter() - began
    matching = [-1] * len(market["wishes"])
    for program, people in found.items():
        for one in people:
            matching[one.name] = program.name
    json.dump({"seconds": seconds, "matching": matching}, sys.stdout)


if __name__ == "__main__":
    main()
