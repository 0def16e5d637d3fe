"""Text as html2text printed it: folding, undoing its line wrap, links, dates."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from carms_lake.domains.carms.documents.spans import Line, Mask, with_masks

if TYPE_CHECKING:
    from collections.abc import Sequence

_FOLDS = {
    "a": "àáâãäå",
    "c": "ç",
    "e": "èéêë",
    "i": "ìíîïİ",
    "n": "ñ",
    "o": "òóôõö",
    "u": "ùúûü",
    "y": "ýÿ",
    "'": "’‘ʼ´`",
    "-": "‐‑‒–—−",
    " ": "\u00a0\u202f\t",
}
_FOLD_PAIRS = tuple((char, base) for base, chars in _FOLDS.items() for char in chars)

_INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff" + "".join(
    chr(code) for code in range(0x20) if chr(code) not in "\t\n\r"
)
_FOOTER = re.compile(r"\n\s*Source: \S*\s*\nID: \S*\s*\Z")
# Bounded, so that a million opening brackets cost no more than a million steps.
_LINK = re.compile(
    r"\[((?:[^\[\]]|\[[^\[\]]{0,100}\]){0,600}+)\]"
    r"\(([^()]{0,20000}+(?:\([^()]{0,200}\)[^()]{0,500}){0,3})\)"
)
_LINE_CHARS = 300
STARTS_LINE = re.compile(r"(?:[*•·\-+]|\\[-+*]|\d{1,2}\\?[.)])\s|#|---")
_RULE = "* * *"

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("january", "janvier"),
            ("february", "fevrier"),
            ("march", "mars"),
            ("april", "avril"),
            ("may", "mai"),
            ("june", "juin"),
            ("july", "juillet"),
            ("august", "aout"),
            ("september", "septembre"),
            ("october", "octobre"),
            ("november", "novembre"),
            ("december", "decembre"),
        ),
        start=1,
    )
    for name in names
}
"""Number of a month by its folded name, English and French."""
_MONTH = "|".join(MONTHS)
_DATE = re.compile(
    rf"(?<!\w)(?:(?P<m1>{_MONTH})\s{{1,9}}(?P<d1>\d{{1,2}}),?\s{{1,9}}(?P<y1>\d{{4}})"
    rf"|(?P<d2>\d{{1,2}})(?:er)?\s{{1,9}}(?P<m2>{_MONTH})\s{{1,9}}(?P<y2>\d{{4}}))(?!\d)",
    re.ASCII,
)


def fold(text: str) -> str:
    """Lower-case text without accents, with plain apostrophes, dashes and spaces; same length.

    >>> fold("Processus d\u2019entrevue \u2013 Été")
    "processus d'entrevue - ete"
    """
    return _folded_line(text) if len(text) < _LINE_CHARS else _folded(text)


def _fold(text: str) -> str:
    if text.isascii():
        return text.lower().replace("`", "'").replace("\t", " ")
    folded = text.replace("İ", "i").lower()
    for char, base in _FOLD_PAIRS:
        folded = folded.replace(char, base)
    return folded


# The lines of the form come again in each document, its texts for each fact that is read in them.
_folded_line = lru_cache(maxsize=8192)(_fold)
_folded = lru_cache(maxsize=16)(_fold)


def without_links(text: str) -> str:
    """Markdown with every `[text](url)` replaced by its text."""
    if "](" not in text:
        return text
    return _LINK.sub(lambda match: match[1].strip(), text)


def links(text: str) -> list[tuple[str, str]]:
    """The links of a text: (words on one line, address without the breaks of a wrapped one)."""
    return [(one_line(words), "".join(url.split())) for words, url in _LINK.findall(text)]


def plain_text(page_content: str) -> str:
    """A document without links, footer, invisible characters and foreign line ends."""
    text = page_content.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    if not text.isascii():
        text = unicodedata.normalize("NFC", text).replace("\uf0a7", "•").replace("\u00a0", " ")
    # Most documents have none, and looking for one character at a time takes least time.
    for char in _INVISIBLE:
        if char in text:
            text = text.replace(char, "")
    footer = _FOOTER.search(text, max(0, len(text) - 1000))
    return without_links(text[: footer.start()] if footer else text)


def one_line(text: str) -> str:
    """Text with every run of white space folded into one space."""
    return " ".join(text.split())


def is_rule(line: str) -> bool:
    """Whether a stripped line is a horizontal rule."""
    return line == _RULE


@lru_cache(maxsize=128)  # what a section says is read from it by several readers
def logical_lines(text: str) -> tuple[Line, ...]:
    """The lines that the author wrote: wrapped ones joined, blank ones and rules left out.

    A line ends at a blank line, at a hard break (two spaces) and in front of a bullet, a number
    or a heading. A word wrapped at its own hyphen is joined without a space.
    """
    lines: list[list[tuple[str, int]]] = []
    is_open = False
    place = 0
    for raw in text.split("\n"):
        line = raw.strip()
        start, place = place, place + len(raw) + 1
        if not line or line == _RULE:
            is_open = False
            continue
        part = (line, start + raw.index(line[0]))
        if is_open and not STARTS_LINE.match(line):
            lines[-1].append(part)
        else:
            lines.append([part])
        is_open = not raw.endswith("  ")
    return tuple(map(_joined, lines))


@lru_cache(maxsize=128)
def unwrapped(text: str) -> Line:
    """All logical lines of a text on one line."""
    lines = logical_lines(text)
    pieces, at = [], 0
    for line in lines:
        pieces += [(at + begins, place) for begins, place in line.pieces]
        at += len(line) + 1
    return Line(" ".join(lines), pieces)


def _joined(parts: list[tuple[str, int]]) -> Line:
    if len(parts) == 1:
        words, place = parts[0]
        return Line(words, ((0, place),))
    pieces, places = [], []
    before, at = "", 0
    for part, place in parts:
        is_hyphenated = before[-1:] == "-" and before[-2:-1].isalnum() and part[0].isalnum()
        if before and not is_hyphenated:
            pieces.append(" ")
            at += 1
        pieces.append(part)
        places.append((at, place))
        before, at = part, at + len(part)
    return Line("".join(pieces), places)


def find_dates(text: str) -> list[date]:
    """Every calendar date in a text, English ("March 5, 2025") or French ("5 mars 2025").

    >>> find_dates("March 5, 2025 et 1er mars 2025, not February 30, 2025")
    [datetime.date(2025, 3, 5), datetime.date(2025, 3, 1)]
    """
    found = []
    for match in _DATE.finditer(fold(text)):
        year, month, day = (
            int(match["y1"] or match["y2"]),
            MONTHS[match["m1"] or match["m2"]],
            int(match["d1"] or match["d2"]),
        )
        try:
            found.append(date(year, month, day))
        except ValueError:  # such as February 30: no calendar day, so no date
            continue
    return found


def is_french(text: str) -> bool:
    """Whether a document is French: its match is a `Jumelage principal`, not a `Main Match`."""
    return "jumelage principal" in one_line(fold(text[:400]))


EMAIL_MASK = "[e-mail]"
PHONE_MASK = "[phone]"
_BLANK = "\ufffc"

_LOCAL = r"[\w.+%'~\\-]"
_LABEL = r"[\w-]{1,63}"
# A wrapped line may end at a hyphen inside an address: both halves belong to it. Runs of letters
# are taken whole (possessive), so that a text costs no more than its length.
EMAIL = re.compile(
    rf"(?<!{_LOCAL})(?:{_LOCAL}{{1,64}}+(?<=-)\n){{0,3}}{_LOCAL}{{1,64}}+"
    r"(?:@| @(?=[\w.-]{1,80}\.(?:ca|com|org|net|edu)\b))"
    rf"(?:{_LABEL}(?:(?<=-)\n{_LABEL})?\\?\.){{1,8}}[^\W\d_]{{2,24}}"
)

_GAP = r"(?: ?(?:[-.‐‑–]|\\[-.]) ?| {0,3}|[-.]?\n)"
# Not inside a word or an address of the web: the ids of online meetings look like phone numbers.
PHONE = re.compile(
    rf"(?<![A-Za-z0-9/=%&?#])(?<!\d[-.])(?:\+?1{_GAP})?(?:\(\d{{3}}\)|\d{{3}}\)?){_GAP}"
    rf"\d{{3}}{_GAP}\d{{4}}(?!\d)"
    rf"(?:,?{_GAP}(?:ext(?:ension)?|ex|xt|poste|local|x|#)\.?:?{_GAP}\d{{1,7}}(?!\d))?",
    re.IGNORECASE,
)
_PHONE_DIGITS = re.compile(r"\d\d\d\W{0,4}\d\d\d\d")
"""What each phone number has, and most texts have not."""


def contact_masks(text: str) -> list[Mask]:
    """The masks of the e-mail addresses and phone numbers in a text."""
    emails = _found(EMAIL, text, EMAIL_MASK) if "@" in text else []
    if not _PHONE_DIGITS.search(text):
        return emails
    return sorted([*emails, *_found(PHONE, blanked(text, emails), PHONE_MASK)])


def _found(pattern: re.Pattern[str], text: str, word: str) -> list[Mask]:
    return [Mask(*match.span(), word) for match in pattern.finditer(text)]


def blanked(text: str, masks: Sequence[Mask]) -> str:
    """The text, as long as it was, with characters that no pattern knows under the masks."""
    return with_masks(text, [m._replace(word=_BLANK * (m.end - m.start)) for m in masks])


@lru_cache(maxsize=1024)
def masked(text: str) -> str:
    """Text with every e-mail address and phone number replaced by `[e-mail]` and `[phone]`.

    >>> masked("Write to ann.lee@example.org or call (416) 555-0100, ext. 12.")
    'Write to [e-mail] or call [phone].'
    """
    return with_masks(text, contact_masks(text))
