"""Where a workbook has its sheets: its relationships say so, whatever its parts are called.

The fast library expects them in the usual places. A workbook that is built in another way is given
to it as a copy that is not.
"""

import io
import posixpath
import re
import zipfile
from typing import NamedTuple
from urllib.parse import unquote
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

_BOOK = "xl/workbook.xml"
_USUAL_PARTS = {"sharedStrings": "xl/sharedStrings.xml", "styles": "xl/styles.xml"}
_USUAL_TARGET = re.compile(r"(?:/xl/)?worksheets/\w+\.xml")
_OTHER_LIBRARY = (".xls", ".xla", ".xlsb", ".ods")
"""Endings by which the fast library takes a file for something else."""
_ERROR_TYPE = re.compile(rb"""(<(?:\w+:)?c\s(?:[^<>]*?\s)?t\s*=\s*)(["'])e\2""")
_TRUE = ("1", "true", "on")

_NS = "http://schemas.openxmlformats.org"
_TYPES = f"""<Types xmlns="{_NS}/package/2006/content-types">\
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>\
<Default Extension="xml" ContentType="application/xml"/></Types>"""
_OTHER_KINDS = (
    ("content.xml", "an OpenDocument file such as .ods"),
    ("xl/workbook.bin", "a binary workbook (.xlsb)"),
    ("index/document.iwa", "an Apple Numbers file"),
    ("word/document.xml", "a Word document"),
    ("ppt/presentation.xml", "a PowerPoint file"),
)


class SheetPart(NamedTuple):
    """A worksheet of a workbook."""

    name: str
    member: str
    """Of the archive; empty where it is missing."""
    is_hidden: bool
    is_usual: bool
    """Whether it is where the fast library looks."""


class Parts(NamedTuple):
    """What a workbook's relationships lead to."""

    sheets: tuple[SheetPart, ...]
    beside: dict[str, str]
    """The members with the texts and the styles that cells share, by kind; empty where missing."""
    is_1904: bool
    """Whether days are counted from 1904."""
    wants_computing: bool
    """Whether its formulas are to be computed when it is opened: what they hold may be old."""


class _Target(NamedTuple):
    member: str
    kind: str
    is_usual: bool


def find_parts(archive: zipfile.ZipFile) -> Parts | None:
    """The parts of a workbook; None where the archive is not one.

    Raises:
        ValueError: a part is not XML.
    """
    members = {_key(name): name for name in archive.namelist()}
    roots = _targets(archive, members, "").values()
    books = [target.member for target in roots if target.kind == "officeDocument"]
    book = books[0] if books else members.get(_BOOK, "")
    found = elements(archive.read(book)) if book.lower().endswith(".xml") else []
    if not any(tag == "workbook" for tag, _ in found):
        return None
    targets = _targets(archive, members, book)
    by_kind = {target.kind: target.member for target in targets.values() if target.member}
    beside = {k: by_kind.get(k) or members.get(_key(path), "") for k, path in _USUAL_PARTS.items()}
    is_usual_book = (
        book == _BOOK
        and "_rels/.rels" in archive.namelist()
        and all(member in ("", _USUAL_PARTS[kind]) for kind, member in beside.items())
    )
    nowhere = _Target("", "worksheet", is_usual=False)
    sheets = []
    about: dict[str, str] = {}
    for tag, has in found:
        target = targets.get(has.get("id", ""), nowhere)
        if tag == "sheet" and target.kind == "worksheet":
            is_hidden = has.get("state", "visible") != "visible"
            is_usual = is_usual_book and target.is_usual
            sheets.append(SheetPart(has.get("name", ""), target.member, is_hidden, is_usual))
        elif tag in ("workbookPr", "calcPr"):
            about |= has
    return Parts(
        tuple(sheets),
        beside,
        about.get("date1904") in _TRUE,
        about.get("fullCalcOnLoad") in _TRUE,
    )


def kind_of(archive: zipfile.ZipFile) -> str:
    """What an archive is, other than a workbook of this kind, in a few words."""
    members = {_key(name) for name in archive.namelist()}
    known = (kind for member, kind in _OTHER_KINDS if member in members)
    return next(known, "a zip archive without a workbook")


def elements(xml: bytes) -> list[tuple[str, dict[str, str]]]:
    """The elements of a document in order, names without their prefix.

    Raises:
        ValueError: it is not XML.
    """
    found: list[tuple[str, dict[str, str]]] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        found.append((local(tag), {local(key): value for key, value in attributes.items()}))

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    try:
        parser.Parse(xml, True)
    except expat.ExpatError as error:
        raise ValueError(str(error)) from error
    return found


def local(name: str) -> str:
    """A name of XML without its prefix."""
    return name[name.find(":") + 1 :]


def usual_copy(
    archive: zipfile.ZipFile, parts: Parts, sheet: SheetPart, *, errors_as_text: bool
) -> io.BytesIO:
    """A workbook with only this sheet, where the fast library looks for it.

    With `errors_as_text` errors are text: there are codes that the library does not know.
    """
    cells = archive.read(sheet.member)
    if errors_as_text:
        cells = _ERROR_TYPE.sub(rb"\1\2str\2", cells)
    related = {"worksheet": ("xl/worksheets/sheet1.xml", cells)}
    for kind, member in parts.beside.items():
        if member:
            related[kind] = (_USUAL_PARTS[kind], archive.read(member))
    office = f"{_NS}/officeDocument/2006/relationships"
    book = (
        f'<workbook xmlns="{_NS}/spreadsheetml/2006/main" xmlns:r="{office}">'
        f'<workbookPr date1904="{int(parts.is_1904)}"/><sheets>'
        f'<sheet name={quoteattr(sheet.name)} sheetId="1" r:id="r0"/></sheets></workbook>'
    )
    copy = io.BytesIO()
    with zipfile.ZipFile(copy, "w") as written:
        written.writestr("[Content_Types].xml", _TYPES)
        written.writestr("_rels/.rels", _relationships({"officeDocument": _BOOK}, office))
        written.writestr(_BOOK, book)
        paths = {kind: f"/{path}" for kind, (path, _) in related.items()}
        written.writestr("xl/_rels/workbook.xml.rels", _relationships(paths, office))
        for path, content in related.values():
            written.writestr(path, content)
    copy.seek(0)
    return copy


def is_read_by_ending(ending: str) -> bool:
    """Whether the fast library opens a file of this ending as the workbook that it is."""
    return ending.lower() not in _OTHER_LIBRARY


def _relationships(targets: dict[str, str], office: str) -> str:
    listed = "".join(
        f'<Relationship Id="r{number}" Type="{office}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets.items())
    )
    return f'<Relationships xmlns="{_NS}/package/2006/relationships">{listed}</Relationships>'


def _targets(archive: zipfile.ZipFile, members: dict[str, str], part: str) -> dict[str, _Target]:
    """What a part is related to, by the name of the relationship; the whole package is `""`."""
    folder, name = posixpath.split(part.replace("\\", "/"))
    listed = members.get(_key(posixpath.join(folder, "_rels", f"{name}.rels")))
    found: dict[str, _Target] = {}
    for tag, has in elements(archive.read(listed)) if listed else []:
        if tag == "Relationship" and has.get("TargetMode", "").lower() != "external":
            target, kind = has.get("Target", ""), has.get("Type", "").rpartition("/")[2]
            path = posixpath.normpath(posixpath.join("/", folder, target.replace("\\", "/")))
            is_usual = _USUAL_TARGET.fullmatch(target) is not None
            found[has.get("Id", "")] = _Target(members.get(_key(path), ""), kind, is_usual)
    return found


def _key(member: str) -> str:
    """A member's name as relationships are compared with it."""
    return unquote(member.replace("\\", "/")).lstrip("/").lower()
