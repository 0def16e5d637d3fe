"""A program's plan -> its document, as blocks."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from carms_lake.domains.carms.synthetic import header, selection, supporting
from carms_lake.domains.carms.synthetic.author import author_of
from carms_lake.domains.carms.synthetic.labels import SECTIONS, day
from carms_lake.domains.carms.synthetic.markdown import RULE, Block, QuotaHeading
from carms_lake.domains.carms.synthetic.schools import PROVINCES

if TYPE_CHECKING:
    from collections.abc import Callable

    from carms_lake.domains.carms.synthetic.author import Author
    from carms_lake.domains.carms.synthetic.program import ProgramPlan


def document(program: ProgramPlan) -> list[Block | QuotaHeading]:
    """All blocks of a program's document; the same plan always gives the same ones."""
    french = program.language == "fr"
    author = author_of(program)
    blocks = header.title_and_facts(author)
    for column, body in _BODIES.items():
        if column in _OPTIONAL and column not in program.sections:
            continue
        if column == "return_of_service" and program.return_of_service is None:
            continue
        heading = SECTIONS[column][french]
        blocks.append(Block(f"# {heading}"))
        blocks += body(author)
        blocks += _in_text(author, column)
        if column != "summary_of_changes":
            blocks.append(Block(RULE))
    return blocks


def _in_text(author: Author, column: str) -> list[Block]:
    """A first-level heading that is no section, and what stands below it."""
    if column not in author.program.in_text_headings or column == _CUTS_ITSELF:
        return []
    return supporting.in_text_heading(author, column)


_CUTS_ITSELF = "supporting_documentation_information"
_OPTIONAL = frozenset(
    {
        "important_information",
        "review_process",
        "program_highlights",
        "additional_information",
        "faq",
        "summary_of_changes",
    }
)


def _important(author: Author) -> list[Block]:
    return [Block(text) for text in author.some(author.prose.important)]


def _return_of_service(author: Author) -> list[Block]:
    kind = author.program.return_of_service or "unclear"
    return [Block(author.say(text)) for text in author.prose.return_of_service[kind]]


def _general(author: Author) -> list[Block]:
    labels = author.labels
    language = labels.application_languages[author.program.application_language]
    texts = [labels.application_language + language, *author.some(author.prose.general)]
    return [Block(text) for text in texts]


def _review(author: Author) -> list[Block]:
    when = day(date(author.program.year - 1, 11, 29), author.program.language)
    blocks = []
    for text in author.labels.review:
        blocks += [Block(text.format(day=when)), Block(author.labels.review_choices)]
    return blocks + [Block(text) for text in author.some(author.prose.review, 0)]


def _interviews(author: Author) -> list[Block]:
    labels, program = author.labels, author.program
    blocks = []
    if program.interview_dates:
        days = "\n".join(f"  * {day(when, program.language)}" for when in program.interview_dates)
        blocks = [Block(labels.dates), Block(days)]
    details = author.some(author.prose.interview, 2)
    return [
        *blocks,
        Block(f"{labels.date_details}  \n  \n  \n  "),
        Block(f"{labels.notification} {author.say(author.prose.notification)}"),
        Block(f"{labels.interview_process_details} " + "  \n  \n".join(details) + "  \n  "),
    ]


def _highlights(author: Author) -> list[Block]:
    if "program_highlights" in author.program.in_text_headings and author.chance.random() < 0.5:
        return []
    return [Block(text) for text in author.some(author.prose.highlights, 5)]


def _curriculum(author: Author) -> list[Block]:
    labels, slot = author.labels, author.program.slot
    texts = [
        labels.length.format(years=author.program.length_years),
        labels.length_standard,
        *author.some(author.prose.curriculum, 5),
    ]
    if slot.training_province != slot.school.province:
        texts += [author.say(author.prose.out_of_province)] * 2
    return [Block(text) for text in texts]


def _sites(author: Author) -> list[Block]:
    slot = author.program.slot
    hospitals = author.some(author.prose.hospitals, 2)
    province = PROVINCES[slot.training_province][author.program.language == "fr"]
    blocks = [Block(author.say(author.prose.sites))]
    blocks += [Block(f"\\- {hospital}, {slot.site} ({province})") for hospital in hospitals]
    return [*blocks, Block("\n")]


def _additional(author: Author) -> list[Block]:
    return [Block(text) for text in author.some(author.prose.additional)]


def _faq(author: Author) -> list[Block]:
    blocks = []
    for question, answer in author.chance.sample(author.prose.faq, 3):
        blocks += [Block(f"**{question}**  "), Block(answer)]
    return blocks


def _changes(author: Author) -> list[Block]:
    return [Block(f"{author.labels.changes}  \n---|---|---|---|---|---|---", wraps=False)]


_BODIES: dict[str, Callable[[Author], list[Block]]] = {
    "program_contracts": header.contacts,
    "important_information": _important,
    "return_of_service": _return_of_service,
    "general_instructions": _general,
    "supporting_documentation_information": supporting.documents,
    "review_process": _review,
    "interviews": _interviews,
    "selection_criteria": selection.criteria,
    "program_highlights": _highlights,
    "program_curriculum": _curriculum,
    "training_sites": _sites,
    "additional_information": _additional,
    "faq": _faq,
    "summary_of_changes": _changes,
}
