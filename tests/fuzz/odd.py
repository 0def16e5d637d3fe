"""Sound files of odd content: parts of workbooks, types of Parquet, actions of Delta logs."""

from __future__ import annotations

import io
import json
import re
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from fuzz.mutations import TOKENS, mutated, zipped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

TEXTS = (
    "", " ", "0", "1", "-1", "007", "1e999", "1.10", "NaN", "null", "true", "2024-01-31", "24:00",
    "2024-02-30T10:00:00+05:30", "a\u2028b\x85c", "a\x00b", "e\u0301", "id\u200b", "\U0001f600",
    "=1+1", "#SPILL!", "#N/A", '{"a": 1}', "[", "a" * 300, "_x0041_", "&lt;",
)  # fmt: skip

NUMBERS = (
    0,
    1,
    -1,
    2,
    7,
    127,
    -128,
    2**15,
    2**31 - 1,
    2**31,
    2**53 + 1,
    2**62,
    2**63 - 1,
    -(2**63),
)
MOMENTS = (0, 1, -1, 86_400, 1_738_281_600, 253_402_300_800, 1_738_281_600_000_000, 2**62, -(2**63))

ATTRIBUTE = re.compile(rb'="([^"<>]*)"')
TEXT = re.compile(rb">([^<>]+)<")
ELEMENT = re.compile(
    rb"<(row|c|v|f|sheet|Relationship|xf|si|numFmt)\b[^>]*?(/>|>.*?</\1>)", re.DOTALL
)
CELLS = (
    b'<c r="B2" t="inlineStr"><is><t>x</t></is></c>', b'<c t="e"><v>#SPILL!</v></c>',
    b'<c r="A3"><f>1+1</f></c>', b'<c r="A3" t="str"><f>""</f><v></v></c>', b"<c/>", b"<row/>",
    b'<c r="C2"><v>3.3000000000000003</v></c>', b'<c r="D2" s="1"><v>-1</v></c>',
    b'<c r="D2" s="1"><v>2958466</v></c>', b'<c t="d"><v>2024-01-31</v></c>', b"<!-- c -->",
    b'<c r="A2" t="b"><v>2</v></c>', b'<row r="1048576"/>', b'<row r="2" hidden="1"/>', b"<?x y?>",
    b'<mergeCells><mergeCell ref="A1:B9"/></mergeCells>', b"<![CDATA[1]]>", b"<v>1</v>", b"<f/>",
    b'<c r="A2" t="s"><v>0</v></c>', b'<c r="A2" t="s"><v>-1</v></c>', b'<x:c xmlns:x="y"/>',
)  # fmt: skip
VALUES = (
    b"", b"0", b"-1", b"1", b"99999", b"e", b"s", b"d", b"b", b"str", b"n", b"A1", b"XFD1048576",
    b"A0", b"veryHidden", b"hidden", b"rId1", b"rId9", b"../worksheets/sheet1.xml", b"/xl/a.xml",
    b"General", b"[h]:mm", b"yyyy", b'0"d"', b"1904", b"true", b"\xc3\xa9", b"&#10;", b"worksheet",
)  # fmt: skip


def odd_workbook(data: bytes, chance: Random, others: Sequence[bytes] = ()) -> bytes:
    """A workbook whose parts say something else, or are elsewhere."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for _ in range(chance.choice((1, 1, 2, 4))):
        sheets = [name for name in members if "sheet" in name]
        name = chance.choice(sheets if sheets and chance.random() < 0.6 else sorted(members))
        how = chance.randrange(8)
        if how == 0:
            members[name] = mutated(members[name], chance, others)
        elif how == 1:
            del members[name]
        elif how == 2:
            target = chance.choice(("xl/a.xml", "xl/worksheets/b.xml", name.upper(), f"x{name}"))
            members[target] = members.pop(name)
            old, new = (text.rpartition("/")[2].encode() for text in (name, target))
            members = {n: part.replace(old, new) for n, part in members.items()}
        else:
            members[name] = _odd_part(members[name], chance)
        if not members:
            break
    return zipped(members)


def _odd_part(part: bytes, chance: Random) -> bytes:
    pattern = chance.choice((ATTRIBUTE, TEXT, ELEMENT, ELEMENT))
    found = list(pattern.finditer(part))
    if not found:
        return part
    match = chance.choice(found)
    begin, end = match.span(0 if pattern is ELEMENT else 1)
    if pattern is ATTRIBUTE:
        new = chance.choice(VALUES)
    elif pattern is TEXT:
        new = chance.choice((*(text.encode() for text in TEXTS), *VALUES, *TOKENS))
    else:
        own = part[begin:end]
        new = chance.choice(
            (b"", own * 2, own * 40, chance.choice(CELLS), own + chance.choice(CELLS))
        )
    return part[:begin] + new + part[end:]


UNITS = ("s", "ms", "us", "ns")
ZONES = (None, None, "UTC", "Europe/Paris", "+05:30", "-00:01", "Etc/GMT+3", "Nowhere/At_All", "")
PLAIN: tuple[Callable[[Random], pa.DataType], ...] = (
    *(lambda _, kind=kind: kind for kind in (
        pa.null(), pa.bool_(), pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(),
        pa.uint16(), pa.uint32(), pa.uint64(), pa.float16(), pa.float32(), pa.float64(),
        pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary(),
        pa.binary_view(), pa.binary(3), pa.date32(), pa.date64(), pa.time32("s"), pa.time32("ms"),
        pa.time64("us"), pa.time64("ns"), pa.uuid(), pa.json_(), pa.bool8(),
    )),
    lambda chance: pa.timestamp(chance.choice(UNITS), chance.choice(ZONES)),
    lambda chance: pa.timestamp(chance.choice(UNITS), chance.choice(ZONES)),
    lambda chance: pa.duration(chance.choice(UNITS)),
    lambda chance: pa.decimal128(p := chance.randint(1, 38), chance.randint(-3, p)),
    lambda chance: pa.decimal256(p := chance.randint(39, 76), chance.randint(-3, p)),
    lambda chance: pa.decimal64(p := chance.randint(1, 18), chance.randint(0, p)),
)  # fmt: skip
NAMES = (
    "id", "name", "price", "day", "at", "is_new", "share", "tags", "raw", "more", "extra", "*",
    "a.b", "id\u200b", "", "new",
)  # fmt: skip


def odd_parquet(data: bytes, chance: Random, others: Sequence[bytes] = ()) -> bytes:
    """A Parquet file whose columns have any types and values."""
    del data, others
    if chance.random() < 0.05:
        return _of_duckdb(chance)
    count = chance.choice((0, 1, 2, 3, 9))
    names = chance.sample(NAMES, chance.randint(1, 6))
    sink = io.BytesIO()
    while True:
        columns = {name: _odd_column(chance, count) for name in names}
        sink.seek(0)
        sink.truncate()
        try:
            pq.write_table(
                pa.table(columns),
                sink,
                version=chance.choice(("1.0", "2.4", "2.6")),
                use_dictionary=chance.random() < 0.5,
                compression=chance.choice(("none", "snappy", "zstd", "gzip", "lz4", "brotli")),
                use_deprecated_int96_timestamps=chance.random() < 0.2,
                store_schema=chance.random() < 0.6,
                write_statistics=chance.random() < 0.7,
                data_page_version=chance.choice(("1.0", "2.0")),
                row_group_size=chance.choice((1, 2, 100)),
            )
        except (pa.ArrowException, OverflowError, OSError):  # no such type in Parquet: others
            continue
        return sink.getvalue()


OF_DUCKDB = (
    "interval 3 days", "'infinity'::date", "'-infinity'::timestamp", "uuid()", "1::hugeint",
    "'10:00:00+02'::timetz", "'1010'::bit", "{'a': interval 1 month}", "'a'::enum('a')",
    "[1::utinyint]", "'290000-01-01'::date", "map {'a': 1}", "'infinity'::timestamptz",
)  # fmt: skip


def _of_duckdb(chance: Random) -> bytes:
    """A file with types that only DuckDB writes."""
    wanted = [f'{chance.choice(OF_DUCKDB)} as "{name}"' for name in ("id", "day", "at", "more")]
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder) / "x.parquet"
        connection.execute(
            f"copy (select {', '.join(wanted)} from range({chance.randint(0, 3)})) to '{path}'"
        )
        return path.read_bytes()


def _odd_column(chance: Random, count: int) -> pa.Array:
    array = _array(chance, chance.choice(PLAIN)(chance), count)
    for _ in range(chance.choice((0, 0, 0, 1, 1, 2))):
        array = _nested(chance, array, count)
    return array


def _nested(  # noqa: PLR0911 - one for each kind
    chance: Random, array: pa.Array, count: int
) -> pa.Array:
    offsets = pa.array(range(count + 1), pa.int32())
    how = chance.randrange(6)
    if how == 0 and not isinstance(array, pa.ExtensionArray):
        try:
            return array.dictionary_encode()
        except pa.ArrowException:
            return array
    if how == 1:
        return pa.ListArray.from_arrays(offsets, array)
    if how == 2:
        return pa.LargeListArray.from_arrays(offsets.cast(pa.int64()), array)
    if how == 3:
        return pa.FixedSizeListArray.from_arrays(array, 1)
    if how == 4:
        keys = pa.array([chance.choice(TEXTS) for _ in range(count)], pa.string())
        return pa.MapArray.from_arrays(offsets, keys, array)
    return pa.StructArray.from_arrays([array, array], ["a", chance.choice(("b", "", "a"))])


def _array(chance: Random, kind: pa.DataType, count: int) -> pa.Array:
    if isinstance(kind, pa.BaseExtensionType):
        return pa.ExtensionArray.from_storage(kind, _array(chance, kind.storage_type, count))
    if pa.types.is_null(kind):
        return pa.nulls(count)
    if pa.types.is_temporal(kind):
        small = kind.bit_width == 32
        ints = [None if chance.random() < 0.2 else chance.choice(MOMENTS) for _ in range(count)]
        if small:
            ints = [None if n is None else n % 2**31 for n in ints]
        return pa.array(ints, pa.int32() if small else pa.int64()).view(kind)
    found = [None if chance.random() < 0.2 else _value(chance, kind) for _ in range(count)]
    return pa.array(found, kind)


def _value(chance: Random, kind: pa.DataType) -> Any:  # noqa: PLR0911 - one for each type
    if pa.types.is_boolean(kind):
        return chance.random() < 0.5
    if pa.types.is_integer(kind):
        signed = pa.types.is_signed_integer(kind)
        number = chance.choice(NUMBERS) % 2**kind.bit_width
        return (
            number - 2**kind.bit_width if signed and number >= 2 ** (kind.bit_width - 1) else number
        )
    if pa.types.is_floating(kind):
        return chance.choice((0.0, -0.0, 0.5, 1.1, 5e-8, 60000.0, float("inf"), float("nan")))
    if pa.types.is_decimal(kind):
        from decimal import Context, Decimal

        digits = tuple(chance.randrange(10) for _ in range(chance.randint(1, kind.precision)))
        context = Context(prec=99)
        return Decimal((chance.randrange(2), digits, 0)).scaleb(-kind.scale, context)
    if pa.types.is_fixed_size_binary(kind):
        return bytes(chance.randrange(256) for _ in range(kind.byte_width))
    text = chance.choice(TEXTS)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or kind == pa.string_view():
        return text
    return chance.choice((text.encode(), text.encode("utf-16"), b"\xff\x00", b"caf\xe9"))


FEATURES = (
    "deletionVectors", "columnMapping", "v2Checkpoint", "typeWidening", "timestampNtz",
    "variantType", "rowTracking", "domainMetadata", "changeDataFeed", "icebergCompatV2", "x",
)  # fmt: skip
ODD = (
    None, True, False, 0, -1, 1, 3, 7, 99, 2**63, 1.5, "", "x", "\u2028", "name", "id", "true",
    [], [None], ["id"], ["no_such"], {}, {"x": None}, {"id": "1"}, {"id": None}, {"day": "x"},
    "../x.parquet", "a%20b.parquet", "%", "/no/such.parquet", "file:///no/such.parquet", "{}",
)  # fmt: skip
KINDS = ("long", "integer", "short", "byte", "float", "double", "decimal(10,2)", "decimal(50,2)",
         "string", "binary", "date", "timestamp", "timestamp_ntz", "boolean", "variant", "void",
         "interval day", {"type": "array", "elementType": "long", "containsNull": True},
         {"type": "struct", "fields": []}, "")  # fmt: skip


def odd_log(data: bytes, chance: Random, others: Sequence[bytes] = ()) -> bytes:
    """A Delta table, as an archive of its folder, whose log has odd actions."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for _ in range(chance.choice((1, 1, 2, 4))):
        logs = [
            name for name in members if name.startswith("_delta_log/") and name.endswith("json")
        ]
        if not logs:
            break
        name = chance.choice(logs)
        how = chance.randrange(10)
        if how == 0:
            members[name] = mutated(members[name], chance, others)
        elif how == 1:
            number = chance.choice((0, 1, 2, 3, 9, 10**19))
            members[f"_delta_log/{number:020d}.json"] = members.pop(name)
        elif how == 2:
            odd = chance.choice((b"", b"{}", b"[", b'{"version":9,"size":1}', b'{"version":0}'))
            members["_delta_log/_last_checkpoint"] = odd
            members["_delta_log/00000000000000000009.checkpoint.parquet"] = chance.choice(
                (b"", data)
            )
        else:
            lines = [json.loads(line) for line in _sound(members[name])]
            members[name] = b"".join(
                json.dumps(line).encode() + b"\n" for line in _odd_actions(lines, chance)
            )
    return zipped(members)


def _sound(log: bytes) -> list[bytes]:
    found = []
    for line in log.split(b"\n"):
        try:
            if isinstance(json.loads(line), dict):
                found.append(line)
        except ValueError:
            continue
    return found


def _odd_actions(lines: list[dict[str, Any]], chance: Random) -> list[dict[str, Any]]:
    how = chance.randrange(8)
    if how == 0:
        named = chance.sample(FEATURES, chance.randint(0, 2))
        protocol = {"minReaderVersion": chance.choice((1, 2, 3, 3, 9)), "minWriterVersion": 7}
        protocol |= {"readerFeatures": named, "writerFeatures": named}
        return [*(line for line in lines if "protocol" not in line), {"protocol": protocol}]
    if how == 1 and lines:
        line = chance.choice(lines)
        fewer = [one for one in lines if one is not line]
        return chance.choice(([*lines, line], fewer, lines[::-1]))
    if how == 2:
        extra = {"path": "no_such.parquet", "dataChange": True, "deletionTimestamp": 1}
        kind = chance.choice(("remove", "add", "txn", "cdc", "domainMetadata", "sidecar", "x"))
        return [*lines, {kind: extra}]
    actions = [action for line in lines for action in line.values() if isinstance(action, dict)]
    for action in actions:
        if how == 3 and "schemaString" in action:
            action["schemaString"] = _odd_schema(action["schemaString"], chance)
        if how == 4 and "configuration" in action:
            key = chance.choice(("columnMapping.mode", "enableDeletionVectors", "checkpointPolicy"))
            action["configuration"] = {f"delta.{key}": chance.choice(("name", "id", "true", "v2"))}
        if how == 5 and "dataChange" in action:
            action["deletionVector"] = {
                "storageType": chance.choice("uipx"), "pathOrInlineDv": "ab^-aqEH.-t@S}K{vb[*k^",
                "offset": 1, "sizeInBytes": 40, "cardinality": chance.choice((0, 1, 6)),
            }  # fmt: skip
    if how > 5 and actions:
        action = chance.choice(actions)
        key = chance.choice(sorted(action) or ["path"])
        if chance.random() < 0.2:
            action.pop(key, None)
        else:
            action[key] = chance.choice(ODD)
    return lines


def _odd_schema(text: Any, chance: Random) -> str:
    try:
        schema = json.loads(text)
        field = chance.choice(schema["fields"])
        key = chance.choice(("type", "type", "type", "name", "nullable", "metadata"))
        field[key] = chance.choice((*KINDS, *ODD))
    except (TypeError, LookupError, ValueError):  # an earlier change has gone too far
        return "{}"
    return json.dumps(schema)
