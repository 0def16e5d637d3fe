"""Files that vanish, grow and shrink while they are read: really, by a second process."""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl
import pytest
from faults.scale import SECONDS, SEED, tell
from helpers import property_, write_contract
from tiny import SALES, digest, put, rows, stocked

from carms_lake.flows import ingest as flow
from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest
from carms_lake.names import Layer, TableRef
from carms_lake.records import FileStatus

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.config import LakeConfig

pytestmark = pytest.mark.slow

RESTLESS = """
import os, pathlib, random, sys, time
path, kind, seconds, seed = pathlib.Path(sys.argv[1]), *sys.argv[2:]
whole = path.read_bytes()
chance = random.Random(seed)
end = time.monotonic() + float(seconds)
print("begun", flush=True)
while time.monotonic() < end:
    if kind == "vanishing":
        path.unlink()
        time.sleep(chance.random() * 0.03)
        path.write_bytes(whole)
    elif kind == "growing":
        path.write_bytes(whole[: len(whole) // 2])
        with path.open("ab", buffering=0) as file:
            for start in range(len(whole) // 2, len(whole), 1 + len(whole) // 9):
                file.write(whole[start : start + 1 + len(whole) // 9])
                time.sleep(chance.random() * 0.004)
    else:
        with path.open("r+b", buffering=0) as file:
            file.truncate(chance.choice([0, 100, len(whole) // 2]))
            time.sleep(chance.random() * 0.003)
            file.write(whole)
    time.sleep(chance.random() * 0.05)
path.unlink(missing_ok=True)
path.write_bytes(whole)
"""
"""A file that is never left alone; in the end it is as it was."""

EXPECTED = {"STILL_GROWING", "UNREADABLE", "EMPTY_FILE", "WRONG_FORMAT", "MISSING_COLUMN"}
"""What may be said of a file that is half there: what is there of it, or that it changed."""


def many_sales(count: int) -> str:
    return SALES.partition("\n")[0] + "\n" + "".join(f"r{n},p1,{n % 9 + 1}\n" for n in range(count))


def with_parquet(config: LakeConfig) -> LakeConfig:
    """The same project with one more source, in Parquet: its reader is the one that maps files."""
    own = config.project / "schemas" / "tiny"
    columns = [property_("id", "integer", "bigint", required=True), property_("name")]
    ref = TableRef("tiny", Layer.BRONZE, "visits")
    table = {"carms.files": ["visits/*.parquet"], "carms.format": "parquet"}
    write_contract(own, ref, columns, **table)
    domain = replace(config.domain, schemas=(*config.domain.schemas, own))
    return replace(config, domain=domain)


def visits(config: LakeConfig, count: int) -> Path:
    path = config.data_raw / "visits" / "v.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    names = pl.int_range(count, eager=True).cast(pl.String)
    frame = pl.DataFrame({"id": pl.int_range(count, eager=True), "name": names})
    frame.write_parquet(path, row_group_size=100)
    return path


@pytest.mark.parametrize("kind", ["vanishing", "growing", "shrinking"])
@pytest.mark.parametrize("form", ["csv", "csv.gz", "parquet"])
def test_a_file_that_changes_while_it_is_read_lands_whole_or_is_refused(
    tmp_path: Path, kind: str, form: str
) -> None:
    count = 40_000
    config = with_parquet(stocked(tmp_path))
    table = "visits" if form == "parquet" else "sales"
    if form == "parquet":
        path = visits(config, count)
    elif form == "csv":
        path = put(config, "sales/many.csv", many_sales(count))
    else:
        path = put(config, "sales/many.csv.gz", "")
        path.write_bytes(gzip.compress(many_sales(count).encode(), 1))
    seen: Counter[str] = Counter()
    arguments = [str(path), kind, str(SECONDS), str(SEED)]
    with subprocess.Popen(
        [sys.executable, "-c", RESTLESS, *arguments], stdout=subprocess.PIPE, text=True
    ) as restless:
        assert restless.stdout is not None
        assert restless.stdout.readline() == "begun\n"
        while restless.poll() is None:
            report = ingest(config, [table], full_refresh=True)
            assert report.is_balanced
            found = [f for f in report.files if f.name.endswith(("many.csv", "v.parquet"))]
            seen.update(f.code or str(f.status) for f in found)
    assert restless.returncode == 0
    assert set(seen) <= EXPECTED | set(FileStatus)
    tell(f"{form} {kind} while it is read: {sum(seen.values())} reads, {dict(seen)}")
    ingest(config)
    landed = rows(config, f"bronze.{table}", "src_filename")
    names = Counter(name for (name,) in landed)
    assert names["sales/many.csv" if table == "sales" else "visits/v.parquet"] == count


def test_a_file_that_vanishes_when_it_is_found_is_refused_and_the_others_land(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = stocked(tmp_path)
    put(config, "sales/day_2.csv", SALES.replace("s1", "s3"))
    find = flow.discover

    def vanishing(contract: object, there: object) -> object:
        found = find(contract, there)  # type: ignore[arg-type]
        if contract.ref.table == "sales":  # type: ignore[attr-defined]
            (config.data_raw / "sales/day_1.csv").unlink()
        return found

    with monkeypatch.context() as patched:
        patched.setattr(flow, "discover", vanishing)
        report = flow.ingest(config, ["sales"])
    assert [(f.name, f.code) for f in report.refused] == [("sales/day_1.csv", "UNREADABLE")]
    assert len(digest(config)["bronze.sales"]) == 2


def test_an_interrupted_run_leaves_the_lake_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from carms_lake.store.delta import staged

    config = stocked(tmp_path)
    ingest(config)
    build(config)
    before = digest(config)
    put(config, "sales/day_2.csv", SALES.replace("s1", "s3").replace("s2", "s4"))

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(staged, "commit_files", interrupted)
        with pytest.raises(KeyboardInterrupt):
            ingest(config)
    assert digest(config) == before
