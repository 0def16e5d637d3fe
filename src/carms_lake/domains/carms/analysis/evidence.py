"""What a fact of a program was read from: the words of its description, or another file."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

import carms_lake
from carms_lake.domains.carms import reference
from carms_lake.domains.carms.analysis import nearest
from carms_lake.domains.carms.analysis.known import gold_of_this_version
from carms_lake.domains.carms.analysis.program import LISTS, program
from carms_lake.domains.carms.profile_text import requirement_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SCHEMA = {
    "match_iteration_id": pl.String(),
    "program_stream_id": pl.String(),
    "fact": pl.String(),
    "item": pl.String(),
    "value": pl.String(),
    "source": pl.String(),
    "sentence": pl.String(),
    "place": pl.String(),
    "section_code": pl.String(),
    "span_start": pl.Int32(),
    "span_end": pl.Int32(),
}
"""The columns of `why`."""

_EVIDENCE = """
with evidence as (
    select evidence.*, section.heading, left(section.content, evidence.span_start) as before
    from program_evidence as evidence
    left join program_section_all_iterations as section
        on section.program_key = evidence.program_key
        and section.section_code = evidence.section_code
    where evidence.match_iteration_id = $iteration and evidence.program_stream_id = $program
)
select
    fact, item, value, section_code, heading, span_start, span_end, sentence,
    1 + length(before) - length(replace(before, chr(10), '')) as line
from evidence
order by evidence_ordinal
"""

_RECORD = """
select src_filename, src_row_number
from bronze.program_master
where match_iteration_id = $iteration and program_stream_id = $program
order by delivered_at desc, src_filename desc
limit 1
"""

_CODES = """
select 'requirement' as fact, requirement_code as item from dim_requirement
union all
select 'selection_criterion', stage || '.' || component_code from dim_selection_criterion
"""
"""What some program asks for or looks at."""

_WORDS = """
select requirement_code, requirement_name from dim_requirement
union all
select component_code, component_name from dim_selection_criterion
"""
"""What requirements and components are called."""

_MASTER = {
    "match_iteration_id": "the number in the name of the file",
    "program_stream_id": "program_stream_id",
    "program_name": "program_name",
    "school_code": "school_id",
    "school_name": "school_name",
    "discipline_id": "discipline_id",
    "discipline_name": "discipline_name",
    "program_site": "program_site",
    "program_stream": "program_stream",
    "eligibility": "program_stream",
    "eligible_cmg": "program_stream",
    "eligible_img": "program_stream",
    "eligible_usmg": "program_stream",
    "program_url": "program_url",
}
"""Facts that come from the program master, and the column of it that says them."""

_REFERENCE = ("discipline_group", "school_province", "training_province")
_DELIVERY = ("is_newest_iteration", "valid_from", "is_current", "deleted_on")
TOGETHER = {
    "applications": ("applications_min", "applications_max"),
    "interviewed": ("interviewed_pct_min", "interviewed_pct_max"),
    "return_of_service": ("return_of_service_cmg", "return_of_service_img"),
    "has_return_of_service": ("return_of_service_cmg", "return_of_service_img"),
    "return_of_service_cmg_text": ("return_of_service_cmg",),
    "return_of_service_img_text": ("return_of_service_img",),
    "who_may_apply": ("eligible_cmg", "eligible_img", "eligible_usmg"),
    "interview_dates": ("interview_on",),
    "interviews_on": ("interview_on",),
    "interviews": ("interview_on",),
    "requirements": ("requirement",),
    "selection_criteria": ("selection_criterion",),
    "examinations": ("needs_casper", "needs_fmproc", "needs_mccqe1", "needs_nac"),
    "seats": ("quota",),
    "length": ("length_years",),
    "accreditation": ("accreditation_status",),
    "described_in": ("document_language",),
    "apply_in": ("application_language",),
    "school": ("school_name", "school_province"),
    "site": ("program_site", "training_province"),
    "discipline": ("discipline_name", "discipline_group"),
    "stream": ("program_stream",),
    "page": ("program_url",),
    "program": ("program_name",),
    "dropped_on": ("deleted_on",),
}
"""Other names of facts: those of the page, of lists, of facts that belong together."""


class _Known(NamedTuple):
    """What is known of a program."""

    profile: Mapping[str, Any]
    evidence: list[dict[str, Any]]
    record: str
    """The place of its row in the program master."""
    codes: list[tuple[str, str]]
    """All requirements and components that any program has: fact and item."""
    words: Mapping[str, str]
    """Their codes by their names in words, as `_name` spells these."""


def why(
    lake: carms_lake.Lake, program_id: str, fact: str, iteration: str | None = None
) -> pl.DataFrame:
    """What a fact of a program was read from: a row per fact and place, columns as in `SCHEMA`.

    `fact` is a column of program_profile, a label of the program's page, or the code or name of a
    requirement or component. `source` is `description`, `master` (the program master),
    `reference` (a file of this project), `delivery` (when files came), or null where the
    description says nothing; `place` says it in words. The span is that of program_evidence.

    Raises:
        UnknownKey: the program or the fact is unknown.
        GoldMissing: gold is not built yet.
    """
    profile = program(lake, program_id, iteration).drop(LISTS).row(0, named=True)
    asked = {"iteration": profile["match_iteration_id"], "program": program_id}
    with gold_of_this_version():
        evidence, codes = lake.query(_EVIDENCE, asked).to_dicts(), lake.query(_CODES).rows()
        named = lake.query(_WORDS).to_dicts()
    words = {_name(requirement_name(entry)): entry["requirement_code"] for entry in named}
    known = _Known(profile, evidence, _record(lake, asked), codes, words)
    rows = [row for name in _facts(known, fact) for row in _rows(known, name)]
    key = {name: profile[name] for name in ("match_iteration_id", "program_stream_id")}
    return pl.DataFrame([key | row for row in rows], schema=SCHEMA)


def _record(lake: carms_lake.Lake, asked: dict[str, Any]) -> str:
    """Where the program master has the program; its file's name alone is unknown without bronze."""
    with suppress(carms_lake.LakeError):
        for name, number in lake.query(_RECORD, asked).rows():
            return f"{name}, row {number}"
    return "the program master"


def _facts(known: _Known, fact: str) -> tuple[str, ...]:
    """The names of facts that one word asks for."""
    name = _name(fact)
    if name in TOGETHER:
        return TOGETHER[name]
    if f"needs_{name}" in known.profile and not any(
        _is_about(each, name) for each in known.evidence
    ):
        return (f"needs_{name}",)
    codes = {item for _, item in known.codes} | {_short(item) for _, item in known.codes}
    stated = {each["fact"] for each in known.evidence}
    if name not in {*known.profile, *codes, *stated}:
        name = known.words.get(name, name)
    if name not in {*known.profile, *codes, *stated}:
        names = [*known.profile, *sorted({*TOGETHER, *codes, *stated} - {*known.profile})]
        raise carms_lake.UnknownKey(f"a program has no fact `{fact}`", nearest.hint(fact, names))
    return (name,)


def _name(words: str) -> str:
    """Words as the name of a fact."""
    return words.strip().lower().replace(" ", "_").replace("-", "_")


def _short(item: str) -> str:
    """A component without its stage; other items as they are."""
    return item.rpartition(".")[2]


def _is_about(each: Mapping[str, Any], name: str) -> bool:
    return name in (each["fact"], each["item"], _short(each["item"] or ""))


def _rows(known: _Known, name: str) -> Iterator[dict[str, Any]]:
    """The rows about one fact."""
    found = [each for each in known.evidence if _is_about(each, name)]
    if found:
        yield from map(_from_description, found)
        return
    unstated = [(fact, item) for fact, item in known.codes if name in (item, _short(item))]
    if unstated and name not in known.profile:
        place = {"requirement": "the description does not ask for it"}
        yield from (
            {"fact": fact, "item": item, "place": place.get(fact, "the description does not say")}
            for fact, item in unstated
        )
        return
    value = _text(known.profile.get(name))
    row = {"fact": name, "value": value, "source": None, "place": _nothing(known, name, value)}
    stream = known.profile["program_stream"]
    if name in _MASTER:
        said = f"{known.record}, column {_MASTER[name]}"
        row |= {"source": "master", "place": said, "sentence": _said_by(known, name)}
    elif value is not None and known.profile.get(f"{name}_text") == stream:
        said = f"{known.record}, column program_stream: the name of the stream says it"
        row |= {"source": "master", "place": said, "sentence": stream}
    elif name in _REFERENCE:
        row |= {"source": "reference", "place": _of_reference(known, name)}
    elif name in _DELIVERY:
        row |= {"source": "delivery", "place": "the deliveries of files: `carms trace` shows them"}
    yield row


def _from_description(each: Mapping[str, Any]) -> dict[str, Any]:
    heading = f"section {each['section_code']} ({each['heading']})"
    if each["span_start"] is None:
        place = f"the heading of {heading}"
    else:
        first, last = each["span_start"] + 1, each["span_end"]
        lines = each["sentence"].count("\n")
        where = (
            f"lines {each['line']} to {each['line'] + lines}" if lines else f"line {each['line']}"
        )
        place = f"{heading}, {where}, characters {first} to {last}"
    names = ("fact", "item", "value", "sentence", "section_code", "span_start", "span_end")
    return {name: each[name] for name in names} | {"source": "description", "place": place}


def _said_by(known: _Known, name: str) -> str | None:
    """What the column of the program master has, where it is kept."""
    return _text(known.profile.get(_MASTER[name]))


def _nothing(known: _Known, name: str, value: str | None) -> str:
    """Why there are no words: the description has none, or none that are about this program."""
    kind = name.removeprefix("return_of_service_")
    if kind != name and known.profile.get(f"eligible_{kind}") is False:
        return f"the stream does not take {kind.upper()}s"
    if known.profile["deleted_on"]:
        return f"dropped on {known.profile['deleted_on']}: its description is not kept"
    if name.startswith("needs_") and value == "false":
        return "the description does not ask for it"
    return "the description does not say"


def _of_reference(known: _Known, name: str) -> str:
    """The file of this project that says it, and its row: line 1 is the header."""
    school, site = known.profile["school_code"], known.profile["program_site"]
    if name == "discipline_group":
        wanted = pl.col("discipline_id") == known.profile["discipline_id"]
        return _line("disciplines", reference.disciplines(), wanted)
    sites = reference.site_provinces()
    of_site = (pl.col("school_code") == school) & (pl.col("program_site") == site)
    if name == "training_province" and sites.filter(of_site).collect().height:
        return _line("site_provinces", sites, of_site)
    place = _line("schools", reference.schools(), pl.col("school_code") == school)
    is_home = name == "training_province"
    return f"{place}: the site is not listed elsewhere" if is_home else place


def _line(file: str, rows: pl.LazyFrame, wanted: pl.Expr) -> str:
    found = rows.with_row_index("line", offset=2).filter(wanted).collect()
    lines = "".join(f", line {line}" for line in found["line"])
    return f"reference/{file}.csv of the carms domain{lines}"


def _text(value: object) -> str | None:
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)
