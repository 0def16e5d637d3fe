"""What a Delta log says of its files: values of folders, deleted rows, names, needed features."""

from __future__ import annotations

import datetime as dt
import json
import struct
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake
from sources import bronze, collected, column, landed, raw_records, read, source

from carms_lake.errors import SourceRefused
from carms_lake.readers import parquet

if TYPE_CHECKING:
    from pathlib import Path

ROWS = pa.table({"id": ["a", "b", "c"], "n": pa.array([1, 2, 3], pa.int32())})
CONTRACT = bronze("id", column("n", "bigint"), format="delta")
_85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"


def field(name: str, type_: Any, stored: str | None = None, number: int = 0) -> dict[str, Any]:
    """A column of a log's schema; with `stored`, its name in the data files."""
    mapping = {
        "delta.columnMapping.id": number,
        "delta.columnMapping.physicalName": stored,
    }
    return {
        "name": name,
        "type": type_,
        "nullable": True,
        "metadata": mapping if stored else {},
    }


FIELDS = [field("id", "string"), field("n", "integer")]


def needing(*features: str) -> dict[str, Any]:
    """The protocol of a table that needs these features of its readers."""
    names = list(features)
    return {
        "minReaderVersion": 3,
        "minWriterVersion": 7,
        "readerFeatures": names,
        "writerFeatures": names,
    }


def table(
    folder: Path,
    *files: tuple[str, pa.Table, dict[str, Any]],
    fields: list[dict[str, Any]] = FIELDS,
    protocol: dict[str, Any] | None = None,
    mode: str = "none",
    by: tuple[str, ...] = (),
):
    """A table whose log names each file by its path as the log writes it, with what it adds."""
    folder.mkdir(parents=True, exist_ok=True)
    configuration = {} if mode == "none" else {"delta.columnMapping.mode": mode,
                                               "delta.columnMapping.maxColumnId": "9"}  # fmt: skip
    actions: list[dict[str, Any]] = [
        {"protocol": protocol or {"minReaderVersion": 1, "minWriterVersion": 2}},
        {
            "metaData": {
                "id": "t",
                "format": {"provider": "parquet", "options": {}},
                "schemaString": json.dumps({"type": "struct", "fields": fields}),
                "partitionColumns": list(by),
                "configuration": configuration,
                "createdTime": 0,
            }
        },
    ]
    for path, rows, added in files:
        place = folder / unquote(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(rows, place)
        add = {
            "path": path,
            "partitionValues": {},
            "size": place.stat().st_size,
            "modificationTime": 0,
            "dataChange": True,
            "stats": json.dumps({"numRecords": rows.num_rows}),
        }
        actions.append({"add": add | added})
    (folder / "_delta_log").mkdir()
    text = "\n".join(json.dumps(action) for action in actions)
    (folder / "_delta_log" / f"{0:020}.json").write_text(text, encoding="utf-8")
    return source(folder)


def without(*rows: int) -> dict[str, Any]:
    """The deletion vector of some rows, written into the log itself."""
    bitmap = struct.pack("<IIHHI", 12346, 1, 0, len(rows) - 1, 16)
    bitmap += b"".join(struct.pack("<H", row) for row in rows)
    data = struct.pack("<IQI", 1681511377, 1, 0) + bitmap
    size = len(data)
    data += bytes(-size % 4)
    text = ""
    for at in range(0, len(data), 4):
        number, digits = int.from_bytes(data[at : at + 4], "big"), ""
        for _ in range(5):
            number, digit = divmod(number, 85)
            digits = _85[digit] + digits
        text += digits
    return {
        "deletionVector": {
            "storageType": "i",
            "pathOrInlineDv": text,
            "sizeInBytes": size,
            "cardinality": len(rows),
        }
    }


# -- values that only the log has ------------------------------------------------------------------

PARTS = [
    ("string", "varchar", "a b/é%=x", "a b/é%=x"),
    ("string", "varchar", None, None),
    ("string", "varchar", "", None),
    ("date", "date", "9999-12-31", dt.date(9999, 12, 31)),
    ("timestamp", "timestamp", "2024-01-01 10:00:00.123456",
     dt.datetime(2024, 1, 1, 10, 0, 0, 123456, dt.UTC)),
    ("timestamp", "timestamp", "2024-01-01T10:00:00Z", dt.datetime(2024, 1, 1, 10, tzinfo=dt.UTC)),
    ("decimal(10,2)", "decimal(10,2)", "1.50", Decimal("1.50")),
    ("long", "bigint", "9007199254740993", 9007199254740993),
    ("boolean", "boolean", "true", True),
    ("binary", "blob", "\u0001", b"\x01"),
    ("binary", "varchar", "text", "text"),
]  # fmt: skip


@pytest.mark.parametrize("path", ["part.parquet", "q7/part.parquet", "p=other/part.parquet"])
@pytest.mark.parametrize(("type_", "wanted", "text", "value"), PARTS)
def test_values_of_folders_are_those_of_the_log(tmp_path, path, type_, wanted, text, value):
    made = table(
        tmp_path / "t",
        (path, ROWS.select(["id"]), {"partitionValues": {"p": text}}),
        fields=[field("id", "string"), field("p", type_)],
        by=("p",),
    )
    rows = collected(read(made, bronze("id", column("p", wanted), format="delta")))
    assert rows["p"].to_list() == [value] * 3
    assert json.loads(raw_records(made, CONTRACT_P, [1])[1])["id"] == "a"


CONTRACT_P = bronze("id", column("p", may_be_absent=True), format="delta")


def test_a_value_of_a_folder_that_is_not_of_its_type_refuses_the_table(tmp_path):
    made = table(
        tmp_path / "t",
        ("a.parquet", ROWS.select(["id"]), {"partitionValues": {"p": "nonsense"}}),
        fields=[field("id", "string"), field("p", "date")],
        by=("p",),
    )
    with pytest.raises(SourceRefused, match="nonsense"):
        read(made, CONTRACT_P)


def test_tables_that_deltalake_writes_into_folders_are_read_whole(tmp_path):
    rows = pa.table({"id": ["1", "2", "3"], "p": ["a b/é%", "x=y", None]})
    write_deltalake(str(tmp_path / "t"), rows, partition_by=["p"])
    found = landed(source(tmp_path / "t"), CONTRACT_P)
    assert sorted(found, key=lambda row: row["id"]) == rows.to_pylist()


# -- where a table may be --------------------------------------------------------------------------


NAMES = ["My Project", "Été 日本", "100%", "100%25 of %2F", "#1", "[a]", "a+b", "a;b&c", "~", "'q'"]
NOT_ON_WINDOWS = ["a?b", "a\\b", "end "]


@pytest.mark.parametrize("name", [*NAMES, *([] if sys.platform == "win32" else NOT_ON_WINDOWS)])
def test_a_table_may_be_in_any_folder(tmp_path, name):
    made = table(tmp_path / name / f"{name} t", (quote(f"{name} p/f.parquet"), ROWS, without(1)),
                 protocol=needing("deletionVectors"))  # fmt: skip
    assert [row["id"] for row in landed(made, CONTRACT)] == ["a", "c"]


def test_a_file_may_be_named_by_its_whole_address_but_not_be_elsewhere(tmp_path):
    pq.write_table(ROWS, tmp_path / "far away.parquet")
    there = {"path": (tmp_path / "far away.parquet").as_uri()}
    made = table(tmp_path / "near", ("x.parquet", ROWS.slice(0, 1), there))
    assert len(landed(made, CONTRACT)) == 3
    away = {"path": "s3://bucket/x.parquet"}
    made = table(tmp_path / "far", ("x.parquet", ROWS, away))
    with pytest.raises(SourceRefused, match="elsewhere"):
        read(made, CONTRACT)


# -- features --------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 250_000])
def test_deleted_rows_never_land(tmp_path, monkeypatch, size):
    monkeypatch.setattr(parquet, "_PART_RECORDS", size)
    made = table(
        tmp_path / "t",
        ("a.parquet", ROWS, without(1)),
        ("b.parquet", ROWS, {}),
        ("c.parquet", ROWS, without(0, 1, 2)),
        ("d.parquet", ROWS, without(0, 2)),
        protocol=needing("deletionVectors"),
    )
    rows = collected(read(made, CONTRACT))
    assert sorted(rows["id"]) == ["a", "a", "b", "b", "c", "c"]
    assert rows["src_row_number"].to_list() == list(range(1, 7))


def test_deleted_rows_that_cannot_be_told_refuse_the_table_and_say_what_to_do(tmp_path):
    no_stats = {"stats": None} | without(1)
    made = table(tmp_path / "t", ("a.parquet", ROWS, no_stats), protocol=needing("deletionVectors"))
    with pytest.raises(SourceRefused, match="deletionVectors") as caught:
        read(made, CONTRACT)
    assert "REORG TABLE" in caught.value.hint
    also = needing("deletionVectors", "typeWidening")
    made = table(tmp_path / "u", ("a.parquet", ROWS, without(1)), protocol=also)
    with pytest.raises(SourceRefused, match="deletionVectors"):
        read(made, CONTRACT)


MAPPED = [
    field("id", "string", "col-1", 1),
    field("n", "integer", "col-2", 2),
    field("s", {"type": "struct", "fields": [field("x", "integer", "col-4", 4)]}, "col-3", 3),
    field("l", {"type": "array", "containsNull": True, "elementType":
                {"type": "struct", "fields": [field("y", "integer", "col-6", 6)]}}, "col-5", 5),
    field("p", "date", "col-7", 7),
    field("new", "string", "col-8", 8),
]  # fmt: skip


@pytest.mark.parametrize("protocol", [{"minReaderVersion": 2, "minWriterVersion": 5},
                                      needing("columnMapping")])  # fmt: skip
@pytest.mark.parametrize("mode", ["name", "id"])
def test_columns_are_found_under_their_names_in_the_files(tmp_path, protocol, mode):
    inner = pa.struct([pa.field("col-4", pa.int32())])
    item = pa.struct([pa.field("col-6", pa.int32())])
    ids = [{b"PARQUET:field_id": str(n).encode()} for n in (1, 2, 3, 5)]
    names = ["col-1", "col-2", "col-3", "col-5"]
    if mode == "id":  # then the names in the files may be any
        names[:2] = ["was_id", "was_n"]
    kinds = (pa.string(), pa.int32(), inner, pa.list_(item))
    schema = pa.schema(
        pa.field(name, kind, metadata=own)
        for name, kind, own in zip(names, kinds, ids, strict=True)
    )
    rows = pa.table([["a"], [1], [{"col-4": 5}], [[{"col-6": 6}, None]]], schema=schema)
    made = table(
        tmp_path / "t",
        ("x.parquet", rows, {"partitionValues": {"col-7": "2024-02-29"}}),
        fields=MAPPED,
        protocol=protocol,
        mode=mode,
        by=("p",),
    )
    contract = bronze(
        "id", column("n", "bigint"), column("s", "json"), column("l", "json"), column("p", "date"),
        "new", format="delta",
    )  # fmt: skip
    assert landed(made, contract) == [
        {"id": "a", "n": 1, "s": '{"x":5}', "l": '[{"y":6},null]', "p": dt.date(2024, 2, 29),
         "new": None}
    ]  # fmt: skip


def test_a_file_that_has_none_of_the_columns_of_its_table_is_not_taken_for_nulls(tmp_path):
    made = table(tmp_path / "t", ("x.parquet", ROWS, {}), fields=MAPPED[:2], mode="name",
                 protocol={"minReaderVersion": 2, "minWriterVersion": 5})  # fmt: skip
    with pytest.raises(SourceRefused, match="none of the columns"):
        collected(read(made, CONTRACT))


WIDER = [
    (pa.int32(), "long", "bigint", 2, 2),
    (pa.int16(), "integer", "bigint", 2, 2),
    (pa.int32(), "decimal(12,2)", "decimal(12,2)", 2, Decimal("2.00")),
    (pa.int32(), "double", "double", 2, 2.0),
    (pa.float32(), "double", "double", 0.5, 0.5),
    (pa.date32(), "timestamp_ntz", "timestamp", dt.date(2024, 1, 2), dt.datetime(2024, 1, 2)),  # noqa: DTZ001
    (pa.decimal128(5, 2), "decimal(12,2)", "decimal(12,2)", Decimal("1.50"), Decimal("1.50")),
]


@pytest.mark.parametrize(("old", "type_", "wanted", "given", "value"), WIDER)
def test_columns_whose_type_was_widened_have_one_type(tmp_path, old, type_, wanted, given, value):
    rows = pa.table({"id": ["a"], "n": pa.array([given], old)})
    made = table(
        tmp_path / "t",
        ("x.parquet", rows, {}),
        fields=[field("id", "string"), field("n", type_)],
        protocol=needing("typeWidening", "timestampNtz"),
    )
    found = landed(made, bronze("id", column("n", wanted), format="delta"))
    assert found == [{"id": "a", "n": value}]


def test_files_without_a_newer_column_have_nulls_there(tmp_path):
    write_deltalake(str(tmp_path / "t"), ROWS.select(["id"]))
    more = pa.table({"id": ["d"], "n": pa.array([4], pa.int32())})
    write_deltalake(str(tmp_path / "t"), more, mode="append", schema_mode="merge")
    rows = collected(read(source(tmp_path / "t"), CONTRACT))
    assert sorted(rows.select("id", "n").rows()) == [
        ("a", None),
        ("b", None),
        ("c", None),
        ("d", 4),
    ]


def test_a_table_may_have_no_files(tmp_path):
    assert landed(table(tmp_path / "t"), CONTRACT) == []
    write_deltalake(str(tmp_path / "u"), ROWS)
    DeltaTable(str(tmp_path / "u")).delete()
    assert landed(source(tmp_path / "u"), CONTRACT) == []


@pytest.mark.parametrize("feature", ["v2Checkpoint", "vacuumProtocolCheck", "timestampNtz"])
def test_features_that_change_no_row_are_no_obstacle(tmp_path, feature):
    made = table(tmp_path / "t", ("x.parquet", ROWS, {}), protocol=needing(feature))
    assert len(landed(made, CONTRACT)) == 3


def test_a_checkpoint_of_version_2_is_read(tmp_path):
    made = table(tmp_path / "t", ("x.parquet", ROWS, {}), protocol=needing("v2Checkpoint"))
    log = made.path / "_delta_log"
    first = log / f"{0:020}.json"
    marks = [{"checkpointMetadata": {"version": 0}}]
    lines = [json.dumps(mark) for mark in marks] + first.read_text(encoding="utf-8").splitlines()
    name = f"{0:020}.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json"
    (log / name).write_text("\n".join(lines), encoding="utf-8")
    more = {"commitInfo": {"operation": "x", "timestamp": 0}}
    (log / f"{1:020}.json").write_text(json.dumps(more), encoding="utf-8")
    first.unlink()
    assert len(landed(source(made.path), CONTRACT)) == 3


@pytest.mark.parametrize("feature", ["catalogManaged", "somethingNew", "geospatial"])
def test_a_feature_that_cannot_be_read_is_named_with_what_to_do(tmp_path, feature):
    made = table(tmp_path / "t", ("x.parquet", ROWS, {}), protocol=needing(feature))
    with pytest.raises(SourceRefused) as caught:
        read(made, CONTRACT)
    assert f"`{feature}`" in caught.value.message
    assert f"DROP FEATURE {feature}" in caught.value.hint
    assert "damaged" not in caught.value.hint


def test_a_variant_column_is_refused_unless_it_is_dropped(tmp_path):
    kind = pa.struct([pa.field("metadata", pa.binary()), pa.field("value", pa.binary())])
    rows = ROWS.append_column("v", pa.array([{"metadata": b"\x01", "value": b"\x0c"}] * 3, kind))
    made = table(tmp_path / "t", ("x.parquet", rows, {}), protocol=needing("variantType"),
                 fields=[*FIELDS, field("v", "variant")])  # fmt: skip
    with pytest.raises(SourceRefused, match=r"VARIANT of `v`"):
        read(made, bronze(*CONTRACT.columns, "v", format="delta"))
    dropping = bronze(*CONTRACT.columns, format="delta", drop_columns=("v",))
    assert len(landed(made, dropping)) == 3
