"""What agents may ask of carms besides what they may of any domain: `search` and `program`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from carms_lake import Published
from carms_lake.domains.carms.analysis import program as one
from carms_lake.domains.carms.analysis import search as words
from carms_lake.domains.carms.analysis.filters import ensure_named, parameters
from carms_lake.mcp.answers import Answer

Words = Annotated[
    str, Field(min_length=1, max_length=500, description="Words in English or French.")
]
Place = Annotated[str | None, Field(max_length=100, description="`ON`, `Ontario`, `Québec`.")]
Some = Annotated[
    str | None, Field(max_length=100, description="A name (English or French), code, or part.")
]
Who = Annotated[
    Literal["CMG", "IMG", "USMG"] | None,
    Field(description="Who applies: all streams that take them."),
]
Language = Annotated[
    Literal["en", "fr"] | None, Field(description="The language of the description.")
]
Seats = Annotated[int | None, Field(ge=0, le=10_000, description="At least this many seats.")]
Iteration = Annotated[
    str | None, Field(max_length=50, description="A match iteration (default: the newest).")
]
Section = Annotated[
    str | None, Field(max_length=100, description="A section's code, as `interviews`.")
]
Text = Annotated[
    str | None,
    Field(max_length=100, description="With the text of this section, or of `all` (long)."),
]
Limit = Annotated[int, Field(ge=1, le=50, description="How many at most.")]
ProgramId = Annotated[
    str, Field(min_length=1, max_length=50, description="Of a program stream, as `27447`.")
]


class Hit(BaseModel):
    """A program that has words of the query; programs of one text are one hit."""

    program_stream_id: str
    score: float = Field(description="Comparable within one search only.")
    program_name: str
    discipline_name: str | None
    school_name: str | None
    program_site: str | None
    eligibility: str | None
    training_province: str | None
    quota: int | None = Field(description="Seats; null where they are not known.")
    same_text: list[str] = Field(description="Other programs found with the same text.")
    section: str | None = Field(description="Where most of the words are.")
    snippet: str


class Found(Answer):
    """What a search found, the best first."""

    programs: list[Hit]
    total: int = Field(description="All programs that have a word of the query and fit.")
    read_as: dict[str, list[str]] = Field(
        description="By word that no text has: what is looked for in its place."
    )


class Excerpt(BaseModel):
    """A section of a program's description."""

    section_code: str
    heading: str | None
    content: str | None


class Program(Answer):
    """One program."""

    profile: dict[str, Any] = Field(
        description="The columns of gold.program_profile, and its dates, requirements, criteria."
    )
    texts: list[Excerpt] = Field(description="The sections that were asked for.")


def search(  # noqa: PLR0913 - the parameters of the tool
    published: Published,
    query: Words,
    *,
    province: Place = None,
    discipline: Some = None,
    school: Some = None,
    applicant: Who = None,
    language: Language = None,
    min_seats: Seats = None,
    iteration: Iteration = None,
    section: Section = None,
    limit: Limit = 10,
) -> Found:
    """The programs whose descriptions and names have some words, the best first, with a snippet.

    What is not known of a program fits no filter: unknown is not no. For counts use `query`.

    Raises:
        UsageError: the section is unknown, or a filter names what does not exist.
        LakeError: as `analysis.search`.
    """
    asked = {
        "province": province,
        "discipline": discipline,
        "school": school,
        "applicant": applicant,
        "language": language,
        "min_seats": min_seats,
        "iteration": iteration,
    }
    filters = {name: value for name, value in asked.items() if value is not None}
    found = words.answer(
        lambda sql, values: published.rows(sql, values)[1],
        query,
        filters,
        section=section,
        limit=limit,
    )
    if not found.hits:
        ensure_named(published, parameters(filters))
    hits = [dict(zip(words.COLUMNS, hit.row(), strict=True)) for hit in found.hits]
    return Found(
        programs=[Hit.model_validate(hit) for hit in hits],
        total=found.programs,
        read_as={word: list(terms) for word, terms in found.read_as.items()},
        truncated=found.programs > sum(1 + len(hit["same_text"]) for hit in hits),
    )


def program(
    published: Published, program_id: ProgramId, iteration: Iteration = None, section: Text = None
) -> Program:
    """One program: profile, interview dates, requirements, selection criteria; texts if asked.

    Raises:
        UnknownKey: the program is unknown, or it does not have the section.
        LakeError: as `analysis.program`.
    """
    profile = one.program(published, program_id, iteration).row(0, named=True)
    texts: list[dict[str, Any]] = []
    if section is not None:
        wanted = None if section == "all" else section
        texts = one.sections(published, profile, wanted).to_dicts()
    return Program(profile=profile, texts=[Excerpt.model_validate(text) for text in texts])


TOOLS = (search, program)
"""The tools of the domain; the server gives them the published file."""
