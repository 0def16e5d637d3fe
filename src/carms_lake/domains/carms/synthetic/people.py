"""Invented people: names, e-mails below `example.ca`, phone numbers of the 555 exchange."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

    from carms_lake.domains.carms.synthetic.schools import School


@dataclass(frozen=True)
class Contact:
    """A person to write to; what is None is not printed."""

    name: str
    title: str
    email: str | None
    phone: str | None


_GIVEN = (
    "Adaline",
    "Bertrand",
    "Celeste",
    "Damien",
    "Elowen",
    "Fabrice",
    "Ginevra",
    "Hollis",
    "Isaure",
    "Joachim",
    "Keziah",
    "Léontine",
    "Maëlle",
    "Nolwenn",
    "Octave",
    "Philippa",
    "Quentin",
    "Rosalind",
    "Sylvestre",
    "Tamsin",
    "Ulysse",
    "Violaine",
    "Wendell",
    "Xanthe",
    "Yolande",
    "Zéphyrin",
)
_FAMILY = (
    "Abernethy-Roy",
    "Bellefontaine",
    "Corriveau",
    "Dunmorrow",
    "Estabrooke",
    "Fairweather",
    "Grandmaison",
    "Hollingbourne",
    "Inkster",
    "Jolivette",
    "Kestleman",
    "Larocque-Hill",
    "Mistral",
    "Northrup",
    "O'Quillan",
    "Pennyfeather",
    "Quesnel",
    "Ravenscroft",
    "Sanschagrin",
    "Tremblecourt",
    "Underhill",
    "Vadeboncoeur",
    "Whitlocke",
    "Yardley",
    "Zukowsky",
)
_TITLES_EN = ("Program Administrator", "Program Coordinator", "Chief Resident", "Site Director")
_TITLES_FR = ("Adjointe à l'enseignement", "Coordonnatrice de programme", "Résident coordonnateur")


def name(chance: random.Random) -> str:
    """A given and a family name that no list of physicians holds."""
    return f"{chance.choice(_GIVEN)} {chance.choice(_FAMILY)}"


def phone(chance: random.Random, area_code: str, *, french: bool) -> str:
    """A phone number that rings nowhere, in one of the ways the real ones are written."""
    number = f"555-01{chance.randrange(100):02d}"
    written = chance.choice((f"({area_code}) {number}", f"{area_code}-{number}"))
    if chance.random() < 0.3:
        extension = 1000 + chance.randrange(9000)
        written += f" poste {extension}" if french else f" ext {extension}"
    return written


def email(person: str, school: School) -> str:
    """The person's address at a faculty that does not exist."""
    plain = unicodedata.normalize("NFKD", person).encode("ascii", "ignore").decode().lower()
    local = "".join(char if char.isalnum() else "." for char in plain)
    return f"{local}@{school.slug}.example.ca"


def contacts(
    chance: random.Random, school: School, director: str, *, french: bool
) -> tuple[Contact, ...]:
    """The director and one or two more; NOSM, as in reality, prints no e-mail."""
    titles = _TITLES_FR if french else _TITLES_EN
    first = "Direction de programme" if french else "Program Director"
    people = [(director if french else f"Dr. {director}", director, first)]
    for title in chance.sample(titles, chance.randrange(1, 3)):
        person = name(chance)
        people.append((person, person, title))
    return tuple(
        Contact(
            name=printed,
            title=title,
            email=None if school.slug == "nosm" else email(person, school),
            phone=phone(chance, school.area_code, french=french) if chance.random() < 0.6 else None,
        )
        for printed, person, title in people
    )
