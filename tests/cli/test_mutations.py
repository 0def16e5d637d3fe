"""`carms check --mutate`: a score per table on a terminal, every corruption elsewhere, exit 1."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest
import yaml
from tiny import stocked
from typer.testing import CliRunner, Result

from carms_lake.cli import make_app
from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.config import LakeConfig


def invoke(config: LakeConfig, *argv: str) -> Result:
    return CliRunner().invoke(make_app(), ["-p", str(config.project), "-d", "tiny", *argv])


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> LakeConfig:
    config = stocked(tmp_path_factory.mktemp("shop"))
    (config.project / "carms.toml").write_text("", encoding="utf-8")
    ingest(config)
    build(config)
    return config


@pytest.fixture
def unguarded(tmp_path: Path) -> LakeConfig:
    """A shop whose contract promises of bronze what nothing looks at."""
    config = stocked(tmp_path)
    (tmp_path / "carms.toml").write_text("", encoding="utf-8")
    source = config.domain.schemas[0] / "bronze" / "sales.odcs.yaml"
    document = yaml.safe_load(source.read_text(encoding="utf-8"))
    document["schema"][0]["properties"][0]["unique"] = True
    own = tmp_path / "schemas" / "tiny" / "bronze" / "sales.odcs.yaml"
    own.parent.mkdir(parents=True)
    own.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    ingest(config)
    build(config)
    return config


@pytest.mark.slow
def test_a_guarded_lake_is_exit_0_and_a_table_shows_a_score_for_each_table(
    shop: LakeConfig,
) -> None:
    found = invoke(shop, "check", "--mutate", "-f", "table")
    assert found.exit_code == 0, found.output
    assert found.stdout.split()[:7] == [
        "table", "promises", "guarded", "unguarded", "n/a", "plain", "score",
    ]  # fmt: skip
    assert "gold.fact_sale" in found.stdout
    assert "0 unguarded" in found.stderr
    assert "`-f csv` lists every corruption" in found.stderr


@pytest.mark.slow
def test_csv_has_every_corruption_and_who_noticed(shop: LakeConfig) -> None:
    found = invoke(shop, "check", "--mutate", "-f", "csv")
    rows = list(csv.DictReader(io.StringIO(found.stdout)))
    assert list(rows[0]) == [
        "layer", "table", "column", "promise", "corruption", "guard", "noticed_by", "verdict",
        "why",
    ]  # fmt: skip
    assert rows[0] == {
        "layer": "bronze",
        "table": "products",
        "column": "product_id",
        "promise": "required",
        "corruption": "null",
        "guard": "split: product_id.required",
        "noticed_by": "product_id.required",
        "verdict": "noticed",
        "why": "",
    }
    assert {row["layer"] for row in rows} == {"bronze", "silver", "gold"}


@pytest.mark.slow
def test_json_has_scores_and_corruptions(shop: LakeConfig) -> None:
    found = json.loads(invoke(shop, "check", "--mutate", "--seed", "2", "--json").stdout)
    assert found["status"] == "done"
    assert found["data"]["seed"] == 2
    assert found["data"]["scores"][0] == {
        "table": "tiny.bronze.products",
        "promises": 4,
        "guarded": 4,
        "unguarded": 0,
        "not_applicable": 0,
        "corruptions": 4,
        "no_promise": 0,
        "score_pct": 100.0,
    }
    assert len(found["data"]["mutations"]) > 50


@pytest.mark.slow
def test_an_unguarded_promise_is_named_and_is_exit_1(unguarded: LakeConfig) -> None:
    found = invoke(unguarded, "check", "--mutate", "-q")
    assert found.exit_code == 1
    assert "unguarded: `bronze.sales.sale_id`, unique: nobody noticed" in found.stderr
    assert json.loads(invoke(unguarded, "check", "--mutate", "--json").stdout)["status"] == "failed"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--mutate", "--failures"], "four answers"),
        (["--seed", "2"], "`--seed` is for `--mutate`"),
    ],
)
def test_options_that_contradict_are_a_usage_error(
    shop: LakeConfig, argv: list[str], said: str
) -> None:
    found = invoke(shop, "check", *argv)
    assert found.exit_code == 2
    assert said in found.stderr
