"""What changed since the previous delivery, and since the previous match."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.domains.carms.analysis import iterations, known
from carms_lake.domains.carms.report.shared import (
    DISCIPLINE,
    PROGRAM_ID,
    PROGRAMS,
    SCHOOL,
    SITE,
    STREAM,
)
from carms_lake.report.markup import Markup, h
from carms_lake.report.pages import Both, Column, Drawing, Page, Pen, Row

if TYPE_CHECKING:
    from carms_lake import Lake
    from carms_lake.report.words import Lang

_IN_FRENCH = """
select english.name as english, any_value(french.name) as french
from other_name as english
join other_name as french using (kind, code)
where kind in ('discipline', 'school')
    and english.language = 'en' and english.name_type = 'name'
    and french.language = 'fr' and french.name_type = 'name'
group by english.name
"""

_FACTS = {
    "eligibility": Both("who may apply", "admissibilité"),
    "eligible_cmg": Both("Canadian graduates", "diplômés du Canada"),
    "eligible_img": Both("international graduates", "diplômés de l’étranger"),
    "eligible_usmg": Both("graduates of the United States", "diplômés des États-Unis"),
    "discipline_group": Both("group of disciplines", "groupe de disciplines"),
    "school_province": Both("province of the school", "province de la faculté"),
    "accreditation_status": Both("accreditation", "agrément"),
    "document_language": Both("language of the description", "langue de la description"),
    "application_language": Both("language of application", "langue de la demande"),
    "length_years": Both("length", "durée"),
    "reference_letters": Both("reference letters", "lettres de référence"),
    "applications_min": Both("applications", "candidatures"),
    "applications_max": Both("applications", "candidatures"),
    "interviewed_pct_min": Both("share interviewed", "part convoquée en entrevue"),
    "interviewed_pct_max": Both("share interviewed", "part convoquée en entrevue"),
    "return_of_service_cmg": Both("return of service", "retour de service"),
    "return_of_service_img": Both("return of service", "retour de service"),
    "needs_casper": Both("Casper", "Casper"),
    "needs_fmproc": Both("FMProC", "FMProC"),
    "needs_mccqe1": Both("MCCQE Part I", "EACMC, partie I"),
    "needs_nac": Both("NAC", "examen de la CNE"),
    "program_site": Both("site", "lieu"),
    "program_stream": Both("stream", "volet"),
}
"""Facts that `compare_iterations` names, in words."""

_CHANGES = {
    "came": Both("new", "nouveau"),
    "went": Both("gone", "retiré"),
    "seats": Both("seats changed", "postes modifiés"),
    "facts": Both("facts changed", "faits modifiés"),
}
_SINCE = {
    "delivery": Both("previous delivery", "livraison précédente"),
    "iteration": Both("previous match", "jumelage précédent"),
}
_KEPT = (
    "program_stream_id", "discipline", "school", "program_site", "program_stream",
    "seats_before", "seats_after", "facts", "program_before",
)  # fmt: skip


def _rows(lake: Lake, lang: Lang) -> pl.DataFrame:
    """The programs that changed, those since the previous delivery first; names in a language."""
    ids = known.iterations(lake)
    compared = [("delivery", iterations.compare_deliveries(lake, one)) for one in ids[-1:]]
    if len(ids) > 1:
        compared.append(("iteration", iterations.compare_iterations(lake, ids[-2], ids[-1])))
    if not compared:
        return pl.DataFrame(schema=dict.fromkeys(("since", "change", *_KEPT), pl.String))
    found = pl.concat(
        [frame.select(pl.lit(since).alias("since"), pl.all()) for since, frame in compared]
    )
    found = found.filter(pl.col("change") != "same")
    french: dict[str, str] = {}
    if lang == "fr" and not found.is_empty():
        french = dict(lake.query(_IN_FRENCH).rows())
    facts = [
        ", ".join(dict.fromkeys(_fact(name, lang) for name in names)) or None
        for names in found["changed_facts"].to_list()
    ]
    return found.with_columns(
        pl.col("program_stream_id_after").alias("program_stream_id"),
        pl.col("discipline_name").replace(french).alias("discipline"),
        pl.col("school_name").replace(french).alias("school"),
        pl.Series("facts", facts, dtype=pl.String),
        pl.col("program_stream_id_before").alias("program_before"),
    ).select("since", "change", *_KEPT)


def _fact(name: str, lang: Lang) -> str:
    words = _FACTS.get(name)
    return name if words is None else getattr(words, lang)


def _drawn(rows: Sequence[Row], pen: Pen) -> Markup:
    """How many changed, by comparison and kind; the programs are in the table below."""
    words = pen.words
    if not rows:
        return h("p", words.of(_NOTHING), cls="none")
    head = [_SINCE_COLUMN.label, _CHANGE_COLUMN.label, PROGRAMS.label]
    head += [_BEFORE.label, _AFTER.label]
    lines = []
    for (since, change), same in groupby(rows, key=lambda row: (row["since"], row["change"])):
        of_kind = list(same)
        before, after = (
            sum(row[f"seats_{side}"] or 0 for row in of_kind) for side in ("before", "after")
        )
        numbers = (len(of_kind), before, after)
        lines.append(
            h(
                "tr",
                h("th", words.of(_SINCE[since]), scope="row"),
                h("td", words.of(_CHANGES[change])),
                [h("td", words.number(number), cls="n") for number in numbers],
            )
        )
    heads = [
        h("th", words.of(label), scope="col", cls="n" if place > 1 else None)
        for place, label in enumerate(head)
    ]
    grid = h("table", h("thead", h("tr", heads)), h("tbody", lines))
    label = words.of(_TITLE)
    return h("div", grid, cls="scroll", tabindex=0, role="region", aria_label=label)


_TITLE = Both("Programs that changed", "Programmes qui ont changé")
_NOTHING = Both(
    "Nothing changed: there is only one delivery of one match, or the newest is the same as the "
    "previous one.",
    "Rien n’a changé : il n’y a qu’une livraison d’un seul jumelage, ou la plus récente est "
    "identique à la précédente.",
)
_SINCE_COLUMN = Column("since", Both("Compared with", "Comparé à"), codes=_SINCE)
_CHANGE_COLUMN = Column("change", Both("Change", "Changement"), codes=_CHANGES)
_BEFORE = Column("seats_before", Both("Seats before", "Postes avant"))
_AFTER = Column("seats_after", Both("Seats after", "Postes après"))

PAGE = Page(
    "changes",
    Both("Changes", "Changements"),
    (
        Drawing(
            "programs",
            _TITLE,
            "",
            (
                _SINCE_COLUMN,
                _CHANGE_COLUMN,
                PROGRAM_ID,
                DISCIPLINE,
                SCHOOL,
                SITE,
                STREAM,
                _BEFORE,
                _AFTER,
                Column("facts", Both("Facts changed", "Faits modifiés")),
                Column("program_before", Both("Id before", "Numéro avant"), kind="id"),
            ),
            _drawn,
            note=Both(
                "The newest match, compared with its previous delivery and with the previous "
                "match. The command carms programs compare shows the same.",
                "Le jumelage le plus récent, comparé à sa livraison précédente et au jumelage "
                "précédent. La commande carms programs compare montre la même chose.",
            ),
            rows=_rows,
        ),
    ),
)
