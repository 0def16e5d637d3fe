"""`carms lineage` as it is called."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

import pytest
from command import called
from matrix import to_terminal

if TYPE_CHECKING:
    from pathlib import Path


def test_it_lists_tables_and_counts_the_columns_that_come_from_each(shop: Path) -> None:
    rows = called(shop, "lineage", "fact_sale").rows
    assert [tuple(row.values()) for row in rows][:2] == [
        ("gold.dim_product", "silver.product", "4"),
        ("gold.fact_sale", "silver.sale", "3"),
    ]
    assert rows[-1] == {"table": "bronze.sales", "reads": "sales/*.csv", "columns": "3"}


def test_with_columns_it_lists_those_of_the_named_table_alone(shop: Path) -> None:
    rows = called(shop, "lineage", "silver.sale", "--columns").rows
    assert {row["table"] for row in rows} == {"silver.sale"}
    assert {row["reads"] for row in rows if row["column"] == "amount"} == {
        *("bronze.sales", "silver.product")
    }


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="Windows has no pty")
def test_a_terminal_gets_a_list_in_which_no_name_is_cut(shop: Path) -> None:
    def shown(*words: str) -> list[str]:
        code, said = to_terminal(["-p", str(shop), "lineage", *words])
        assert code == 0
        return re.sub(r"\x1b\[[0-9;]*m", "", said.decode()).splitlines()

    lines = shown("fact_sale")
    at = lines.index("gold.fact_sale")
    assert lines[at + 1 : at + 3] == [
        "  <- silver.sale  3 columns",
        "  <- gold.dim_product  1 column",
    ]
    assert shown("silver.sale", "--columns")[-3:] == [
        "  amount",
        "    <- bronze.sales.quantity",
        "    <- silver.product.price",
    ]


def test_mermaid_is_text_and_in_markdown_a_block(shop: Path) -> None:
    drawn = called(shop, "lineage", "--mermaid").out
    assert drawn.startswith("flowchart LR\n")
    assert "  silver_sale --> gold_fact_sale\n" in drawn
    assert 'gold_sales_by_product(["sales_by_product"])' in drawn
    assert called(shop, "lineage", "--mermaid", "-f", "md").out == f"```mermaid\n{drawn}```\n"
    assert called(shop, "lineage", "--mermaid", "--json").json["data"] == {"mermaid": drawn}


def test_events_are_one_a_line_in_a_file_or_on_stdout(shop: Path) -> None:
    done = called(shop, "lineage", "--openlineage", "events.ndjson", "--namespace", "staging")
    assert (done.code, done.out) == (0, "events.ndjson\n")
    lines = (shop / "events.ndjson").read_text(encoding="utf-8").splitlines()
    assert done.err == f"{len(lines)} events\n"
    assert {json.loads(line)["job"]["namespace"] for line in lines} == {"staging"}
    shown = called(shop, "lineage", "--openlineage", "-", "--run", "last")
    first = json.loads(shown.out.splitlines()[0])
    assert (first["eventType"], first["job"]["name"]) == ("START", "tiny.build")
    counted = called(shop, "lineage", "--openlineage", "events.ndjson", "--json").json["data"]
    assert counted == {"file": "events.ndjson", "events": len(lines)}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["nothing"], 2, "error: no table `nothing` in the domain `tiny`"),
        (["--run", "last"], 2, "`--run` and `--namespace` are about events"),
        (["--mermaid", "--columns"], 2, "`--mermaid` draws tables, not columns"),
        (["--openlineage", "x", "--mermaid"], 2, "`--openlineage` writes whole runs"),
        (["--openlineage", "x", "--run", "nope"], 2, "error: no run `nope`"),
        (["--openlineage", "no/such/x"], 5, "error: `no/such/x` cannot be written"),
        (["--openlineage", "."], 2, "error: `.` is a folder"),
    ],
)
def test_what_it_refuses(shop: Path, words: list[str], code: int, said: str) -> None:
    done = called(shop, "lineage", *words)
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert "hint: " in done.err


def test_the_object_of_json_and_the_events_are_not_on_one_stdout(shop: Path) -> None:
    done = called(shop, "lineage", "--openlineage", "-", "--json")
    assert done.code == 2
    assert "cannot both be on stdout" in done.json["errors"][0]["message"]
