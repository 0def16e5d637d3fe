"""Whatever ends a publish, readers have the old run, and the next publish leaves no orphans."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest
from pg import IS_ROOT, USER, asked, started, url_of
from tiny import sell

from carms_lake import Lake, StoreError
from carms_lake.adapters.postgres import loading, publish, schema_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

STOPS = """
import sys, time
from carms_lake.adapters import postgres
from carms_lake.adapters.postgres import loading

def stop(*_):
    print("there", flush=True)
    time.sleep(600)

setattr({where}, stop)
import carms_lake
postgres.publish(carms_lake.open(sys.argv[1]), sys.argv[2])
"""


def shown(url: str) -> tuple[str, int]:
    """The run that readers see, and what was sold in it."""
    (row,) = asked(
        url,
        "select (select run_id from tiny_ops.build), "
        "(select sum(quantity)::integer from tiny_gold.fact_sale)",
    )
    return str(row[0]), int(row[1])


def schemas(url: str) -> list[str]:
    """The schemas of the domain."""
    found = asked(
        url, "select nspname::text from pg_namespace where nspname like 'tiny%' order by 1"
    )
    return [name for (name,) in found]


def the_next_publish_works(lake: Lake, url: str, first: str) -> None:
    """It shows the newest run, and only this one and the one before are there."""
    done = publish(lake, url)
    assert done.is_changed
    run = done.publication.gold_run_id
    assert shown(url) == (run, lake.query("select sum(quantity) from fact_sale").item())
    runs = [schema_of(f"tiny_{layer}", each) for layer in ("gold", "ops") for each in (first, run)]
    assert schemas(url) == sorted(["tiny_gold", "tiny_ops", *runs])
    assert len(lake.publications()) == 1


@pytest.mark.parametrize(
    "where",
    ['postgres.session.Session, "load"', 'loading, "_keys"', 'postgres, "patiently"'],
    ids=["before the rows", "in the load", "between load and views"],
)
def test_a_killed_publish_leaves_the_old_run(lake: Lake, url: str, where: str) -> None:
    first = publish(lake, url).publication.gold_run_id
    sell(lake, 1)
    command = [sys.executable, "-c", STOPS.format(where=where), str(lake.config.project), url]
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=paths) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "there\n"
            assert shown(url) == (first, 3)
        finally:
            process.kill()
    assert shown(url) == (first, 3)
    the_next_publish_works(lake, url, first)


def test_a_server_that_crashes_in_the_load_has_the_old_run_when_it_is_back(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    with started() as server:
        url = url_of(server.folder)
        first = publish(lake, url).publication.gold_run_id
        sell(lake, 1)

        def crashing(*_: Any) -> Iterator[str]:
            server.crash()
            yield "select 1"

        with monkeypatch.context() as at:
            at.setattr(loading, "_keys", crashing)
            with pytest.raises(StoreError) as error:
                publish(lake, url)
        assert "start the server" in str(error.value.hint)
        server.start()
        assert shown(url) == (first, 3)
        the_next_publish_works(lake, url, first)


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A disk of 20 MB."""
    if not IS_ROOT:
        pytest.skip("only root can mount a small disk")
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size=20m,uid={USER},mode=700", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_leaves_the_old_run(lake: Lake) -> None:
    with started() as server, small_disk(server.folder / "small"):
        url, small = url_of(server.folder), server.folder / "small"
        name = url.partition("@/")[2].partition("?")[0]
        asked(
            url,
            f"create tablespace small location '{small}'",
            f"alter database {name} set default_tablespace = small",
        )
        first = publish(lake, url).publication.gold_run_id
        sell(lake, 1)
        filler = small / "filler"
        with suppress(OSError), filler.open("wb", buffering=0) as file:
            while file.write(b"x" * 4096):
                pass
        with pytest.raises(StoreError) as error:
            publish(lake, url)
        assert "free space on the disk of the server" in str(error.value.hint)
        assert shown(url) == (first, 3)
        filler.unlink()
        the_next_publish_works(lake, url, first)
        server.crash()  # so that nothing holds the disk
        server.start()
        asked(
            url.replace(f"/{name}?", "/postgres?"), f"drop database {name}", "drop tablespace small"
        )
        server.crash()
        server.start()
