"""What every language has to provide: labels of the form and prose to choose from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

_MONTHS_EN = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_MONTHS_FR = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)


def day(when: date, language: str) -> str:
    """A date as the text of a document writes it."""
    if language == "fr":
        return f"{when.day} {_MONTHS_FR[when.month - 1]} {when.year}"
    return f"{_MONTHS_EN[when.month - 1]} {when.day:02d}, {when.year}"


SECTIONS = {
    "program_contracts": ("Program Contacts", "Personnes à contacter"),
    "important_information": ("Important Information", "Information importante"),
    "return_of_service": ("Return of Service", "Service post-formation"),
    "general_instructions": ("General Instructions", "Instruction generale"),
    "supporting_documentation_information": (
        "Supporting Documentation / Information",
        "Documents / Information à l’appui",
    ),
    "review_process": ("Review Process", "Processus d'examen des candidatures"),
    "interviews": ("Interviews", "Entrevues"),
    "selection_criteria": ("Selection Criteria", "Critères de sélection"),
    "program_highlights": ("Program Highlights", "Aperçu du programme"),
    "program_curriculum": ("Program Curriculum", "Programme d'étude"),
    "training_sites": ("Training Sites", "Site de formation"),
    "additional_information": ("Additional Information", "Information supplémentaire"),
    "faq": ("FAQ", "Foire aux questions"),
    "summary_of_changes": ("Summary of changes", "Résumé des modifications"),
}
"""English and French heading by the CSV's column; Important Information has no column."""


@dataclass(frozen=True)
class Labels:
    """The form in one language."""

    iteration: str
    approved: str
    quota: str
    quota_note: str
    accreditation: str
    accreditation_values: dict[str, str]
    criteria_link: str
    copy_link: tuple[str, ...]
    director: str
    salutation: str
    address: str
    work: str
    fax: str
    websites: str
    contact: tuple[str, str, str, str]
    application_language: str
    application_languages: dict[str, str]
    citizenship: tuple[str, ...]
    citizenship_documents: tuple[str, ...]
    language_proficiency: str
    language_proof: str
    language_tests: tuple[str, ...]
    levels: dict[str, str]
    examinations: str
    examination_names: dict[str, tuple[str, ...]]
    references: str
    reference_kinds: dict[str, str]
    number_requested: str
    additional_documents: str
    documents: tuple[str, ...]
    letter: str
    word_count: str
    no_limit: str
    review: tuple[str, ...]
    review_choices: str
    dates: str
    date_details: str
    notification: str
    interview_process_details: str
    subheadings: tuple[str, ...]
    review_team: str
    applications: str
    interviewed: str
    evaluation: str
    file_table: str
    file_rows: tuple[str, ...]
    file_not_evaluated: str
    elective_requirement: str
    onsite: str
    elective_rules: dict[str, str]
    onsite_rules: dict[str, str]
    elective_other: str
    interview_format: tuple[str, ...]
    rescheduling: dict[str, str]
    interview_evaluation: str
    interview_table: str
    interview_rows: tuple[str, ...]
    interview_not_evaluated: str
    outside_not_considered: str
    outside_considered: tuple[str, ...]
    ranking: tuple[str, ...]
    length: str
    length_standard: str
    changes: str


@dataclass(frozen=True)
class Prose:
    """Sentences with the places {discipline}, {school}, {site}, {city}, {province}, {years}."""

    departments: tuple[str, ...]
    street: str
    website_texts: tuple[str, ...]
    citizenship: str
    language: tuple[str, ...]
    examinations: dict[str, str]
    references: tuple[str, ...]
    references_joined: dict[bool, str]
    """What is said of two kinds of letters: that they are alternatives, or that both are asked."""
    tests: dict[str, str]
    """A sentence with {test} by the level of a test in prose; `refused` takes it back."""
    documents: tuple[str, ...]
    transcript_ways: tuple[str, ...]
    letter_free: str
    letter_limited: str
    letter_questions: tuple[str, ...]
    important: tuple[str, ...]
    return_of_service: dict[str, tuple[str, ...]]
    general: tuple[str, ...]
    review: tuple[str, ...]
    notification: str
    interview: tuple[str, ...]
    own_dates: tuple[str, str, str]
    """A line above a list of days, a sentence with {days}, and one with {day} of something else."""
    criteria: tuple[str, ...]
    goals: tuple[str, ...]
    selection_goals: tuple[str, ...]
    review_team: tuple[str, ...]
    file_evaluated: tuple[str, ...]
    interview_evaluated: tuple[str, ...]
    not_evaluated: tuple[str, ...]
    """Other words than the form's for a component that is not evaluated."""
    electives: tuple[str, ...]
    highlights: tuple[str, ...]
    curriculum: tuple[str, ...]
    hospitals: tuple[str, ...]
    sites: str
    out_of_province: str
    additional: tuple[str, ...]
    faq: tuple[tuple[str, str], ...]
    in_text_headings: dict[str, tuple[str, tuple[str, ...]]]
    """The heading that does not begin a section, by the section it is in, and its text."""
