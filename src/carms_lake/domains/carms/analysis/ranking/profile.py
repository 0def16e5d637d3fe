"""What an applicant states: constraints, which leave programs out, and wishes, which order them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import carms_lake
from carms_lake.domains.carms.analysis import nearest

if TYPE_CHECKING:
    from datetime import date

Applicant = Literal["CMG", "IMG", "USMG"]
Language = Literal["en", "fr"]
Service = Literal["none", "required"]

WISHES = {
    "discipline": "what is learned: names or ids; one of them is enough",
    "school": "whose program it is: names, abbreviations or codes",
    "province": "where the training is: names or codes",
    "site": "words in the name of the site, as rural",
    "theme": "what the description speaks of often, as rural or research",
    "apply_in": "the language of the application: en or fr; a program that takes either counts",
    "return_of_service": "none: no return of service is asked of you",
    "seats": "many or few",
    "length": "short or long",
    "similar_to": "the id of a program that the others are compared with",
    "low_contestedness": "true: few applications per seat, and many of those who apply interviewed",
}
"""The kinds of wishes, and what their values mean."""

_CHOICES = {
    "apply_in": get_args(Language),
    "return_of_service": ("none",),
    "seats": ("many", "few"),
    "length": ("short", "long"),
    "low_contestedness": ("true",),
}

DEFAULT_WEIGHT = 1.0
CONTESTEDNESS_SHARE = 0.15
"""The share of all weights that low contestedness has where no weight is given for it."""


@dataclass(frozen=True)
class Wish:
    """One wish and how much it counts.

    `weight` is relative to those of the other wishes; None is the default: 1, and for
    `low_contestedness` what makes it 15 % of all weights.

    Raises:
        UsageError: the wish is unknown, its values are not of its kind, or its weight is not a
            number from 0 upward.
    """

    kind: str
    values: tuple[str, ...]
    weight: float | None = None

    def __post_init__(self) -> None:
        if self.kind not in WISHES:
            raise carms_lake.UsageError(
                f"there is no wish `{self.kind}`", nearest.hint(self.kind, WISHES)
            )
        choices = _CHOICES.get(self.kind)
        wrong = [value for value in self.values if choices and value not in choices]
        if wrong or not self.values:
            said = f"`{wrong[0]}`" if wrong else "nothing"
            known = " or ".join(f"`{one}`" for one in choices or ())
            raise carms_lake.UsageError(
                f"the wish `{self.kind}` is {said}",
                f"it may be {known}" if known else f"it is {WISHES[self.kind]}",
            )
        if self.kind == "similar_to" and len(self.values) > 1:
            raise carms_lake.UsageError(
                "the wish `similar_to` names several programs", "write one wish for each"
            )
        if self.weight is not None and not (0 <= self.weight < math.inf):
            raise carms_lake.UsageError(
                f"the wish `{self.text}` has the weight {self.weight:g}",
                "a weight is a number from 0 upward",
            )

    @property
    def text(self) -> str:
        """The wish in words, as `province=ON,QC`; it tells a wish from the others of a profile."""
        if self.kind == "low_contestedness":
            return self.kind
        return f"{self.kind}={','.join(self.values)}"


@dataclass(frozen=True)
class Profile:
    """Who applies, what rules a program out, and what is wished for. Empty asks nothing.

    `apply_in` are languages that the applicant can apply in. `tests` are codes of the examinations
    that the applicant has, () for none, None for not stated. `fixed` are ids of programs whose
    interviews the applicant attends anyway, `busy` days without time for an interview. `strict`
    also leaves out programs of which a fact that a constraint asks for is not known; otherwise
    they are kept and marked. Nothing about the person is asked but what programs ask themselves.
    """

    applicant: Applicant | None = None
    apply_in: tuple[Language, ...] = ()
    tests: tuple[str, ...] | None = None
    disciplines: tuple[str, ...] = ()
    schools: tuple[str, ...] = ()
    provinces: tuple[str, ...] = ()
    return_of_service: Service | None = None
    min_length: int | None = None
    max_length: int | None = None
    min_seats: int | None = None
    max_seats: int | None = None
    fixed: tuple[str, ...] = ()
    busy: tuple[date, ...] = ()
    strict: bool = False
    iteration: str | None = None
    wishes: tuple[Wish, ...] = ()

    def __post_init__(self) -> None:
        texts = [wish.text for wish in self.wishes]
        twice = sorted({text for text in texts if texts.count(text) > 1})
        if twice:
            raise carms_lake.UsageError(
                f"the wish `{twice[0]}` is stated twice", "state it once, with one weight"
            )

    def ensure_sound(self) -> None:
        """Refuse what can have no answer, whether it is from a file, from options or from both.

        Raises:
            UsageError: a return of service without who applies, or a least above the most.
        """
        asks_service = self.return_of_service or any(
            wish.kind == "return_of_service" for wish in self.wishes
        )
        if asks_service and self.applicant is None:
            raise carms_lake.UsageError(
                "a return of service is asked of one kind of applicant and not of another",
                'say who applies: `for = "IMG"`, or `--for IMG`',
            )
        for name in ("length", "seats"):
            least, most = getattr(self, f"min_{name}"), getattr(self, f"max_{name}")
            if least is not None and most is not None and least > most:
                raise carms_lake.UsageError(
                    f"`min_{name}` is {least}, which is more than `max_{name}`, {most}",
                    "no program can be both",
                )

    def shares(self) -> tuple[tuple[Wish, float], ...]:
        """The wishes that count and the share of each, largest first; the shares sum to 1."""
        stated = [w for w in self.wishes if w.weight is not None or w.kind != "low_contestedness"]
        weights = {w: DEFAULT_WEIGHT if w.weight is None else w.weight for w in stated}
        total = math.fsum(weights.values())
        for wish in self.wishes:
            if wish not in weights:
                part = total * CONTESTEDNESS_SHARE / (1 - CONTESTEDNESS_SHARE)
                weights[wish] = part or DEFAULT_WEIGHT
        total = math.fsum(weights.values())
        counted = [(wish, weight / total) for wish, weight in weights.items() if weight]
        return tuple(sorted(counted, key=lambda one: (-one[1], one[0].text)))
