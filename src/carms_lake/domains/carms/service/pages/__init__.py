"""The pages of the domain, and their words: find programs, see one, compare, rank."""

from __future__ import annotations

from pathlib import Path

from carms_lake.domains.carms.service.pages import finder, home, program, rank, side_by_side
from carms_lake.report.words import read_words

PAGES = (home.PAGE, finder.PAGE, program.PAGE, side_by_side.PAGE, rank.PAGE)
WORDS = read_words(Path(__file__).with_name("words.csv"))
