"""A program's plan -> its document, as blocks."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from carms_lake.domains.carms.synthetic.author import author_of
from carms_lake.domains.carms.synthetic.disciplines import STREAMS_FR
from carms_lake.domains.carms.synthetic.language import SECTIONS, day
from carms_lake.domains.carms.synthetic.markdown import RULE, Block, QuotaHeading
from carms_lake.domains.carms.synthetic.schools import PROVINCES
from carms_lake.domains.carms.synthetic.sections import criteria, documents, in_text_heading
from carms_lake.domains.carms.synthetic.themes import THEMES

if TYPE_CHECKING:
    from collections.abc import Callable

    from carms_lake.domains.carms.synthetic.author import Author
    from carms_lake.domains.carms.synthetic.program import ProgramPlan


def title_and_facts(author: Author) -> list[Block | QuotaHeading]:
    """Everything above the contacts."""
    program, labels = author.program, author.labels
    stream = program.slot.stream
    if program.language == "fr":
        stream = STREAMS_FR[stream]
    has_break = author.chance.random() < (0.65 if program.language == "fr" else 0.25)
    iteration = labels.iteration.format(year=program.year)
    quota = str(program.quota) + (f" {labels.quota_note}" if program.has_quota_note else "")
    blocks: list[Block | QuotaHeading] = [
        Block(f"#  {program.title}" + ("  \n  " if has_break else ""), is_tight=has_break),
        Block(f"#  {iteration}  \n{stream}  "),
        Block(f"##  {labels.approved} {program.approved_on:%B %d, %Y}"),
    ]
    if "summary_of_changes" in program.sections:
        blocks.append(Block("Summary of changes"))
    status = labels.accreditation_values[program.accreditation]
    return [
        *blocks,
        QuotaHeading(labels.quota, quota),
        Block(f"##  {labels.accreditation} {status}"),
        Block(f"##  [{labels.criteria_link}](https://www.example.ca/r-1/eligibility-criteria/)"),
        *(Block(text, is_tight=text.endswith("\n  ")) for text in labels.copy_link),
        Block(RULE),
        *_office(author),
        Block(RULE),
    ]


def _office(author: Author) -> list[Block]:
    program, labels = author.program, author.labels
    directors = "  \n".join(f"{labels.salutation} {name}" for name in program.directors)
    city, province, postal_code = program.postal_address
    street = author.prose.street.format(
        number=100 + author.chance.randrange(900), suite=10 + author.chance.randrange(90)
    )
    department = author.say(author.chance.choice(author.prose.departments))
    space = " " if author.chance.random() < 0.4 else ""
    address = "  \n".join((department, street, f"{city}{space}, {province}, {postal_code}"))
    blocks = [Block(f"{labels.director} {directors}  "), Block(f"{labels.address} {address}  ")]
    if program.header_phone:
        label = labels.work + "  " if author.chance.random() < 0.7 else ""
        blocks.append(Block(label + program.header_phone))
    if author.chance.random() < 0.3:
        blocks.append(Block(labels.fax))
    return [*blocks, _websites(author)]


def _websites(author: Author) -> Block:
    texts = author.prose.website_texts[: author.program.websites]
    slug = author.program.slot.school.slug
    links = (
        f"[ {author.say(text)} ](https://www.{slug}.example.ca/program-{number})  "
        for number, text in enumerate(texts, start=1)
    )
    return Block(" ".join((author.labels.websites, "\n".join(links))).rstrip(" ") + "  ")


def contacts(author: Author) -> list[Block]:
    """The section of contacts."""
    blocks = []
    for contact in author.program.contacts:
        values = (contact.name, contact.title, contact.email, contact.phone)
        for label, value in zip(author.labels.contact, values, strict=True):
            if value is not None:
                blocks.append(Block(label + value))
        blocks.append(Block("  "))
    return blocks


def document(program: ProgramPlan) -> list[Block | QuotaHeading]:
    """All blocks of a program's document; the same plan always gives the same ones."""
    french = program.language == "fr"
    author = author_of(program)
    blocks = title_and_facts(author)
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
    """A first-level heading that does not begin a section, and the text below it."""
    if column not in author.program.in_text_headings or column == _CUTS_ITSELF:
        return []
    return in_text_heading(author, column)


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
    labels = author.labels
    details = author.some(author.prose.interview, 2)
    return [
        *_interview_dates(author),
        Block(f"{labels.notification} {author.say(author.prose.notification)}"),
        Block(f"{labels.interview_process_details} " + "  \n  \n".join(details) + "  \n  "),
    ]


def _interview_dates(author: Author) -> list[Block]:
    """The days, in the list of the form or in words, which also name a day of something else."""
    labels, program = author.labels, author.program
    heading, sentence, other = author.prose.own_dates
    days = [day(when, program.language) for when in program.interview_dates]
    bullets = Block("\n".join(f"  * {each}" for each in days))
    empty = Block(f"{labels.date_details}  \n  \n  \n  ")
    if days and program.dates_are_in == "list":
        return [Block(labels.dates), bullets, empty]
    if program.dates_are_in == "list":
        return [empty]
    said = other.format(day=day(date(program.year, 1, 10), program.language))
    if days and program.dates_are_in == "heading":
        return [Block(f"{labels.date_details} {said} {heading}"), bullets]
    if days:
        said = " ".join((sentence.format(days=", ".join(days)), said))
    return [Block(f"{labels.date_details} {said}")]


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
    texts += [THEMES[theme][author.program.language == "fr"] for theme in author.program.themes]
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
    "program_contracts": contacts,
    "important_information": _important,
    "return_of_service": _return_of_service,
    "general_instructions": _general,
    "supporting_documentation_information": documents,
    "review_process": _review,
    "interviews": _interviews,
    "selection_criteria": criteria,
    "program_highlights": _highlights,
    "program_curriculum": _curriculum,
    "training_sites": _sites,
    "additional_information": _additional,
    "faq": _faq,
    "summary_of_changes": _changes,
}
