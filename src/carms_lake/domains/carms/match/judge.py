"""How programs rank applicants: where each puts whom, and whom it does not rank."""

from __future__ import annotations

from collections.abc import Sequence

from carms_lake.domains.carms.match.market import Market
from carms_lake.domains.carms.match.noise import JUDGEMENT, judgement
from carms_lake.domains.carms.match.population import Applicant
from carms_lake.domains.carms.match.worth import Scene

MIDDLE = 50 * JUDGEMENT
"""The rank of an average applicant: so that none is below 0."""


class Judge:
    """Where programs put applicants, and whom they do not rank; it makes the market."""

    def __init__(self, scene: Scene, places: Sequence[int], number: int) -> None:
        """`places`: where each program's noise is; `number`: how many applicants there are."""
        programs, groups, (parameters, _, _), _ = scene
        self.number, self.where = number, places
        self.common = round(parameters.agreement**0.5, 9) * JUDGEMENT
        self.noise = judgement(round((1 - parameters.agreement) ** 0.5, 9))
        self.penalty = round(parameters.second_discipline * JUDGEMENT)
        bonus = round(parameters.home_bonus * JUDGEMENT)
        schools = [program.school for program in programs]
        self.bonus = [[bonus * (s == g.school) for s in schools] for g in groups]
        ahead = round(parameters.canadian * JUDGEMENT)
        bar, bar_img = (round(b * JUDGEMENT) for b in (parameters.bar, parameters.bar_img))
        abroad = [group.kind == "IMG" for group in groups]
        self.middle = [MIDDLE if is_img else MIDDLE - ahead for is_img in abroad]
        self.last = [MIDDLE - bar_img if is_img else MIDDLE - bar - ahead for is_img in abroad]
        self.start, self.programs, self.places = [0], list[int](), list[int]()

    def add(self, applicant: Applicant, wishes: list[int], alone: int) -> None:
        """Append a list, without programs that do not rank the applicant.

        The first wishes, so many as `alone`, are of the applicant's first discipline.
        """
        if not wishes:
            self.start.append(len(self.programs))
            return
        group, _, judged, quality, _, _ = applicant
        noise, where, bonus = self.noise, self.where, self.bonus[group]
        rank = self.middle[group] - round(self.common * quality)
        ranks = [rank - noise[judged + where[n]] - bonus[n] for n in wishes[:alone]]
        if alone < len(wishes):
            rank += self.penalty
            ranks += [rank - noise[judged + where[n]] - bonus[n] for n in wishes[alone:]]
        last = self.last[group]
        if max(ranks) > last:
            wishes = [n for n, at in zip(wishes, ranks, strict=True) if at <= last]
            ranks = [at for at in ranks if at <= last]
        factor, number = self.number, len(self.start) - 1
        self.programs += wishes
        self.places += [rank * factor + number for rank in ranks]
        self.start.append(len(self.programs))

    def market(self, seats: Sequence[int]) -> Market:
        """The market of all lists."""
        return Market(seats, self.start, self.programs, self.places)
