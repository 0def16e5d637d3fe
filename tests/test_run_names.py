"""A run is named by a part of its id, or by how long ago it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carms_lake.errors import UsageError
from carms_lake.run_names import run_named, runs_named, short_id

IDS = [
    "20261120T120102.345678Z-1a2b3c",
    "20261121T120102.345678Z-1a2bff",
    "20261121T120105.000000Z-123456",
]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        (IDS[0], 0),
        ("last", 2),
        ("1", 2),
        ("previous", 1),
        ("3", 0),
        ("1a2b3c", 0),
        ("1a2bf", 1),
        ("123456", 2),
        ("20261120", 0),
        ("20261121T120105", 2),
    ],
)
def test_a_name_means_one_run(text: str, at: int) -> None:
    assert run_named(text, IDS, listed="") == IDS[at]


@pytest.mark.parametrize("text", ["1a2b", "20261121", "2026"])
def test_what_means_several_runs_names_them(text: str) -> None:
    with pytest.raises(UsageError, match=f"`{text}` means") as raised:
        run_named(text, IDS, listed="")
    assert IDS[1] in raised.value.hint


@pytest.mark.parametrize("text", ["", "0", "4", "1a2", "-1", "nobody", "3c", "²"])
def test_what_means_no_run_says_where_runs_are_listed(text: str) -> None:
    with pytest.raises(UsageError, match="no run") as raised:
        run_named(text, IDS, listed="here they are")
    assert raised.value.hint.startswith("here they are")


def test_a_lake_without_a_run_has_no_last_one() -> None:
    with pytest.raises(UsageError, match="no run `last`: 0 runs so far"):
        run_named("last", [], listed="")


@given(st.lists(st.from_regex(r"\A2026\d{4}T\d{6}Z-[0-9a-f]{6}\Z"), min_size=1, unique=True))
def test_a_short_id_means_the_runs_that_end_so(ids: list[str]) -> None:
    ids.sort()
    for one in ids:
        assert runs_named(short_id(one), ids) == [i for i in ids if short_id(i) == short_id(one)]
        assert runs_named(one, ids) == [one]
