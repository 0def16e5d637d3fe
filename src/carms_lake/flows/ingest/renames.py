"""Landed files that left and came back under another name: their rows take the new name.

Without this, a renamed file that is corrected would land in addition to the rows of its old name,
and all its keys would be duplicates.
"""

import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

import polars as pl

from carms_lake.contract.model import Contract
from carms_lake.flows.ingest.identity import Content, Contents, hashes_of, is_state_of
from carms_lake.flows.run import Run
from carms_lake.names import DELIVERY_ID, RUN_ID, SRC_FILENAME, natural_key
from carms_lake.records import SourceFile
from carms_lake.store import delta, table_path
from carms_lake.store.delta.manifest import FileEntry, Manifest
from carms_lake.store.rejects import live, write_rejects

Label = tuple[str, int | None]

"""The name and the delivery under which a table has rows."""

_CANDIDATES = 10
"""Where more files are gone, none is compared: it is not clear which of them was renamed."""


@dataclass(frozen=True)
class Renames:
    """Landed files that left and came back under another name, and what becomes of their rows."""

    old_names: Mapping[str, str]
    """By new name."""
    manifest: Manifest
    """The table's files under their new names."""
    origin: Mapping[Label, Label] = field(default_factory=dict)
    """Where the table has the rows of each renamed delivery."""
    dropped: frozenset[Label] = frozenset()
    """Rows of files that others were renamed over."""
    entries: tuple[FileEntry, ...] = ()
    """What the manifest says of the renamed files, and of their copies."""

    @property
    def left(self) -> list[str]:
        """The names that no longer mean what they meant."""
        return sorted({*self.old_names, *self.old_names.values()})

    def relabelled(self, rows: pl.LazyFrame, labels: AbstractSet[Label]) -> pl.LazyFrame:
        """The rows of these new labels, which have their old ones; all others are left out."""
        pairs = [(*self.origin[label], *label) for label in labels]
        old, new = (SRC_FILENAME, DELIVERY_ID), ("\x00name", "\x00delivery")
        schema = dict(zip((*old, *new), (pl.String, pl.Int64) * 2, strict=True))
        table = pl.DataFrame(pairs, schema=schema, orient="row").lazy()
        # Tables that keep one delivery of each file have no column for it.
        on = [name for name in old if name in rows.collect_schema()]
        return (
            rows.join(table, on=on, how="inner", nulls_equal=True, maintain_order="left")
            .with_columns(pl.col(there).alias(here) for here, there in zip(old, new, strict=True))
            .select(rows.collect_schema().names())
        )


def move_rejects(
    run: Run, contract: Contract, renames: Renames, labels: AbstractSet[Label]
) -> None:
    """Give the rejects that count of these new labels to this run, under the new names.

    Raises:
        StoreError: the lake cannot be written.
    """
    rejected = live(run.config, [contract.ref])
    if rejected is not None:
        current = {e.label for e in renames.manifest.current.values()}
        found = renames.relabelled(rejected, labels & current)
        found = found.with_columns(pl.lit(run.run_id).alias(RUN_ID))
        write_rejects(run.config, [found.collect()], run.run_id)


def moved_rows(
    run: Run, contract: Contract, renames: Renames, labels: AbstractSet[Label]
) -> Iterator[pl.LazyFrame]:
    """The rows of these new labels under the new names, one data file after the other.

    Raises:
        StoreError: the table cannot be read.
    """
    path = table_path(run.config, contract.ref)
    columns = delta.columns(path)
    for file in delta.data_files(path):
        yield renames.relabelled(delta.scan_files([file], columns), labels)


def find_renames(
    run: Run, contract: Contract, manifest: Manifest, contents: Contents, present: AbstractSet[str]
) -> Renames:
    """The landed files whose content has another name now, in chains too: a to b while b went to c.

    `present` names files that this run does not read although they are there.

    Raises:
        StoreError: the table cannot be read.
    """
    # Files without records have nothing to take along, and are all alike.
    landed = {name: entry for name, entry in manifest.current.items() if entry.records}
    gone = sorted(landed.keys() - contents.files.keys() - present, key=natural_key)
    old_names = _same_content(landed, gone, manifest, contents) if gone else {}
    others = [landed[old] for old in gone if old not in old_names.values()]
    if others:
        known = {contents.landed(entry) for entry in manifest.entries}
        unknown = contents.files.keys() - manifest.current.keys() - old_names.keys()
        files = {n: contents.files[n] for n in unknown if contents.now(n) not in known}
        old_names |= _changed_too(run, contract, others, files, contents)
    if not old_names:
        return Renames({}, manifest)
    deliveries = dict(manifest.deliveries)
    for name in {*old_names, *old_names.values()}:
        deliveries.pop(name, None)
    origin: dict[Label, Label] = {}
    dropped: set[Label] = set()
    for new, old in old_names.items():
        kept = _with_rows(manifest, old)
        if new in landed and new not in old_names.values():  # another was renamed over it
            overwritten = _with_rows(manifest, new)
            if contract.is_snapshot:
                kept = sorted([*kept, *overwritten], key=lambda entry: entry.delivered_at or "")
            else:
                dropped.update(entry.label for entry in overwritten)
        entries = [
            replace(entry, name=new, delivery_id=number if contract.is_snapshot else None)
            for number, entry in enumerate(kept, start=1)
        ]
        origin |= {entry.label: was.label for entry, was in zip(entries, kept, strict=True)}
        last = replace(entries[-1], run_id=run.run_id)
        if contents.now(new) == contents.landed(last):
            last = last.found_in(contents.files[new], contents.seen_ns)
        deliveries[new] = (*entries[:-1], last)
    new_names = {old: new for new, old in old_names.items()}
    for name, entry in manifest.current.items():
        if entry.copy_of in new_names and name in deliveries and name not in old_names:
            copied = replace(entry, copy_of=new_names[entry.copy_of])
            deliveries[name] = (*deliveries[name][:-1], copied)
    ordered = Manifest({name: deliveries[name] for name in sorted(deliveries)})
    changed = [e for e in ordered.entries if e.name in old_names or e not in manifest.entries]
    return Renames(old_names, ordered, origin, frozenset(dropped), tuple(changed))


def _same_content(
    landed: Mapping[str, FileEntry], gone: Sequence[str], manifest: Manifest, contents: Contents
) -> dict[str, str]:
    """The old name of each renamed file, by its new name."""
    arrived: dict[Content, list[str]] = {}
    for name in contents.files:
        content = contents.now(name)
        if content and not (name in landed and content == contents.landed(landed[name])):
            arrived.setdefault(content, []).append(name)
    old_names: dict[str, str] = {}
    free = deque(gone)
    while free:
        old = free.popleft()
        takers = arrived.get(contents.landed(landed[old]), [])
        new = next((name for name in takers if name not in old_names), None)
        if new:
            old_names[new] = old
            if new in landed:  # what it held may have another name now, too
                free.append(new)
    # A file that was skipped as a copy of one that is gone, and has been corrected since.
    for old in gone:
        for name, entry in manifest.current.items():
            is_copy = entry.copy_of and contents.landed(entry) == contents.landed(landed[old])
            is_free = name not in old_names and old not in old_names.values()
            if is_copy and is_free and name in contents.files:
                old_names[name] = old
    return old_names


def _changed_too(
    run: Run,
    contract: Contract,
    gone: Sequence[FileEntry],
    files: Mapping[str, SourceFile],
    contents: Contents,
) -> dict[str, str]:
    """The old name of each of these new files that was renamed and changed, where only one can be.

    Names that differ in their numbers alone are those of two deliveries, not of one that was
    renamed: a folder is emptied when its files have landed, and the next day's file comes.
    """
    if not 0 < len(gone) <= _CANDIDATES:
        return {}
    found: dict[str, str] = {}
    for name, source in files.items():
        # The cheap questions first: the last one reads the file.
        similar = [
            entry.name
            for entry in gone
            if entry.name not in found.values()
            and _without_numbers(entry.name) != _without_numbers(name)
            and contents.of(name, "") == contents.of(entry.name, "")
            and entry.size <= 2 * source.size
            and is_state_of(source, contract, hashes_of(run, contract, entry.name))
        ]
        if len(similar) == 1:
            found[name] = similar[0]
    return found


def _without_numbers(name: str) -> str:
    return re.sub("[0-9]+", "", name)


def _with_rows(manifest: Manifest, name: str) -> list[FileEntry]:
    return [entry for entry in manifest.deliveries[name] if not entry.copy_of]
