"""The locks, the wheel's list and the workflow agree with pyproject.toml."""

from __future__ import annotations

import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tools.dev import extra_lock

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
OF_EXTRAS = tuple(map(extra_lock, EXTRAS))
LOCKS = ("requirements.lock", "requirements-build.lock", "requirements-dev.lock", *OF_EXTRAS)
PIN = re.compile(
    r"^(?P<name>[\w.-]+)==(?P<version>\S+)(?P<marker> ; [^\\\n]*)? \\\n(?P<rest>(?: .*\n)+)",
    re.MULTILINE,
)


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def pins(lock: str) -> dict[tuple[str, str], Version]:
    """The version of each name under each environment marker."""
    found = PIN.finditer(text(lock))
    return {(pin["name"], pin["marker"] or ""): Version(pin["version"]) for pin in found}


def group(name: str) -> list[Requirement]:
    return [Requirement(entry) for entry in PROJECT["dependency-groups"].get(name, ())]


def extra(name: str) -> list[Requirement]:
    return [*map(Requirement, EXTRAS[name]), *group("test"), *group(name)]


@pytest.mark.parametrize(
    ("lock", "requirements"),
    [
        ("requirements.lock", [Requirement(one) for one in PROJECT["project"]["dependencies"]]),
        ("requirements-build.lock", group("build")),
        ("requirements-dev.lock", [*group("build"), *group("test"), *group("lint")]),
        *((extra_lock(name), extra(name)) for name in EXTRAS),
    ],
)
def test_a_lock_pins_every_dependency_within_its_bounds(lock, requirements):
    versions: dict[str, list[Version]] = {}
    for (name, _), version in pins(lock).items():
        versions.setdefault(name, []).append(version)
    outside = [
        str(one)
        for one in requirements
        if not (found := versions.get(canonicalize_name(one.name)))
        or not all(one.specifier.contains(version) for version in found)
    ]
    assert outside == [], f"`make lock` was not run after a change of pyproject.toml: {outside}"


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_of_a_lock_has_a_hash(lock):
    named = re.findall(r"^[\w.-]+==", text(lock), re.MULTILINE)
    hashed = [pin for pin in PIN.finditer(text(lock)) if "--hash=sha256:" in pin["rest"]]
    assert len(named) == len(hashed) > 0


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_registry(lock):
    assert re.findall(r"://|--index|--extra-index|--find-links|--trusted", text(lock)) == []


@pytest.mark.parametrize(
    ("lock", "larger"),
    [
        ("requirements-build.lock", "requirements-dev.lock"),
        *(("requirements.lock", one) for one in ("requirements-dev.lock", *OF_EXTRAS)),
    ],
)
def test_a_larger_lock_holds_the_same_versions(lock, larger):
    versions = pins(larger)
    assert {key: versions.get(key) for key in pins(lock)} == pins(lock)


def test_what_only_windows_needs_is_locked_for_windows():
    assert ("colorama", " ; sys_platform == 'win32'") in pins("requirements.lock")


def test_every_action_is_pinned_by_a_commit_with_its_version_beside_it():
    used = re.findall(r"uses: (.*)", text(".github/workflows/test.yml"))
    assert used
    assert [
        one for one in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+(\.\d+)+", one)
    ] == []


def test_every_target_of_the_makefile_is_one_of_the_tool():
    from tools.dev import TARGETS

    (listed,) = re.findall(r"^TARGETS := (.*)$", text("Makefile"), re.MULTILINE)
    assert set(listed.split()) == set(TARGETS)


def test_no_folder_of_tests_is_passed_over(pytestconfig: pytest.Config) -> None:
    passed_over = pytestconfig.getini("norecursedirs")
    names = {path.parent.name for path in (ROOT / "tests").rglob("test_*.py")}
    assert not [name for name in names for one in passed_over if fnmatch(name, one)]
