"""The head of a document: title, facts, programme office, and the contacts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carms_lake.domains.carms.synthetic.disciplines import STREAMS_FR
from carms_lake.domains.carms.synthetic.markdown import RULE, Block, QuotaHeading

if TYPE_CHECKING:
    from carms_lake.domains.carms.synthetic.author import Author


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
