"""Simulations over HTTP: with a key one is kept, then listed, shown and compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from domains.carms.gold_lake import version
from served import KEY, Client, publish, serving

from carms_lake.serve.keys import Keys
from carms_lake.store.delta.lock import writing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from carms_lake import Lake

RUNS = "/api/v1/match/runs"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake whose programs take both kinds of applicants."""
    img = version("7", program_stream="IMG Stream for IMG", eligibility="IMG", eligible_cmg=False)
    return publish(tmp_path_factory.mktemp("match"), img)


@pytest.fixture(scope="module")
def keyed(lake: Lake) -> Iterator[Client]:
    with serving(lake, keys=Keys((KEY,))) as found:
        yield found


def ended(client: Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """The job of a request, once it has ended."""
    started = client.ask("POST", f"/api/v1/match/{path}", body, x_api_key=KEY)
    assert started.status == 202, started.body
    place = started.headers["location"]
    found = client.until(place, lambda reply: reply.json["status"] != "running", x_api_key=KEY)
    assert found.json["status"] == "done", found.json
    return dict(found.json)


@pytest.fixture(scope="module")
def kept(keyed: Client) -> dict[str, Any]:
    """The job of a simulation that was kept."""
    return ended(keyed, "simulate", {"repetitions": 2, "quota": ["2+2"], "keep": True})


def test_a_run_is_kept_listed_and_shown_with_its_figures(
    keyed: Client, kept: dict[str, Any], lake: Lake
) -> None:
    listed = keyed.get(RUNS, x_api_key=KEY)
    assert "etag" not in listed.headers
    (run,) = listed.json["runs"]
    assert (run["run_id"], run["settings"]) == (kept["run_id"], "quota 2 +2")
    assert run["has_own_demand"] is False
    assert not {"demand_file", "parameters_file", "scenario"} & run.keys()
    asked = f"{RUNS}/last?level=all&measure=seats"
    found = keyed.get(asked, x_api_key=KEY).json
    assert found["run"]["run_id"] == kept["run_id"]
    assert found["scenario"]["settings"] == [["quota", "2", "+2"]]
    assert [row["difference"] for row in found["rows"]] == [2.0]
    rows = keyed.get(f"{RUNS}/{kept['run_id']}?limit=1000", x_api_key=KEY).json
    in_lake = lake.query("select count(*) from match.result").item()
    assert rows["total"] == len(rows["rows"]) == in_lake
    assert rows["rows"][0].keys() == kept["data"]["rows"][0].keys()
    assert keyed.get(f"{RUNS}/nowhere", x_api_key=KEY).status == 404


def test_two_runs_are_compared_on_the_same_draws(keyed: Client, kept: dict[str, Any]) -> None:
    other = ended(keyed, "simulate", {"repetitions": 2, "quota": ["2+5"], "keep": True})
    pair = {"base": kept["run_id"], "scenario": other["run_id"][-6:], "repetitions": 2}
    found = ended(keyed, "compare", pair)
    rows = {(row["level"], row["measure"]): row for row in found["data"]["rows"]}
    assert rows["all", "seats"]["difference"] == 3.0
    wrong = keyed.ask("POST", "/api/v1/match/compare", {**pair, "base": "x"}, x_api_key=KEY)
    assert wrong.status == 404
    assert "carms match runs" in wrong.json["hint"]


def test_nothing_is_kept_unless_it_is_asked_for(
    keyed: Client, kept: dict[str, Any], lake: Lake
) -> None:
    before = lake.table("match.run").collect().height
    assert ended(keyed, "simulate", {"repetitions": 1})["run_id"] is None
    assert lake.table("match.run").collect().height == before


def test_while_another_process_writes_no_run_is_kept(keyed: Client, lake: Lake) -> None:
    with writing(lake.config.lake, "carms build"):
        body = {"repetitions": 1, "keep": True}
        found = keyed.ask("POST", "/api/v1/match/simulate", body, x_api_key=KEY)
    assert found.status == 409
    assert "being written by `carms build`" in found.json["detail"]


def test_keeping_needs_a_key(client: Client, keyed: Client) -> None:
    body = {"repetitions": 1, "keep": True}
    assert client.ask("POST", "/api/v1/match/simulate", body).status == 403
    assert keyed.ask("POST", "/api/v1/match/simulate", body).status == 401


@pytest.mark.parametrize("name", ["--anyway", "-x", "a b", ""])
def test_a_run_s_name_is_never_an_option(keyed: Client, name: str) -> None:
    pair = {"base": name, "scenario": "last"}
    assert keyed.ask("POST", "/api/v1/match/compare", pair, x_api_key=KEY).status == 400


def test_a_lake_without_kept_runs_has_an_empty_list(tmp_path: Path) -> None:
    with serving(publish(tmp_path / "lake")) as client:
        assert client.get(RUNS).json["runs"] == []
        assert client.get(f"{RUNS}/last").status == 404
