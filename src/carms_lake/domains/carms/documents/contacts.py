"""The entries of Program Contacts. Personal data."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from carms_lake.domains.carms.documents.masking import EMAIL, PHONE
from carms_lake.domains.carms.documents.model import Contact
from carms_lake.domains.carms.documents.text import fold, logical_lines, one_line

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
