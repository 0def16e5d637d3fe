"""The tools: what they answer, that they only read, and that they see what is published next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from agents import ask, ask_all, ensure_extra, with_client
from domains.carms.gold_lake import version
from lakes import digest
from reject_lake import loosen, shop
from served import publish
from tiny import built

from carms_lake import ContractError, Lake

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def carms(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return publish(tmp_path_factory.mktemp("carms"))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return Lake(built(tmp_path_factory.mktemp("tiny")))


def test_every_tool_declares_that_it_reads_and_what_it_answers(carms: Lake) -> None:
    async def use(client: Any) -> Any:
        return (await client.list_tools()).tools

    tools = {tool.name: tool for tool in with_client(carms, use)}
    assert set(tools) == {
        "tables", "describe", "query", "trace", "rejects", "status", "search", "program",
    }  # fmt: skip
    for tool in tools.values():
        assert tool.annotations.read_only_hint is True
        assert {"truncated", "notes"} <= tool.output_schema["properties"].keys()
        assert len(tool.output_schema["properties"]) > 2
        assert tool.description
        assert "Raises" not in tool.description
        assert tool.input_schema["additionalProperties"] is False


def test_another_domain_has_the_tools_of_any_domain(tiny: Lake) -> None:
    async def use(client: Any) -> Any:
        return [tool.name for tool in (await client.list_tools()).tools]

    assert with_client(tiny, use) == ["tables", "describe", "query", "trace", "rejects", "status"]


def test_all_that_is_asked_changes_no_file(tiny: Lake) -> None:
    before = digest(tiny.config.project)
    calls: list[tuple[str, dict[str, Any]]] = [
        ("tables", {}),
        ("tables", {"layer": "bronze"}),
        ("describe", {"table": "dim_product"}),
        ("query", {"sql": "from fact_sale"}),
        ("trace", {"key": "product_id=p1", "table": "gold.dim_product"}),
        ("rejects", {}),
        ("status", {}),
    ]
    found = ask_all(tiny, calls)
    assert [said.text for said in found if said.is_error] == []
    assert digest(tiny.config.project) == before
    counts = {one["name"]: one["rows"] for one in (found[0].data or {})["tables"]}
    assert counts["gold.dim_product"]
    steps = (found[4].data or {})["steps"]
    assert {step["table"] for step in steps} >= {"bronze.products", "gold.dim_product"}
    assert (found[6].data or {})["published_run"]
    cut = ask(tiny, "trace", key="product_id=p1", table="gold.dim_product", limit=1).data or {}
    assert [step["role"] for step in cut["steps"]] == ["found"]
    assert cut["truncated"] is True
    assert any("only the first 1 of" in note for note in cut["notes"])


def test_describe_gives_grain_columns_and_caveats(carms: Lake) -> None:
    found = ask(carms, "describe", table="match_pressure").data or {}
    assert found["name"] == "gold.match_pressure"
    assert "One row per program" in found["grain"]
    assert any("no probability of a match" in caveat for caveat in found["caveats"])
    assert all(column["description"] for column in found["columns"])


def test_query_says_that_there_is_more(carms: Lake) -> None:
    sql = "select program_stream_id, 1.50::decimal(4, 2) as price from program_profile order by 1"
    found = ask(carms, "query", sql=sql, limit=2).data or {}
    assert found["columns"] == ["program_stream_id", "price"]
    assert found["rows"] == [["1", 1.5], ["2", 1.5]]
    assert found["truncated"] is True
    assert found["notes"] == ["only the first 2 rows; there are more"]
    assert (ask(carms, "query", sql=sql, limit=6).data or {})["truncated"] is False


def test_a_number_that_json_would_round_is_text(carms: Lake) -> None:
    found = ask(carms, "query", sql="select 123456789012345678.12::decimal(30, 2)")
    assert (found.data or {})["rows"] == [["123456789012345678.12"]]
    assert "[[123456789012345678.12]]" in found.text


def test_a_long_answer_is_cut_to_forty_thousand_characters(carms: Lake) -> None:
    found = ask(carms, "query", sql="select repeat('word ', 200) from range(500)", limit=200)
    assert len(found.text) <= 40_000
    assert (found.data or {})["truncated"] is True


def test_a_parameter_that_a_tool_does_not_have_is_refused(carms: Lake) -> None:
    found = ask(carms, "search", query="neurology", provinces="ON")
    assert found.is_error
    assert "provinces" in found.text


def test_errors_say_what_to_do(carms: Lake) -> None:
    found = ask_all(
        carms,
        [
            ("describe", {"table": "gold.fact_progra"}),
            ("query", {"sql": "select quta from program_profile"}),
            ("program", {"program_id": "77"}),
        ],
    )
    assert all(said.is_error for said in found)
    assert "gold.fact_program" in found[0].text
    assert "quota" in found[1].text
    assert "nearest" in found[2].text


def test_carms_is_searched_and_a_program_shown(carms: Lake) -> None:
    found = ask(carms, "search", query="neurology", province="ON").data or {}
    assert {hit["training_province"] for hit in found["programs"]} == {"ON"}
    one = ask(carms, "program", program_id="2").data or {}
    assert one["profile"]["program_site"] == "Toronto"


def test_the_next_publish_is_seen_without_a_restart(tmp_path: Path) -> None:
    lake = publish(tmp_path / "lake")
    count = {"sql": "select count(*) from program_profile"}

    async def use(client: Any) -> list[Any]:
        before = await client.call_tool("query", count)
        publish(tmp_path / "lake", version("7"))
        after = await client.call_tool("query", count)
        return [before.structured_content["rows"], after.structured_content["rows"]]

    assert with_client(lake, use) == [[[6]], [[7]]]


def test_contracts_are_resources(carms: Lake) -> None:
    async def use(client: Any) -> Any:
        listed = (await client.list_resources()).resources
        read = await client.read_resource("contract://gold/match_pressure")
        return [str(one.uri) for one in listed], read.contents[0].text

    uris, text = with_client(carms, use)
    assert len(uris) == len(carms.contracts)
    assert "apiVersion: v3" in text
    assert "limitations" in text


def test_rejects_are_counted_and_shown(tmp_path: Path) -> None:
    config = shop(tmp_path)
    lake = Lake(config)
    lake.ingest()
    loosen(config)
    found = ask(lake, "rejects", table="sales", limit=1).data or {}
    assert found["total"] == sum(one["reasons"] for one in found["counts"]) > 1
    assert len(found["rejects"]) == 1
    assert found["truncated"] is True
    assert found["rejects"][0]["place"]


def test_a_tool_of_a_domain_must_be_a_function(monkeypatch: pytest.MonkeyPatch) -> None:
    ensure_extra()
    from carms_lake.domains.carms import agents
    from carms_lake.mcp.server import domain_tools

    monkeypatch.setattr(agents, "TOOLS", ("search",))
    with pytest.raises(ContractError, match="is not a function"):
        domain_tools("carms_lake.domains.carms")
