"""The facts of a program in words, under the names that `analysis.compare` has for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from carms_lake.domains.carms.service.pages import said
from carms_lake.report.markup import Child, h, join

if TYPE_CHECKING:
    from datetime import date

    from carms_lake.domains.carms.service.pages.said import Names
    from carms_lake.report.words import Words

    Row = Mapping[str, Any]

IN_PROSE = {
    "seats": "match_iteration_name",
    "length": "program_curriculum",
    "apply_in": "general_instructions",
    "return_of_service": "return_of_service",
    "applications": "selection_criteria",
    "interviewed": "selection_criteria",
    "interviews_on": "interviews",
    "reference_letters": "supporting_documentation_information",
}
"""Facts that may be in prose alone, and the section of the description that has it."""


class Facts:
    """The facts in one language, each a method by its name; None is what is not known."""

    def __init__(self, words: Words, known: Names) -> None:
        self._words = words
        self._known = known

    def of(self, name: str, row: Row) -> Child:
        """A fact of a program by its name."""
        found: Child = getattr(self, name)(row)
        return found

    def school(self, row: Row) -> Child:
        """With its province."""
        return self._at(said.school(row, self._known), row["school_province"])

    def site(self, row: Row) -> Child:
        """With the province of the training."""
        return self._at(h("span", row["program_site"], lang="zxx"), row["training_province"])

    def _at(self, name: Child, province: str | None) -> Child:
        if province is None:
            return name
        return join([name, f" ({said.province(province, self._known, self._words)})"])

    def discipline(self, row: Row) -> Child:
        """With its group."""
        group = said.of_code(self._words, "group", row["discipline_group"])
        name = said.discipline(row, self._known)
        return join([name, " (", group, ")"]) if group else name

    def stream(self, row: Row) -> Child:
        """As it was delivered."""
        return said.stream(row)

    def who_may_apply(self, row: Row) -> Child:
        """The kinds of applicants."""
        return said.who(row, self._words)

    def seats(self, row: Row) -> Child:
        """How many."""
        return self._number(row["quota"])

    def length(self, row: Row) -> Child:
        """In years."""
        years = row["length_years"]
        return None if years is None else self._words("n_years", n=years)

    def accreditation(self, row: Row) -> Child:
        """Its status."""
        return said.of_code(self._words, "accreditation", row["accreditation_status"])

    def approved_on(self, row: Row) -> Child:
        """The day on which the description was approved."""
        return self._day(row["approved_on"])

    def described_in(self, row: Row) -> Child:
        """The language of the description."""
        return said.of_code(self._words, "language", row["document_language"])

    def apply_in(self, row: Row) -> Child:
        """The language of the application."""
        return said.of_code(self._words, "language", row["application_language"])

    def return_of_service(self, row: Row) -> Child:
        """One answer where it holds for all whom the stream takes, else one for each kind."""
        words = self._words
        values = {
            kind: row[f"return_of_service_{kind}"] or "not_mentioned"
            for kind in ("cmg", "img")
            if row[f"eligible_{kind}"] is not False or row[f"return_of_service_{kind}"]
        }
        answers = {kind: words(f"service.{value}") for kind, value in values.items()}
        if len(set(answers.values())) <= 1:
            return next(iter(answers.values()), words("service.not_mentioned"))
        return said.listed(
            words("fact.service_of", answer=answer, who=words(f"who.{kind}"))
            for kind, answer in answers.items()
        )

    def applications(self, row: Row) -> Child:
        """How many a year."""
        return said.between(self._words, row["applications_min"], row["applications_max"])

    def interviewed(self, row: Row) -> Child:
        """The percentage of applicants."""
        unit = "%" if self._words.lang == "en" else "\u202f%"
        low, high = row["interviewed_pct_min"], row["interviewed_pct_max"]
        return said.between(self._words, low, high, unit)

    def interviews_on(self, row: Row) -> Child:
        """The days of interviews."""
        return said.listed(map(self._day, row["interview_dates"] or ())) or None

    def reference_letters(self, row: Row) -> Child:
        """How many."""
        return self._number(row["reference_letters"])

    def deleted_on(self, row: Row) -> Child:
        """The day of the delivery that no longer had it."""
        return self._day(row["deleted_on"])

    def _number(self, value: int | None) -> Child:
        return None if value is None else self._words.number(value)

    def _day(self, value: date | None) -> Child:
        return None if value is None else said.time(self._words, value)


ON_THE_PAGE = (
    "school", "site", "discipline", "stream", "who_may_apply", "seats", "length", "accreditation",
    "approved_on", "described_in", "apply_in", "return_of_service", "applications", "interviewed",
    "interviews_on", "reference_letters",
)  # fmt: skip
"""The facts of a program's page, in its order."""


def in_prose(name: str, row: Row) -> str | None:
    """The section of the description that may say a fact in prose; None where there is none."""
    section = IN_PROSE.get(name)
    there = {entry["section_code"] for entry in row["sections"] or ()}
    return section if section in there else None


def requirement(entry: Row, words: Words) -> Child:
    """What is asked, in words, with how many, how long and of whom."""
    key, kept = f"req.{entry['requirement_code']}", notes(entry, words)
    name: Child = words(key) if key in words else h("span", entry["requirement_name"], lang="zxx")
    return join([name, " (", ", ".join(kept), ")"]) if kept else name


def notes(entry: Row, words: Words) -> list[str]:
    """How many, how long and of whom a requirement is asked."""
    number, most, whom = entry["requested_number"], entry["max_words"], entry["applies_to"]
    found = [
        words("asked.number", n=number) if number else "",
        words("asked.words", n=most) if most else "",
        words("asked.only", who=words(f"who.{whom.lower()}")) if whom else "",
    ]
    return [one for one in found if one]


def level(entry: Row, words: Words) -> str:
    """How much it is asked for."""
    return words(f"level.{entry['requirement_level'] or 'mentioned'}")


def verdict(entry: Row, words: Words) -> str:
    """Whether a component is evaluated."""
    if entry["is_evaluated"] is not None:
        return words("criterion.looked" if entry["is_evaluated"] else "criterion.not")
    return words("criterion.may" if entry["criterion_text"] else "criterion.unsaid")
