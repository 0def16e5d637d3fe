"""Text of any encoding as UTF-8, with undecodable bytes marked; and what else a file may be.

UTF-8 passes through as it is. Other encodings are decoded piece by piece; an
undecodable byte becomes a lone surrogate, which is not valid UTF-8, so one test finds the faults of
every encoding.
"""

import codecs
import re
from collections.abc import Iterable, Iterator

from carms_lake.contract.model import Contract
from carms_lake.errors import ContractError
from carms_lake.names import as_name
from carms_lake.readers.globs import compiled
from carms_lake.readers.header import spec_of

BOM = codecs.BOM_UTF8
_MARKS = 0xDC00
_MARK = re.compile("[\udc00-\udcff]")
_UTF8 = ("utf-8", "utf-8-sig", "ascii")
_KNOWN = (
    (b"PK\x03\x04", "a zip archive or a workbook"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\x1f\x8b", "a gzip file"),
    (b"%PDF", "a PDF"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an encrypted workbook, or one of the old .xls kind"),
    (b"PAR1", "a Parquet file"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ", "an xz file"),
    (b"\x28\xb5\x2f\xfd", "a zstd file"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
)
_CONTROLS = bytes(range(9))


def encoding_of(contract: Contract, file: str) -> str:
    """The canonical name of the encoding of one of a contract's files, by the file's name.

    Raises:
        ContractError: the encoding is unknown, or a pattern is not one.
    """
    spec = spec_of(contract)
    own = (name for glob, name in spec.encodings if _matches(glob, file))
    name = next(own, spec.encoding)
    try:
        "".encode(name)
        return codecs.lookup(name).name
    except LookupError:
        raise ContractError(
            f"`{contract.ref}`: unknown encoding `{name}`",
            "write, for instance, `utf-8`, `cp1252` or `utf-16`",
        ) from None


def _matches(glob: str, file: str) -> bool:
    """Whether a glob is that of a file; one without a folder is compared with the name alone."""
    name = as_name(file)
    part = name if "/" in glob else name.rpartition("/")[2]
    return compiled(glob, "encoding").fullmatch(part) is not None


def is_utf8(encoding: str) -> bool:
    """Whether bytes in this encoding are UTF-8 already."""
    return encoding in _UTF8


def as_utf8(blocks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """The blocks as UTF-8 without a byte order mark; undecodable bytes stay invalid."""
    if not is_utf8(encoding):
        blocks = _decoded(blocks, encoding)
    rest = iter(blocks)
    start = b""
    # The first block may end in the middle of the mark.
    for block in rest:
        start += block
        if len(start) >= len(BOM):
            break
    if start:
        yield start.removeprefix(BOM)
    yield from rest


def is_text(data: bytes) -> bool:
    """Whether the bytes are valid UTF-8."""
    if data.isascii():
        return True
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def shown(data: bytes, encoding: str) -> str:
    r"""The bytes as text; an undecodable byte is written as in \xff."""
    if is_utf8(encoding):
        return data.decode("utf-8", "backslashreplace")
    text = data.decode("utf-8", "surrogatepass")
    return _MARK.sub(lambda mark: f"\\x{ord(mark[0]) - _MARKS:02x}", text)


def binary_kind(start: bytes) -> str | None:
    """The kind of file that begins with these bytes; None if it may be UTF-8 text.

    >>> binary_kind(b"%PDF-1.7")
    'a PDF'
    >>> binary_kind(b"id,name") is None
    True
    """
    return next((kind for beginning, kind in _KNOWN if start.startswith(beginning)), None)


def unicode_kind(start: bytes) -> str | None:
    """The encoding of text that begins with these bytes, if it is UTF-16 or UTF-32.

    >>> unicode_kind("[{".encode("utf-16-le")), unicode_kind("[{".encode("utf-16"))
    ('utf-16-le', 'utf-16')
    """
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    zeros = bytes(min(byte, 1) for byte in start[:4])
    kinds = {b"\1\0\0\0": "utf-32-le", b"\0\0\0\1": "utf-32-be"}
    kinds |= {b"\1\0\1\0": "utf-16-le", b"\0\1\0\1": "utf-16-be"}
    return kinds.get(zeros)


def looks_like(start: bytes) -> str:
    """What a file seems to be, by its first bytes, in a few words.

    >>> looks_like(b"<html>")
    'HTML or XML'
    """
    if kind := binary_kind(start):
        return kind
    text = start.removeprefix(BOM).lstrip()[:20].lower()
    if not text:
        return "only blanks" if start else "nothing: it has 0 bytes"
    if text.startswith(b"<"):
        return "HTML or XML"
    if text.startswith((b"{", b"[")):
        return "JSON"
    if any(byte in _CONTROLS for byte in start[:200]):
        return "binary data of an unknown format"
    return "text"


def _decoded(blocks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("carms_mark")
    for block in blocks:
        yield decoder.decode(block).encode("utf-8", "surrogatepass")
    yield decoder.decode(b"", final=True).encode("utf-8", "surrogatepass")


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(_MARKS + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error("carms_mark", _mark)
