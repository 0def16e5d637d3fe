"""The attacks on `query`, by an agent: all are refused, and nothing in the project changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from agents import ask_all
from lakes import config_of, digest, small_lake

from carms_lake import Lake

FOLDER = Path(__file__).parents[1] / "attacks"
ATTACKS = sorted(FOLDER.glob("*.sql"))
HUNGRY = sorted((FOLDER / "hungry").glob("*.sql"))


def attack(lake: Lake, paths: list[Path]) -> dict[str, str]:
    """What each attack was answered, by its name; those that were answered with rows as `rows`."""
    config = lake.config
    parquet = next((config.lake / "silver" / "program").glob("*.parquet"))
    marks = {"{gold}": config.gold_file, "{parquet}": parquet, "{folder}": config.project}
    calls = []
    for path in paths:
        sql = path.read_text(encoding="utf-8")
        for mark, target in marks.items():
            sql = sql.replace(mark, target.as_posix())
        calls.append(("query", {"sql": sql}))
    found = ask_all(lake, calls)
    names = [path.name for path in paths]
    return {
        name: said.text if said.is_error else "rows"
        for name, said in zip(names, found, strict=True)
    }


def test_every_attack_is_refused_with_a_message_and_changes_no_file(tmp_path: Path) -> None:
    assert len(ATTACKS) > 90
    config = small_lake(tmp_path)
    before = digest(tmp_path)
    found = attack(Lake(config_of(tmp_path, memory_limit="200MB", query_timeout_s=2.0)), ATTACKS)
    assert [name for name, text in found.items() if text == "rows"] == []
    # What is not a refusal of ours would be a fault of the server, without a message.
    assert [name for name, text in found.items() if text.startswith("Error executing")] == []
    assert digest(tmp_path) == before
    assert config.gold_file.is_file()


@pytest.mark.slow
def test_attacks_on_time_and_memory_end(tmp_path: Path) -> None:
    small_lake(tmp_path)
    lake = Lake(config_of(tmp_path, memory_limit="200MB", query_timeout_s=2.0))
    found = attack(lake, [path for path in HUNGRY if path.stat().st_size < 20_000])
    assert [name for name, text in found.items() if text == "rows"] == []


def test_the_lake_behind_gold_cannot_be_queried(tmp_path: Path) -> None:
    small_lake(tmp_path)
    tables = ("silver.program", "bronze.program_master", "carms.silver.program")
    calls = [("query", {"sql": f"from {name}"}) for name in tables]
    found = ask_all(Lake(config_of(tmp_path)), calls)
    assert all(said.is_error for said in found)
    assert "only gold and ops" in found[0].text
