"""Gold as Parquet files, in a folder or a bucket: a folder for each run, and a pointer to one."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from carms_lake import Publication
from carms_lake.adapters.gold import Outcome, gold_of, is_recorded, patient
from carms_lake.adapters.parquet.bucket import Bucket
from carms_lake.adapters.parquet.folder import Folder
from carms_lake.adapters.parquet.manifest import Manifest, whole_run, write_run
from carms_lake.adapters.parquet.place import Place
from carms_lake.errors import StoreError, UsageError, system_refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carms_lake import Lake
    from carms_lake.adapters.gold import Gold

__all__ = ["KEEP", "publish"]

KEEP = 3
"""So many runs stay where nothing else is asked for."""


def publish(lake: Lake, where: Path | str, *, keep: int = KEEP) -> Outcome:
    """Publish gold to a folder or a bucket (`s3://bucket/prefix`); the pointer moves last.

    The last `keep` runs stay. What is there already is compared with its digests and left as it is;
    files that differ are rewritten.

    Raises:
        GoldMissing: gold was not built yet.
        UsageError: the place has what carms did not publish, or is in the lake; a URL is not one
            of S3; the extra is missing.
        StoreError: the pointer is damaged, the place cannot be written, or another process
            publishes there.
        StoreLocked: another process is writing to the lake.
    """
    lake = patient(lake)
    place = _place(lake, where)
    with _as_store_error(place):
        gold = gold_of(lake)
        found = _current(place, gold)
        if found and not place.stale(gold.run_id, keep):
            publication = _publication(place, found)
            if is_recorded(lake, publication):
                return Outcome(publication, is_changed=False, failed_checks=gold.failed_checks)
        writing = _Writing(lake, place, keep)
        return Outcome(lake.publish(writing), writing.is_changed, gold.failed_checks)


class _Writing:
    """What is done while the lake is held."""

    def __init__(self, lake: Lake, place: Place, keep: int) -> None:
        self._lake = lake
        self._place = place
        self._keep = keep
        self.is_changed = False

    def __call__(self) -> Publication:
        """Publish what gold is now, and remove what is not to stay.

        What that is, is decided first and done last: whoever was writing it meanwhile, and would
        point to it, is refused, because the pointer is then another one than they read.
        """
        gold, place = gold_of(self._lake), self._place
        manifest = _current(place, gold)
        stale = place.stale(gold.run_id, self._keep)
        if manifest is None:
            manifest = self._written(gold)
            self.is_changed = True
        if self.is_changed or stale:
            place.point_to(gold.run_id, manifest["digest"])
        place.files.remove(stale)
        return _publication(place, manifest)

    def _written(self, gold: Gold) -> Manifest:
        """The manifest of the run, which is written unless an interrupted publish did so."""
        files = self._place.files
        if manifest := whole_run(files, gold.run_id):
            return manifest
        with files.new_run(gold.run_id) as new_file:
            write_run(self._lake, gold, new_file)
        if manifest := whole_run(files, gold.run_id):
            return manifest
        raise StoreError(
            f"`{files.address}` does not hold what was written to it",
            "check the disk or the server, and publish again",
        )


def _current(place: Place, gold: Gold) -> Manifest | None:
    """The manifest of the run of gold, if the pointer names it and its files are whole."""
    return whole_run(place.files, gold.run_id) if place.current() == gold.run_id else None


def _publication(place: Place, manifest: Manifest) -> Publication:
    tables = manifest["tables"].values()
    return Publication(
        "parquet",
        place.files.address,
        manifest["run"],
        len(tables),
        sum(table["rows"] for table in tables),
        manifest["digest"],
    )


def _place(lake: Lake, where: Path | str) -> Place:
    """The place of the lake's domain there.

    Raises:
        UsageError: it is in the lake, or a URL that is not one of S3.
        StoreError: there are no credentials.
    """
    domain = lake.config.domain.name
    if "://" in str(where):
        return Place(Bucket.at(str(where), domain), domain)
    folder = Path(where).resolve() / domain
    for own in (lake.config.data_raw.parent, lake.config.gold_file.parent):
        if own.resolve() in (folder, *folder.parents):
            raise UsageError(
                f"`{folder}` is in `{own}`, which carms reads", "name a folder outside of it"
            )
    return Place(Folder(folder), domain)


@contextmanager
def _as_store_error(place: Place) -> Iterator[None]:
    """What the system refuses, as an error of ours."""
    try:
        yield
    except OSError as error:
        where = error.filename or place.files.address
        said, to_do = system_refusal(error) or (str(error), "check the folder and the disk")
        raise StoreError(f"`{where}` cannot be written: {said}", to_do) from error
