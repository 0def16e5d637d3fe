"""Every command that takes a table accepts all spellings of its name."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer
from tiny import built
from typer.testing import CliRunner, Result

from carms_lake.cli import make_app

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGES = Path(__file__).parents[1] / "packages"
CALLS = {
    "ingest": ("bronze.sales", ["{table}", "--dry-run"]),
    "build": ("gold.fact_sale", ["{table}"]),
    "drift": ("bronze.sales", ["{table}"]),
    "describe": ("silver.sale", ["{table}"]),
    "history": ("silver.sale", ["{table}"]),
    "restore": ("silver.sale", ["{table}", "--to", "0"]),
    "optimize": ("silver.sale", ["{table}"]),
    "diff": ("silver.sale", ["{runs}", "{table}"]),
    "trace": ("silver.sale", ["s1", "--table", "{table}"]),
    "lineage": ("silver.sale", ["{table}"]),
    "certify": ("gold.fact_sale", ["{table}", "--lint"]),
    "rejects list": ("bronze.sales", ["{table}"]),
    "rejects correct": ("bronze.sales", ["{table}", "{corrected}", "--out", "{out}"]),
    "rejects replay": ("bronze.sales", ["{table}", "--dry-run"]),
}
"""By command: a table that it takes, and how it is called with it."""


@pytest.fixture(scope="module", autouse=True)
def installed() -> Iterator[None]:
    """The tiny shop's domain, found by its entry point."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(PACKAGES))
        yield


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What the words of a call stand for, in a lake with one rejected record."""
    folder = tmp_path_factory.mktemp("lake")
    (folder / "carms.toml").write_text('domain = "tiny"\n', encoding="utf-8")
    built(folder, sales="s3,p1,x\n")
    runs = call(folder, "query", "select run_id from ops.runs order by 1")
    corrected = folder / "corrected.csv"
    listed = call(folder, "rejects", "sales", "--export", "-o", str(corrected))
    assert (runs.exit_code, listed.exit_code) == (0, 0), listed.output
    first, last = [row["run_id"] for row in csv.DictReader(runs.stdout.splitlines())]
    return {
        "{project}": [str(folder)],
        "{runs}": [first, last],
        "{corrected}": [str(corrected)],
        "{out}": [str(folder / "out")],
    }


def call(project: Path | str, *argv: str) -> Result:
    return CliRunner().invoke(make_app(), ["-p", str(project), *argv])


def takers() -> Iterator[str]:
    """The commands with an argument or option that names a table, as their help says."""

    def walk(group: Any, *words: str) -> Iterator[str]:
        for name, one in group.commands.items():
            if hasattr(one, "commands"):
                yield from walk(one, *words, name)
            elif not one.hidden:
                named = {str(p.metavar).strip("[].") for p in one.with_options(()).params}
                if named & {"TABLE", "SOURCE", "SELECT"}:
                    yield " ".join([*words, name])

    return walk(typer.main.get_command(make_app()))


def test_the_commands_below_are_all_that_take_a_table() -> None:
    assert set(takers()) == set(CALLS)


@pytest.mark.parametrize("command", CALLS)
@pytest.mark.parametrize("spelling", ["tiny.{}", "{}", "bare"])
def test_a_table_is_found_by_each_spelling(
    lake: dict[str, list[str]], command: str, spelling: str
) -> None:
    table, words = CALLS[command]
    name = table.partition(".")[2] if spelling == "bare" else spelling.format(table)
    argv = [one for word in words for one in {**lake, "{table}": [name]}.get(word, [word])]
    done = call(lake["{project}"][0], *command.split(), *argv)
    assert done.exit_code in (0, 1), done.output  # 1: drift, or a check's warning, was found
    assert "no table" not in done.output


@pytest.mark.parametrize("command", CALLS)
def test_the_nearest_name_is_told_where_there_is_none(
    lake: dict[str, list[str]], command: str
) -> None:
    table, words = CALLS[command]
    wrong = {**lake, "{table}": [f"{table}x"]}
    argv = [one for word in words for one in wrong.get(word, [word])]
    done = call(lake["{project}"][0], *command.split(), *argv)
    assert done.exit_code == 2, done.output
    assert f"`{table}`" in done.output
    assert "did you mean" in done.output


def test_a_table_of_another_domain_is_told_with_the_option(lake: dict[str, list[str]]) -> None:
    done = call(lake["{project}"][0], "describe", "retail.silver.orders")
    assert (done.exit_code, "add `-d retail`" in done.output) == (2, True)
