"""One match of the size of the Canadian one, with its certificate; how often couples are placed.

    python benchmarks/match.py [--couples 15 30 60] [--markets 10]

Prints milliseconds of the solver and the certificate, and, if the package `matching` is installed,
how much longer it takes for the same market.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from importlib.util import find_spec
from random import Random

from carms_lake.domains.carms.match.certificate import certify
from carms_lake.domains.carms.match.market import Market, market_of
from carms_lake.domains.carms.match.solver import solve


def lists_of(people: int, offers: int, length: int, seed: int) -> tuple[list, list, list]:
    """Lists where some programs are wanted more, and programs mostly agree on applicants."""
    rng = Random(seed)
    liked = [rng.paretovariate(1.2) for _ in range(offers)]
    good = [rng.gauss(0, 1) for _ in range(people)]
    wishes = [
        list(dict.fromkeys(rng.choices(range(offers), liked, k=2 * length)))[:length]
        for _ in range(people)
    ]
    asked: list[list[int]] = [[] for _ in range(offers)]
    for a, wanted in enumerate(wishes):
        for p in wanted:
            asked[p].append(a)
    rankings = [sorted(who, key=lambda a: good[a] + rng.gauss(0, 1)) for who in asked]
    seats = [max(1, round(1.05 * people / offers * rng.uniform(0.2, 1.8))) for _ in range(offers)]
    return wishes, rankings, seats


def with_couples(people: int, offers: int, couples: int, seed: int) -> Market:
    """The same with couples, whose pairs are the best of their members' lists together."""
    wishes, rankings, seats = lists_of(people, offers, 12, seed)
    pairs = {}
    for a in range(0, 2 * couples, 2):
        both = [(i + j, p, q) for i, p in enumerate(wishes[a]) for j, q in enumerate(wishes[a + 1])]
        pairs[a, a + 1] = [(p, q) for _, p, q in sorted(both)]
    return market_of(wishes, rankings, seats, pairs)


def best_of(times: int, call: object) -> float:
    """The least milliseconds that a call took."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        call()  # type: ignore[operator]
        took.append(time.perf_counter() - began)
    return 1000 * min(took)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--couples", nargs="*", type=int, default=[15, 30, 60])
    parser.add_argument("--markets", type=int, default=10)
    given = parser.parse_args()

    lists = lists_of(3700, 815, 20, seed=1)
    market = market_of(*lists)
    solved = solve(market).matching
    solving = best_of(9, lambda: solve(market))
    proving = best_of(9, lambda: certify(market, solved))
    tracemalloc.start()
    solve(market)
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    edges = len(market.programs)
    print(f"3,700 applicants, 815 programs, {edges:,} wishes: solved in {solving:.1f} ms")
    print(f"certificate {proving:.1f} ms; memory of the solver {peak:.1f} MiB")
    if find_spec("matching"):
        from matching.games import HospitalResident

        wishes, rankings, seats = lists
        game = HospitalResident.create_from_dictionaries(
            dict(enumerate(wishes)), dict(enumerate(rankings)), dict(enumerate(seats))
        )
        peer = best_of(1, lambda: game.solve(optimal="resident"))
        print(f"`matching` on the same market: {peer / solving:.1f} times as long")
    else:
        print("`matching` is not installed here: no ratio")
    for couples in given.couples:
        found, began = [], time.perf_counter()
        for seed in range(given.markets):
            one = with_couples(1450, 350, couples, seed)
            outcome = solve(one, seed=seed)
            if outcome.matching is not None:
                certify(one, outcome.matching)
                found.append(outcome.method)
        took = (time.perf_counter() - began) / given.markets
        print(
            f"{couples} couples of 1,450 applicants: stable in {len(found)} of {given.markets}"
            f" ({found.count('Roth-Peranson')} by Roth-Peranson), {took:.1f} s each"
        )


if __name__ == "__main__":
    main()
