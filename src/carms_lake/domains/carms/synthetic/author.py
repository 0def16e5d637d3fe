"""Who writes a document: the form and the sentences of its language."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from carms_lake.domains.carms.synthetic.labels_en import EN as LABELS_EN
from carms_lake.domains.carms.synthetic.labels_fr import FR as LABELS_FR
from carms_lake.domains.carms.synthetic.prose_en import EN as PROSE_EN
from carms_lake.domains.carms.synthetic.prose_fr import FR as PROSE_FR
from carms_lake.domains.carms.synthetic.schools import PROVINCES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from carms_lake.domains.carms.synthetic.language import Labels, Prose
    from carms_lake.domains.carms.synthetic.program import ProgramPlan


@dataclass(frozen=True)
class Author:
    """Who writes one document: the form and the sentences of its language, and some chance."""

    program: ProgramPlan
    labels: Labels
    prose: Prose
    chance: random.Random

    def say(self, template: str, **values: object) -> str:
        """A sentence with its places filled in."""
        slot = self.program.slot
        french = self.program.language == "fr"
        discipline = (slot.discipline.name_fr if french else None) or slot.discipline.name
        school = slot.school.name_fr if french else slot.school.name
        return template.format(
            discipline=discipline[0].lower() + discipline[1:] if french else discipline,
            school=school,
            site=slot.site,
            city=slot.school.city,
            province=PROVINCES[slot.training_province][french],
            years=self.program.length_years,
            **values,
        )

    def some(self, templates: Sequence[str], least: int = 1) -> list[str]:
        """Some of the sentences, in their order, filled in."""
        number = self.chance.randint(min(least, len(templates)), len(templates))
        chosen = sorted(self.chance.sample(range(len(templates)), number))
        return [self.say(templates[at]) for at in chosen]


def author_of(program: ProgramPlan) -> Author:
    """The author of a program's document; the same plan always gets the same one."""
    french = program.language == "fr"
    return Author(
        program=program,
        labels=LABELS_FR if french else LABELS_EN,
        prose=PROSE_FR if french else PROSE_EN,
        chance=random.Random(program.text_seed + " text"),
    )
