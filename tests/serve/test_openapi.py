"""What OpenAPI says is so: the examples have answers, and schemathesis finds nothing."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from jsonschema import Draft202012Validator
from served import Client, serving

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake import Lake


def test_every_path_is_described_and_tables_are_by_their_contracts(client: Client) -> None:
    described = client.get("/openapi.json").json
    assert {"/programs", "/health", "/pipeline/run", "/api/v1/tables/fact_program"} <= set(
        described["paths"]
    )
    profile = described["paths"]["/api/v1/tables/program_profile"]["get"]
    named = {one["name"]: one for one in profile["parameters"]}
    assert named["quota"]["schema"]["type"] == "integer"
    assert "__gte" in profile["description"]
    assert named["quota__gte"]["schema"]["type"] == "integer"
    assert all(one["description"] for one in profile["parameters"])


def test_examples_have_an_answer_of_the_schema_that_is_described(client: Client) -> None:
    paths = client.get("/openapi.json").json["paths"]
    seen = 0
    for path, methods in paths.items():
        given = {
            one["name"]: one["example"]
            for one in methods.get("get", {}).get("parameters", ())
            if "example" in one
        }
        if not given:
            continue
        found = client.get(f"{path}?{urlencode(given)}")
        assert found.status == 200, path
        content = methods["get"]["responses"]["200"]["content"]
        Draft202012Validator(content["application/json"]["schema"]).validate(found.json)
        seen += 1
    assert seen >= 3


def test_tables_answer_as_their_schemas_say(client: Client) -> None:
    paths = client.get("/openapi.json").json["paths"]
    for path in (p for p in paths if p.startswith("/api/v1/tables/")):
        content = paths[path]["get"]["responses"]["200"]["content"]
        found = client.get(path)
        assert found.status == 200, (path, found.body)
        Draft202012Validator(content["application/json"]["schema"]).validate(found.json)


LEFT_OUT = r"/api/v1/(programs|analytics/[^g]|tables/(?!geo_summary$|program_profile$|\{))"
"""Programs are asked without `/api/v1`; of tables a small one and the widest are enough."""


@pytest.mark.slow
def test_schemathesis_finds_nothing(carms_lake_of_six: Lake, tmp_path: Path) -> None:
    if find_spec("schemathesis") is None:
        pytest.skip("schemathesis is not installed")
    with serving(carms_lake_of_six, rate=0) as client:
        done = subprocess.run(
            [
                sys.executable, "-m", "schemathesis.cli", "run", "--checks=all",
                "--max-examples=3", "--seed=1", "--no-color", "--report=junit",
                f"--report-dir={tmp_path}",
                f"--exclude-path-regex={LEFT_OUT}",
                f"http://127.0.0.1:{client.port}/openapi.json",
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
