"""What the name of a file says of its rows, also where its folders are named by Hive or Spark."""

from __future__ import annotations

import pytest

from carms_lake.quality.split import said_by_path


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("at=2025-01-02 10%3A30%3A00/a.csv", "2025-01-02 10:30:00"),
        ("at=N%2FA/a.csv", "N/A"),
        ("at=50%25/a.csv", "50%"),
        ("at=%C3%A9t%C3%A9/a.csv", "été"),
        ("at=a+b/a.csv", "a+b"),
        ("at=/a.csv", ""),
        ("at=__HIVE_DEFAULT_PARTITION__/a.csv", None),
        ("year=2025/at=x%20y/part-0.csv", "x y"),
        ("other/a.csv", None),
    ],
)
def test_a_folder_that_names_its_column_gives_the_value(name, said):
    assert said_by_path(r"(?:^|/)at=([^/]*)/", [name]).to_list() == [said]


@pytest.mark.parametrize("name", ["100%25/a.csv", "__HIVE_DEFAULT_PARTITION__/a.csv"])
def test_any_other_folder_is_called_what_it_is_called(name):
    assert said_by_path(r"^([^/]*)/", [name]).to_list() == [name.split("/")[0]]


def test_a_file_is_called_what_it_is_called():
    assert said_by_path(r"at=(.*)\.csv$", ["at=a%20b.csv"]).to_list() == ["a%20b"]
