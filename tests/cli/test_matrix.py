"""Every command in every format, to a pipe, a file and a terminal.

The commands of domains are in the tests of the domains.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import resolve_name
from typing import TYPE_CHECKING

import pytest
from command import every_command
from matrix import check_formats, once, to_pipe, to_terminal
from reject_lake import SALES_2
from tiny import built, put

from carms_lake.flows.ingest import ingest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROWS: dict[str, tuple[set[int], list[list[str]]]] = {
    "ingest": ({0}, [[], ["--dry-run"]]),
    "build": ({0}, [[]]),
    "run": ({0}, [[]]),
    "query": ({0}, [["from silver.sale"], ["from silver.sale where false"]]),
    "tables": ({0}, [[]]),
    "describe": ({0}, [["silver.sale"]]),
    "trace": ({0}, [["s1"], ["s1", "--column", "amount"]]),
    "lineage": ({0}, [[], ["silver.sale", "--columns"]]),
    "check": ({0}, [[], ["--failures"], ["--scorecard"]]),
    "certify": ({0}, [["--lint"]]),
    "rejects list": ({0}, [[], ["--history"], ["--repairs"]]),
    "rejects replay": ({0}, [["--dry-run"]]),
    "drift": ({0, 1}, [[], ["--all"]]),
    "status": ({0}, [[]]),
    "publish list": ({0}, [[]]),
    "publish parquet": ({0}, [["{other}/published"]]),
    "doctor": ({0}, [[]]),
    "history": ({0}, [["silver.sale"], ["gold.fact_sale"]]),
    "diff": ({0}, [["{first}", "{last}"], ["{first}", "{last}", "bronze.sales"]]),
    "restore": ({0}, [["bronze.sales", "--to", "0"]]),
    "forget": ({0}, [["sales/day_1.csv"]]),
    "optimize": ({0}, [[]]),
    "vacuum": ({0}, [[]]),
}
"""Commands that answer with rows: how they may end, and how they are called."""

TEXT = {
    "init": ["{other}"],
    "tables": ["--names"],
    "lineage": ["--mermaid"],
    "drift": ["--patch"],
    "generate": ["carms", "--programs", "3", "--out", "{other}/made"],
}
"""Commands, or calls of one, that write lines and have no format."""

HAVE_COMMANDS = ("carms", "retail", "ticketing")
"""Domains with commands of their own, which are in the tests of these domains."""

ELSEWHERE = {
    *("mcp", "publish postgres", "serve", "shell"),
    *("demo", "fetch", "rejects mend", "rejects correct", "rejects export"),
    *("domain new", "contract new", "powerbi", "report"),
}
"""What other tests run: it builds a whole lake, needs a server, or has forms of its own."""


SLOW = {
    "ingest": ["ingest.ingest"],
    "build": ["build.build"],
    "run": ["ingest.ingest", "build.build"],
    "check": ["check.check"],
    "tables": ["query.tables"],
    "describe": ["query.describe"],
    "trace": ["lineage.trace", "lineage.trace_value.trace_value"],
    "rejects list": [
        "rejects.rejects",
        "rejects.suggest_repairs",
        "rejects.history.reject_history",
    ],
    "rejects replay": ["rejects.replay.replay"],
    "drift": ["drift.drift"],
    "status": ["status.status"],
    "doctor": ["doctor.doctor"],
    "history": ["timetravel.history"],
    "diff": ["timetravel.diff.diff", "timetravel.diff.table_diff"],
    "restore": ["timetravel.restore.restore"],
    "forget": ["ingest.forget.forget"],
    "optimize": ["maintenance.optimize"],
    "vacuum": ["maintenance.vacuum"],
}
"""Flows that run once: it is their answer that is written in all the formats."""


@pytest.fixture
def answers_once(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """A function that makes a command's flows give the answer of their first call."""

    def remember(words: str) -> None:
        for name in SLOW.get(words, []):
            path = f"carms_lake.flows.{name}"
            monkeypatch.setattr(path, once(resolve_name(path)))

    return remember


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = built(tmp_path_factory.mktemp("project"), "s3,p1,5\n")
    (config.project / "carms.toml").write_text('domain = "tiny"\n', encoding="utf-8")
    put(config, "sales/day_3.csv", SALES_2)
    ingest(config)
    return config.project


@pytest.fixture(scope="module")
def runs(lake: Path) -> dict[str, str]:
    _, listed = to_pipe(["-p", str(lake), "query", "select run_id from ops.runs order by 1"])
    ids = listed.decode().split()[1:]
    return {"first": ids[0], "last": ids[-1]}


def test_no_command_is_forgotten() -> None:
    listed = {words for words in every_command() if words != "sold"}
    domains = [import_module(f"carms_lake.domains.{name}.commands") for name in HAVE_COMMANDS]
    of_domains = {words for domain in domains for words in every_command(domain.app)}
    assert listed - ELSEWHERE - of_domains == ROWS.keys() | TEXT.keys()


@pytest.mark.slow
@pytest.mark.parametrize("words", ROWS)
def test_rows_are_written_in_every_format_to_every_place(
    lake: Path,
    runs: dict[str, str],
    tmp_path: Path,
    words: str,
    answers_once: Callable[[str], None],
) -> None:
    codes, calls = ROWS[words]
    answers_once(words)
    for arguments in calls:
        given = [argument.format(**runs, other=tmp_path) for argument in arguments]
        check_formats(["-p", str(lake), *words.split(), *given], tmp_path, codes)


@pytest.mark.parametrize("words", TEXT)
def test_lines_are_written_to_a_pipe_and_a_terminal(lake: Path, tmp_path: Path, words: str) -> None:
    for number, call in enumerate((to_pipe, to_terminal)):
        other = tmp_path / str(number)
        argv = [argument.format(other=other) for argument in TEXT[words]]
        code, shown = call(["-p", str(lake), words, *argv])
        assert code in ({0, 1} if words == "drift" else {0})
        assert b"Traceback" not in shown
