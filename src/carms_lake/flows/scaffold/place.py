"""Where what is written for a new source goes: nothing is overwritten, and all of it or nothing."""

import re
import shutil
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from carms_lake.config import CONFIG_FILE
from carms_lake.errors import ContractError, StoreError, UsageError
from carms_lake.files import whole


def made_default(folder: Path, name: str) -> tuple[bool, list[str]]:
    """Whether commands work on the domain; carms.toml is changed if it names one without files."""
    path = folder / CONFIG_FILE
    text = path.read_text(encoding="utf-8")
    try:
        present = tomllib.loads(text).get("domain", "carms")
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"`{path}` is not TOML: {error}", "correct it") from None
    if present == name:
        return True, []
    raw = folder / "data_raw" / str(present)
    has_files = raw.is_dir() and any(entry.is_file() for entry in raw.rglob("*"))
    if has_files or (folder / "lake" / str(present)).exists() or _is_own(folder, str(present)):
        return False, []
    line = f'domain = "{name}"'
    changed = re.sub(r"^domain\s*=.*$", line, text, count=1, flags=re.MULTILINE)
    if changed == text:
        changed = f"{line}\n{text}"
    # A line that begins so may be within a text, or a key of a table: then it is left alone.
    if tomllib.loads(changed) != {**tomllib.loads(text), "domain": name}:
        return False, []
    with whole(path) as partial:
        partial.write_text(changed, encoding="utf-8", newline="")
    return True, [f"`{path}` names `{name}` now, in place of `{present}`, which had no files"]


def _is_own(folder: Path, name: str) -> bool:
    return (folder / "schemas" / name).is_dir() or (folder / "domains" / name).is_dir()


def appended(path: Path, more: str) -> str:
    """A module with functions after its own; its text stays as it is.

    Raises:
        UsageError: it says itself which functions are tables.
        ContractError: it is not Python.
    """
    text = path.read_text(encoding="utf-8")
    if "__all__" in text:
        raise UsageError(
            f"`{path}` has `__all__`: a function that is added would not be one of its tables",
            "take `__all__` out (a helper's name begins with `_`), and try again",
        )
    if not re.search(r"^import polars as pl$", text, re.MULTILINE):
        more = "\n\nimport polars as pl" + more
    whole_text = text.rstrip("\n") + "\n" + more
    try:
        compile(whole_text, str(path), "exec")
    except SyntaxError as error:
        raise ContractError(
            f"`{path}`, line {error.lineno}: {error.msg}", "correct it, then add to it"
        ) from None
    return whole_text


def copies_of(files: Sequence[Path], folder: Path) -> dict[Path, Path]:
    """Which files are copied where: those that are not among the domain's files already.

    Raises:
        UsageError: another file of that name is there.
    """
    copies: dict[Path, Path] = {}
    for path in dict.fromkeys(file.absolute() for file in files):
        target = folder / path.name
        if path.is_relative_to(folder.absolute()):
            continue
        same = target.is_file() and path.is_file() and target.read_bytes() == path.read_bytes()
        if target in copies or (target.exists() and not same):
            raise UsageError(
                f"`{target}` is another file of this name", "rename one of them, and try again"
            )
        if not same:
            copies[target] = path
    return copies


def write(
    new: Mapping[Path, str], copies: Mapping[Path, Path], added: Mapping[Path, str] | None = None
) -> list[Path]:
    """Write all files, or none where one is in their way.

    Raises:
        UsageError: a file would be overwritten.
        StoreError: they cannot be written.
    """
    for path in new:
        if path.exists():
            raise UsageError(f"`{path}` is there already", "nothing was written: move it away")
    try:
        for target, path in copies.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                shutil.copytree(path, target)
            else:
                shutil.copy2(path, target)
        for path, text in {**new, **(added or {})}.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with whole(path) as partial:
                partial.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise StoreError(
            f"`{error.filename}` cannot be written: {error.strerror}", "check its permissions"
        ) from error
    return [*copies, *new, *(added or {})]
