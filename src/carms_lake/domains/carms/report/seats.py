"""Seats: the map, and disciplines by province."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from carms_lake.domains.carms.report.canada import Measure, choropleth
from carms_lake.domains.carms.report.shared import (
    DISCIPLINE,
    NAMES,
    PROGRAMS,
    PROVINCE,
    PROVINCES,
    SEATS,
)
from carms_lake.report.markup import Markup
from carms_lake.report.pages import Both, Chart, Column, Drawing, Page, Pen, Row, Table

_MAP = f"""
with {NAMES},
counted as (
    select
        discipline_id,
        training_province,
        any_value(discipline_name) as discipline_name,
        count(*) as programs,
        sum(quota)::bigint as seats,
        median(applications_per_seat_min) as contested
    from match_pressure
    group by grouping sets ((training_province), (discipline_id, training_province))
)
select
    counted.discipline_id,
    case when discipline_id is null then '*' else coalesce(french.name, discipline_name) end
        as discipline,
    training_province,
    coalesce(names.name, training_province) as province,
    programs,
    seats,
    round(contested, 1) as contested
from counted
left join french on french.kind = 'discipline' and french.code = counted.discipline_id
left join names on names.code = counted.training_province
order by discipline_id is not null, strip_accents(discipline), seats desc, province
"""  # noqa: S608 - names of this package

_AT_LEAST = Both("at least, median of programs", "au moins, médiane des programmes")

_MEASURES = (
    Measure("seats", Both("seats", "postes")),
    Measure("programs", Both("programs", "programmes")),
    Measure(
        "contested",
        Both(
            "applications a year for each seat, at least (median of programs)",
            "candidatures par an et par poste, au moins (médiane des programmes)",
        ),
        "\u2265 {}",
    ),
)


def _drawn(rows: Sequence[Row], pen: Pen) -> Markup:
    return choropleth(rows, pen, _MEASURES)


_BY_PROVINCE = "\n".join(
    f"    coalesce(sum(seats) filter (training_province = '{code}'), 0)::bigint as {code.lower()},"
    for code in PROVINCES
)

_MATRIX = f"""
with {NAMES}
select
    coalesce(french.name, discipline_name) as discipline,
{_BY_PROVINCE}
    sum(seats)::bigint as seats
from geo_summary
left join french on french.kind = 'discipline' and french.code = discipline_id
group by discipline
order by seats desc, discipline
"""  # noqa: S608 - codes of this package

_WHO = """
select
    {name} as discipline,
    coalesce(sum(quota) filter (eligibility = 'CMG'), 0)::bigint as cmg,
    coalesce(sum(quota) filter (eligibility = 'IMG'), 0)::bigint as img,
    coalesce(sum(quota) filter (eligibility = 'All'), 0)::bigint as everyone,
    coalesce(sum(quota) filter (eligibility not in ('CMG', 'IMG', 'All')), 0)::bigint as others,
    coalesce(sum(quota), 0)::bigint as seats
from program_profile
left join french on french.kind = 'discipline' and french.code = discipline_id
group by discipline
order by seats desc, discipline
""".format(name="coalesce(french.name, discipline_name)")

PAGE = Page(
    "seats",
    Both("Seats", "Postes"),
    (
        Drawing(
            "map",
            Both("Map by province of training", "Carte par province de formation"),
            _MAP,
            (
                replace(DISCIPLINE, codes={"*": Both("all", "toutes")}),
                PROVINCE,
                PROGRAMS,
                SEATS,
                Column(
                    "contested",
                    Both("Applications a year for each seat", "Candidatures par an et par poste"),
                    unit=_AT_LEAST,
                ),
            ),
            _drawn,
            note=Both(
                "The stronger the colour, the more, by the root of the share of the largest; grey "
                "is none. Applications are printed as ranges and shared between streams and sites "
                "of a program, so a median of their lower ends may be read, and a sum may not.",
                "Plus la couleur est forte, plus il y en a, selon la racine de la part du maximum "
                "; gris signifie aucun. Les candidatures sont publiées par tranches et partagées "
                "entre les volets et lieux d’un programme : on peut lire une médiane des bornes "
                "inférieures, non une somme.",
            ),
        ),
        Table(
            "disciplines",
            Both("Disciplines by province of training", "Disciplines par province de formation"),
            _MATRIX,
            (
                DISCIPLINE,
                *(Column(code.lower(), Both(code, code), kind="heat") for code in PROVINCES),
                SEATS,
            ),
            note=Both("Seats of all streams.", "Postes de tous les volets."),
        ),
        Chart(
            "who",
            Both("Seats by who may apply", "Postes selon qui peut postuler"),
            f"with {NAMES}{_WHO}",
            (
                DISCIPLINE,
                Column("cmg", Both("Canadian graduates", "Diplômés du Canada"), unit=SEATS.label),
                Column(
                    "img",
                    Both("International graduates", "Diplômés de l’étranger"),
                    unit=SEATS.label,
                ),
                Column("everyone", Both("Both", "Les deux"), unit=SEATS.label),
                Column("others", Both("Armed Forces", "Forces armées"), unit=SEATS.label),
                SEATS,
            ),
            "bars",
            "discipline",
            ("cmg", "img", "everyone", "others"),
        ),
    ),
    lead=Both(
        "What the newest match offers, where and to whom.",
        "Ce qu’offre le jumelage le plus récent, où et à qui.",
    ),
)
