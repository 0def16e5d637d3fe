"""Contracts as files of a project: a new version is put in place, the old one stays beside it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from carms_lake.contract.load import SUFFIX, load_contract
from carms_lake.contract.verify import verify
from carms_lake.errors import ContractError, StoreError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Contract
    from carms_lake.names import TableRef


def text_of(contract: Contract) -> str:
    """The text of a contract's file.

    Raises:
        ContractError: it was not loaded from a file, or that is gone.
    """
    try:
        return _path(contract).read_text(encoding="utf-8")
    except OSError as error:
        raise ContractError(f"`{contract.path}` cannot be read: {error.strerror}") from error


def loaded(text: str, ref: TableRef) -> Contract:
    """The contract that a text would be.

    Raises:
        ContractError: it is none.
    """
    with tempfile.TemporaryDirectory(prefix="carms-") as folder:
        path = Path(folder) / f"{ref.table}{SUFFIX}"
        path.write_text(text, encoding="utf-8", newline="")
        return load_contract(path, ref)


def write_version(
    config: LakeConfig, contracts: Mapping[TableRef, Contract], old: Contract, text: str
) -> tuple[Path, Path]:
    """Make a text the contract of a table in the project; its file, and that of the old version.

    The contracts of the package are never changed: the project's file wins over the package's.

    Raises:
        UsageError: the project is the folder that the package's own contracts are in, or another
            contract of that version is kept already.
        ContractError: the new text does not go with the other contracts.
        StoreError: the folder cannot be written.
    """
    ref = old.ref
    folder = config.project / "schemas" / ref.domain / ref.layer
    packaged = config.domain.schemas[0] / ref.layer
    if folder.resolve() == packaged.resolve():
        raise UsageError(
            f"`{folder}` holds the contracts of the package itself, which are not changed here",
            "make a project of its own with `carms init DIR`, and use it with `-p DIR`",
        )
    verify({**contracts, ref: loaded(text, ref)})
    kept = folder / f"{ref.table}.v{old.version}{SUFFIX}"
    before = text_of(old)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if kept.exists() and kept.read_text(encoding="utf-8") != before:
            raise UsageError(
                f"`{kept}` holds another contract of version {old.version} already",
                f"give `{old.path}` a version of its own, or move that file away",
            )
        _put(kept, before)
        return _put(folder / f"{ref.table}{SUFFIX}", text), kept
    except OSError as error:
        raise StoreError(
            f"`{folder}` cannot be written: {error.strerror}", "check its permissions and the disk"
        ) from error


def _path(contract: Contract) -> Path:
    if contract.path is None:
        raise ContractError(f"`{contract.ref}` was not loaded from a file")
    return contract.path


def _put(path: Path, text: str) -> Path:
    """Write a file whole or not at all."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path
