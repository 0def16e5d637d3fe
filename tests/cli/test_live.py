"""Long work is seen while it runs, and Ctrl-C is answered at once."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from rich.console import Console
from tiny import built

from carms_lake.cli.live import Live
from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest
from carms_lake.flows.run import last_seconds
from carms_lake.names import Layer, TableRef
from carms_lake.records import TableReport

if TYPE_CHECKING:
    from pathlib import Path


def report(name: str, rows: int, seconds: float) -> TableReport:
    return TableReport(TableRef("tiny", Layer.SILVER, name), "built", rows=rows, seconds=seconds)


def test_what_finished_the_slowest_and_what_is_left_are_seen() -> None:
    clock = [100.0]
    live = Live(20.0, lambda: clock[0])
    live("silver.sale", 0, 9)
    for number in range(8):
        live.finished(report(f"table_{number}", number, 9.5 if number == 3 else 0.1))
    clock[0] = 105.0
    console = Console(width=80, file=StringIO())
    for one in live.bar.get_renderables():
        console.print(one)
    lines = [line.rstrip() for line in console.file.getvalue().splitlines()]
    assert lines[0] == "silver.table_2  2 rows  0.1 s"
    assert lines[5] == "silver.table_7  7 rows  0.1 s"
    assert lines[6:8] == [
        "8 finished, the slowest silver.table_3 in 9.5 s; about 15 s left, if as long as",
        "the last time",
    ]
    assert lines[8].startswith("silver.sale ")
    clock[0] = 121.0
    assert live.said().endswith("longer than the last time (20 s)")


def test_a_flow_says_what_is_finished_and_how_long_it_took_last(tmp_path: Path) -> None:
    config = built(tmp_path)
    seen: list[str] = []

    class Seen:
        def __call__(self, what: str, done: int, total: int | None) -> None: ...

        def finished(self, one: object) -> None:
            seen.append(getattr(one, "name", "") or one.table.in_domain)  # type: ignore[attr-defined]

    ingest(config, full_refresh=True, progress=Seen())
    last = build(config, full_refresh=True, progress=Seen())
    assert {"products.csv", "sales/day_1.csv", "silver.sale", "gold.fact_sale"} <= {*seen}
    build(config)
    assert last_seconds(config, "build") == last.seconds, "one with nothing to do does not count"
    assert last_seconds(config, "optimize") is None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_has_a_word_at_once_and_ends_what_does_not_listen() -> None:
    program = """
        import signal
        from carms_lake.cli import interrupts
        interrupts.of_program()
        with interrupts.watched():
            signal.signal(signal.SIGINT, lambda *_: None)
            print("ready", flush=True)
            while True:
                sum(range(10_000))
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.splitlines() == [
        "stopping ...",
        "interrupted: the next run removes what this one left half-done",
    ]
