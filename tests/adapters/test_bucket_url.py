"""What a URL of a bucket may be: a key in it is refused and never shown; and the extra."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from command import called

from carms_lake import UsageError
from carms_lake.adapters.parquet.s3 import bucket_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "url",
    [
        "s3://KEY:hush@bucket/gold",
        "s3://bucket/gold?secret=hush",
        "s3://bucket/gold#hush",
        "s3://bucket/../hush",
        "s3:///hush",
        "s3://Hush_Bucket",
        "gs://bucket/hush",
        "https://bucket.s3.amazonaws.com/hush",
    ],
)
def test_what_is_no_place_in_a_bucket_is_refused_and_not_repeated(shop: Path, url: str) -> None:
    for options in ([], ["-v"], ["--json"]):
        done = called(shop, "publish", "parquet", url, *options)
        assert done.code == 2
        assert "hush" not in (done.out + done.err).lower()
    assert "hint: " in called(shop, "publish", "parquet", url).err


@pytest.mark.parametrize(
    ("url", "bucket", "prefix"),
    [
        ("s3://bucket", "bucket", ""),
        ("s3://bucket/", "bucket", ""),
        ("s3://my.bucket-1/a/b", "my.bucket-1", "a/b"),
        ("s3://bucket//a//b c/é/", "bucket", "a/b c/é"),
    ],
)
def test_bucket_and_prefix_are_read_from_it(url: str, bucket: str, prefix: str) -> None:
    assert bucket_of(url) == (bucket, prefix)


def test_without_the_extra_the_command_says_how_it_is_installed(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> Any:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr("carms_lake.extras.import_module", missing)
    done = called(shop, "publish", "parquet", "s3://bucket/gold")
    assert done.code == 2
    assert 'pip install "carms-lake[s3]"' in done.err


def test_a_message_about_a_url_says_what_to_write() -> None:
    with pytest.raises(UsageError) as refused:
        bucket_of("s3a://bucket/gold")
    assert "s3://bucket/prefix" in refused.value.hint
