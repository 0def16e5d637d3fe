"""Which file is which, by content: what files hold now, and which of them is a copy of which."""

import time
from collections.abc import Callable, Mapping, Sequence

import polars as pl

from carms_lake.contract.model import Contract
from carms_lake.errors import SourceRefused
from carms_lake.flows.judged import judged
from carms_lake.flows.run import Run
from carms_lake.names import SRC_FILENAME, SRC_ROW_HASH
from carms_lake.quality.split import said_by_path
from carms_lake.readers.content import digest
from carms_lake.records import SourceFile
from carms_lake.store import delta, table_path
from carms_lake.store.delta.log import KEEPS_ROWS, SEEN
from carms_lake.store.delta.manifest import FileEntry, Manifest
from carms_lake.store.delta.write import FileChange, commit_files

Content = tuple[str, ...]

_WORTH_BYTES = 64 << 20
"""Reading less than this takes no time worth a commit."""
_COMPARED = 2_000
"""How many records of a file are compared with rows that have landed."""


class Contents:
    """What the source files of one table hold now; each is read at most once to know it."""

    def __init__(
        self,
        contract: Contract,
        manifest: Manifest,
        files: Mapping[str, SourceFile],
        *,
        trusts_disk: bool = True,
    ) -> None:
        self.files = files
        self.seen_ns = time.time_ns()
        self._known = manifest.current if trusts_disk else {}
        # Where a column is a part of the path, the same content under another name is other data,
        # and in a series it is a later state that is the same again.
        self._patterns = [column.from_path for column in contract.columns if column.from_path]
        path = contract.series.path if contract.series else None
        self._is_series = path is not None
        self._patterns += [path] if path else []
        self._sha256: dict[str, str] = {}
        self.confirmed: list[FileEntry] = []
        """Files that were read only to find that they still have their content."""

    def sha256(self, name: str) -> str:
        """The hash of a file's content.

        Raises:
            SourceRefused: it cannot be read.
        """
        if name not in self._sha256:
            source, known = self.files[name], self._known.get(name)
            if known and known.is_surely(source):
                self._sha256[name] = known.sha256
            else:
                self._sha256[name] = digest(source)
                fresh = known and known.found_in(source, self.seen_ns)
                # One that is still too new to be sure of would be kept by each run.
                if fresh and fresh.sha256 == self._sha256[name] and fresh.is_surely(source):
                    self.confirmed.append(fresh)
        return self._sha256[name]

    def now(self, name: str) -> Content | None:
        """The content of a file of the folder; None where there is none, or it cannot be read."""
        try:
            return self.of(name, self.sha256(name)) if name in self.files else None
        except SourceRefused:
            return None

    def of(self, name: str, sha256: str) -> Content:
        """What makes two files the same data: the hash, and what columns take from their names."""
        found = [said_by_path(pattern, [name])[0] for pattern in self._patterns]
        return (sha256, *(value or "" for value in found))

    def landed(self, entry: FileEntry) -> Content:
        """The content with which a file landed."""
        return self.of(entry.name, entry.sha256)

    def alike(self, source: SourceFile) -> list[Content]:
        """The contents of which a file is a copy: its own, and that of a file without a place.

        A producer writes `latest.csv` and keeps a dated copy of it. That copy is not another state:
        it would come after the file that it is a copy of, and stay the present when that changes.
        """
        own = self.of(source.name, source.sha256)
        return [own, (*own[:-1], "")] if self._is_series and own[-1] else [own]

    def has_place(self, name: str) -> bool:
        """Whether the name gives a file its place in a series."""
        return self._is_series and bool(self.of(name, "")[-1])


def refuse_clash(same_name: Sequence[SourceFile]) -> None:
    """Refuse files of one name that have different content, such as `a.csv` and `a.csv.gz`.

    Raises:
        SourceRefused: NAME_CLASH, or one of them cannot be read.
    """
    if len(same_name) > 1 and len({digest(source) for source in same_name}) > 1:
        paths = ", ".join(f"`{source.path}`" for source in same_name)
        raise SourceRefused(
            "NAME_CLASH",
            f"several files with different content have the name `{same_name[0].name}`: {paths}",
            "keep one of them",
        )


def keep_looks(run: Run, contract: Contract, confirmed: Sequence[FileEntry]) -> None:
    """Keep what the disk says of files that were read for nothing, where that took long.

    A folder that came back from a backup has other inodes and change times; without this, each run
    would read all of it.

    Raises:
        StoreError: the lake cannot be written.
    """
    if sum(entry.size for entry in confirmed) >= _WORTH_BYTES:
        path = table_path(run.config, contract.ref)
        looks = [entry.as_metadata() for entry in confirmed]
        metadata = {"run_id": run.run_id, KEEPS_ROWS: True, SEEN: looks}
        commit_files(path, pl.Schema(delta.columns(path)), FileChange(), metadata)


def is_state_of(source: SourceFile, contract: Contract, hashes: pl.LazyFrame) -> bool:
    """Whether half of a file's first records are among these rows (`src_row_hash`).

    Then it is another state of the file that the rows are of, not other data.
    """
    found: list[pl.Series] = []
    try:
        for part in judged(source, contract):
            found.append(part.accepted[SRC_ROW_HASH])
            if sum(map(len, found)) >= _COMPARED:
                break
    except SourceRefused:
        return False
    if not found:
        return False
    mine = pl.concat(found).head(_COMPARED).unique().to_frame()
    shared = mine.lazy().join(hashes, on=SRC_ROW_HASH, how="semi").select(pl.len()).collect().item()
    return bool(shared) and 2 * int(shared) >= mine.height


def hashes_of(run: Run, contract: Contract, name: str) -> pl.LazyFrame:
    """The hashes of the rows that a table has of a file.

    Raises:
        StoreError: the table cannot be read.
    """
    rows = delta.scan(table_path(run.config, contract.ref))
    return rows.filter(pl.col(SRC_FILENAME) == name).select(SRC_ROW_HASH)


class Copies:
    """Which files of one table hold what it has already, as the run goes through its files."""

    def __init__(self, contract: Contract, contents: Contents, manifest: Manifest) -> None:
        self._contract = contract
        self._contents = contents
        self._current = manifest.current
        loaded = [entry for entry in self._current.values() if entry.records]  # copies have none
        self._holders = {contents.landed(entry): entry.name for entry in loaded}
        """Name of a loaded file, by its content."""
        self._at_start = dict(self._holders)
        kept = [entry for entry in manifest.entries if entry.records]
        self._archived = {contents.landed(e): e.name for e in kept} if contract.is_snapshot else {}
        """The same of every delivery that the table keeps."""
        self._done: set[str] = set()
        self._read: set[str] = set()

    def has_rows(self, name: str) -> bool:
        """Whether the table has rows of its own of a file."""
        known = self._current.get(name)
        return known is not None and known.copy_of is None

    def original(self, source: SourceFile) -> str | None:
        """Another file that the table has the content of, and will have after this run."""
        for content in self._contents.alike(source):
            holder = self._holders.get(content)
            if holder is not None and holder != source.name:
                is_done = holder in self._done or holder not in self._contents.files
                if is_done or self._contents.now(holder) == content:
                    return holder
            # A copy that is kept of an earlier delivery must not become the present.
            if content in self._archived and not self.has_rows(source.name):
                return self._archived[content]
        return None

    def corrected(
        self, source: SourceFile, hashes_of: Callable[[str], pl.LazyFrame | None]
    ) -> str | None:
        """The loaded file that held what this one holds, and that was corrected since.

        To load this one, too, would duplicate the keys of both. `hashes_of` gives the hashes of the
        rows that a file will have in the table.

        Raises:
            StoreError: the table cannot be read.
        """
        known = self._current.get(source.name)
        if self.has_rows(source.name):
            return None
        held = (self._at_start.get(content) for content in self._contents.alike(source))
        original = next(filter(None, held), None)
        if known and known.sha256 == source.sha256:
            original = original or known.copy_of
        if original is None or original == source.name or not self.has_rows(original):
            return None
        if known and known.is_outdated and original not in self._read:
            return original
        hashes = hashes_of(original)
        is_state = hashes is not None and is_state_of(source, self._contract, hashes)
        return original if is_state else None

    def looked_at(self, name: str) -> None:
        """From now on the table has what it will have of a file, unless `loaded` says otherwise."""
        self._done.add(name)

    def loaded(self, entry: FileEntry, records: int) -> None:
        """The table will have another content of a file, or none of its own."""
        old = self._current.get(entry.name)
        if old and self._holders.get(self._contents.landed(old)) == old.name:
            del self._holders[self._contents.landed(old)]
        if records:
            self._holders[self._contents.landed(entry)] = entry.name
            self._read.add(entry.name)
