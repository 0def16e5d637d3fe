"""One match of the size of the Canadian one, with its certificate; couples; a whole simulation.

    python benchmarks/match.py [--couples 15 30 60] [--markets 10] [--peer] [--project FOLDER]

Prints milliseconds of the solver and the certificate, and how often couples are placed. `--peer`
solves the same market with the package `matching`, in an environment of its own, and prints how
much longer that takes and whether it finds the same. `--project`, which has a built lake, times
`carms match simulate` with 100 repetitions of base and scenario.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
import tracemalloc
from contextlib import suppress
from pathlib import Path
from random import Random

from pairs import run
from peers.environments import environment

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


def one_match(*, peer: bool) -> None:
    """A market of the real size, solved and proved; with `peer`, by `matching` too."""
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
    if peer:
        given = json.dumps(dict(zip(("wishes", "rankings", "seats"), lists, strict=True)))
        python = str(environment("match") / "python")
        script = str(Path(__file__).parent / "peers" / "match.py")
        done = subprocess.run(
            [python, script], input=given, capture_output=True, text=True, check=True
        )
        found = json.loads(done.stdout)
        same = "the same matching" if found["matching"] == list(solved) else "ANOTHER MATCHING"
        print(f"`matching`: {1000 * found['seconds'] / solving:.1f} times as long, {same}")


def placed(couples: int, markets: int) -> None:
    """In how many markets a number of couples is placed."""
    found, began = [], time.perf_counter()
    for seed in range(markets):
        one = with_couples(1450, 350, couples, seed)
        outcome = solve(one, seed=seed)
        if outcome.matching is not None:
            certify(one, outcome.matching)
            found.append(outcome.method)
    took = (time.perf_counter() - began) / markets
    print(
        f"{couples} couples of 1,450 applicants: stable in {len(found)} of {markets}"
        f" ({found.count('Roth-Peranson')} by Roth-Peranson), {took:.1f} s each"
    )


def together_mb(command: list[str]) -> float:
    """The most memory that a command and its processes take together; 0 where there is no /proc.

    What processes share is counted once.
    """
    most = 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            most = max(most, sum(map(_proportional_kb, _with_children(process.pid))))
            time.sleep(0.1)
    return most / 1024


def _with_children(pid: int) -> list[int]:
    """A process and those that it began, and so on."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended
            parent = int(stat.read_text(encoding="utf-8").rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(stat.parent.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def _proportional_kb(pid: int) -> int:
    with suppress(OSError):
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8")
        return sum(int(line.split()[1]) for line in rollup.splitlines() if line[:4] == "Pss:")
    return 0


def simulated(project: Path) -> None:
    """The command, 100 repetitions of base and scenario.

    Where only seats change, both are drawn at once; where wishes change too, each by itself.
    """
    command = [sys.executable, "-m", "carms_lake", "-p", str(project), "match", "simulate"]
    seats = ["--no-keep", "--reps", "100", "--quota", "Psychiatry/Toronto+10"]
    for what, change in (("seats", seats), ("seats and wishes", [*seats, "--shift", "BC=+10%"])):
        spent = run([*command, *change])
        print(
            f"100 repetitions of base and scenario, other {what}: {spent.wall_s:.1f} s,"
            f" {spent.cpu_s:.1f} s of processors, {spent.peak_mb:.0f} MB in the largest process,"
            f" {together_mb([*command, *change]):.0f} MB in all"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--couples", nargs="*", type=int, default=[15, 30, 60])
    parser.add_argument("--markets", type=int, default=10)
    parser.add_argument("--peer", action="store_true")
    parser.add_argument("--project", type=Path)
    given = parser.parse_args()
    one_match(peer=given.peer)
    for couples in given.couples:
        placed(couples, given.markets)
    if given.project:
        simulated(given.project)


if __name__ == "__main__":
    main()
