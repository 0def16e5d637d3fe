"""What disciplines ask for."""

from __future__ import annotations

from carms_lake.domains.carms.report.shared import DISCIPLINE, NAMES, PROGRAMS
from carms_lake.report.pages import Both, Column, Page, Table

_OF = "requirement_category = '{}'"
_IS = "requirement_code = '{}'"

_ASKED = {
    "letters": (_OF.format("reference"), Both("Reference letters", "Lettres de référence")),
    "letter": (_IS.format("personal_letter"), Both("Personal letter", "Lettre personnelle")),
    "custom_cv": (_IS.format("custom_cv"), Both("Résumé", "Curriculum vitæ")),
    "mspr": (_IS.format("mspr"), Both("Performance record", "Dossier de rendement")),
    "photo": (_IS.format("photo"), Both("Photo", "Photo")),
    "language": (_OF.format("language"), Both("Language test", "Test de langue")),
    "mccqe1": (_IS.format("mccqe1"), Both("MCCQE Part I", "EACMC, partie I")),
    "nac": (_IS.format("nac"), Both("NAC", "Examen de la CNE")),
    "casper": (_IS.format("casper"), Both("Casper", "Casper")),
    "fmproc": (_IS.format("fmproc"), Both("FMProC", "FMProC")),
}
"""Column, condition, label."""

_COLUMNS = ",\n".join(
    f"    round(100 * count(distinct program_key) filter ({condition}) / any_value(programs), 1)"
    f" as {name}"
    for name, (condition, _) in _ASKED.items()
)

_MATRIX = f"""
with {NAMES},
offered as (
    select
        program_key,
        discipline_key,
        count(*) over (partition by discipline_key) as programs
    from fact_program
    where is_newest_iteration and is_current and not is_deleted
)
select
    coalesce(french.name, any_value(discipline_name)) as discipline,
    any_value(programs) as programs,
{_COLUMNS}
from offered
join dim_discipline using (discipline_key)
left join bridge_program_requirement as asked using (program_key)
left join dim_requirement as requirement
    on requirement.requirement_key = asked.requirement_key
    and asked.requirement_level in ('required', 'conditional')
left join french on french.kind = 'discipline' and french.code = discipline_id
group by discipline_key, french.name
order by programs desc, discipline
"""  # noqa: S608 - conditions of this module

PAGE = Page(
    "requirements",
    Both("Requirements", "Exigences"),
    (
        Table(
            "matrix",
            Both("What disciplines ask for", "Ce que demandent les disciplines"),
            _MATRIX,
            (
                DISCIPLINE,
                PROGRAMS,
                *(
                    Column(name, label, unit="%", kind="share")
                    for name, (_, label) in _ASKED.items()
                ),
            ),
            note=Both(
                "Percentage of the discipline’s programs that require it of all or on a condition, "
                "as of international graduates.",
                "Pourcentage des programmes de la discipline qui l’exigent de tous ou sous une "
                "condition, par exemple des diplômés de l’étranger.",
            ),
        ),
    ),
)
