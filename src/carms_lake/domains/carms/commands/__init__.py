"""The questions that applicants and analysts ask, as commands; their app is what `--help` lists."""

from carms_lake.domains.carms.commands import (
    compare,
    iterations,
    match,
    match_calibrate,
    match_explain,
    match_runs,
    match_validate,
    program,
    programs,
    rank,
    search,
    similar,
)
from carms_lake.domains.carms.commands.shared import app

__all__ = [
    "app",
    "compare",
    "iterations",
    "match",
    "match_calibrate",
    "match_explain",
    "match_runs",
    "match_validate",
    "program",
    "programs",
    "rank",
    "search",
    "similar",
]
