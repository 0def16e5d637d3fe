"""The section of selection criteria: goals, the two component tables, electives, ranking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carms_lake.domains.carms.synthetic.markdown import Block

if TYPE_CHECKING:
    from carms_lake.domains.carms.synthetic.author import Author


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
    for head, part in zip(heads, parts, strict=True):
        blocks += [head, *part]
    return blocks


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
    text = author.say(author.chance.choice(said)) if evaluated else unsaid
    link = f"[{component}](https://www.example.ca/help/{sum(map(ord, component))})"
    return f"{link} |  {text}   "


def _table(head: str, rows: list[str]) -> Block:
    return Block("\n".join((f"{head}  ", "---|---  ", *rows)) + "\n  ", wraps=False, is_tight=True)
