"""The published file is replaced where it is, for those who could read it."""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path

import pytest
from tiny import built, gold, put

from carms_lake.errors import StoreError
from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest
from carms_lake.store.gold import publish, published_place

SHARED_MEMORY = Path("/dev/shm")

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="links need a right of their own, modes have no groups"
)


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """A file that was built."""
    folder = tmp_path / "lake" / ".shop.building"
    folder.mkdir(parents=True)
    (folder / "shop.duckdb").write_text("new")
    return folder / "shop.duckdb"


@pytest.fixture
def target(new: Path) -> Path:
    """Where it is to be published."""
    return new.parent.parent / "shop.duckdb"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o444, 0o777])
def test_the_mode_stays(new: Path, target: Path, mode: int) -> None:
    target.write_text("old")
    target.chmod(mode)
    before = new.stat().st_mtime_ns
    assert publish(new, target) == target
    assert target.read_text() == "new"
    assert (target.stat().st_mode & 0o777, target.stat().st_mtime_ns) == (mode, before)


def test_a_first_file_has_the_mode_that_new_files_have(new: Path, target: Path) -> None:
    before = new.stat().st_mode
    publish(new, target)
    assert target.stat().st_mode == before


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root gives away")
def test_owner_and_group_stay(new: Path, target: Path) -> None:
    target.write_text("old")
    os.chown(target, 4321, 1234)
    publish(new, target)
    assert (target.stat().st_uid, target.stat().st_gid) == (4321, 1234)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root gives away")
def test_another_group_may_not_read_what_the_old_one_could(
    new: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError

    target.write_text("old")
    os.chown(target, -1, 1234)
    target.chmod(0o664)
    monkeypatch.setattr(os, "chown", refused)
    publish(new, target)
    assert target.stat().st_mode & 0o777 == 0o644


@pytest.mark.skipif(sys.platform != "linux", reason="access lists are of Linux")
def test_an_access_list_stays(new: Path, target: Path) -> None:
    # Owner rw, user 4321 r, group none, mask r, others none: what `setfacl -m u:4321:r` writes.
    entries = [(1, 6, -1), (2, 4, 4321), (4, 0, -1), (16, 4, -1), (32, 0, -1)]
    wanted = struct.pack("<I", 2) + b"".join(
        struct.pack("<HHI", tag, rights, who & 0xFFFFFFFF) for tag, rights, who in entries
    )
    target.write_text("old")
    try:
        os.setxattr(target, "system.posix_acl_access", wanted)
    except OSError:
        pytest.skip("this disk has no access lists")
    publish(new, target)
    assert os.getxattr(target, "system.posix_acl_access") == wanted


@pytest.mark.parametrize("is_relative", [True, False])
def test_a_link_stays_and_its_target_is_replaced(
    tmp_path: Path, new: Path, target: Path, is_relative: bool
) -> None:
    share = tmp_path / "share"
    share.mkdir()
    shared = share / "figures.duckdb"
    shared.write_text("old")
    shared.chmod(0o640)
    (share / "first").symlink_to(shared)
    target.symlink_to(Path("../share/first") if is_relative else share / "first")
    for path in (target, shared):
        path.with_name(f"{path.name}.wal").write_text("left by a reader")
    publish(new, target)
    assert (target.is_symlink(), shared.is_symlink(), shared.read_text()) == (True, False, "new")
    assert shared.stat().st_mode & 0o777 == 0o640
    assert names(share) == ["figures.duckdb", "first"]
    assert names(target.parent) == [".shop.building", "shop.duckdb"]


def test_a_link_to_what_is_not_there_yet_is_filled(tmp_path: Path, new: Path, target: Path) -> None:
    (tmp_path / "share").mkdir()
    target.symlink_to(tmp_path / "share" / "figures.duckdb")
    publish(new, target)
    assert (tmp_path / "share" / "figures.duckdb").read_text() == "new"
    assert target.is_symlink()


@pytest.mark.skipif(not SHARED_MEMORY.is_dir(), reason="there is no second disk")
def test_a_link_may_lead_to_another_disk(new: Path, target: Path) -> None:
    if SHARED_MEMORY.stat().st_dev == target.parent.stat().st_dev:
        pytest.skip("it is the same disk")
    shared = SHARED_MEMORY / f"carms-test-{os.getpid()}"
    shared.mkdir()
    try:
        (shared / "shop.duckdb").write_text("old")
        (shared / "shop.duckdb").chmod(0o604)
        (shared / ".shop.duckdb.part").write_text("left by a killed build")
        target.symlink_to(shared / "shop.duckdb")
        publish(new, target)
        assert (shared / "shop.duckdb").read_text() == "new"
        assert (shared / "shop.duckdb").stat().st_mode & 0o777 == 0o604
        assert names(shared) == ["shop.duckdb"]
    finally:
        for path in shared.iterdir():
            path.unlink()
        shared.rmdir()


def test_a_folder_that_is_itself_a_link_is_no_matter(
    tmp_path: Path, new: Path, target: Path
) -> None:
    (tmp_path / "alias").symlink_to(target.parent)
    publish(new, tmp_path / "alias" / "shop.duckdb")
    assert target.read_text() == "new"


def test_where_no_file_can_be_is_said_and_nothing_is_deleted(tmp_path: Path, target: Path) -> None:
    target.symlink_to(target.with_name("other"))
    target.with_name("other").symlink_to(target)
    with pytest.raises(StoreError, match="a link that leads back to itself"):
        published_place(target)
    target.unlink()
    target.symlink_to(tmp_path / "gone" / "shop.duckdb")
    with pytest.raises(StoreError, match=r"the folder of .*gone.* does not exist") as caught:
        published_place(target)
    assert "mount the disk" in caught.value.hint
    target.unlink()
    target.mkdir()
    (target / "mine").write_text("kept")
    with pytest.raises(StoreError, match="is not a file"):
        published_place(target)
    assert (target / "mine").read_text() == "kept"


@pytest.mark.slow
def test_a_build_says_before_its_work_that_it_cannot_be_published(tmp_path: Path) -> None:
    config = built(tmp_path)
    config.gold_file.unlink()
    config.gold_file.symlink_to(config.gold_file)
    with pytest.raises(StoreError, match="leads back to itself"):
        build(config, full_refresh=True)
    assert not list(config.gold_file.parent.glob(".*building"))


@pytest.mark.slow
def test_a_build_publishes_to_where_the_link_leads(tmp_path: Path) -> None:
    config = built(tmp_path)
    (tmp_path / "share").mkdir()
    shared = config.gold_file.rename(tmp_path / "share" / "tiny.duckdb")
    config.gold_file.symlink_to(shared)
    os.link(shared, tmp_path / "second_name")
    put(config, "sales/day_2.csv", "sale_id,product_id,quantity\ns3,p1,1\n")
    ingest(config)
    report = build(config)
    assert report.published == config.gold_file
    assert config.gold_file.is_symlink()
    assert gold(config, "select count(*) from gold.fact_sale") == [(3,)]
    assert [note for note in report.notes if "hard link" in note]
    assert not [note for note in build(config).notes if "hard link" in note]
