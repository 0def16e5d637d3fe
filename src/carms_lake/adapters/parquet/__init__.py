"""Gold as Parquet files in a folder: a folder for each run, and a pointer to the current one."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from carms_lake import Publication
from carms_lake.adapters.gold import Outcome, gold_of, is_recorded, patient
from carms_lake.adapters.parquet.manifest import Manifest, whole_run, write_run
from carms_lake.adapters.parquet.place import Place
from carms_lake.errors import StoreError, UsageError, system_refusal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from carms_lake import Lake
    from carms_lake.adapters.gold import Gold

__all__ = ["KEEP", "publish"]

KEEP = 3
"""So many runs stay in the folder where nothing else is asked for."""


def publish(lake: Lake, folder: Path, *, keep: int = KEEP) -> Outcome:
    """Publish gold to a folder, in which the last `keep` runs stay; the pointer moves last.

    What the folder has already is compared with its digests and left as it is; files that
    differ are rewritten.

    Raises:
        GoldMissing: gold was not built yet.
        UsageError: the folder has what carms did not publish, or is in the lake.
        StoreError: the pointer is damaged, or the folder cannot be written.
        StoreLocked: another process is writing to the lake.
    """
    lake = patient(lake)
    place = Place(folder.resolve(), lake.config.domain.name)
    _ensure_outside(lake, place)
    with _as_store_error(place):
        gold = gold_of(lake)
        found = _current(place, gold)
        if found and not place.leftovers() and not place.old_runs(gold.run_id, keep):
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
        """Publish what gold is now, and remove what is not to stay."""
        gold, place = gold_of(self._lake), self._place
        manifest = _current(place, gold)
        place.remove(place.leftovers())
        if manifest is None:
            manifest = self._written(gold)
            place.point_to(gold.run_id, manifest["digest"])
            self.is_changed = True
        place.remove(place.old_runs(gold.run_id, self._keep))
        return _publication(place, manifest)

    def _written(self, gold: Gold) -> Manifest:
        """The manifest of the run, which is written unless an interrupted publish did so."""
        folder = self._place.run(gold.run_id)
        if manifest := whole_run(folder):
            return manifest
        self._place.add(gold.run_id, lambda partial: write_run(self._lake, gold, partial))
        if manifest := whole_run(folder):
            return manifest
        raise StoreError(
            f"`{folder}` does not hold what was written to it", "check the disk, and publish again"
        )


def _current(place: Place, gold: Gold) -> Manifest | None:
    """The manifest of the run of gold, if the pointer names it and its files are whole."""
    return whole_run(place.run(gold.run_id)) if place.current() == gold.run_id else None


def _publication(place: Place, manifest: Manifest) -> Publication:
    tables = manifest["tables"].values()
    return Publication(
        "parquet",
        str(place.folder),
        manifest["run"],
        len(tables),
        sum(table["rows"] for table in tables),
        manifest["digest"],
    )


def _ensure_outside(lake: Lake, place: Place) -> None:
    for own in (lake.config.data_raw.parent, lake.config.gold_file.parent):
        if own.resolve() in (place.folder, *place.folder.parents):
            raise UsageError(
                f"`{place.folder}` is in `{own}`, which carms reads", "name a folder outside of it"
            )


@contextmanager
def _as_store_error(place: Place) -> Iterator[None]:
    """What the system refuses, as an error of ours."""
    try:
        yield
    except OSError as error:
        said, to_do = system_refusal(error) or (str(error), "check the folder and the disk")
        raise StoreError(f"`{place.folder}` cannot be written: {said}", to_do) from error
