"""The sentences that facts of a program were read from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from carms_lake.domains.carms.analysis.evidence import TOGETHER
from carms_lake.domains.carms.analysis.known import gold_of_this_version
from carms_lake.report.markup import Markup, h

if TYPE_CHECKING:
    from carms_lake.serve.pages.page import Visit

_EVIDENCE = """
select evidence.fact, evidence.item, evidence.sentence, evidence.section_code, section.heading
from program_evidence as evidence
left join program_section_all_iterations as section
    on section.program_key = evidence.program_key
    and section.section_code = evidence.section_code
where evidence.match_iteration_id = $iteration and evidence.program_stream_id = $program
order by evidence_ordinal
"""


@dataclass(frozen=True)
class Evidence:
    """What a program's description says, by the facts that were read from it."""

    visit: Visit
    rows: Sequence[Mapping[str, Any]]
    language: str | None

    def of_fact(self, name: str) -> Markup | None:
        """The sentences behind a fact of the page, folded; None where there are none."""
        wanted = TOGETHER.get(name, (name,))
        return self._folded(row for row in self.rows if row["fact"] in wanted)

    def of_requirement(self, code: str) -> Markup | None:
        """The sentences behind a requirement."""
        return self._folded(
            row for row in self.rows if row["fact"] == "requirement" and row["item"] == code
        )

    def _folded(self, rows: Iterable[Mapping[str, Any]]) -> Markup | None:
        words = self.visit.words
        places = {
            (row["sentence"], row["section_code"]): row["heading"]
            for row in rows
            if row["sentence"]
        }
        if not places:
            return None
        shown = [
            [
                h("blockquote", _flat(sentence), lang=self.language),
                h(
                    "p",
                    words("program.in_section"),
                    " ",
                    h("a", heading or section, href=f"#section-{section}", lang=self.language),
                    cls="note",
                ),
            ]
            for (sentence, section), heading in places.items()
        ]
        return h("details", h("summary", words("program.why")), shown, cls="why")


def _flat(sentence: str) -> str:
    """A sentence on one line, without the marks of headings and tables."""
    lines = [line.strip().strip("#").strip(" |*") for line in sentence.split("\n")]
    return " ".join(" ".join(lines).split())


def evidence_of(visit: Visit, row: Mapping[str, Any]) -> Evidence:
    """The evidence of a program; none of one that was dropped, whose description is not kept."""
    asked = {"iteration": row["match_iteration_id"], "program": row["program_stream_id"]}
    with gold_of_this_version():
        columns, rows = visit.asked.lake.rows(_EVIDENCE, asked)
    found = [dict(zip(columns, each, strict=True)) for each in rows]
    return Evidence(visit, found, row["document_language"])
