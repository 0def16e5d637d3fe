"""Programs in the order of one applicant's wishes: constraints first, then a weighted fit."""

from __future__ import annotations

from carms_lake.domains.carms.analysis.ranking.bands import CONCENTRATION
from carms_lake.domains.carms.analysis.ranking.profile import WISHES, Profile, Wish
from carms_lake.domains.carms.analysis.ranking.ranked import (
    DRAWS,
    NO_CHANCE,
    SEED,
    Ranking,
    rank,
    ranking,
    reasons,
    why,
    why_not,
)
from carms_lake.domains.carms.analysis.ranking.reading import (
    read_profile,
    template,
    with_options,
)

__all__ = [
    "CONCENTRATION",
    "DRAWS",
    "NO_CHANCE",
    "SEED",
    "WISHES",
    "Profile",
    "Ranking",
    "Wish",
    "rank",
    "ranking",
    "read_profile",
    "reasons",
    "template",
    "why",
    "why_not",
    "with_options",
]
