"""carms.toml, CARMS_ variables and flags become one configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from carms_lake.config import (
    KEYS,
    Domain,
    LakeConfig,
    SparkServer,
    builtin_domains,
    builtin_schemas,
    load_config,
)
from carms_lake.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def project(folder: Path, settings: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "carms.toml").write_text(settings, encoding="utf-8")
    return folder


def test_the_nearest_carms_toml_upward_is_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(tmp_path, "memory_limit = '1GB'")
    inner = project(tmp_path / "inner", "memory_limit = '3GB'")
    (inner / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(inner / "a" / "b")
    found = load_config(environment={})
    assert (found.project, found.memory_limit) == (inner, "3GB")


def test_a_named_project_wins_over_the_variable_and_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there, named = (project(tmp_path / name) for name in ("here", "there", "named"))
    monkeypatch.chdir(here)
    assert load_config(environment={}).project == here
    assert load_config(environment={"CARMS_PROJECT": str(there)}).project == there
    assert load_config(project=named, environment={"CARMS_PROJECT": str(there)}).project == named


@pytest.mark.parametrize(
    ("settings", "environment", "flag", "expected"),
    [
        ("", {}, None, 60.0),
        ("query_timeout_s = 5", {}, None, 5.0),
        ("query_timeout_s = 5", {"CARMS_QUERY_TIMEOUT_S": "7"}, None, 7.0),
        ("query_timeout_s = 5", {"CARMS_QUERY_TIMEOUT_S": ""}, None, 5.0),
        ("query_timeout_s = 5", {"CARMS_QUERY_TIMEOUT_S": "7"}, 9.5, 9.5),
    ],
)
def test_a_flag_wins_over_a_variable_over_the_file_over_the_default(
    tmp_path: Path, settings: str, environment: dict[str, str], flag: float | None, expected: float
) -> None:
    folder = project(tmp_path, settings)
    found = load_config(project=folder, query_timeout_s=flag, environment=environment)
    assert found.query_timeout_s == expected


def test_a_built_in_domain_brings_its_contracts_and_the_projects_own_win(tmp_path: Path) -> None:
    assert "carms" in builtin_domains()
    packaged = builtin_schemas() / "carms"
    assert (packaged / "bronze" / "discipline.odcs.yaml").is_file()
    plain = load_config(project=project(tmp_path), environment={})
    assert plain.domain == Domain("carms", "carms_lake.domains.carms", (packaged,))
    (tmp_path / "schemas" / "carms").mkdir(parents=True)
    own = load_config(project=tmp_path, environment={})
    assert own.domain.schemas == (packaged, tmp_path / "schemas" / "carms")


@pytest.mark.parametrize("how", ["flag", "variable", "file"])
def test_another_packages_domain_is_found_by_its_entry_point(tmp_path: Path, how: str) -> None:
    folder = project(tmp_path, 'domain = "tiny"' if how == "file" else 'domains = ["tiny"]')
    found = load_config(
        project=folder,
        domain="tiny" if how == "flag" else None,
        environment={"CARMS_DOMAIN": "tiny"} if how == "variable" else {},
    )
    assert found.domain.package == "tiny_shop"
    assert list((found.domain.schemas[0] / "bronze").glob("*.odcs.yaml"))
    assert found.lake == folder / "lake" / "tiny"


@pytest.mark.parametrize(
    ("settings", "environment", "message", "hint"),
    [
        ("memory_limt = '1GB'", {}, "unknown key `memory_limt`", "did you mean `memory_limit`?"),
        ("memory_limit = 'lots'", {}, "`lots` is not an amount", "2GB"),
        ("memory_limit = 2", {}, "`2` is not an amount", "2GB"),
        ("", {"CARMS_MEMORY_LIMIT": "-1GB"}, "`-1GB` is not an amount", "2GB"),
        ("query_timeout_s = 0", {}, "`0` is not a number of seconds", "greater than 0"),
        ("query_timeout_s = 'inf'", {}, "`inf` is not a number", "greater than 0"),
        ("", {"CARMS_QUERY_TIMEOUT_S": "soon"}, "`soon` is not a number", "greater than 0"),
        ("domain = 'carmz'", {}, "unknown domain `carmz`", "did you mean `carms`?"),
        ("domains = ['none']", {"CARMS_DOMAIN": "none"}, "though `carms.toml` names it", "known"),
        ("domain = 3", {}, "`domain` must be a name", "domain ="),
        ("domains = 'tiny'", {}, "`domains` must be a list", "domains ="),
        ("spark = 'sc://host'", {}, "`spark` must be a table", "[spark]"),
        ("[spark]\nserver = 3", {}, "`spark` must be a table", "sc://host:15002"),
        ("[spark]\nserve = 'sc://host'", {}, "unknown key `serve`", "`server`"),
        ("= 3", {}, "is not TOML", ""),
        ("lake = " + "[" * 9_000 + "]" * 9_000, {}, "is not TOML", ""),
    ],
)
def test_a_wrong_setting_is_told_with_what_to_write(
    tmp_path: Path, settings: str, environment: dict[str, str], message: str, hint: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(project=project(tmp_path, settings), environment=environment)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_the_server_of_certify_and_how_it_sees_the_lake_are_settings(tmp_path: Path) -> None:
    config = load_config(project=project(tmp_path, ""), environment={})
    assert config.spark == SparkServer(None, None)
    (tmp_path / "carms.toml").write_text(
        "[spark]\nserver = 'sc://host:15002'\nlake = '/mnt/lake'\n", encoding="utf-8"
    )
    config = load_config(project=tmp_path, environment={"CARMS_SPARK": "sc://other"})
    assert config.spark == SparkServer("sc://host:15002", "/mnt/lake")


def test_no_project_is_told_with_the_command_that_makes_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="is not a carms project") as named:
        load_config(project=tmp_path, environment={})
    assert "carms init" in named.value.hint
    monkeypatch.chdir(tmp_path)
    if not any((folder / "carms.toml").exists() for folder in tmp_path.parents):
        with pytest.raises(ConfigError, match="or above it"):
            load_config(environment={})


def test_every_setting_has_a_meaning_and_a_place_in_the_configuration() -> None:
    assert list(KEYS)[-1] == "spark"  # a table, which ends the file that `carms init` writes
    assert set(KEYS) - {"domains"} <= set(LakeConfig.__dataclass_fields__)
    assert all(KEYS.values())
