"""OpenLineage events: valid by the published schemas, and true to what the runs did."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import jsonschema
import pytest
from referencing import Registry, Resource
from tiny import built, project, put, stocked, with_keys

from carms_lake import DataError, Lake, UsageError
from carms_lake.adapters.openlineage import events
from carms_lake.adapters.openlineage.event import uuid7

if TYPE_CHECKING:
    from collections.abc import Iterator

Event = dict[str, Any]

RULE = {
    "name": "no_sales",
    "type": "sql",
    "query": "select count(*) from gold.fact_sale",
    "mustBe": 0,
    "severity": "error",
}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return Lake(built(tmp_path_factory.mktemp("lake"), sales=",p1,1\ns4,p9,1\n"))


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake whose build failed at a planted rule of gold."""
    config = with_keys(stocked(tmp_path_factory.mktemp("failed")), "gold/fact_sale", quality=[RULE])
    lake = Lake(config)
    lake.ingest()
    with pytest.raises(DataError):
        lake.build()
    return lake


@pytest.fixture(scope="module")
def schemas() -> Registry[Any]:
    root = Path(os.environ.get("CARMS_REAL_DATA", "")) / "json_schemas/openlineage/spec"
    if not (root / "OpenLineage.json").is_file():
        pytest.skip("CARMS_REAL_DATA has no copy of the schemas of OpenLineage")
    files = [root / "OpenLineage.json", *sorted((root / "facets").glob("*.json"))]
    documents = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    return Registry().with_resources((one["$id"], Resource.from_contents(one)) for one in documents)


def facets(event: Event) -> Iterator[Event]:
    """Every facet of an event."""
    parts = [event.get("run", {}), event["job"], *event["inputs"], *event["outputs"]]
    for part in parts:
        for key in ("facets", "inputFacets", "outputFacets"):
            yield from part.get(key, {}).values()


def errors(event: Event, schemas: Registry[Any]) -> list[str]:
    """What the schemas say of an event and its facets; an address that is unknown raises."""
    found = []
    for what, address in [
        (event, event["schemaURL"].partition("#")[0]),
        (event, event["schemaURL"]),
        *((facet, facet["_schemaURL"]) for facet in facets(event)),
    ]:
        validator = jsonschema.Draft202012Validator({"$ref": address}, registry=schemas)
        found += [f"{address}: {error.message}" for error in validator.iter_errors(what)]
    return found


def of_job(found: list[Event], name: str) -> list[Event]:
    return [event for event in found if event["job"]["name"] == name]


def test_all_events_are_valid(lake: Lake, failed: Lake, schemas: Registry[Any]) -> None:
    found = [*events(lake), *events(failed), *events(lake, "last")]
    assert len(found) > 50
    assert [wrong for event in found for wrong in errors(event, schemas)] == []


def test_what_is_wrong_with_an_event_is_found(lake: Lake, schemas: Registry[Any]) -> None:
    """The test above can fail."""
    event = events(lake)[-1]
    broken = json.loads(json.dumps(event))
    broken["outputs"][0]["facets"]["schema"]["fields"][0].pop("name")
    assert errors(broken, schemas)
    assert errors({**event, "eventType": "DONE", "run": {}}, schemas)


def test_every_run_starts_once_and_ends_once_after_its_parent_began(lake: Lake) -> None:
    found = [event for event in events(lake) if "run" in event]
    by_run: dict[str, list[Event]] = {}
    for event in found:
        by_run.setdefault(event["run"]["runId"], []).append(event)
    for run_id, (start, end) in by_run.items():
        assert (start["eventType"], end["eventType"]) == ("START", "COMPLETE")
        assert start["job"] == end["job"]
        assert start["eventTime"] <= end["eventTime"]
        assert UUID(run_id).version == 7
        parent = end["run"]["facets"].get("parent")
        assert parent is None or parent["run"]["runId"] in by_run
    commands = [e for e in found if "parent" not in e["run"]["facets"]]
    assert [e["job"]["name"] for e in commands] == ["tiny.ingest"] * 2 + ["tiny.build"] * 2


def test_an_event_of_a_table_says_what_it_reads_and_how_its_columns_are_made(lake: Lake) -> None:
    _, end = of_job(events(lake), "tiny.build.gold.fact_sale")
    (output,) = end["outputs"]
    gold = lake.config.gold_file
    assert output["namespace"] == f"duckdb://{gold.as_uri().removeprefix('file://')}"
    assert output["name"] == "tiny.gold.fact_sale"
    assert output["outputFacets"]["outputStatistics"]["rowCount"] == 2
    assert [f["name"] for f in output["facets"]["schema"]["fields"]] == [
        *("sale_id", "product_key", "quantity", "amount")
    ]
    (origin,) = output["facets"]["columnLineage"]["fields"]["amount"]["inputFields"]
    silver = {"namespace": "file", "name": (lake.config.lake / "silver/sale").as_posix()}
    assert origin.items() >= {**silver, "field": "amount"}.items()
    assert origin["transformations"][0]["subtype"] == "IDENTITY"
    assert silver in [{key: one[key] for key in silver} for one in end["inputs"]]


def test_an_event_of_a_source_counts_its_files(lake: Lake) -> None:
    _, end = of_job(events(lake), "tiny.ingest.bronze.sales")
    (source,) = end["inputs"]
    assert source["name"] == (lake.config.data_raw / "sales/*.csv").as_posix()
    statistics = source["inputFacets"]["inputStatistics"]
    assert (statistics["fileCount"], statistics["rowCount"]) == (2, 4)
    assert end["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"] == 3
    assert end["run"]["facets"]["carms_run"]["rejected"] == 1


def test_checks_are_assertions_about_the_table_that_they_read(lake: Lake) -> None:
    _, end = of_job(events(lake), "tiny.build.check.gold.fact_sale")
    (table,) = end["inputs"]
    found = table["inputFacets"]["dataQualityAssertions"]["assertions"]
    by_name = {one["name"]: one for one in found}
    assert by_name["sale_id.required"]["assertion"] == "not_null"
    assert by_name["sale_id.required"]["column"] == "sale_id"
    assert all(one["success"] for one in found)
    assert end["outputs"] == []


def test_a_failed_run_and_the_check_that_failed_are_fail_events(failed: Lake) -> None:
    found = events(failed)
    _, run = of_job(found, "tiny.build")
    assert run["eventType"] == "FAIL"
    assert run["run"]["facets"]["errorMessage"]["message"]
    _, check = of_job(found, "tiny.build.check.gold.fact_sale")
    assert check["eventType"] == "FAIL"
    assertions = check["inputs"][0]["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert [one["name"] for one in assertions if not one["success"]] == ["no_sales"]
    # It was not published, so no run of it is claimed: its job alone is described.
    (table,) = of_job(found, "tiny.build.gold.fact_sale")
    assert "run" not in table
    assert of_job(found, "tiny.build.silver.sale")[-1]["eventType"] == "COMPLETE"


def test_a_refused_file_fails_the_job_of_its_source_alone(tmp_path: Path) -> None:
    config = stocked(tmp_path)
    put(config, "sales/day_2.csv", "nothing,of,this\n1,2,3\n")
    lake = Lake(config)
    lake.ingest()
    found = events(lake)
    _, sales = of_job(found, "tiny.ingest.bronze.sales")
    assert sales["eventType"] == "FAIL"
    assert "sales/day_2.csv" in sales["run"]["facets"]["errorMessage"]["message"]
    assert of_job(found, "tiny.ingest.bronze.products")[-1]["eventType"] == "COMPLETE"


def test_the_same_lake_gives_the_same_events(lake: Lake) -> None:
    assert events(lake) == events(lake)


def test_tables_that_the_last_runs_left_alone_are_described_without_a_run(tmp_path: Path) -> None:
    lake = Lake(built(tmp_path))
    lake.build()
    found = events(lake)
    (table,) = of_job(found, "tiny.build.gold.fact_sale")
    assert "run" not in table
    assert table["outputs"][0]["facets"]["columnLineage"]["fields"]


def test_columns_of_another_contract_than_that_of_the_build_are_left_out(tmp_path: Path) -> None:
    config = with_keys(built(tmp_path), "gold/fact_sale", description="Newer.")
    contract = config.project / "schemas/tiny/gold/fact_sale.odcs.yaml"
    text = contract.read_text(encoding="utf-8")
    version = Lake(config).contracts["gold.fact_sale"].version
    contract.write_text(text.replace(f"version: {version}", "version: 9.9.9"), encoding="utf-8")
    _, end = of_job(events(Lake(config)), "tiny.build.gold.fact_sale")
    assert not {"schema", "columnLineage"} & end["outputs"][0]["facets"].keys()


def test_a_lake_without_runs_has_no_events(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing was loaded or built yet"):
        events(Lake(project(tmp_path)))


def test_an_id_has_the_moment_of_the_run_and_nothing_random() -> None:
    at = datetime(2026, 11, 21, 1, 2, 3, 456_000, tzinfo=UTC)
    first = UUID(uuid7(at, "a run"))
    assert (first.version, first.variant) == (7, "specified in RFC 4122")
    assert first.int >> 80 == int(at.timestamp() * 1000)
    assert str(first) == uuid7(at, "a run") != uuid7(at, "another run")
