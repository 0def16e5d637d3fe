"""The header block and the contacts after it. Personal data."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from carms_lake.domains.carms.documents.model import Contact, Header, Phone, Section, Website
from carms_lake.domains.carms.documents.spans import Span
from carms_lake.domains.carms.documents.text import (
    EMAIL,
    PHONE,
    find_dates,
    fold,
    is_rule,
    links,
    logical_lines,
    one_line,
)

_QUOTA = re.compile(r"(?:approximate quota|quota approximatif)\s{0,9}:?[\s#*]{0,40}(\d{1,5})\b")
_QUOTA_NOTE = re.compile(r"[^\n]{0,80}(?:click here|cliquez ici)")
_APPROVED = re.compile(r"(?:last approved on|approuve le)([^\n]{0,60})")
_ACCREDITATION = re.compile(
    r"(?:accreditation status|statut d'agrement)\s{0,9}:[ ]*([^\n#]{0,200}(?:\n[^\n#]{1,200})?)"
)
_POSTAL = re.compile(r"(?<![A-Za-z0-9])([A-Za-z]\d[A-Za-z])[ -]{0,3}(\d[A-Za-z]\d)(?![A-Za-z0-9])")
_YEAR = re.compile(r"\b20\d\d\b")
_SALUTATION = re.compile(r"(?:dr\(e\)\.?|(?:dr|dre|doctor)\b\.?)[ ]*", re.IGNORECASE)
_LABELS = (
    ("director", re.compile(r"(?:program directors?|direct(?:eur|rice)s? de programme)(?: |$)")),
    ("address", re.compile(r"(?:address|adresse)(?: |$)")),
    ("work", re.compile(r"(?:work|travail)(?: |$)")),
    ("cell", re.compile(r"(?:cell|cellulaire)(?: |$)")),
    ("home", re.compile(r"(?:home|domicile)(?: |$)")),
    ("fax", re.compile(r"(?:fax|telecopieur)(?: |$)")),
    ("websites", re.compile(r"(?:websites of interest|sites web d'interet)(?: |$)")),
)
_PHONE_KINDS = frozenset({"work", "cell", "home", "fax"})
_MIN_PHONE_DIGITS = 7
_MAX_HEADER_CHARS = 20_000


def parse_header(section: Section | None, page_content: str) -> Header:
    """The facts of a header block; the addresses of websites come from the original text."""
    if section is None:
        return Header(None, None, None, None, False, None, None, (), None, None, (), ())
    text = section.text[:_MAX_HEADER_CHARS]
    folded = fold(text)
    quota = _QUOTA.search(folded)
    approved = _APPROVED.search(folded)
    accredited = _ACCREDITATION.search(folded)
    accreditation = (accredited and one_line(text[slice(*accredited.span(1))])) or None
    printed = {"quota": quota, "approved_on": approved, "accreditation_status": accredited}
    fields = _fields(text)
    address = "\n".join(fields["address"]) or None
    postal = _POSTAL.findall(address or "")
    return Header(
        match_iteration_name=section.heading or None,
        stream=_stream(text),
        approved_on=next(iter(find_dates(approved[1])), None) if approved else None,
        quota=int(quota[1]) if quota else None,
        has_quota_note=bool(quota and _QUOTA_NOTE.match(folded, quota.end())),
        accreditation_status=accreditation_status(accreditation),
        accreditation_text=accreditation,
        directors=tuple(_names(fields["director"])),
        address=address,
        postal_code=" ".join(postal[-1]).upper() if postal else None,
        phones=tuple(_phones(fields)),
        websites=_websites(fields["websites"], page_content),
        places={name: Span(*found.span()) for name, found in printed.items() if found},
    )


def match_year(section: Section | None) -> int | None:
    """The year in the name of the iteration, or None where it has none."""
    year = _YEAR.search(section.heading) if section else None
    return int(year[0]) if year else None


def accreditation_status(text: str | None) -> str | None:
    """The canonical code of an accreditation status; None where there is none."""
    if not text:
        return None
    folded = fold(text)
    if "withdraw" in folded or "retrait" in folded or "retirer" in folded:
        return "intent_to_withdraw"
    if re.search(r"\bjoint\b|conjoint", folded):
        return "joint_arrangement"
    if re.search(r"\b(?:not|non|pas)[ -]?(?:accredited|agree)", folded):
        return "not_accredited"
    return "accredited" if re.match(r"(?:accredited|agree)\W*$", folded) else "other"


def _stream(text: str) -> str | None:
    """The line after the name of the iteration, where it is not a heading."""
    first = next(iter(logical_lines(text)), "")
    return None if not first or first.startswith("#") else one_line(first)


def _fields(text: str) -> dict[str, list[str]]:
    """The labelled lines after the first rule; a number without a label is under `unlabelled`."""
    fields: dict[str, list[str]] = {name: [] for name, _ in _LABELS}
    fields["unlabelled"] = []
    current = ""
    for line in logical_lines(_after_rule(text)):
        folded = fold(line)
        label = next(
            ((name, match.end()) for name, rx in _LABELS if (match := rx.match(folded))), None
        )
        if label and not (current == "websites" and fields["websites"]):
            current, start = label
            if value := line[start:].strip():
                fields[current].append(value)
        elif current not in {"director", "websites"} and PHONE.match(line):
            fields["unlabelled"].append(line)
        elif current:
            fields[current].append(line)
    return fields


def _after_rule(text: str) -> str:
    position = 0
    for line in text.splitlines(keepends=True):
        position += len(line)
        if is_rule(line.strip()):
            return text[position:]
    return text


def _names(lines: list[str]) -> list[str]:
    names = []
    for line in lines:
        name = one_line(_SALUTATION.sub("", line, count=1) if _SALUTATION.match(line) else line)
        if name and name not in names:
            names.append(name)
    return names


def _phones(fields: dict[str, list[str]]) -> list[Phone]:
    phones = []
    for kind in ("work", "cell", "home", "unlabelled", "fax"):
        for line in fields[kind]:
            if sum(char.isdigit() for char in line) < _MIN_PHONE_DIGITS:
                continue
            printed = kind if kind in _PHONE_KINDS else None
            is_fax = re.search(r"\b(?:fax|telecopieur)\b", fold(line))
            phones.append(Phone("fax" if is_fax else printed, one_line(line)))
    return phones


def _websites(lines: list[str], page_content: str) -> tuple[Website, ...]:
    start = re.search(r"^(?:Websites of Interest|Sites Web d)", page_content, re.MULTILINE)
    if start:
        end = page_content.find("\n* * *", start.end())
        linked = links(page_content[start.end() : end if end >= 0 else None])
        if linked:
            return tuple(Website(text or url, url) for text, url in linked)
    return tuple(Website(one_line(line), None) for line in lines)


_LABEL = re.compile(
    r"(?:(?P<information>general information|information generale)|(?P<name>name|nom)"
    r"|(?P<title>title|titre)|(?P<email>e-?mail|adresse electronique|courriel)"
    r"|(?P<phone>phone|telephone)|(?P<fax>fax|telecopieur))\s?:\s*"
)


@dataclass
class _Entry:
    values: dict[str, list[str]] = field(default_factory=dict)

    def add(self, name: str, value: str) -> None:
        self.values.setdefault(name, [])
        if value:
            self.values[name].append(value)

    def text(self, name: str) -> str | None:
        return one_line(" ".join(self.values.get(name, []))) or None


def parse_contacts(text: str) -> tuple[Contact, ...]:
    """The contacts of a Program Contacts section, in their order."""
    entries: list[_Entry] = []
    current = ""
    for line in logical_lines(text):
        label = _LABEL.match(fold(line))
        if label:
            current = str(label.lastgroup)
            if _opens_entry(current, entries):
                entries.append(_Entry())
            entries[-1].add(current, line[label.end() :])
        elif entries:
            is_phone = PHONE.match(line) and current in ("email", "phone", "title")
            entries[-1].add(_field_of_continuation(current, line, is_phone=bool(is_phone)), line)
    contacts = (_contact(ordinal, entry) for ordinal, entry in enumerate(entries, start=1))
    return tuple(contact for contact in contacts if _says_something(contact))


def _opens_entry(name: str, entries: list[_Entry]) -> bool:
    """General information always comes first in an entry, and a name comes once."""
    if not entries:
        return True
    values = entries[-1].values
    return name == "information" or (name == "name" and bool(values.keys() - {"information"}))


def _field_of_continuation(current: str, line: str, *, is_phone: bool) -> str:
    if is_phone:
        return "fax" if re.search(r"\b(?:fax|telecopieur)\b", fold(line)) else "phone"
    return current if current == "information" else "other"


def _contact(ordinal: int, entry: _Entry) -> Contact:
    printed = " ".join(entry.values.get("email", ()))
    return Contact(
        ordinal=ordinal,
        information=entry.text("information"),
        name=entry.text("name"),
        title=entry.text("title"),
        emails=tuple(dict.fromkeys(EMAIL.findall(printed))),
        phones=tuple(dict.fromkeys(one_line(line) for line in entry.values.get("phone", ()))),
    )


def _says_something(contact: Contact) -> bool:
    return bool(contact.information or contact.name or contact.emails or contact.phones)
