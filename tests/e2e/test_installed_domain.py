"""The guide's package, built by the guide's words, is installed beside carms and runs."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
from tiny import laid

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_DEPS": "1"}


def run(*command: str | Path, folder: Path, **environment: str) -> str:
    """What a command prints; it ends well, and finds no package but those that are installed."""
    variables = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "CARMS_"))}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env={**variables, **OFFLINE, **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheels of carms and of the tiny shop, with the guide's pyproject.toml."""
    folder = tmp_path_factory.mktemp("build")
    shop = folder / "shop"
    shutil.copytree(
        ROOT / "tests/packages/tiny_shop",
        shop / "tiny_shop",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    guide = (ROOT / "docs/guides/add-a-domain.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"```toml\n(\[build-system\].*?)```", guide, re.DOTALL)
    text = text.replace("my-shop", "tiny-shop").replace('shop = "my_shop"', 'tiny = "tiny_shop"')
    (shop / "pyproject.toml").write_text(text, encoding="utf-8")
    found = {}
    for source, name in ((ROOT, "carms"), (shop, "tiny")):
        out = folder / name
        run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", out, folder=source)
        (found[name],) = out.glob("*.whl")
    return found


@pytest.fixture
def project(tmp_path: Path) -> Path:
    laid(tmp_path)
    return tmp_path


def with_libraries(environment: Path) -> Path:
    """The commands' folder of an environment that finds the libraries of this one, offline."""
    libraries = sysconfig.get_path("purelib")
    places = {"base": str(environment), "platbase": str(environment)}
    own = Path(sysconfig.get_path("purelib", "venv", places))
    (own / "libraries.pth").write_text(f"{libraries}\n", encoding="utf-8")
    return Path(sysconfig.get_path("scripts", "venv", places))


def ensure_it_runs(commands: Path, project: Path) -> None:
    """The domain is ingested, built, checked and asked by its own command."""
    carms = commands / ("carms.exe" if sys.platform == "win32" else "carms")
    python = commands / ("python.exe" if sys.platform == "win32" else "python")
    code = "import carms_lake, tiny_shop; print(carms_lake.__file__, tiny_shop.__file__, sep='\\n')"
    for file in run(python, "-c", code, folder=project).split():
        assert Path(file).is_relative_to(commands.parent)
    run(carms, "run", folder=project)
    run(carms, "check", folder=project)
    sold = run(carms, "sold", "Tea", "-f", "csv", folder=project)
    assert list(csv.DictReader(io.StringIO(sold))) == [{"name": "Tea", "quantity": "2"}]
    assert "The tiny domain:" in run(carms, "--help", folder=project)


def test_a_wheel_of_the_guide_s_package_runs_beside_carms(
    wheels: dict[str, Path], project: Path, tmp_path: Path
) -> None:
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=False)
    pip = [sys.executable, "-m", "pip", "--python", environment, "install", "--quiet"]
    run(*pip, *wheels.values(), folder=tmp_path)
    ensure_it_runs(with_libraries(environment), project)


def without_requirements(wheel: Path, folder: Path) -> Path:
    """A copy of a wheel that needs nothing: pipx looks for its libraries before they are there."""
    copy = folder / wheel.name
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(copy, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name.endswith(".dist-info/METADATA"):
                data = re.sub(rb"^Requires-Dist: .*\n", b"", data, flags=re.MULTILINE)
            new.writestr(name, data)
    return copy


@pytest.mark.skipif(shutil.which("pipx") is None, reason="there is no pipx on this machine")
def test_pipx_injects_the_guide_s_package_into_carms(
    wheels: dict[str, Path], project: Path, tmp_path: Path
) -> None:
    home = tmp_path / "pipx"
    places = {
        "PIPX_HOME": str(home),
        "PIPX_BIN_DIR": str(tmp_path / "bin"),
        "PIPX_MAN_DIR": str(tmp_path / "man"),
    }
    options = ["--skip-maintenance", "--pip-args", "--no-index --no-deps"]
    wheel = without_requirements(wheels["carms"], tmp_path)
    try:
        run("pipx", "install", *options, wheel, folder=tmp_path, **places)
    except AssertionError as error:
        pytest.skip(f"this pipx installs nothing offline: {error}")
    run("pipx", "inject", *options, "carms-lake", wheels["tiny"], folder=tmp_path, **places)
    ensure_it_runs(with_libraries(home / "venvs/carms-lake"), project)
