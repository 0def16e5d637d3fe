"""What a refusal says to do is what helps: names that show, types that the rows have."""

from __future__ import annotations

import ast
import datetime as dt
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import polars as pl
import pytest
import yaml
from deltalake import write_deltalake
from helpers import property_, write_contract
from tiny import project

import carms_lake
from carms_lake import errors
from carms_lake.flows.ingest import ingest
from carms_lake.names import Layer, TableRef

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carms_lake.config import LakeConfig

ID = property_("id", "integer", "bigint")
ROWS = [
    {"id": 1, "__index_level_0__": 7, "price": 2.5, "is_new": True, "name": "Tea"},
    {"id": 2, "__index_level_0__": 8, "price": 1.25, "is_new": False, "name": "Jam"},
]


def sourced(folder: Path, form: str, properties: list[dict[str, Any]]) -> LakeConfig:
    """A project whose domain has one more source, `visits`, in a format."""
    config = project(folder)
    own = folder / "schemas" / "tiny"
    table = {"carms.files": ["visits*"], "carms.format": form}
    write_contract(own, TableRef("tiny", Layer.BRONZE, "visits"), properties, **table)
    domain = replace(config.domain, schemas=(*config.domain.schemas, own))
    return replace(config, domain=domain)


def put(config: LakeConfig, form: str) -> None:
    path = config.data_raw / f"visits.{form}"
    if form == "xlsx":
        book = openpyxl.Workbook()
        for row in [list(ROWS[0]), *(list(row.values()) for row in ROWS)]:
            book.active.append(row)
        book.save(path)
    elif form == "json":
        path.write_text(json.dumps(ROWS), encoding="utf-8")
    elif form == "jsonl":
        path.write_text("\n".join(map(json.dumps, ROWS)), encoding="utf-8")
    elif form == "csv":
        pl.DataFrame(ROWS).write_csv(path)
    elif form == "parquet":
        pl.DataFrame(ROWS).write_parquet(path)
    else:
        write_deltalake(config.data_raw / "visits", pl.DataFrame(ROWS))


@pytest.mark.parametrize("form", ["csv", "json", "jsonl", "xlsx", "parquet", "delta"])
def test_the_columns_that_a_refusal_proposes_take_the_rows_of_the_file(
    form: str, tmp_path: Path
) -> None:
    config = sourced(tmp_path, form, [ID])
    put(config, form)
    (refused,) = ingest(config, ["visits"]).files
    assert refused.code == "UNEXPECTED_COLUMN"
    told, _, text = refused.hint.partition(":\n")
    assert "`carms.dropColumns`" in told
    assert "`carms drift visits --write`" in told
    (table,) = yaml.safe_load(text)["schema"]
    types = {p["name"]: p["physicalType"] for p in table["properties"]}
    whole = "integer" if form in ("csv", "json", "jsonl", "xlsx") else "bigint"
    assert types["index_level_0"] in (whole, "bigint")
    assert types["is_new"] == "boolean"
    config = sourced(tmp_path / "patched", form, [ID, *table["properties"]])
    put(config, form)
    (landed,) = ingest(config, ["visits"]).files
    assert (landed.accepted, landed.rejected) == (2, 0), landed


def test_types_that_only_the_schema_knows_are_proposed(tmp_path: Path) -> None:
    config = sourced(tmp_path, "parquet", [ID])
    values = {
        "id": [1], "a": [dt.date(2024, 1, 1)], "b": [dt.datetime(2024, 1, 1)],  # noqa: DTZ001
        "c": [Decimal("1.10")], "d": [b"\xff"], "e": ["007"], "f": [None],
    }  # fmt: skip
    pl.DataFrame(values).write_parquet(config.data_raw / "visits.parquet")
    (refused,) = ingest(config, ["visits"]).files
    (table,) = yaml.safe_load(refused.hint.partition(":\n")[2])["schema"]
    found = [p["physicalType"] for p in table["properties"]]
    assert found == ["date", "timestamp", "decimal(38,2)", "blob", "varchar", "varchar"]


def test_a_type_that_would_take_no_value_is_not_proposed(tmp_path: Path) -> None:
    config = sourced(tmp_path, "parquet", [ID])
    at = pl.Series([1_700_000_000_123_456_789, 7], dtype=pl.Int64).cast(pl.Datetime("ns"))
    pl.DataFrame({"id": [1, 2], "at": at}).write_parquet(config.data_raw / "visits.parquet")
    (refused,) = ingest(config, ["visits"]).files
    assert "`carms.dropColumns`" in refused.hint
    assert "no type takes the values" in refused.hint
    assert "physicalType" not in refused.hint


def test_a_first_full_refresh_takes_columns_of_json(tmp_path: Path) -> None:
    config = sourced(tmp_path, "csv", [ID, property_("more", "string", "json")])
    (config.data_raw / "visits.csv").write_text('id,more\n1,"{""a"": 1}"\n', encoding="utf-8")
    assert ingest(config, ["visits"], full_refresh=True).files[0].accepted == 1


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("id\u200b", "id"), ("\ufeffid", "id"), ("caf\u0065\u0301", "caf\u00e9"),
        ("caf\u00e9", "caf\u0065\u0301"), ("\u00adid", "id"), ("id\u00a0", "id"),
    ],
)  # fmt: skip
def test_a_header_that_differs_in_what_nobody_sees_is_read_and_noted(
    header: str, wanted: str, tmp_path: Path
) -> None:
    config = sourced(tmp_path, "csv", [property_("x", physicalName=wanted)])
    path = config.data_raw / "visits.csv"
    path.write_text(f'"{header}"\n1\n', encoding="utf-8")
    (landed,) = ingest(config, ["visits"]).files
    assert landed.accepted == 1
    (note,) = landed.notes
    shown, _, meant = note.partition(" read as ")
    assert shown.rpartition("`")[0].rpartition("`")[2] != meant.strip("`")
    assert "\\" in note


@pytest.mark.parametrize(("header", "shown"), [("\u0456d", "\\u0456d"), ("i\x00d", "i\\x00d")])
def test_a_header_that_looks_the_same_is_shown_as_it_is(
    header: str, shown: str, tmp_path: Path
) -> None:
    config = sourced(tmp_path, "parquet", [ID])
    pl.DataFrame({header: [1]}).write_parquet(config.data_raw / "visits.parquet")
    (refused,) = ingest(config, ["visits"]).files
    assert f"missing column `id`; found `{shown}`" in refused.message
    assert "`id`" not in refused.hint


@pytest.mark.parametrize("text", ['"id,name"\n"1,Tea"\n', '"id,name,x"\r\n"1,Tea,y"\r\n'])
def test_lines_that_are_quoted_as_a_whole_are_called_that(text: str, tmp_path: Path) -> None:
    config = sourced(tmp_path, "csv", [ID, property_("name")])
    (config.data_raw / "visits.csv").write_text(text, encoding="utf-8")
    (refused,) = ingest(config, ["visits"]).files
    assert refused.code == "WRONG_FORMAT"
    assert "quoted as a whole" in refused.message
    assert "quotes" in refused.hint
    assert "carms.delimiter" not in refused.hint


ERRORS = {name for name, kind in vars(errors).items() if isinstance(kind, type)}
IN_OTHER_WORDS = ("QueryRefused(str(error).rstrip())", "QueryRefused(text)")
"""What DuckDB says of SQL: the place and what it expected there."""


def raised() -> Iterator[tuple[str, ast.Call]]:
    """Every place where an error that a person can act on is made."""
    root = Path(str(carms_lake.__file__)).parent
    for path in sorted(root.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ERRORS:
                yield f"{path.relative_to(root)}:{node.lineno}", node


@pytest.mark.slow
def test_every_error_says_what_to_do() -> None:
    found = dict(raised())
    assert len(found) > 200
    for where, call in found.items():
        if ast.unparse(call) in IN_OTHER_WORDS:
            continue
        place = 2 if ast.unparse(call.func) == "SourceRefused" else 1
        assert len(call.args) > place, f"{where}: no hint"
        hint = ast.unparse(call.args[place])
        assert not hint.startswith(("''", "f'{did_you_mean", "f'{nearest")), f"{where}: {hint}"
        if place == 2:
            assert "damaged" not in hint.replace("nothing is damaged", ""), f"{where}: {hint}"
