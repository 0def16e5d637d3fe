"""The tables of a report as Markdown, and as frames for a workbook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.report.catalogue import rows as catalogue_rows
from carms_lake.report.cells import plain_text, with_unit
from carms_lake.report.filled import Filled, FilledPage, tables
from carms_lake.report.markup import seen
from carms_lake.report.state import findings, sentence
from carms_lake.report.words import Words

if TYPE_CHECKING:
    from carms_lake.report.facts import Facts


def document(facts: Facts, pages: Sequence[FilledPage], words: Words) -> str:
    """The state, then each table under its title."""
    found = findings(facts)
    lines = [f"# {_text(words('title', domain=facts.domain))}", ""]
    lines += [_text(sentence(facts, found, words)), ""]
    for one in found:
        grade = words(f"grade.{one.grade.name.lower()}")
        lines.append(f"- {_text(grade)} {_text(one.said(words))} `{one.command} -d {facts.domain}`")
    for page in pages:
        lines += ["", f"## {_text(words.of(page.page.title))}"]
        for filled in tables([page]):
            lines += ["", f"### {_text(words.of(filled.block.title))}", "", *_table(filled, words)]
    return "\n".join(lines) + "\n"


def _table(filled: Filled, words: Words) -> list[str]:
    columns, rows = filled.block.columns, filled.rows
    if not rows:
        return [words("none")]
    heads = [_text(with_unit(words.of(c.label), words.of(c.unit))) for c in columns]
    lines = [_line(heads), _line(["---"] * len(columns))]
    lines += [_line([_text(plain_text(row[c.name], c, words)) for c in columns]) for row in rows]
    return lines


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _text(said: str) -> str:
    """A text as Markdown shows it: none of its signs means anything, and it is one line."""
    one_line = " ".join(seen(said).split())
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>()#|!~&" else c for c in one_line)


def frames(
    facts: Facts, pages: Sequence[FilledPage], words: Words
) -> list[tuple[str, pl.DataFrame]]:
    """(title, rows) for each table with rows, then the catalogue's columns; values as they are."""
    found = []
    for filled in tables(pages):
        if filled.rows:
            names = _apart(
                [with_unit(words.of(c.label), words.of(c.unit)) for c in filled.block.columns]
            )
            rows = [[row[c.name] for c in filled.block.columns] for row in filled.rows]
            frame = pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None)
            found.append((words.of(filled.block.title), frame))
    names, rows = catalogue_rows(facts, words)
    frame = pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None)
    return [*found, (words("tables.title"), frame)]


def _apart(names: Sequence[str]) -> list[str]:
    """Headers that all differ."""
    return [
        name if name not in names[:place] else f"{name} {place + 1}"
        for place, name in enumerate(names)
    ]
