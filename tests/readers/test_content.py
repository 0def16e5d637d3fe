"""The uncompressed content of source files, and what is refused before it does harm."""

from __future__ import annotations

import errno
import gzip
import hashlib
import os
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sources import bronze, landed, read, source, unique, written

from carms_lake.errors import ContractError, SourceRefused
from carms_lake.readers import content
from carms_lake.readers.content import (
    blocks,
    digest,
    disk_facts,
    ensure_unchanged,
    opened,
    readable,
    whole,
)

CONTENT = b"a,b\n1,2\n" * 1000


def zipped(path, members: dict[str, bytes], how=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


@pytest.fixture(params=["plain", "gz", "zip"])
def packed(request, tmp_path):
    """The same content in each container."""
    if request.param == "plain":
        return written(tmp_path, CONTENT)
    if request.param == "gz":
        return written(tmp_path, gzip.compress(CONTENT, mtime=0), "things.csv.gz")
    return source(zipped(tmp_path / "x.zip", {"in/things.csv": CONTENT}), "in/things.csv")


def test_content_digest_and_path_are_the_same_in_each_container(packed):
    assert whole(packed) == CONTENT
    assert digest(packed) == hashlib.sha256(CONTENT).hexdigest()
    with opened(packed) as path:
        assert path.read_bytes() == CONTENT


def test_the_unpacked_file_is_gone_afterwards(tmp_path):
    file = written(tmp_path, gzip.compress(CONTENT, mtime=0), "things.csv.gz")
    with opened(file) as path:
        assert path != file.path
    assert not path.exists()
    with opened(written(tmp_path, CONTENT)) as path:
        pass
    assert path.exists()


@pytest.mark.parametrize(
    "limits",
    [{"MAX_UNPACKED_BYTES": 1000}, {"SMALL_BYTES": 1000, "MAX_RATIO": 5}],
    ids=["bytes", "ratio"],
)
@pytest.mark.parametrize("kind", ["gz", "zip"])
def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch, limits, kind):
    for name, value in limits.items():
        monkeypatch.setattr(content, name, value)
    bomb = bytes(10_000_000)
    if kind == "gz":
        file = written(tmp_path, gzip.compress(bomb), "things.csv.gz")
    else:
        file = source(zipped(tmp_path / "x.zip", {"things.csv": bomb}), "things.csv")
    for read_all in (
        lambda: list(blocks(file)),
        lambda: digest(file),
    ):
        with pytest.raises(SourceRefused) as caught:
            read_all()
        assert caught.value.code == "TOO_LARGE"
    with pytest.raises(SourceRefused), opened(file):
        pass


def test_a_small_archive_may_pack_as_well_as_it_likes(tmp_path):
    file = written(tmp_path, gzip.compress(bytes(10_000_000)), "things.csv.gz")
    assert len(whole(file)) == 10_000_000


def test_a_bomb_of_the_default_limits_is_refused(tmp_path):
    block = gzip.compress(bytes(16 << 20))
    file = written(tmp_path, block * 5, "things.csv.gz")
    with pytest.raises(SourceRefused) as caught:
        read(file, bronze("a", "b"))
    assert caught.value.code in {"TOO_LARGE", "WRONG_FORMAT"}
    with pytest.raises(SourceRefused) as caught:
        digest(file)
    assert caught.value.code == "TOO_LARGE"


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(CONTENT, mtime=0)[:-20],
        b"\x1f\x8bjunk",
        b"no gzip",
        gzip.compress(CONTENT, mtime=0) + b"tail",
        b"",
    ],
)
def test_a_broken_gzip_file_is_refused(tmp_path, content):
    with pytest.raises(SourceRefused) as caught:
        read(written(tmp_path, content, "things.csv.gz"), bronze("a", "b"))
    assert caught.value.code in {"UNREADABLE", "EMPTY_FILE"}


def test_a_member_that_is_not_there_or_needs_a_password_is_refused(tmp_path):
    path = zipped(tmp_path / "x.zip", {"things.csv": CONTENT})
    with pytest.raises(SourceRefused):
        whole(source(path, "other.csv"))
    data = bytearray(path.read_bytes())
    data[6] |= 1  # the flag of an encrypted member, in both headers
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(data))
    with pytest.raises(SourceRefused) as caught:
        whole(source(path, "things.csv"))
    assert caught.value.code == "UNREADABLE"


@given(position=st.integers(0, 400), byte=st.integers(0, 255), kind=st.sampled_from(["gz", "zip"]))
def test_a_damaged_archive_gives_its_content_or_is_refused(tmp_path_factory, position, byte, kind):
    folder = tmp_path_factory.mktemp("archive")
    content = bytes(range(256))
    if kind == "gz":
        data = bytearray(gzip.compress(content))
    else:
        data = bytearray(zipped(folder / "whole.zip", {"things.csv": content}).read_bytes())
    data[position % len(data)] = byte
    file = unique(folder, bytes(data), f"csv.{kind}")
    if kind == "zip":
        file = source(file.path, "things.csv")
    try:
        found: bytes | str = whole(file)
    except SourceRefused as refusal:
        found = refusal.code
    assert found in {content, "UNREADABLE", "TOO_LARGE"}


@pytest.mark.parametrize("name", ["things.csv", "things.csv.gz"])
@pytest.mark.parametrize(
    ("error", "said", "to_do"),
    [
        (ValueError("of a library"), "ValueError: of a library", "report it"),
        (KeyError(), "KeyError: no more is said", "report it"),
        (MemoryError(), "memory is too small", "split the file"),
        (OSError(errno.ENOSPC, "No space left"), "No space left", "free space on the disk"),
        (OSError(errno.EBUSY, "In use"), "In use", "close"),
        (type("PanicException", (BaseException,), {})("out of range"), "out of range", "report it"),
        (zipfile.BadZipFile("no end"), "cut off or damaged (no end)", "sent again"),
        (UnicodeError("no BOM"), "no BOM", "utf-16-le"),
    ],
)
def test_whatever_is_raised_while_a_file_is_read_refuses_it(tmp_path, name, error, said, to_do):
    file = written(tmp_path, gzip.compress(CONTENT), name)
    with pytest.raises(SourceRefused) as caught, readable(file):
        raise error
    assert caught.value.code == "UNREADABLE"
    assert f"`{file.name}`" in caught.value.message
    assert said in caught.value.message
    assert to_do in caught.value.hint
    assert "damage" not in caught.value.hint
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(), ContractError("a", "b")])
def test_what_is_no_fault_of_a_file_passes(tmp_path, error):
    with pytest.raises(type(error)) as caught, readable(written(tmp_path, CONTENT)):
        raise error
    assert caught.value is error


def test_a_file_that_changed_since_it_was_found_is_still_growing(tmp_path):
    file = written(tmp_path, b"a,b\n1,2\n")
    with file.path.open("ab") as stream:
        stream.write(b"3,4\n")
    for attempt in (lambda: read(file, bronze("a", "b")), lambda: digest(file)):
        with pytest.raises(SourceRefused) as caught:
            attempt()
        assert caught.value.code == "STILL_GROWING"


def test_a_file_of_another_time_is_another_file(tmp_path):
    file = written(tmp_path, b"a,b\n1,2\n")
    os.utime(file.path, ns=(1, 1))
    with pytest.raises(SourceRefused) as caught:
        ensure_unchanged(file)
    assert caught.value.code == "STILL_GROWING"


@pytest.mark.parametrize("format_", ["csv", "json", "jsonl", "xlsx", "parquet", "delta"])
def test_a_file_that_vanished_is_refused(tmp_path, format_):
    file = written(tmp_path, b"a,b\n1,2\n", f"things.{format_}")
    file.path.unlink()
    with pytest.raises(SourceRefused) as caught:
        read(file, bronze("a", "b", format=format_))
    assert caught.value.code == "UNREADABLE"
    assert f"things.{format_}" in caught.value.message


@pytest.mark.skipif(
    os.name == "nt" or getattr(os, "geteuid", lambda: 1)() == 0, reason="root reads everything"
)
def test_a_file_that_must_not_be_read_is_refused(tmp_path):
    file = written(tmp_path, b"a,b\n1,2\n")
    file.path.chmod(0)
    with pytest.raises(SourceRefused) as caught:
        read(file, bronze("a", "b"))
    assert caught.value.code == "UNREADABLE"


def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path):
    folder = tmp_path / "things.csv"
    (folder / "_delta_log").mkdir(parents=True)
    with pytest.raises(SourceRefused) as caught:
        read(source(folder), bronze("a", "b"))
    assert caught.value.code == "UNREADABLE"


def test_a_delta_tables_facts_and_digest_are_those_of_its_log(tmp_path):
    log = tmp_path / "table" / "_delta_log"
    log.mkdir(parents=True)
    (log / "0.json").write_text("one", encoding="utf-8")
    before = digest(source(tmp_path / "table"))
    assert disk_facts(tmp_path / "table")[0] == 3
    (log / "1.json").write_text("two", encoding="utf-8")
    assert digest(source(tmp_path / "table")) != before


@pytest.mark.parametrize("kind", ["gz", "zip"])
def test_records_are_read_from_archives(tmp_path, kind):
    data = b"a,b\n1,2\n"
    if kind == "gz":
        file = written(tmp_path, gzip.compress(data), "things.csv.gz")
    else:
        file = source(zipped(tmp_path / "x.zip", {"d/t.csv": data}, zipfile.ZIP_BZIP2), "d/t.csv")
    assert landed(file, bronze("a", "b")) == [{"a": "1", "b": "2"}]
