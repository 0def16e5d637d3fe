"""A program of a kept simulation as text for reading: how often it fills, who displaces whom."""

from __future__ import annotations

import textwrap
from collections import Counter
from typing import TYPE_CHECKING, Any

from carms_lake.domains.carms.match.chains import CAME, DISPLACED, LEFT, PUSHED
from carms_lake.domains.carms.match.explained import BASE, COMPARED, LESS, MORE, SCENARIO

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from carms_lake.domains.carms.match.chains import Chain, Step
    from carms_lake.domains.carms.match.explained import Explained
    from carms_lake.domains.carms.match.supply import Program

LEAST_WIDTH = 60

_LABELS = {
    "seats": "seats", "filled_first": "filled in the first iteration",
    "fills": "repetitions in which it fills", "filled_second": "filled in the second",
    "held_by_cmg": "held by CMGs", "held_by_img": "held by IMGs", "held_by_usmg": "held by USMGs",
    "held_by_own_school": "of them from its own school",
    "first_choices": "whose first choice it is",
    "first_choices_matched": "of them matched to it",
    "cmg_matched_first": "CMGs matched anywhere", "img_matched_first": "IMGs matched anywhere",
}  # fmt: skip
"""What is shown, and how it is called; `usmg_matched_first` is in the rows alone."""

_HEADS = {BASE: "base", SCENARIO: "scenario", MORE: "one more", LESS: "one less"}
_CHANGES = {
    SCENARIO: "the scenario in comparison with the base",
    MORE: "one seat more than in the scenario",
    LESS: "one seat less than in the scenario",
}
_WHYS = {
    PUSHED: ("lose their seat in it", "They get"),
    CAME: ("get a seat in it that they like more than what they had", "They come from"),
    LEFT: ("leave it for a program that they like more", "They get"),
    DISPLACED: ("come to it because they lost a seat elsewhere", "They come from"),
}
_BANDS = (
    "Means of the repetitions; in brackets the bounds of 90 % of the changes: of the scenario from "
    "the base, of a seat more or less from the scenario."
)
_MEANS = "Means of the repetitions; -f csv has the bounds of the changes, too."
_LABEL, _GAP, _NAMED, _SHOWN, _STEPS = 29, 2, 3, 2, 4
_CELL, _NARROW = 18, 10


def as_text(found: Explained, programs: Mapping[str, Program], width: int) -> str:
    """The page: figures of all sides, then in words who displaces whom for each change.

    `programs` are those of both sides, by id.
    """
    width = max(width, LEAST_WIDTH)
    lines = textwrap.wrap(f"{found.program_id}  {_named(programs[found.program_id])}", width)
    bands = width >= _LABEL + (1 + len(found.chains)) * (_CELL + _GAP)
    lines += ["", *_table(found, _CELL if bands else _NARROW), ""]
    lines += textwrap.wrap(_BANDS if bands else _MEANS, width)
    for side, listed in found.chains.items():
        lines += ["", _CHANGES[side].upper()]
        if side == SCENARIO and not listed:
            lines += ["Nobody comes to the program or leaves it."]
            continue
        for sentence in _sentences(found, listed, programs):
            lines += textwrap.wrap(sentence, width, subsequent_indent="  ")
    return "\n".join(lines) + "\n"


def _table(found: Explained, room: int) -> Iterator[str]:
    sides = [BASE, *found.chains]
    yield " " * _LABEL + "".join(f"  {_HEADS[side]:<{room}}" for side in sides).rstrip()
    for row in found.figures.to_dicts():
        if row["measure"] in _LABELS:
            cells = [_cell(row, side, bands=room == _CELL) for side in sides]
            text = "".join(f"  {cell:<{room}}" for cell in cells)
            yield f"{_LABELS[row['measure']]:<{_LABEL}}{text}".rstrip()


def _cell(row: Mapping[str, Any], side: str, *, bands: bool) -> str:
    value = row[side]
    if value is None:
        return "none"
    if row["measure"] == "fills":
        return f"{value:.0%}"
    shown = f"{value:.1f}"
    low, high = row.get(f"{side}_low"), row.get(f"{side}_high")
    if not bands or side not in COMPARED or None in (low, high) or low == high == 0:
        return shown
    return f"{shown} [{low:+.0f}, {high:+.0f}]"


def _sentences(
    found: Explained, listed: Sequence[tuple[int, Chain]], programs: Mapping[str, Program]
) -> Iterator[str]:
    solved = found.repetitions - found.unsolved
    if not listed:
        yield f"In none of {solved} repetitions does anybody come or leave."
        return
    for why, (verb, goes) in _WHYS.items():
        chosen = [(index, chain) for index, chain in listed if chain.why == why]
        if not chosen:
            continue
        first = [chain.steps[0] for _, chain in chosen]
        times = len({index for index, _ in chosen})
        elsewhere = [step.now if why in (PUSHED, LEFT) else step.was for step in first]
        yield (
            f"In {times} of {solved} repetitions applicants {verb}, {len(first) / solved:.1f} a"
            f" repetition: {_most(map(_who, first), len(first))}. {goes}"
            f" {_most((_where(one, programs) for one in elsewhere), len(first))}."
        )
        if why in (PUSHED, CAME):
            yield _ends([chain for _, chain in chosen])
            for index, chain in chosen[:_SHOWN]:
                yield f"Repetition {index + 1}: {_in_words(chain, programs)}"


def _most(texts: Iterable[str], number: int) -> str:
    """The most frequent texts with their shares."""
    counted = sorted(Counter(texts).items(), key=lambda one: (-one[1], one[0]))
    named = [f"{text} ({times / number:.0%})" for text, times in counted[:_NAMED]]
    more = len(counted) - len(named)
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")


def _ends(chosen: Sequence[Chain]) -> str:
    """How long the chains are, and how they end."""
    ends = Counter(chain.ends for chain in chosen)
    words = {
        "unmatched": "somebody is left without a program",
        "free seat": "somebody takes a free seat",
        "was unmatched": "somebody who had none gets a seat",
        "empty seat": "a seat stays empty",
    }
    steps = sum(len(chain.steps) for chain in chosen) / len(chosen)
    parts = [f"{words[end]} ({times / len(chosen):.0%})" for end, times in ends.most_common()]
    return f"On average {steps:.1f} applicants move; in the end {' or '.join(parts)}."


def _in_words(chain: Chain, programs: Mapping[str, Program]) -> str:
    """A chain as a sentence."""
    parts = []
    for number, step in enumerate(chain.steps):
        if chain.why == PUSHED:
            verb = "loses the seat" if number == 0 else "loses that one"
            after = f"gets {_named(programs[step.now])}" if step.now else "is left without one"
            parts.append(f"{_person(step)} {verb} and {after}")
        else:
            verb = "gets the seat" if number == 0 else "gets that one"
            after = f"leaves {_named(programs[step.was])}" if step.was else "had none before"
            parts.append(f"{_person(step)} {verb} and {after}")
    if len(parts) > _STEPS:
        between = len(parts) - _STEPS
        parts = [*parts[: _STEPS - 1], f"{between} more move in the same way", parts[-1]]
    end = {"free seat": ", which was free", "empty seat": ", which stays empty"}.get(chain.ends, "")
    return "; ".join(parts) + end + "."


def _who(step: Step) -> str:
    return f"{step.person.kind} of {step.person.home}"


def _person(step: Step) -> str:
    article = "an" if step.person.kind == "IMG" else "a"
    wants = f" who wants {step.wants}" if step.wants else ""
    return f"{article} {_who(step)}{wants}"


def _where(program_id: str, programs: Mapping[str, Program]) -> str:
    return _named(programs[program_id]) if program_id else "no program"


def _named(program: Program) -> str:
    return f"{program.discipline} / {program.school} / {program.stream}"
