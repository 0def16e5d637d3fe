"""Faculties and provinces: real names, for invented programs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class School:
    """A faculty: its institution code, and where it is."""

    code: int
    name: str
    name_fr: str
    is_francophone: bool
    province: str
    city: str
    area_code: str
    postal_code: str
    slug: str


PROVINCES = {
    "AB": ("Alberta", "Alberta"),
    "BC": ("British Columbia", "Colombie-Britannique"),
    "MB": ("Manitoba", "Manitoba"),
    "NB": ("New Brunswick", "Nouveau-Brunswick"),
    "NL": ("Newfoundland and Labrador", "Terre-Neuve-et-Labrador"),
    "NS": ("Nova Scotia", "Nouvelle-Écosse"),
    "NT": ("Northwest Territories", "Territoires du Nord-Ouest"),
    "NU": ("Nunavut", "Nunavut"),
    "ON": ("Ontario", "Ontario"),
    "PE": ("Prince Edward Island", "Île-du-Prince-Édouard"),
    "QC": ("Québec", "Québec"),
    "SK": ("Saskatchewan", "Saskatchewan"),
}
"""English and French name by code."""

SCHOOLS = (
    School(
        78,
        "Memorial University of Newfoundland",
        "Université Memorial de Terre-Neuve",
        False,
        "NL",
        "St. John's",
        "709",
        "A1B 9Z9",
        "memorial",
    ),
    School(
        79,
        "Dalhousie University",
        "Université Dalhousie",
        False,
        "NS",
        "Halifax",
        "902",
        "B3H 9Z9",
        "dalhousie",
    ),
    School(
        91,
        "Université Laval",
        "Université Laval",
        True,
        "QC",
        "Québec",
        "418",
        "G1V 9Z9",
        "laval",
    ),
    School(
        92,
        "Université de Sherbrooke",
        "Université de Sherbrooke",
        True,
        "QC",
        "Sherbrooke",
        "819",
        "J1H 9Z9",
        "sherbrooke",
    ),
    School(
        93,
        "Université de Montréal",
        "Université de Montréal",
        True,
        "QC",
        "Montréal",
        "514",
        "H3C 9Z9",
        "montreal",
    ),
    School(
        80,
        "McGill University",
        "Université McGill",
        False,
        "QC",
        "Montréal",
        "514",
        "H3G 9Z9",
        "mcgill",
    ),
    School(
        81,
        "University of Ottawa",
        "Université d’Ottawa",
        False,
        "ON",
        "Ottawa",
        "613",
        "K1H 9Z9",
        "ottawa",
    ),
    School(
        82,
        "Queen’s University",
        "Université Queen’s",
        False,
        "ON",
        "Kingston",
        "613",
        "K7L 9Z9",
        "queens",
    ),
    School(
        97,
        "NOSM University",
        "Université de l’EMNO",
        False,
        "ON",
        "Sudbury",
        "705",
        "P3E 9Z9",
        "nosm",
    ),
    School(
        83,
        "University of Toronto",
        "Université de Toronto",
        False,
        "ON",
        "Toronto",
        "416",
        "M5S 9Z9",
        "toronto",
    ),
    School(
        42,
        "Toronto Metropolitan University",
        "Université métropolitaine de Toronto",
        False,
        "ON",
        "Brampton",
        "905",
        "L6W 9Z9",
        "tmu",
    ),
    School(
        84,
        "McMaster University",
        "Université McMaster",
        False,
        "ON",
        "Hamilton",
        "905",
        "L8P 9Z9",
        "mcmaster",
    ),
    School(
        85,
        "Western University",
        "Université Western",
        False,
        "ON",
        "London",
        "519",
        "N6A 9Z9",
        "western",
    ),
    School(
        86,
        "University of Manitoba",
        "Université du Manitoba",
        False,
        "MB",
        "Winnipeg",
        "204",
        "R3E 9Z9",
        "manitoba",
    ),
    School(
        87,
        "University of Saskatchewan",
        "Université de la Saskatchewan",
        False,
        "SK",
        "Saskatoon",
        "306",
        "S7N 9Z9",
        "saskatchewan",
    ),
    School(
        88,
        "University of Alberta",
        "Université de l’Alberta",
        False,
        "AB",
        "Edmonton",
        "780",
        "T6G 9Z9",
        "alberta",
    ),
    School(
        89,
        "University of Calgary",
        "Université de Calgary",
        False,
        "AB",
        "Calgary",
        "403",
        "T2N 9Z9",
        "calgary",
    ),
    School(
        90,
        "University of British Columbia",
        "Université de la Colombie-Britannique",
        False,
        "BC",
        "Vancouver",
        "604",
        "V6T 9Z9",
        "ubc",
    ),
)
"""All faculties, from east to west, as the program master has them."""
