"""What some invented programs make much of: rural practice, research and the like."""

from __future__ import annotations

import random

THEMES = {
    "bilingual": (
        "Clinics run in both languages: half of our patients speak French at home, and bilingual "
        "residents see them with a francophone teacher.",
        "L’enseignement se donne en français, et le milieu est bilingue.",
    ),
    "indigenous": (
        "Residents spend a block with First Nations and Métis partners; Indigenous health is "
        "taught by those whom it concerns.",
        "Un stage se fait en milieu autochtone, avec les Premières Nations qui nous accueillent.",
    ),
    "inner_city": (
        "A downtown clinic cares for people who are homeless, and the inner-city rotation begins "
        "in its kitchen.",
        "Une clinique du centre-ville suit des personnes en situation d’itinérance; le stage "
        "urbain y commence.",
    ),
    "obstetrics": (
        "Obstetrics is shared with the midwives, and residents attend births from the first "
        "month; maternity care has a half day of its own.",
        "L’obstétrique se partage avec les sages-femmes; on assiste aux accouchements dès le "
        "premier mois.",
    ),
    "remote": (
        "Two blocks are flown: remote communities of the North, one of them fly-in only, and a "
        "northern nursing station.",
        "Deux stages se font en milieu nordique, dans des communautés éloignées.",
    ),
    "research": (
        "Research has protected time: every researcher of the department takes one resident, and "
        "a research day ends the spring.",
        "La recherche a ses demi-journées réservées, et chaque chercheur accueille un résident.",
    ),
    "rural": (
        "Rural medicine is at the heart of it: sixteen weeks in a rural town, and more at a "
        "regional hospital.",
        "La médecine rurale est au cœur de la formation, avec seize semaines en région.",
    ),
    "tertiary": (
        "The hospital is a tertiary centre, with quaternary care in two services.",
        "L’hôpital offre des soins tertiaires et, dans deux services, des soins quaternaires.",
    ),
}
"""A sentence in English and one in French by the theme's code, as reference/themes.csv has it."""

_MOST = 3


def drawn(name: str) -> tuple[str, ...]:
    """The themes of a program, none to three; by a chance of their own, so that nothing moves."""
    chance = random.Random(f"{name} themes")
    return tuple(sorted(chance.sample(sorted(THEMES), chance.randint(0, _MOST))))
