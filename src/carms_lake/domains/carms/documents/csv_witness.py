"""The published CSV as a second witness of the sections.

The CSV cuts a document at every `#` heading and keeps links, so its cell agrees with a section
where, without links and differences of white space, it is the section or the start of it.
"""

from __future__ import annotations

import ast
import re
from enum import StrEnum
from typing import TYPE_CHECKING

from carms_lake.domains.carms.documents.text import plain_text

if TYPE_CHECKING:
    from carms_lake.domains.carms.documents.model import Section

_TUPLE = re.compile(r"\(\s*(?:'(?:[^'\\]|\\.)*+'|\"(?:[^\"\\]|\\.)*+\"),\s*\)", re.DOTALL)
_ESCAPE = re.compile(
    r"\\(?:[\\'\"nrtabfv0]|x[0-9a-f]{2}|u[0-9a-f]{4}|U000[0-9a-f]{5}|U0010[0-9a-f]{4}|(.))",
    re.DOTALL,
)
_MARKS = re.compile(r"^[ #]+|\* \* \*|[<>•]", re.MULTILINE)


class Agreement(StrEnum):
    """What a CSV cell says about the section of the document."""

    EQUAL = "equal"
    """The same text."""
    PREFIX = "prefix"
    """The CSV cut the section at a heading inside its text."""
    DIFFERENT = "different"
    """Another text."""
    ONLY_IN_CSV = "only_in_csv"
    ONLY_IN_DOCUMENT = "only_in_document"


def undo_tuple(cell: str) -> str:
    r"""The text of a cell that holds the Python repr of a 1-tuple; other text as it is.

    >>> undo_tuple(r"('# FAQ  \n**Can I?**',)")
    '# FAQ  \n**Can I?**'
    """
    text = cell.strip()
    if not _TUPLE.fullmatch(text) or any(match[1] for match in _ESCAPE.finditer(text)):
        return cell
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):  # looks like a repr but is none: then it is plain text
        return cell
    return value[0] if isinstance(value, tuple) and isinstance(value[0], str) else cell


def comparable(text: str) -> str:
    """Text as both witnesses write it: without links, rules, marks and white space.

    White space goes altogether: where the JSON lost a link it often has a space that the CSV lacks.
    """
    return "".join(_MARKS.sub("", plain_text(text)).split())


def agreement(cell: str | None, section: Section | None) -> Agreement | None:
    """How a CSV cell and a section of the document agree; None where there is neither."""
    has_cell = cell is not None and bool(cell.strip())
    if section is None:
        return Agreement.ONLY_IN_CSV if has_cell else None
    if cell is None or not has_cell:
        return Agreement.ONLY_IN_DOCUMENT
    in_csv, in_document = comparable(undo_tuple(cell)), comparable(section.raw)
    if in_csv == in_document:
        return Agreement.EQUAL
    return Agreement.PREFIX if in_document.startswith(in_csv) else Agreement.DIFFERENT
