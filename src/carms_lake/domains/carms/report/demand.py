"""Demand: applications for each seat, as the ranges that are printed."""

from __future__ import annotations

from carms_lake.domains.carms.report.shared import (
    DISCIPLINE,
    NAMES,
    PROGRAM_ID,
    PROGRAMS,
    PROVINCE,
    SCHOOL,
    SEATS,
    SITE,
)
from carms_lake.report.pages import Both, Chart, Column, Page, Table

_RANGE = """case
        when applications_max is null
            then applications_min || if($lang = 'fr', ' ou plus', ' or more')
        else applications_min || if($lang = 'fr', ' à ', ' to ') || applications_max
    end"""

_TIES = f"""
select
    {_RANGE} || if($lang = 'fr', ' pour ', ' for ') || quota || case
        when quota = 1 then if($lang = 'fr', ' poste', ' seat')
        else if($lang = 'fr', ' postes', ' seats')
    end as bucket,
    round(applications_min / quota, 1) as least,
    round(applications_max / quota, 1) as most,
    count(*) as programs
from match_pressure
where quota > 0 and applications_min > 0
group by applications_min, applications_max, quota
order by applications_min / quota desc, applications_min desc
limit 15
"""  # noqa: S608 - a statement of this module

_PROGRAMS = f"""
with {NAMES},
ranked as (
    select *, rank() over (order by applications_per_seat_min desc) as place
    from match_pressure
    where applications_per_seat_min > 0
)
select
    program_stream_id,
    coalesce(discipline_fr.name, ranked.discipline_name) as discipline,
    coalesce(school_fr.name, ranked.school_name) as school,
    program_site,
    coalesce(names.name, ranked.training_province) as province,
    {_RANGE.replace("applications_", "ranked.applications_")} as applications,
    ranked.quota as seats
from ranked
join program_profile as profile using (program_stream_id)
left join french as discipline_fr
    on discipline_fr.kind = 'discipline' and discipline_fr.code = ranked.discipline_id
left join french as school_fr
    on school_fr.kind = 'school' and school_fr.code = profile.school_code::varchar
left join names on names.code = ranked.training_province
where place <= 50
order by place, strip_accents(discipline), school, program_site, program_stream_id
"""  # noqa: S608 - a statement of this module

_DISCIPLINES = f"""
with {NAMES}
select
    coalesce(french.name, discipline_name) as discipline,
    count(*) as programs,
    round(median(applications_min / quota), 1) as least,
    case
        when isinf(median(coalesce(applications_max / quota, 'infinity'::double))) then null
        else round(median(coalesce(applications_max / quota, 'infinity'::double)), 1)
    end as most
from match_pressure
left join french on french.kind = 'discipline' and french.code = discipline_id
where quota > 0 and applications_min is not null
group by discipline
order by least desc, discipline
"""  # noqa: S608 - names of this package

_PER_SEAT = Both("applications a year for each seat", "candidatures par an et par poste")
_LEAST = Column("least", Both("At least", "Au moins"), unit=_PER_SEAT)
_MOST = Column("most", Both("At most", "Au plus"), unit=_PER_SEAT)

PAGE = Page(
    "demand",
    Both("Demand", "Demande"),
    (
        Chart(
            "ties",
            Both(
                "Applications for each seat, the most first",
                "Candidatures par poste, par ordre décroissant",
            ),
            _TIES,
            (
                Column("bucket", Both("Applications a year and seats", "Candidatures et postes")),
                PROGRAMS,
                _LEAST,
                _MOST,
            ),
            "ranges",
            "bucket",
            ("least", "most"),
            note=Both(
                "Programs that print the same range and have the same seats are one line, for "
                "nothing says which is more contested; a pale bar has no upper end.",
                "Les programmes qui publient la même tranche et ont les mêmes postes ne se "
                "distinguent pas : ils forment une seule ligne ; une barre pâle n’a pas de borne "
                "supérieure.",
            ),
        ),
        Table(
            "programs",
            Both("The most contested programs", "Les programmes les plus demandés"),
            _PROGRAMS,
            (
                PROGRAM_ID,
                DISCIPLINE,
                SCHOOL,
                SITE,
                PROVINCE,
                Column("applications", Both("Applications a year", "Candidatures par an")),
                SEATS,
            ),
            note=Both(
                "The first fifty, and all that are level with the last of them.",
                "Les cinquante premiers, et tous ceux à égalité avec le dernier.",
            ),
        ),
        Chart(
            "disciplines",
            Both(
                "Applications for each seat by discipline", "Candidatures par poste, par discipline"
            ),
            _DISCIPLINES,
            (DISCIPLINE, PROGRAMS, _LEAST, _MOST),
            "ranges",
            "discipline",
            ("least", "most"),
            note=Both(
                "From the median of the lower ends of its programs to that of the upper ends.",
                "De la médiane des bornes inférieures de ses programmes à celle des bornes "
                "supérieures.",
            ),
        ),
    ),
    lead=Both(
        "Applications are means of five years, printed in ranges up to “601 or more”, and streams "
        "and sites of a program share them: they do not say how likely a match is.",
        "Les candidatures sont des moyennes de cinq ans, publiées par tranches jusqu’à « 601 ou "
        "plus » ; les volets et lieux d’un programme les partagent : ce ne sont pas des chances "
        "de jumelage.",
    ),
)
