"""A part of the page for each program, and the search over them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from carms_lake.domains.carms.report.shared import NAMES, PROGRAM, PROVINCE
from carms_lake.report.find import finder, item
from carms_lake.report.markup import Markup, h, join
from carms_lake.report.pages import Both, Drawing, Page, Pen, Row
from carms_lake.report.words import Words

_PROGRAMS = f"""
with {NAMES},
asked as (
    select
        fact.match_iteration_id,
        fact.program_stream_id,
        list(distinct requirement_code order by requirement_code) as examinations
    from bridge_program_requirement
    join dim_requirement using (requirement_key)
    join fact_program as fact using (program_key)
    where requirement_category = 'examination' and requirement_level in ('required', 'conditional')
    group by all
)
select
    profile.program_stream_id,
    profile.discipline_id,
    coalesce(discipline_fr.name, discipline_name) as discipline,
    coalesce(school_fr.name, school_name) as school,
    program_site,
    program_stream,
    eligible_cmg,
    eligible_img,
    training_province,
    coalesce(names.name, training_province) as province,
    quota,
    length_years,
    application_language,
    reference_letters,
    applications_min,
    applications_max,
    interviewed_pct_min,
    interviewed_pct_max,
    first_interview_on,
    last_interview_on,
    return_of_service_cmg,
    return_of_service_img,
    examinations
from program_profile as profile
left join asked using (match_iteration_id, program_stream_id)
left join french as discipline_fr
    on discipline_fr.kind = 'discipline' and discipline_fr.code = discipline_id
left join french as school_fr
    on school_fr.kind = 'school' and school_fr.code = school_code::varchar
left join names on names.code = training_province
order by strip_accents(discipline), strip_accents(school), program_site, profile.program_stream_id
"""  # noqa: S608 - a statement of this module

_DOT = " \u00b7 "

_WORDS = {
    "seats": Both("{} seats", "{} postes"),
    "seat": Both("1 seat", "1 poste"),
    "years": Both("{} years", "{} ans"),
    "year": Both("1 year", "1 an"),
    "letters": Both("{} reference letters", "{} lettres de référence"),
    "letter": Both("1 reference letter", "1 lettre de référence"),
    "en": Both("apply in English", "en anglais"),
    "fr": Both("apply in French", "en français"),
    "either": Both("apply in English or French", "en anglais ou en français"),
    "open": Both("{} or more applications", "{} candidatures ou plus"),
    "between": Both("{} to {} applications", "{} à {} candidatures"),
    "interviewed": Both("{}\u2013{} % interviewed", "{}\u2013{} % en entrevue"),
    "on": Both("interviews on {}", "entrevues le {}"),
    "from": Both("interviews from {} to {}", "entrevues du {} au {}"),
    "service": Both("return of service: {}", "retour de service : {}"),
    "asks": Both("examinations: {}", "examens : {}"),
}

_SERVICE = {
    "required": Both("required", "exigé"),
    "none": Both("none", "aucun"),
    "unclear": Both("not clear", "ambigu"),
    "not_applicable": Both("not applicable", "sans objet"),
}
_EXAMINATIONS = {
    "casper": "Casper", "fmproc": "FMProC", "lmcc_certificate": "LMCC", "mccqe1": "MCCQE1",
    "mccqe2": "MCCQE2", "nac": "NAC", "usmle1": "USMLE1", "usmle2_ck": "USMLE2", "usmle3": "USMLE3",
}  # fmt: skip
"""Their names are the same in both languages on the page; official ones are in the requirements."""

_KINDS = {
    "cmg": Both("Canadian graduates", "Diplômés du Canada"),
    "img": Both("International graduates", "Diplômés de l’étranger"),
}


def _drawn(rows: Sequence[Row], pen: Pen) -> Markup:
    """The search, then a folded part for each program, which its id opens: `#p-27447`."""
    target, words = f"{pen.place}-list", pen.words
    selects = [
        (key, words.of(label), _options(rows, key, name))
        for key, label, name in (
            ("discipline_id", Both("Discipline", "Discipline"), "discipline"),
            ("training_province", PROVINCE.label, "province"),
        )
    ]
    kinds = {key: words.of(name) for key, name in _KINDS.items()}
    selects.append(("who", words.of(Both("Open to", "Ouvert à")), kinds))
    short = {"discipline_id": "d", "training_province": "v", "who": "w"}
    controls = finder(
        words, target, words.of(_SEARCH), [(short[key], name, of) for key, name, of in selects]
    )
    return join([controls, h("div", [_program(row, words) for row in rows], id=target)])


def _options(rows: Sequence[Row], key: str, name: str) -> dict[str, str]:
    """The values of a column that can be chosen, by their names."""
    found = {row[key]: row[name] for row in rows if row[key] is not None}
    return dict(sorted(found.items(), key=lambda entry: entry[1]))


def _program(row: Row, words: Words) -> Markup:
    stream = row["program_stream"]
    name = [
        row["discipline"],
        *(_DOT, row["school"]),
        *(_DOT, row["program_site"]),
        *(_DOT, stream if words.lang == "en" else h("span", stream, lang="en")),
    ]
    parts = [list(part(row, words)) for part in (_offer, _demand, _asks)]
    seats = _DOT.join(_counted(words, "seat", row["quota"]))
    return item(
        "details",
        h("summary", name, _DOT if seats else None, seats),
        h("p", _lines(parts)),
        id=f"{PROGRAM}{row['program_stream_id']}",
        data_d=row["discipline_id"],
        data_v=row["training_province"],
        data_w="|".join(kind for kind in _KINDS if row[f"eligible_{kind}"]) or None,
    )


def _lines(parts: Sequence[Sequence[str]]) -> list[str | Markup]:
    """Facts with dots between them, a line for each part that has any."""
    said = [_DOT.join(part) for part in parts if part]
    return [one for line in said for one in (h("br"), line)][1:]


def _said(words: Words, key: str, *values: Any) -> str:
    return words.of(_WORDS[key]).format(*values)


def _counted(words: Words, key: str, value: int | None) -> list[str]:
    if value is None:
        return []
    return [_said(words, key if value == 1 else f"{key}s", words.number(value))]


def _offer(row: Row, words: Words) -> list[str]:
    """Its id, place, length and language."""
    said = [row["program_stream_id"]]
    said += [row["training_province"]] if row["training_province"] else []
    said += _counted(words, "year", row["length_years"])
    language = row["application_language"]
    return [*said, *([_said(words, language)] if language in _WORDS else [])]


def _demand(row: Row, words: Words) -> list[str]:
    """Applications, share interviewed and days of interviews, as ranges."""
    said = []
    low, high = row["applications_min"], row["applications_max"]
    if low is not None:
        said.append(_said(words, "open" if high is None else "between", low, high))
    if row["interviewed_pct_min"] is not None:
        ends = (row["interviewed_pct_min"], row["interviewed_pct_max"])
        said.append(_said(words, "interviewed", *ends))
    first, last = row["first_interview_on"], row["last_interview_on"]
    if first is not None:
        days = (words.day(first), words.day(last))
        said.append(_said(words, "on" if first == last else "from", *days))
    return said


def _asks(row: Row, words: Words) -> list[str]:
    """Letters, examinations and return of service by kind of applicant."""
    said = _counted(words, "letter", row["reference_letters"])
    if row["examinations"]:
        names = [_EXAMINATIONS.get(code, code) for code in row["examinations"]]
        said.append(_said(words, "asks", ", ".join(names)))
    service = [
        f"{kind.upper()} {words.of(_SERVICE[answer])}"
        for kind in _KINDS
        if (answer := row[f"return_of_service_{kind}"]) in _SERVICE
    ]
    return [*said, *([_said(words, "service", ", ".join(service))] if service else [])]


_SEARCH = Both("Search programs", "Chercher un programme")

PAGE = Page(
    "programs",
    Both("Programs", "Programmes"),
    (
        Drawing(
            "all",
            Both("All programs of the newest match", "Tous les programmes du dernier jumelage"),
            _PROGRAMS,
            (),
            _drawn,
            note=Both(
                "A link to a program ends with its id, as #p-27447. Applications are those of a "
                "year, means of five years, shared between streams and sites.",
                "Un lien vers un programme se termine par son numéro, comme #p-27447. Les "
                "candidatures sont celles d’une année, en moyenne sur cinq ans, partagées entre "
                "volets et lieux.",
            ),
            has_table=False,
        ),
    ),
)
