"""The commands that run a lake, as a user calls them: dry runs, proofs, time travel, exit codes."""

from __future__ import annotations

import gzip
import io
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import polars as pl
import pytest
from command import carms as command
from tiny import PRODUCTS, SALES
from typer.testing import CliRunner, Result

from carms_lake.cli import make_app
from carms_lake.cli.formats import Format

if TYPE_CHECKING:
    from collections.abc import Callable

    Invoke = Callable[..., Result]

pytestmark = pytest.mark.slow

PACKAGES = Path(__file__).parents[1] / "packages"
SEARCHED = os.pathsep.join([str(PACKAGES), os.environ.get("PYTHONPATH", "")])


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop of two runs; the second brings a day of sales with a broken record."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "carms.toml").write_text('domain = "tiny"\n', encoding="utf-8")
    for name, text in (("products.csv", PRODUCTS), ("sales/day_1.csv", SALES)):
        path = folder / "data_raw/tiny" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert run(folder, "run").exit_code == 0
    more = "sale_id,product_id,quantity\ns3,p1,5\ns4,p1,x\n"
    (folder / "data_raw/tiny/sales/day_2.csv").write_text(more, encoding="utf-8")
    assert run(folder, "run").exit_code == 0
    return folder


def run(folder: Path, *argv: str) -> Result:
    """A call in this process; a subprocess takes a second more."""
    return CliRunner().invoke(make_app(), ["-p", str(folder), *argv])


def runs(folder: Path) -> list[str]:
    return run(folder, "query", "select run_id from ops.runs order by 1").stdout.split()[1:]


def test_the_status_fits_80_columns_and_names_what_is_wrong(project: Path) -> None:
    done = run(project, "status", "-f", "table")
    assert done.exit_code == 0
    assert max(map(len, done.stdout.splitlines())) <= 80
    for text in ("sources", "silver.sale", "TYPE_MISMATCH", "gold: published by", "disk: "):
        assert text in done.stdout


def test_the_status_is_one_json_object_or_rows(project: Path) -> None:
    found = json.loads(run(project, "status", "--json").stdout)
    assert found["status"] == "done"
    assert {"sources", "tables", "runs", "rejects", "drift", "checks", "disk_bytes"} <= set(
        found["data"]
    )
    assert found["data"]["rejects"] == [
        {"table": "bronze.sales", "code": "TYPE_MISMATCH", "rows": 1}
    ]
    rows = run(project, "status", "-f", "csv").stdout.splitlines()
    assert rows[0] == "section,item,name,value"
    assert "tables,silver.sale,rows,3" in rows


@pytest.mark.parametrize("name", [f.value for f in Format])
def test_the_status_names_a_file_too_large_to_inspect_in_every_format(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "carms.toml").write_text('domain = "tiny"\n', encoding="utf-8")
    sales = tmp_path / "data_raw/tiny/sales"
    sales.mkdir(parents=True)
    padding = "".join(f"s{number},p1,1\n" for number in range(1, 250_000))
    large = gzip.compress((SALES + padding).encode(), compresslevel=0)
    (sales / "day_1.csv.gz").write_bytes(large)
    file = tmp_path / f"status.{name}"
    to_stdout = run(tmp_path, "status", "-f", name)
    to_file = run(tmp_path, "status", "-f", name, "-o", str(file))
    assert (to_stdout.exit_code, to_file.exit_code) == (0, 0), to_stdout.output + to_file.output
    texts = [_text(to_stdout.stdout_bytes, name), _text(file.read_bytes(), name)]
    assert "sales" in texts[0]
    assert "drift_unseen" in texts[1]


def _text(data: bytes, name: str) -> str:
    if name == "parquet":
        return str(pl.read_parquet(data).rows())
    if name == "xlsx":
        return str(list(openpyxl.load_workbook(io.BytesIO(data)).worksheets[0].values))
    return data.decode()


def test_the_status_shows_the_drift_of_newest_files(tmp_path: Path) -> None:
    (tmp_path / "carms.toml").write_text('domain = "tiny"\n', encoding="utf-8")
    sales = tmp_path / "data_raw/tiny/sales"
    sales.mkdir(parents=True)
    (sales / "day_1.csv").write_text(SALES, encoding="utf-8")
    assert run(tmp_path, "ingest").exit_code == 0
    wide = ",".join(f"new_column_with_a_long_name_{n}" for n in range(7))
    text = f"sale_id,product_id,quantity,{wide}\ns3,p1,5,{'x,' * 6}x\n"
    (sales / "day_2.csv").write_text(text, encoding="utf-8")
    done = run(tmp_path, "status", "-f", "table")
    assert "drift of newest files" in done.stdout
    assert "and 2 more: `carms drift --all` shows them" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    found = json.loads(run(tmp_path, "status", "--json").stdout)["data"]
    assert len(found["drift"]) == 7
    assert found["drift"][0] == {
        "source": "sales",
        "file": "sales/day_2.csv",
        "beside": "sales/day_1.csv",
        "change": "added",
        "column": "new_column_with_a_long_name_0",
        "severity": "error",
        "expected": "no such column",
        "found": "varchar, filled in 100 %",
    }
    assert found["drift_unseen"] == []


def test_a_late_source_is_no_success_where_it_is_strict(project: Path) -> None:
    assert run(project, "status", "--strict").exit_code == 0
    own = project / "schemas/tiny/bronze"
    own.mkdir(parents=True)
    shipped = PACKAGES / "tiny_shop/schemas/bronze/sales.odcs.yaml"
    promise = "slaProperties:\n- {property: latency, value: 0, unit: d}\nschema:\n"
    text = shipped.read_text(encoding="utf-8").replace("schema:\n", promise)
    (own / "sales.odcs.yaml").write_text(text, encoding="utf-8")
    try:
        done = run(project, "status", "--strict", "-f", "table")
        assert done.exit_code == 1
        assert "LATE" in done.stdout
        assert run(project, "status").exit_code == 0
    finally:
        (own / "sales.odcs.yaml").unlink()


def test_the_history_of_a_table_is_rows(project: Path) -> None:
    found = json.loads(run(project, "history", "bronze.sales", "-f", "json").stdout)
    assert [(row["version"], row["command"], row["rows"]) for row in found] == [
        (2, "ingest", 3),
        (1, "ingest", 2),
        (0, "create table", 0),
    ]
    assert {row["contract_version"] for row in found[:2]} == {"1.0.0"}


def test_a_query_as_of_a_run_says_which_run_it_is(project: Path) -> None:
    first = runs(project)[1]
    ask = ("query", "select sum(quantity) as n from fact_sale")
    then = run(project, *ask, "--as-of", first)
    assert then.stdout == "n\n3\n"
    assert f"as of run `{first}`" in then.stderr
    assert run(project, *ask).stdout == "n\n8\n"
    assert run(project, *ask, "--as-of", "2999-01-01").stdout == "n\n8\n"
    assert run(project, *ask, "--as-of", "2001-01-01").exit_code == 2
    assert run(project, *ask, "--as-of", runs(project)[0]).exit_code == 5
    assert run(project, "query", "drop table fact_sale", "--as-of", first).exit_code == 2


def test_a_difference_is_told_table_by_table_and_cell_by_cell(project: Path) -> None:
    first, last = runs(project)[1], runs(project)[3]
    tables = json.loads(run(project, "diff", first, last, "-f", "json").stdout)
    assert {row["table"]: row["added"] for row in tables} == {
        "bronze.sales": 1,
        "silver.sale": 1,
        "gold.fact_sale": 1,
        "ops.rejects": 1,
    }
    assert "sales/day_2.csv" in tables[0]["why"]
    assert (
        run(project, "diff", first, "-f", "json").stdout
        == run(project, "diff", first[-6:], "last", "-f", "json").stdout
    )
    alone = run(project, "diff", "-f", "json")
    assert (alone.exit_code, "compared with" in alone.stderr) == (0, True)
    done = run(project, "diff", first, last, "fact_sale", "-f", "jsonl")
    assert json.loads(done.stdout)["key"] == "s3"
    assert "1 rows added, 0 removed, 0 changed" in done.stderr
    assert "why: `silver.sale` changed" in done.stderr
    whole = json.loads(run(project, "diff", first, last, "--json").stdout)
    assert len(whole["data"]) == 4


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        (["restore", "bronze.sales"], 2, "`--to` is missing"),
        (["restore", "bronze.sales", "--to", "77"], 2, "has no version 77"),
        (["restore", "gold.fact_sale", "--to", "1"], 2, "is in the published file"),
        (["history", "sails"], 2, "no table `sails`"),
        (["optimize", "sails"], 2, "no table `sails`"),
        (["vacuum", "--keep-runs", "-1"], 2, "cannot be negative"),
        (["diff", "1999-01-01", "2999-01-01"], 2, "no run had ended"),
        (["diff", "2999-01-01", "2999-01-01", "--limit", "0"], 2, "--limit"),
    ],
)
def test_wrong_calls_end_with_their_code(
    project: Path, argv: list[str], code: int, message: str
) -> None:
    done = run(project, *argv)
    assert done.exit_code == code
    assert message in done.stderr + str(done.exception)


def test_destructive_commands_do_nothing_until_yes(project: Path) -> None:
    for argv in (["restore", "bronze.sales", "--to", "1"], ["vacuum", "--keep-runs", "0"]):
        before = runs(project)
        done = run(project, *argv)
        assert done.exit_code == 0
        assert "dry run; add `--yes` to apply" in done.stderr
        assert runs(project) == before


def test_restore_optimize_vacuum_and_the_next_run_end_where_they_began(project: Path) -> None:
    """The last test of the module: it works on the shared project."""
    ask = ("query", "from fact_sale order by all")
    before = run(project, *ask).stdout
    done = command(project, "restore", "bronze.sales", "--to", "1", "--yes", PYTHONPATH=SEARCHED)
    assert done.code == 0, done.err
    assert "treats `sales/day_2.csv` as new" in done.err
    assert "run `carms build`" in done.err
    again = command(project, "run", "-f", "json", PYTHONPATH=SEARCHED)
    assert {"name": "sales/day_2.csv", "status": "landed"}.items() <= again.json[2].items()
    assert run(project, *ask).stdout == before
    optimized = command(project, "optimize", PYTHONPATH=SEARCHED)
    sales = next(row for row in optimized.rows if row["table"] == "bronze.sales")
    assert (sales["files_before"], sales["files_after"]) == ("2", "1")
    assert sales["digest_before"] == sales["digest_after"] != ""
    vacuumed = command(
        project, "vacuum", "--keep-runs", "1", "--keep-days", "0", "--yes", PYTHONPATH=SEARCHED
    )
    assert vacuumed.code == 0
    assert "contents verified unchanged" in vacuumed.err
    assert run(project, *ask).stdout == before
    assert command(project, "build", PYTHONPATH=SEARCHED).code == 0
    assert run(project, *ask).stdout == before
