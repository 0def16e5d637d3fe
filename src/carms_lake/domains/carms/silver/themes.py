"""How often descriptions speak of rural practice, research and other themes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.domains.carms import reference
from carms_lake.domains.carms.silver.programs import KEY

if TYPE_CHECKING:
    from collections.abc import Iterable

SECTIONS = ("program_highlights", "program_curriculum", "training_sites")
"""Where a program says in its own words what it is; the others are forms and boilerplate."""

_THEME = (*KEY, "theme")
_NOTHING = r"[^\s\S]"
"""A pattern that no text matches."""


def program_theme(
    silver_document: pl.LazyFrame,
    silver_program: pl.LazyFrame,
    silver_document_section: pl.LazyFrame,
) -> pl.LazyFrame:
    """One row per description and theme, also where it has no hit, sorted by program and theme.

    The name of the site is read with the text: it often says more.
    """
    sections = (
        silver_document_section.filter(pl.col("section_code").is_in(SECTIONS))
        .group_by(KEY)
        .agg(pl.col("masked_content").sort_by("section_ordinal").str.join("\n"))
    )
    text = pl.concat_str("program_site", "masked_content", separator="\n", ignore_nulls=True)
    texts = (
        silver_document.select(KEY)
        .join(silver_program.select(*KEY, "program_site"), on=KEY, how="left")
        .join(sections, on=KEY, how="left")
        .select(*KEY, character_count=text.str.len_chars().cast(pl.Int32), text=_plain(text))
    )
    return (
        texts.drop("text")
        .join(reference.themes(), how="cross")
        .join(_mentions(texts), on=_THEME, how="left")
        .select(*_THEME, "theme_name", pl.col("hits").fill_null(0), "character_count", "words")
        .sort(_THEME)
    )


def _plain(text: pl.Expr) -> pl.Expr:
    """Lower case without accents, one space between words: lines end inside of "inner-city"."""
    plain = text.str.normalize("NFKD").str.replace_all(r"\p{M}|\u00ad", "").str.to_lowercase()
    return plain.str.replace_all(r"[\s\p{Pd}]+", " ")


def _mentions(texts: pl.LazyFrame) -> pl.LazyFrame:
    """One row per text and theme with hits: how many, and which words, the most frequent first."""
    of_theme = [
        texts.select(
            *KEY, pl.lit(theme).alias("theme"), word=pl.col("text").str.extract_all(_any_of(forms))
        )
        .explode("word")
        .filter(~pl.col("word").str.contains(f"^{_any_of(others)}$"))
        for theme, forms, others in reference.theme_words()
        .group_by("theme")
        .agg("form", others=pl.col("form").filter(~pl.col("is_counted")))
        .collect()
        .rows()
    ]
    word = pl.format("{} ({})", "word", "times").sort_by(pl.struct(-pl.col("times"), "word"))
    return (
        pl.concat(of_theme)
        .group_by(*_THEME, "word")
        .agg(pl.len().cast(pl.Int32).alias("times"))
        .group_by(_THEME)
        .agg(pl.col("times").sum().alias("hits"), word.str.join(", ").alias("words"))
    )


def _any_of(forms: Iterable[str]) -> str:
    """A pattern for one of these forms, the longest first; `*` at the end of one is any ending.

    So "regional anesthesia" is found before "regional", and can be left out of what counts.
    """
    longest_first = sorted(forms, key=lambda form: (-len(form), form))
    either = "|".join(re.escape(form).replace(r"\*", r"\w*") for form in longest_first)
    return rf"\b(?:{either})\b" if longest_first else _NOTHING
