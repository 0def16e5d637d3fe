"""Taking the names of a document's own people out of its text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from carms_lake.domains.carms.documents import masked

if TYPE_CHECKING:
    from collections.abc import Iterable

NAME_MASK = "[name]"

_SALUTATIONS = r"(?:Dr\(e\)|(?:Dre?|Docteure?|Mrs|Mr|Ms|Mme|Madame|Monsieur|Prof|Pre?)\b\.?)"
_SALUTATION = re.compile(rf"^(?:\(e\)|{_SALUTATIONS})\s*", re.IGNORECASE)
_SEPARATORS = re.compile(r"\s*(?:[/&,;]|\((?!e\))|\bet\b|\band\b|\bc/o\b)\s*")
_NO_NAME_WORDS = frozenset(
    {"administration", "administrator", "admission", "admissions", "agente", "chief", "contact"}
    | {"coordinator", "core", "director", "education", "gestion", "information", "lead", "medical"}
    | {"medicine", "ontario", "or", "process", "program", "programme", "resident", "residents"}
    | {"residency", "rural", "site", "tba", "tbd", "team", "university"}
)
"""Words that no person's name has: an entry with one of them is an office."""

_WHOLE_NAME_WORDS = 2


def person_names(printed: Iterable[str]) -> list[str]:
    """The people in names as printed, longest first: no salutations, degrees or offices.

    >>> person_names(["Dr. Ann Lee, MD", "Program Director", "Jo Day & Dr. Al Fox"])
    ['Ann Lee', 'Al Fox', 'Jo Day']
    """
    found = set()
    for text in printed:
        for part in _SEPARATORS.split(text):
            words = _SALUTATION.sub("", part.strip()).split()
            is_office = any(word.lower() in _NO_NAME_WORDS for word in words)
            if len(words) >= _WHOLE_NAME_WORDS and not is_office:
                found.add(" ".join(words))
    return sorted(found, key=lambda name: (-len(name), name))


def without_people(text: str, names: Iterable[str]) -> str:
    r"""Text with e-mail addresses and phone numbers masked, and the names of these people.

    A name is found over line breaks, and as a last name behind a salutation.

    >>> without_people("Dr. Lee and Ann\nLee (ann@example.org)", ["Ann Lee"])
    '[name] and [name] ([e-mail])'
    """
    return without_names(masked(text), names)


def without_names(text: str, names: Iterable[str]) -> str:
    """Text with the names of these people masked.

    >>> without_names("Ask Dr. Ann Lee", ["Ann Lee"])
    'Ask [name]'
    """
    # Looking for the last names first costs little, and most texts have none.
    patterns = [p for name in names if name.rsplit(maxsplit=1)[-1] in text for p in _patterns(name)]
    if not patterns:
        return text
    # Markdown's `_` around a name is no part of it, though it is a character of words.
    return re.sub(rf"(?<![^\W_])(?:{'|'.join(patterns)})(?![^\W_])", NAME_MASK, text)


def _patterns(name: str) -> tuple[str, str]:
    words = [re.escape(word) for word in name.split()]
    title = rf"(?:{_SALUTATIONS}\s*)?"
    return title + r"\s+".join(words), rf"{_SALUTATIONS}\s*{words[-1]}"
