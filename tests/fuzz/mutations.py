"""Valid bytes made wrong, by chance that can be had again."""

from __future__ import annotations

import gzip
import io
import re
import struct
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

TOKENS = (
    b"", b"\0", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\r", b"\n", b"\r\n", b"\n\n", b'"', b'""',
    b'"""', b"'", b",", b";", b"\t", b"|", b"\\", b"\\u0000", b"\\ud800", b"\\udc00", b"{", b"}",
    b"[", b"]", b":", b"null", b"true", b"NaN", b"Infinity", b"-0", b"1e999", b"1e-999",
    b"99999999999999999999999999", b"0x10", b"1_000", b"1.005", b"--", b"=1+1", b"\xc3\x28",
    b"\xed\xa0\x80", b"\xf0\x9f\x98\x80", "\u2028".encode(), "\x85".encode(), "\u202e".encode(),
    b"[" * 300, b'{"a":' * 300, b"[" * 2000, b"a" * 5000, b'"' * 99, b"x\x01", b"x^",
    b"PK\x03\x04", b"\x1f\x8b", b"PAR1", b"#", b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"&amp;",
    b"&#0;", b"<c r='ZZZ9'>", b'r="XFD1048576"', b't="e"', b't="s"', b"<v>999999999</v>",
    b"2024-02-30", b"9999-12-31",
)  # fmt: skip
"""What readers trip over."""

JSON_VALUE = re.compile(rb':("[a-z0-9:TZ-]*"|[0-9.]+|true|null|\{|\[)(?=[,}\]])')
JSON_VALUES = (
    b"1e999", b"-1e999", b"1e-999", b"-0", b"-0.0", b"0.1e1", b"1E400", b"5e-324",
    b"1.7976931348623159e308", b"9223372036854775808", b"-9223372036854775809",
    b"18446744073709551616", b"9" * 400, b"1." + b"0" * 400, b"123456789012345678.90",
    b'"\\u0000"', b'"\\ud83d\\ude00"', b'"\\ud800"', b'""', b'" "', b'"null"', b'"1e999"',
    b'"NaN"', b'"-0"', b'"' + b"a" * 9000 + b'"', b"{}", b"[]", b"[[]]", b'{"":1}',
    b'{"a":{"a":1}}', b'1,"id":2', b'1,"Id":2', b'1,"\\u0069d":3', b'1,"":4', b'1,"a.b":5',
    b'1,"more.deep":6', b'1,"$":7', b"[" * 200 + b"]" * 200, b"[" * 260 + b"]" * 260,
    b'{"a":' * 260 + b"1" + b"}" * 260, b"[" * 1030 + b"]" * 1030, b"null", b"true", b"0",
    b'"\xff"', b'[1e999,{"a":1e999}]',
)  # fmt: skip
"""Values that are JSON, and odd; some bring keys of their own."""

NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def mutated(data: bytes, chance: Random, others: Sequence[bytes] = ()) -> bytes:
    """The bytes after one to eight changes; `others` are bytes to splice in."""
    for _ in range(chance.choice((1, 1, 1, 2, 3, 5, 8))):
        data = _changed(data, chance, others)
    return data


def _changed(  # noqa: PLR0911 - one return for each kind of change
    data: bytes, chance: Random, others: Sequence[bytes]
) -> bytes:
    size = len(data)
    at = chance.randrange(size + 1)
    end = min(size, at + chance.choice((1, 1, 2, 4, 16, 100, size // 2 + 1)))
    how = chance.randrange(10)
    if how == 0 and size:
        at = min(at, size - 1)
        return data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]
    if how == 1:
        return data[:at] + bytes(chance.randrange(256) for _ in range(end - at)) + data[end:]
    if how == 2:
        return data[:at] + data[end:]
    if how == 3:
        return data[:end] + data[at:end] * chance.choice((1, 2, 50)) + data[end:]
    if how == 4:
        return data[:at]
    if how == 5:
        number = chance.choice(NUMBERS)
        packed = struct.pack(chance.choice(("<I", ">I")), number)[: chance.choice((1, 2, 4))]
        return data[:at] + packed + data[at + len(packed) :]
    if how == 6 and others:
        other = chance.choice(others)
        start = chance.randrange(len(other) + 1)
        return data[:at] + other[start : start + chance.randrange(1, 200)] + data[end:]
    if how == 7:
        old = chance.choice((b",", b'"', b"\n", b":", b"0", b"<", b" ", b"e"))
        return data.replace(old, chance.choice(TOKENS[1:]), chance.randrange(1, 4))
    return data[:at] + chance.choice(TOKENS) + data[at if how == 8 else end :]


def mutated_json(data: bytes, chance: Random, others: Sequence[bytes] = ()) -> bytes:
    """Wrong JSON, or most of the time sound JSON of odd values."""
    if chance.random() < 0.3:
        return mutated(data, chance, others)
    for _ in range(chance.choice((1, 1, 2, 5))):
        values = list(JSON_VALUE.finditer(data))
        if not values:
            return data
        value = chance.choice(values)
        odd = chance.choice(JSON_VALUES)
        data = data[: value.start(1)] + odd + data[value.end(1) :]
    return data


def mutated_gzip(data: bytes, chance: Random, others: Sequence[bytes] = ()) -> bytes:
    """A gzip file of wrong content, or a wrong gzip file."""
    if chance.random() < 0.5:
        return gzip.compress(mutated(data, chance, others), 1)
    return mutated(gzip.compress(data, 1), chance, others)


def mutated_zip(data: bytes, chance: Random, others: Sequence[bytes] = ()) -> bytes:
    """An archive in which one member has wrong content, or a wrong archive."""
    if chance.random() < 0.3:
        return mutated(data, chance, others)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    wrong = chance.choice(sorted(members))
    members[wrong] = mutated(members[wrong], chance, others)
    return zipped(members)


def mutated_parquet(data: bytes, chance: Random, others: Sequence[bytes] = ()) -> bytes:
    """A wrong Parquet file; half of the time only its footer is, where a reader starts."""
    footer = int.from_bytes(data[-8:-4], "little") + 8
    if chance.random() < 0.5:
        return data[:-footer] + mutated(data[-footer:], chance, others)
    body = mutated(data[4:-footer], chance, others)
    if chance.random() < 0.5:
        body = body[: len(data) - footer - 4].ljust(len(data) - footer - 4, b"\0")
    return data[:4] + body + data[-footer:]


def zipped(members: dict[str, bytes]) -> bytes:
    """An archive of these members."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return sink.getvalue()
