"""Taking the names of a document's own people out of its text."""

from __future__ import annotations

import re
from functools import cache
from string import ascii_lowercase, digits
from typing import TYPE_CHECKING

from carms_lake.domains.carms.documents.spans import Mask, with_masks
from carms_lake.domains.carms.documents.text import blanked, contact_masks, fold

if TYPE_CHECKING:
    from collections.abc import Iterable

NAME_MASK = "[name]"

_SALUTATIONS = r"(?:Dr\(e\)|(?:Dre?|Docteure?|Mrs|Mr|Ms|Mme|Madame|Monsieur|Prof|Pre?)\b\.?)"
_SALUTATION = re.compile(rf"^(?:\(e\)|{_SALUTATIONS})\s*", re.IGNORECASE)
_FOLDED_SALUTATIONS = fold(_SALUTATIONS)
_BEHIND_SALUTATION = re.compile(rf"(?<![^\W_]){_FOLDED_SALUTATIONS}\s*([^\W_]+)(?![^\W_])")
_SEPARATORS = re.compile(r"\s*(?:[/&,;]|\((?!e\))|\bet\b|\band\b|\bc/o\b)\s*")
_NO_NAME_WORDS = frozenset(
    {"administration", "administrator", "admission", "admissions", "agente", "chief", "contact"}
    | {"coordinator", "core", "director", "education", "gestion", "information", "lead", "medical"}
    | {"medicine", "ontario", "or", "process", "program", "programme", "resident", "residents"}
    | {"residency", "rural", "site", "tba", "tbd", "team", "university"}
)
"""Words that no person's name has: an entry with one of them is an office."""

_WHOLE_NAME_WORDS = 2
_WORD_CHARS = (ascii_lowercase + digits).encode()
_PARTS_WORDS = bytes(char if char in _WORD_CHARS else ord(" ") for char in range(256))


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
    return with_masks(text, people_masks(text, names))


def people_masks(text: str, names: Iterable[str]) -> list[Mask]:
    """The masks of the e-mail addresses, phone numbers and names of these people in a text."""
    contacts = contact_masks(text)
    return sorted([*contacts, *_name_masks(blanked(text, contacts), names)])


def without_names(text: str, names: Iterable[str]) -> str:
    """Text with the names of these people masked, however accents and hyphens are written.

    >>> without_names("Ask Dr. Ann Lee, or Marie-\u00c8ve Roy", ["Ann Lee", "Marie Eve Roy"])
    'Ask [name], or [name]'
    """
    return with_masks(text, _name_masks(text, names))


def _name_masks(text: str, names: Iterable[str]) -> list[Mask]:
    folded = fold(text)
    by_last_name = _by_last_name(tuple(names))
    found = [
        words
        for last_name in by_last_name.keys() & _ascii_words(folded)
        for words in by_last_name[last_name]
    ]
    if not found:
        return []
    last_names = {words[-1] for words in found}
    spans = [m.span() for m in _BEHIND_SALUTATION.finditer(folded) if m[1] in last_names]
    for words in found:
        if all(word in folded for word in words):
            spans += [match.span() for match in _whole(words).finditer(folded)]
    masks, end = [], 0
    for start, stop in sorted(spans, key=lambda span: (span[0], -span[1])):
        # A name has capitals; the same letters in small ones are a word.
        if start >= end and not text[start:stop].islower():
            masks.append(Mask(start, stop, NAME_MASK))
            end = stop
    return masks


@cache
def _by_last_name(names: tuple[str, ...]) -> dict[bytes, list[tuple[str, ...]]]:
    """The folded words of each name by the last of them, as that is a word of a text.

    A school has hundreds of names, looked for in thousands of texts, and most texts have none.
    """
    found: dict[bytes, list[tuple[str, ...]]] = {}
    for name in names:
        words = tuple(fold(name).replace("-", " ").split())
        if in_text := _ascii_words(" ".join(words)):
            found.setdefault(in_text[-1], []).append(words)
    return found


def _ascii_words(folded: str) -> list[bytes]:
    """The runs of ASCII letters and digits of a folded text, faster than an expression does it."""
    return folded.encode("ascii", "replace").translate(_PARTS_WORDS).split()


@cache
def _whole(words: tuple[str, ...]) -> re.Pattern[str]:
    """A folded name, with or without a salutation.

    Markdown's `_` around a name does not belong to it, though it counts as a word character.
    """
    name = r"[\s-]+".join(re.escape(word) for word in words)
    return re.compile(rf"(?<![^\W_])(?:{_FOLDED_SALUTATIONS}\s*)?{name}(?![^\W_])")
