"""What is rejected: the raw record, the rule that it broke, where it is in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import xlsxwriter
from reject_lake import named, promise, shop, visits
from tiny import put

from carms_lake.errors import UsageError
from carms_lake.flows.build import build
from carms_lake.flows.ingest import ingest
from carms_lake.flows.rejects import locate, rejects

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.config import LakeConfig


def told(config: LakeConfig, *columns: str, **wanted: Any) -> list[tuple[Any, ...]]:
    return rejects(config, **wanted).select(columns).rows()


def test_each_reason_stands_beside_its_record_and_its_place(tmp_path: Path) -> None:
    config = shop(tmp_path)
    ingest(config)
    assert told(config, "place", "code", "column", "rule", "value", "raw_record") == [
        ("record 1, line 2", "OUT_OF_RANGE", "quantity", "quantity.minimum", "0", "s3,p1,0"),
        ("record 2, line 3", "TYPE_MISMATCH", "quantity", "quantity.type", "x", "s4,p2,x"),
        ("record 3, line 4", "MALFORMED_ROW", None, "record.structure", None, "s5,p1,3,4"),
        ("record 5, line 6", "OUT_OF_RANGE", "quantity", "quantity.minimum", "0", '"s\n7",p2,0'),
    ]


@pytest.mark.slow
def test_they_are_chosen_by_table_layer_code_column_and_run(tmp_path: Path) -> None:
    config = shop(tmp_path)
    put(config, "sales/day_3.csv", "sale_id,product_id,quantity\ns9,p9,1\n,p1,1\n")
    landed = ingest(config).run_id
    built = build(config).run_id
    assert len(told(config, "code")) == 6
    assert told(config, "code", column="sale_id", layer="bronze") == [("REQUIRED_NULL",)]
    assert told(config, "place", "code", layer="silver") == [(None, "UNKNOWN_REFERENCE")]
    assert len(told(config, "code", run=landed)) == 5
    assert len(told(config, "code", run=built)) == 1
    assert len(told(config, "code", code="out_of_range", table="sales")) == 2
    assert told(config, "code", table="products") == []
    assert len(told(config, "code", table="silver.sale")) == 1
    with pytest.raises(UsageError, match="no table `sals`"):
        rejects(config, table="sals")


def test_a_line_is_said_only_of_a_file_that_is_there_as_it_landed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = shop(tmp_path)
    ingest(config)
    path = config.data_raw / "sales" / "day_2.csv"
    with monkeypatch.context() as patched:
        patched.setattr(locate, "SEARCHED_BYTES", 10)
        assert told(config, "place")[0] == ("record 1",)
    path.write_text("\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert told(config, "place")[0] == ("record 1",)
    path.unlink()
    assert told(config, "place")[0] == ("record 1",)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("jsonl", "record 2, line 3"), ("json", "element 2"), ("xlsx", "People!D5")],
)
def test_each_format_has_its_own_words_for_a_place(
    tmp_path: Path, kind: str, expected: str
) -> None:
    config = visits(tmp_path, named(), **{"carms.format": kind})
    path = config.data_raw / "visits" / f"v.{kind}"
    path.parent.mkdir(parents=True)
    texts = ['{"id": 1, "name": "a", "score": 12}', '{"id": 2, "name": "b", "score": 7}']
    if kind == "xlsx":
        with xlsxwriter.Workbook(path) as book:
            page = book.add_worksheet("People")
            for number, row in enumerate([["id", "name", "score"], [1, "a", 12], [2, "b", 7]]):
                page.write_row(number + 2, 1, row)
    else:
        path.write_text("\n\n".join(texts) if kind == "jsonl" else f"[{','.join(texts)}]")
    ingest(config, ["visits"])
    assert told(config, "place") == [(expected,)]
    if kind == "xlsx":
        path.unlink()
        assert told(config, "place") == [("row 5",)]


def test_a_contract_that_reads_the_file_no_more_leaves_the_number(tmp_path: Path) -> None:
    config = visits(tmp_path, named())
    put(config, "visits/v.csv", "id,name,score\n1,a,2\n")
    ingest(config, ["visits"])
    promise(config, named(), **{"carms.format": "xlsx"})
    assert told(config, "place") == [("row 1",)]
