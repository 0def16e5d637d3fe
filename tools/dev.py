"""The project's chores, the same on every system: `python tools/dev.py TARGET`, or `make TARGET`.

It needs Python 3.11 or newer and nothing else. What a target needs is installed from the hashed
locks into `.venv`, and the tests run against the wheel built from this checkout, never against
the checkout itself.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
SCRIPTS = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = SCRIPTS / ("python.exe" if os.name == "nt" else "python")
CARMS = SCRIPTS / ("carms.exe" if os.name == "nt" else "carms")

VERSIONS = ROOT / ".versions"
"""The environments of `test-versions`."""
EXTRAS = ROOT / ".extras"
"""The environments of `test-extras`."""
NEEDS_EXTRA = {"serve": ["tests/report/test_browser.py"], "s3": ["tests/docs/test_publish.py"]}
"""Tests outside of `tests/EXTRA` that need what the group of an extra has: browsers, pandas."""

OLDEST_DRIVER = "duckdb==1.0.0"

RUNTIME, BUILD, DEV = "requirements.lock", "requirements-build.lock", "requirements-dev.lock"
WHEEL_SOURCES = ("src", "schemas", "pyproject.toml", "README.md", "LICENSE")
MADE = (
    ".venv", ".versions", ".extras", ".hypothesis", ".import_linter_cache", ".mypy_cache",
    ".pytest_cache", ".ruff_cache", "build", "demo", "dist",
)  # fmt: skip
CHECKS = {
    "format": ["-m", "ruff", "format", "--check", "--output-format", "concise", "."],
    "lint": ["-m", "ruff", "check", "--output-format", "concise", "."],
    "types": ["-m", "mypy"],
    "imports": [
        "-c",
        "from importlinter.cli import lint_imports_command as run; run()",
        "--no-logo",
    ],
    "contracts": ["tools/lint_contracts.py"],
}
DOCS = [
    "tools/data_dictionary.py",
    "tools/generate_cli_reference.py",
    "tools/retail_samples.py",
    "tools/match_picture.py",
    "tools/pictures.py",
]
"""Each writes its pages, and has a test that says whether they are current."""
FAST = ("-m", "pytest", "-n", "auto", "--dist", "loadfile", "-m", "not slow")
LINT = [name for name in CHECKS if name != "types"]


class ChoreError(Exception):
    """A chore that cannot go on; its text says what to do."""


def environment() -> dict[str, str]:
    """The caller's variables, without those that would let the checkout or another setup in."""
    left_out = {"PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV"}
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    return kept | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONUTF8": "1"}


def run(*command: str | Path, **variables: str) -> None:
    """Run a command in the project's folder.

    Raises:
        ChoreError: it failed, or is not there.
    """
    words = [str(word) for word in command]
    sys.stdout.flush()
    try:
        status = subprocess.run(words, cwd=ROOT, env=environment() | variables, check=False)
    except FileNotFoundError as error:
        raise ChoreError(f"`{words[0]}` is not there") from error
    if status.returncode:
        raise ChoreError(f"`{' '.join(words)}` exited with {status.returncode}")


def digest(names: Sequence[str]) -> str:
    """What files and folders hold, names included, as one hash; with the Python that it is for."""
    found = hashlib.sha256(sys.version.encode())
    for name in names:
        for path in _files(ROOT / name):
            found.update(f"\0{path.relative_to(ROOT).as_posix()}\0".encode())
            found.update(path.read_bytes())
    return found.hexdigest()


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        for inner in sorted(path.rglob("*")):
            if inner.is_file() and inner.suffix != ".pyc":
                yield inner
    else:
        yield path


def _is_done(chore: str, sources: Sequence[str]) -> bool:
    stamp = VENV / f"{chore}.stamp"
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == digest(sources)


def _once(chore: str, sources: Sequence[str], *command: str | Path) -> bool:
    """Run a command unless its stamp says that it was done for the same sources; was it run?"""
    if _is_done(chore, sources):
        return False
    print(f"== {chore}")
    stamp = VENV / f"{chore}.stamp"
    stamp.unlink(missing_ok=True)
    run(PYTHON, "-m", *command)
    stamp.write_text(digest(sources), encoding="utf-8")
    return True


def create_venv() -> None:
    """`.venv`, made or mended unless something was installed into it already.

    Raises:
        ChoreError: this Python has no pip to give.
    """
    if PYTHON.is_file() and any(VENV.glob("*.stamp")):
        return
    print(f"== .venv for Python {sys.version.split()[0]}")
    lost_its_python = PYTHON.is_symlink() and not PYTHON.exists()
    try:
        run(sys.executable, "-m", "venv", *["--clear"] * lost_its_python, VENV)
    except ChoreError as error:
        hint = "on Debian and Ubuntu: `apt-get install python3-venv`"
        raise ChoreError(f"no virtual environment could be made; {hint}") from error


def install(*locks: str) -> None:
    """What the locks name, each file checked against its hash."""
    create_venv()
    for lock in locks:
        # The lock for development holds what the other two hold, in the same versions.
        if not _is_done(DEV, [DEV]):
            _once(lock, [lock], "pip", "install", "--quiet", "--require-hashes", "-r", lock)


def install_wheel() -> None:
    """The wheel of this checkout, built and installed anew when a source changed."""
    dist = ROOT / "dist"
    if not _is_done("wheel", WHEEL_SOURCES):
        for old in dist.glob("*.whl"):
            old.unlink()
    _once("wheel", WHEEL_SOURCES, "hatchling", "build", "-t", "wheel", "-d", dist)
    (wheel,) = dist.glob("*.whl")
    options = ["--quiet", "--no-deps", "--no-index", "--force-reinstall"]
    _once("installed wheel", [f"dist/{wheel.name}"], "pip", "install", *options, wheel)


def setup() -> None:
    """Everything that `test` needs, in .venv."""
    install(DEV)
    install_wheel()


def demo(arguments: Sequence[str]) -> None:
    """The whole way on made data, in the folder demo/."""
    install(RUNTIME, BUILD)
    install_wheel()
    shutil.rmtree(ROOT / "demo", ignore_errors=True)
    run(CARMS, "demo", "demo", *arguments)


def check(names: Sequence[str]) -> None:
    """Run checks that read the sources only, all of them even if one fails.

    Raises:
        ChoreError: one failed.
    """
    install(DEV)
    failed = []
    for name in names:
        start = time.monotonic()
        print(f"== {name}")
        try:
            run(PYTHON, *CHECKS[name], PYTHONPATH=str(ROOT / "src"))
        except ChoreError:
            failed.append(name)
        print(f"   {time.monotonic() - start:.1f} s")
    if failed:
        raise ChoreError(f"failed: {', '.join(failed)}")


def test(arguments: Sequence[str]) -> None:
    """Checks, then the tests against the installed wheel."""
    setup()
    check(list(CHECKS))
    print("== tests of the installed wheel")
    _refuse_the_checkout()
    run(PYTHON, "-m", "pytest", "-n", "auto", "--dist", "loadfile", *arguments)


def test_fast(arguments: Sequence[str]) -> None:
    """The tests that are not marked slow, against the installed wheel, without the checks."""
    setup()
    _refuse_the_checkout()
    run(PYTHON, *FAST, *arguments)


def test_versions(arguments: Sequence[str]) -> None:
    """The fast tests with the lowest and with the newest dependencies that are allowed.

    With both, the gold file is opened by the oldest driver that docs/guides/bi-tools.md promises.

    Raises:
        ChoreError: tests failed with one of them.
    """
    setup()
    (wheel,) = (ROOT / "dist").glob("*.whl")
    declared = _declared()
    allowed = declared["project"]["dependencies"]
    failed = []
    driver = VERSIONS / "driver" / PYTHON.relative_to(VENV)
    run(sys.executable, "-m", "venv", "--clear", VERSIONS / "driver")
    try:
        run(driver, "-m", "pip", "install", "--quiet", "--only-binary", ":all:", OLDEST_DRIVER)
    except ChoreError:
        print(f"== no {OLDEST_DRIVER} for this Python: the gold file is not opened by it")
        driver = Path()
    for name, wanted in {"lowest": _lowest(allowed), "newest": allowed}.items():
        print(f"== tests with the {name} versions")
        folder = VERSIONS / name
        python = folder / PYTHON.relative_to(VENV)
        # Not `--upgrade` in an old one: what a release no longer needs would stay.
        run(sys.executable, "-m", "venv", "--clear", folder)
        tests = declared["dependency-groups"]["test"]
        run(python, "-m", "pip", "install", "--quiet", *wanted, *tests, wheel)
        try:
            old = str(driver) if driver.name else ""
            run(python, *FAST, *arguments, CARMS_OLD_DRIVER=old)
        except ChoreError:
            failed.append(name)
    if failed:
        raise ChoreError(f"tests failed with the {' and the '.join(failed)} versions")


def test_extras(arguments: Sequence[str]) -> None:
    """The tests of each extra, in an environment that has this extra alone, from its own lock.

    The tests of an extra are in `tests/<its name>`; what only they need is the dependency group of
    that name, if there is one.

    Raises:
        ChoreError: tests of one of them failed.
    """
    setup()
    (wheel,) = (ROOT / "dist").glob("*.whl")
    failed = []
    for name in _declared()["project"]["optional-dependencies"]:
        print(f"== tests of the extra {name}")
        folder = EXTRAS / name
        python = folder / PYTHON.relative_to(VENV)
        run(sys.executable, "-m", "venv", "--clear", folder)
        pip = (python, "-m", "pip", "install", "--quiet")
        run(*pip, "--require-hashes", "-r", extra_lock(name))
        run(*pip, "--no-deps", "--no-index", wheel)
        try:
            tests = [f"tests/{name}", *NEEDS_EXTRA.get(name, ())]
            run(python, "-m", "pytest", *arguments, *tests, CARMS_EXTRA=name)
        except ChoreError:
            failed.append(name)
    if failed:
        raise ChoreError(f"tests failed with the {' and the '.join(failed)} extra")


def _declared() -> dict[str, Any]:
    """What pyproject.toml says."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def extra_lock(name: str) -> str:
    """The lock of an extra: the extra, the tests, and the dependency group of its name."""
    return f"requirements-{name}.lock"


def _lowest(requirements: Sequence[str]) -> list[str]:
    """Each requirement pinned to its lower bound: `duckdb>=2.0,<3` -> `duckdb==2.0`."""
    return [re.sub(r">=\s*([^,]+).*", r"==\1", requirement) for requirement in requirements]


def _refuse_the_checkout() -> None:
    where = f"import sys, carms_lake; sys.exit({str(ROOT / 'src')!r} in carms_lake.__file__)"
    run(PYTHON, "-c", where)


def lock() -> None:
    """Resolve the locks anew, for all systems and Pythons; needs `uv`, from PATH or into .venv."""
    create_venv()
    if not (uv := shutil.which("uv")):
        run(PYTHON, "-m", "pip", "install", "--quiet", "uv")
        uv = str(SCRIPTS / "uv")
    declared = _declared()
    locks = {
        RUNTIME: ["pyproject.toml"],
        BUILD: ["--group", "build", "-c", RUNTIME],
        DEV: ["pyproject.toml", "--group", "dev", "-c", RUNTIME, "-c", BUILD],
    }
    for extra in declared["project"]["optional-dependencies"]:
        groups = ["test", *({extra} & declared["dependency-groups"].keys())]
        wanted = [word for group in groups for word in ("--group", group)]
        locks[extra_lock(extra)] = ["pyproject.toml", "--extra", extra, *wanted, "-c", RUNTIME]
    for name, what in locks.items():
        run(
            uv, "pip", "compile", "--quiet", "--universal", "--python-version", "3.11",
            "--upgrade", "--generate-hashes", "--no-emit-index-url", "--no-emit-find-links",
            "--custom-compile-command", "make lock", "-o", name, *what,
        )  # fmt: skip


def script(path: str, arguments: Sequence[str]) -> None:
    """Run one of the project's scripts with the installed wheel."""
    setup()
    run(PYTHON, path, *arguments)


def docs() -> None:
    """Write the generated pages of docs/ from the installed wheel."""
    for page in DOCS:
        script(page, [])


def clean() -> None:
    """Remove everything that a target made; data_raw/ and lake/ stay."""
    for name in MADE:
        shutil.rmtree(ROOT / name, ignore_errors=True)
    for cache in [*ROOT.glob("src/**/__pycache__"), *ROOT.glob("t*/**/__pycache__")]:
        shutil.rmtree(cache, ignore_errors=True)


TARGETS: dict[str, tuple[str, Callable[[Sequence[str]], None]]] = {
    "demo": ("the whole way on made data, offline, in demo/", demo),
    "test": ("checks, then the tests against the built wheel", test),
    "test-fast": ("the tests that are not slow, without the checks", test_fast),
    "test-versions": ("the same with the lowest and the newest dependencies", test_versions),
    "test-extras": ("the tests of each extra, installed alone", test_extras),
    "setup": (".venv with all that `test` needs", lambda _: setup()),
    "lint": ("format, lint, import directions, contracts", lambda _: check(LINT)),
    "types": ("mypy, strict", lambda _: check(["types"])),
    "docs": ("write the generated pages anew", lambda _: docs()),
    "bench": ("the benchmarks, as ratios", lambda rest: script("benchmarks/run.py", rest)),
    "torture": (
        "faults, fuzz and attacks at length, and their tally",
        lambda rest: script("tools/torture.py", rest),
    ),
    "cold-start": ("what each --help costs", lambda rest: script("tools/cold_start.py", rest)),
    "lock": ("resolve the lock files anew", lambda _: lock()),
    "clean": ("remove what the targets made", lambda _: clean()),
}


def main() -> int:
    """Parse, run one target, say what went wrong."""
    if sys.version_info < (3, 11):  # noqa: UP036  # whoever starts this script may have an older one
        print(f"Python 3.11 or newer is needed, not {sys.version.split()[0]}", file=sys.stderr)
        return 2
    listed = "\n".join(f"  {name:<13} {what}" for name, (what, _) in TARGETS.items())
    parser = argparse.ArgumentParser(
        description=f"targets:\n{listed}", formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("target", choices=TARGETS, metavar="TARGET")
    target, rest = parser.parse_known_args()
    try:
        TARGETS[target.target][1](rest)
    except ChoreError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
