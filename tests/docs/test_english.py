"""Messages, help, docstrings and pages say things as one would say them to a colleague.

Each phrase below came up in this project and puzzled its readers; behind it, what to say instead.
"""

from __future__ import annotations

import io
import re
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]

ODD = {
    r"(?<!there )\bis no (?!longer\b|more\b|one\b)\w+": "is not a ..., has no ...",
    r"\b(?:is|are|was|were|be|been|being) set[- ]aside\b|\bsets? aside\b|\bset-aside\b": (
        "rejected (bronze), quarantined (silver)"
    ),
    r"\bstands?\b(?! for\b|-?alone\b| out\b)|\bstood\b": "is, are, appears",
    r"(?<![\"\'])\bbeside\b(?![\"\'])": "next to, compared with, in addition to",
    r"\b(?:is|are|has|have|had|nothing) otherwise\b|\botherwise than\b": "different",
    r"\btold\b": "reported, known",
    r"\bof then\b": "of that time, the snapshot of ...",
    r"\b(?:made|makes?|built|builds?|read|written|computed|judged|counted) (?:again|anew)\b": (
        "rebuilt, reread, recomputed, revalidated"
    ),
    r"\bmade whole\b": "rebuilt in full",
    r"\bthat (?:is|are) there\b": "existing, present",
    r"\b(?:taken|takes?|taking|took) out\b": "removed",
    r"\bpassed over\b": "ignored",
    r"\b1 (?:keys|rows|files|records|tables|columns|checks)\b": "the singular",
}
PAGES = ["README.md", "CONTRIBUTING.md", "docs"]


def texts_of_code(path: Path) -> Iterator[tuple[int, str]]:
    """The texts and comments of a Python file, with the line on which each begins."""
    source = path.read_text(encoding="utf-8")
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in (tokenize.STRING, tokenize.COMMENT):
            yield token.start[0], token.string


def odd_phrases(text: str) -> Iterator[tuple[int, str, str]]:
    """Line within the text, phrase, what to say instead."""
    for pattern, better in ODD.items():
        for match in re.finditer(pattern, text, re.IGNORECASE):
            yield text.count("\n", 0, match.start()), match[0], better


def said(path: Path, start: int, text: str) -> list[str]:
    name = path.relative_to(ROOT).as_posix()
    return [f"{name}:{start + at}: `{odd}`: {better}" for at, odd, better in odd_phrases(text)]


def test_code_is_written_as_one_would_say_it() -> None:
    found = [
        line
        for path in sorted((ROOT / "src").rglob("*.py"))
        if "synthetic" not in path.parts  # invented documents speak as real ones do
        for start, text in texts_of_code(path)
        for line in said(path, start, text)
    ]
    assert not found, "\n".join(found)


def test_pages_are_written_as_one_would_say_it() -> None:
    files = [ROOT / name for name in PAGES]
    pages = [page for file in files for page in (file.rglob("*.md") if file.is_dir() else [file])]
    found = [
        line
        for page in sorted(pages)
        if page.name not in ("CHANGELOG.md", "glossary.md")  # which name the old words
        for line in said(page, 1, page.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)


def test_contracts_are_written_as_one_would_say_it() -> None:
    found = [
        line
        for path in sorted((ROOT / "schemas").rglob("*.yaml"))
        for line in said(path, 1, path.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "text",
    [
        "`x` is no project",
        "3 records are set aside",
        "what stands in the file",
        "held beside the last file",
        "nothing is otherwise",
        "it is told",
        "the gold of then",
        "silver is made again",
        "the files that are there",
        "rows are taken out",
    ],
)
def test_an_odd_phrase_is_found(text: str) -> None:
    assert list(odd_phrases(text))


@pytest.mark.parametrize(
    "text",
    ["there is no gold file yet", "it is no longer needed", "RoS stands for return of service"],
)
def test_plain_english_passes(text: str) -> None:
    assert not list(odd_phrases(text))
