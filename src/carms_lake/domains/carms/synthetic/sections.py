"""The longer sections of a description: supporting documents and selection criteria."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carms_lake.domains.carms.synthetic.markdown import Block

if TYPE_CHECKING:
    from carms_lake.domains.carms.synthetic.author import Author
    from carms_lake.domains.carms.synthetic.program import Requirement


_FORMS_WORDS = 8
"""How many times likelier the words of the form are than each other way to say the same."""
_SECTION = "supporting_documentation_information"


def documents(author: Author) -> list[Block]:
    """The whole section; its heading in the text, if it has one, cuts it in the middle."""
    cut = _SECTION in author.program.in_text_headings
    return [
        *_citizenship(author),
        *_language(author),
        *_examinations(author),
        *(in_text_heading(author, _SECTION) if cut else ()),
        *_references(author),
        *_documents(author),
    ]


def in_text_heading(author: Author, column: str) -> list[Block]:
    """A first-level heading that does not begin a section, and its text."""
    heading, texts = author.prose.in_text_headings[column]
    wraps = (not text.startswith("  1.") for text in texts)
    return [
        Block(f"# {heading}"),
        *(Block(author.say(text), wraps=wrap) for text, wrap in zip(texts, wraps, strict=True)),
    ]


def _bullets(first: str, items: tuple[str, ...]) -> Block:
    return Block("  \n".join((first, *(f"• {item}" for item in items))))


def _citizenship(author: Author) -> list[Block]:
    group, stamp, level, proof = author.labels.citizenship
    return [
        Block(group),
        Block(author.say(author.prose.citizenship)),
        Block(stamp),
        Block(level),
        _bullets(proof, author.labels.citizenship_documents),
    ]


def _language(author: Author) -> list[Block]:
    labels = author.labels
    return [
        Block(labels.language_proficiency),
        Block(labels.levels["conditional"]),
        _bullets(labels.language_proof, labels.language_tests),
        *(Block(text) for text in author.some(author.prose.language)),
    ]


def _examinations(author: Author) -> list[Block]:
    names = author.labels.examination_names
    asked = [r for r in author.program.requirements if r.code in names and not r.is_in_prose]
    blocks = [Block(author.labels.examinations)] if asked else []
    level = ""
    for requirement in asked:
        key = "img" if requirement.for_img else requirement.level
        if key != level:
            blocks.append(Block(author.labels.levels[key]))
            level = key
        blocks += [Block(text, wraps=False) for text in names[requirement.code]]
        blocks.append(Block(author.say(author.prose.examinations[requirement.code])))
    return blocks


def _references(author: Author) -> list[Block]:
    asked = [r for r in author.program.requirements if r.code == "reference"]
    if not asked:
        return []
    labels, first = author.labels, author.program.reference_kind
    kinds = (first, "letter" if first == "form" else "form")
    blocks = [Block(labels.references), Block(labels.levels["required"])]
    for kind, letters in zip(kinds, asked, strict=False):
        name = author.say(labels.reference_kinds[kind])
        blocks.append(Block(f"{name}  {labels.number_requested} {letters.number}"))
    if len(asked) > 1:
        blocks.append(Block(author.prose.references_joined[asked[0].is_alternative]))
    return blocks + [Block(text) for text in author.some(author.prose.references)]


def _documents(author: Author) -> list[Block]:
    labels = author.labels
    blocks = [Block(labels.additional_documents), Block(labels.levels["required"])]
    for name, text in zip(labels.documents, author.prose.documents, strict=True):
        blocks += [Block(name), Block(author.say(text))]
        if text.endswith(":"):
            ways = enumerate(author.prose.transcript_ways, start=1)
            blocks.append(Block("\n".join(f"  {at}. {way}" for at, way in ways), wraps=False))
    letter = _requirement(author, "personal_letter")
    if letter is not None and letter.level == "required":
        blocks += _letter(author, letter)
    elif letter is not None:
        blocks += [Block(labels.levels[letter.level]), *_letter(author, letter)]
    return blocks


def _letter(author: Author, letter: Requirement) -> list[Block]:
    labels, prose = author.labels, author.prose
    words = letter.max_words
    blocks = [
        Block(f"{labels.letter}  "),
        Block(labels.word_count),
        Block(f"Minimum :  {labels.no_limit}"),
        Block(f"Maximum :  {words or labels.no_limit}"),
        Block("  "),
    ]
    if words is None:
        return [*blocks, Block(prose.letter_free)]
    asked = enumerate(author.some(prose.letter_questions), start=1)
    questions = "\n".join(f"{at}.  {question}" for at, question in asked)
    return [*blocks, Block(prose.letter_limited.format(words=words)), Block(questions)]


def _requirement(author: Author, code: str) -> Requirement | None:
    return next((r for r in author.program.requirements if r.code == code), None)


def criteria(author: Author) -> list[Block]:
    """The whole section, in the order of the form."""
    heads = [Block(f"## {text}") for text in author.labels.subheadings]
    parts = (
        _goals(author),
        _selection_goals(author),
        _file_review(author),
        _electives(author),
        _interview(author),
        _outside(author),
        _ranking(author),
    )
    blocks = [Block(f"\\- {text}") for text in author.some(author.prose.criteria, 3)]
    blocks += _tests_in_prose(author)
    for head, part in zip(heads, parts, strict=True):
        blocks += [head, *part]
    return blocks


def _tests_in_prose(author: Author) -> list[Block]:
    """What is said of tests that the form does not list, also that one is not asked for."""
    names, sentences = author.labels.examination_names, author.prose.tests
    said = [(r.code, sentences[r.level]) for r in author.program.requirements if r.is_in_prose]
    said += [(code, sentences["refused"]) for code in author.program.refused_tests]
    return [Block(sentence.format(test=names[code][0])) for code, sentence in said]


def _goals(author: Author) -> list[Block]:
    return [Block(text) for text in author.some(author.prose.goals)]


def _selection_goals(author: Author) -> list[Block]:
    return [Block(text) for text in author.some(author.prose.selection_goals)]


def _file_review(author: Author) -> list[Block]:
    labels, program = author.labels, author.program
    team = author.say(author.chance.choice(author.prose.review_team))
    rows = [
        _row(author, component, evaluated, author.prose.file_evaluated, labels.file_not_evaluated)
        for component, evaluated in zip(labels.file_rows, program.file_evaluated, strict=True)
    ]
    return [
        Block(f"{labels.review_team} {team}"),
        Block(f"{labels.applications} {program.applications}  "),
        Block(f"{labels.interviewed} {program.interviewed_pct}  "),
        Block(f"{labels.evaluation}  "),
        _table(labels.file_table, rows),
    ]


def _electives(author: Author) -> list[Block]:
    labels, program = author.labels, author.program
    return [
        Block(f"{labels.elective_requirement} {labels.elective_rules[program.elective_rule]}"),
        Block(f"{labels.onsite} {labels.onsite_rules[program.onsite_rule]}"),
        Block(labels.elective_other),
        *(Block(text) for text in author.some(author.prose.electives)),
    ]


def _interview(author: Author) -> list[Block]:
    labels, program = author.labels, author.program
    said, unsaid = author.prose.interview_evaluated, labels.interview_not_evaluated
    rows = [
        _row(author, component, evaluated, said, unsaid)
        for component, evaluated in zip(
            labels.interview_rows, program.interview_evaluated, strict=True
        )
    ]
    return [
        _check_boxes(labels.interview_format),
        Block(labels.rescheduling[program.rescheduling]),
        Block(f"{labels.interview_evaluation}"),
        _table(labels.interview_table, rows),
    ]


def _outside(author: Author) -> list[Block]:
    if author.program.considers_outside_information:
        return [_check_boxes(author.labels.outside_considered)]
    return [Block(f"{author.labels.outside_not_considered}  ")]


def _ranking(author: Author) -> list[Block]:
    return [_check_boxes(author.labels.ranking), Block("  ")]


def _check_boxes(lines: tuple[str, ...]) -> Block:
    """Every choice of the form, ticked or not: the state of the boxes is lost, as in reality."""
    return Block("  \n".join(lines) + "  ")


def _row(
    author: Author, component: str, evaluated: bool, said: tuple[str, ...], unsaid: str
) -> str:
    words = said if evaluated else (*(unsaid,) * _FORMS_WORDS, *author.prose.not_evaluated)
    text = author.say(author.chance.choice(words))
    link = f"[{component}](https://www.example.ca/help/{sum(map(ord, component))})"
    return f"{link} |  {text}   "


def _table(head: str, rows: list[str]) -> Block:
    return Block("\n".join((f"{head}  ", "---|---  ", *rows)) + "\n  ", wraps=False, is_tight=True)
