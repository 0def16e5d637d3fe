"""What a lake holds: tables, the gold file, its masks, contracts, and what killed runs left."""

import os
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from carms_lake import authored
from carms_lake.catalog import load_catalog
from carms_lake.config import LakeConfig
from carms_lake.errors import counted, first_few
from carms_lake.files import PARTIAL
from carms_lake.flows.doctor.around import numbers
from carms_lake.flows.doctor.finding import NAMED, Finding, State, looked
from carms_lake.names import Layer
from carms_lake.store import table_path
from carms_lake.store.delta.inspection import inspected
from carms_lake.store.delta.integrity import damaged
from carms_lake.store.delta.lock import holder, put_back
from carms_lake.store.delta.log import commits, table_folders
from carms_lake.store.delta.maintain import unneeded
from carms_lake.store.delta.manifest import read_manifest
from carms_lake.store.gold import STORAGE_VERSION, build_record
from carms_lake.store.gold.macros import key_file, key_mark, masks
from carms_lake.store.sql import attach, connect

_VERSION = "contract_version"
_BY_OTHERS = 0o077


def tables(config: LakeConfig) -> Iterator[Finding]:
    """Files that are missing or cut off, and tables of no contract."""
    known = {ref.in_domain for ref in load_catalog(config.domain).contracts}
    folders, wrong = table_folders(config), 0
    for name, path in folders.items():
        found = looked("tables", partial(_damage, path))
        if name != "rejects" and not name.startswith("ops.") and name not in known:
            meaning = "no command reads or writes it: its contract was renamed or taken away"
            to_do = f"put its contract back, or delete `{path}`"
            what = f"`{name}` has no contract"
            found.append(Finding("tables", State.WARNING, what, meaning, to_do))
        yield from found
        wrong += len(found)
    for note in put_back(config.lake).values():
        wrong += 1
        meaning = "what later runs brought is not in it"
        to_do = "run `carms run`; docs/operations.md, A restored backup, says more"
        yield Finding("tables", State.WARNING, note, meaning, to_do)
    if not wrong:
        what = f"{counted(len(folders), 'table')}, all files there in their sizes"
        yield Finding("tables", State.OK, what)


def _damage(path: Path) -> Iterator[Finding]:
    if wrong := inspected(path).wrong:
        fault = damaged(path, wrong)
        meaning = "its rows cannot be read"
        yield Finding("tables", State.PROBLEM, fault.message, meaning, fault.hint)


def gold(config: LakeConfig) -> Iterator[Finding]:
    """Whether the gold file is there, whole, checked, and opens in old readers."""
    path = config.gold_file
    if not path.exists():
        meaning = "there is nothing to query yet"
        yield Finding("gold file", State.WARNING, f"no `{path}`", meaning, "run `carms build`")
        return
    build = build_record(path)
    if build is None:
        with connect() as connection:  # it raises where the file cannot be opened
            attach(connection, path)
        meaning = "another program, or an old version of carms, made it"
        what = f"`{path}` does not say what build made it"
        yield Finding("gold file", State.WARNING, what, meaning, "run `carms build`")
        return
    opens = build.storage.rstrip("+").lstrip("v")
    if numbers(opens) > numbers(STORAGE_VERSION.lstrip("v")):
        meaning = f"BI tools with a DuckDB driver before {opens} cannot open it"
        what = f"`{path}` was stored by another program, for DuckDB {opens} and newer"
        to_do = "run `carms build --full-refresh`, and let other programs open it read-only"
        yield Finding("gold file", State.WARNING, what, meaning, to_do)
    else:
        yield Finding("gold file", State.OK, f"DuckDB {opens} and newer open it")
    if build.failed_checks:
        what = f"it was published although {counted(build.failed_checks, 'check')} failed"
        meaning, to_do = "some of its rows are wrong", "`carms check --failures` shows them"
        yield Finding("gold file", State.WARNING, what, meaning, to_do)


def masking_key(config: LakeConfig) -> Iterator[Finding]:
    """Whether the key of the masks is there, is private, and made the masks of the gold file."""
    selects, _ = authored.selects(authored.files(config.domain.package) / "gold")
    if not any("keyed_hash" in sql.lower() for sql in selects.values()):
        yield Finding("masking key", State.OK, "no table of this domain masks")
        return
    path, build = key_file(config), build_record(config.gold_file)
    if not path.exists():
        bad = State.PROBLEM if build else State.OK
        meaning = "the next build makes another key, and all masks change" if build else ""
        to_do = f"put the key back as `{path}`" if build else ""
        what = f"no key `{path}`" + ("" if build else " yet: the first build makes it")
        yield Finding("masking key", bad, what, meaning, to_do)
        return
    key_mark(config)  # a file that holds no key ends here
    if os.name == "posix" and path.stat().st_mode & _BY_OTHERS:
        meaning = "others of this machine can read it, and try out whom a mask hides"
        what = f"`{path}` has the mode {path.stat().st_mode & 0o777:o}"
        yield Finding("masking key", State.WARNING, what, meaning, f"`chmod 600 {path}`")
    if build:
        yield from _masks(config, build.fingerprints, path)
    else:
        yield Finding("masking key", State.OK, f"`{path}`")


def _masks(config: LakeConfig, made: Mapping[str, str], path: Path) -> Iterator[Finding]:
    """Whether the key made the masks: a masked table says so by what it was made from."""
    from carms_lake.flows.build.context import rows_version
    from carms_lake.flows.build.plan import table_fingerprints

    catalog = load_catalog(config.domain)
    steps = catalog.gold_steps
    silver = {ref: rows_version(config, ref) for ref in catalog.refs(Layer.SILVER)}
    now = table_fingerprints(config, steps, silver)
    same = {ref for ref, fingerprint in now.items() if made.get(ref.table) == fingerprint}
    masked = {step.contract.ref for step in steps if masks(step.sql)}
    others = {s.contract.ref for s in steps if not masked & {s.contract.ref, *s.needs}}
    if masked <= same:
        yield Finding("masking key", State.OK, f"`{path}` made the masks of the gold file")
    elif others & same:
        names = first_few([f"`{ref.in_domain}`" for ref in sorted(masked)], NAMED)
        what = f"another key than `{path}` may have made the masks of {names}"
        meaning = "with the next build they change, and do not join with older exports any more"
        yield Finding("masking key", State.WARNING, what, meaning, "put the former key back, if so")
    else:
        what = f"`{path}`; whether it made the masks shows once `carms build` has nothing to do"
        yield Finding("masking key", State.OK, what)


def contracts(config: LakeConfig) -> Iterator[Finding]:
    """Contracts that changed since files were read, or tables built."""
    known, build = load_catalog(config.domain).contracts, build_record(config.gold_file)
    stale: list[str] = []
    older = 0
    for ref, contract in known.items():
        if contract.written_by:  # rows of earlier runs are what they were
            continue
        log = commits(table_path(config, ref)) if ref.layer is not Layer.GOLD else []
        if ref.layer is Layer.BRONZE:
            if old := read_manifest(log).judged_before(contract):
                older += 1
                files = first_few([f"`{entry.name}`" for entry in old], NAMED)
                what = f"{counted(len(old), 'file')} of `{ref.in_domain}`"
                what += f" read under an older contract: {files}"
                meaning = "their records were not judged by what the contract says today"
                to_do = f"`carms ingest {ref.table} --full-refresh`, then `carms build`"
                yield Finding("contracts", State.WARNING, what, meaning, to_do)
            continue
        versions = [c.metadata[_VERSION] for c in log if c.metadata.get(_VERSION)]
        if ref.layer is Layer.GOLD and build:
            versions = list(filter(None, [build.contract_versions.get(ref.table)]))
        if build and versions[-1:] != [contract.version]:
            was = f"built with {versions[-1]}" if versions else "never built"
            stale.append(f"`{ref.in_domain}` ({was}, now {contract.version})")
    if stale:
        what = f"{counted(len(stale), 'table')} older than the contract: {first_few(stale, NAMED)}"
        meaning = "they do not guarantee yet what their contracts say"
        to_do = "run `carms build`; `carms status` shows each"
        yield Finding("contracts", State.WARNING, what, meaning, to_do)
    if not stale and not older:
        what = f"{counted(len(known), 'contract')}, none newer than what was built"
        yield Finding("contracts", State.OK, what)


def leftovers(config: LakeConfig) -> Iterator[Finding]:
    """Files that no log names, those of killed runs, gold files half written."""
    if holder(config.lake).is_writing:
        what = "not looked for while a run is under way, whose files look the same"
        yield Finding("leftovers", State.OK, what)
        return
    orphans: list[Path] = []
    for path in table_folders(config).values():
        orphans += unneeded(path, {commit.version for commit in commits(path)})
    torn = [path for path in orphans if path.suffix == ".torn"]
    lake, gold = config.lake, config.gold_file
    halves = [
        lake.parent / f".{lake.name}.building",
        gold.with_name(f"{gold.stem}.new{gold.suffix}"),
    ]
    halves += [gold.with_name(f"{gold.name}.wal"), gold.with_name(f".{gold.name}.part")]
    half = [p for p in lake.rglob(PARTIAL) if p.is_file()]
    kept = [path for path in orphans if path not in torn]
    for paths, what, to_do in (
        (kept, "in table folders that no log names", "`carms vacuum --yes` deletes them"),
        (torn, "put aside from logs", "`carms vacuum --yes` deletes them when all is well"),
        (half, "half written", "delete them"),
        (
            [path for path in halves if path.exists()],
            "of a gold file half or never published",
            "close what has the gold file open, and run `carms build`; delete what stays",
        ),
    ):
        if paths:
            found = f"{counted(len(paths), 'file')} {what}: "
            found += first_few([f"`{path}`" for path in paths], NAMED)
            meaning = (
                "a killed run or another program left them; they take room, and nobody reads them"
            )
            yield Finding("leftovers", State.WARNING, found, meaning, to_do)
    if not orphans + half and not any(path.exists() for path in halves):
        yield Finding("leftovers", State.OK, "none")
