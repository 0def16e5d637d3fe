"""What one reading of a program description gives, as columns.

A document is read once for each text: single facts become columns, and everything that a document
lists becomes one JSON column that the tables of lists unfold.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import polars as pl

from carms_lake.domains.carms.documents import evidence, letters_counted, parse_document
from carms_lake.domains.carms.documents.service import KINDS
from carms_lake.domains.carms.people import person_names, without_names, without_people

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from carms_lake.domains.carms.documents import Criterion, Document, Evidence, Requirement

FACTS: dict[str, pl.DataType] = {
    "document_language": pl.String(),
    "title": pl.String(),
    "match_iteration_name": pl.String(),
    "document_stream": pl.String(),
    "approved_on": pl.Date(),
    "quota": pl.Int32(),
    "has_quota_note": pl.Boolean(),
    "accreditation_status": pl.String(),
    "accreditation_text": pl.String(),
    "address": pl.String(),
    "postal_code": pl.String(),
    "application_language": pl.String(),
    "length_years": pl.Int32(),
    "return_of_service_cmg": pl.String(),
    "return_of_service_cmg_text": pl.String(),
    "return_of_service_img": pl.String(),
    "return_of_service_img_text": pl.String(),
    "reference_letters": pl.Int32(),
    "personal_letter_min_words": pl.Int32(),
    "personal_letter_max_words": pl.Int32(),
    "applications_min": pl.Int32(),
    "applications_max": pl.Int32(),
    "applications_text": pl.String(),
    "interviewed_pct_min": pl.Int32(),
    "interviewed_pct_max": pl.Int32(),
    "interviewed_pct_text": pl.String(),
    "considers_outside_information": pl.Boolean(),
    "rescheduling_policy": pl.String(),
    "mentions_virtual_interview": pl.Boolean(),
    "mentions_in_person_interview": pl.Boolean(),
    "elective_requirement_text": pl.String(),
    "elective_requirement_rule": pl.String(),
    "onsite_elective_text": pl.String(),
    "onsite_elective_rule": pl.String(),
    "other_elective_text": pl.String(),
    "citizenship_documents": pl.List(pl.String()),
    "lists": pl.String(),
    "evidence": pl.String(),
}
"""The columns of a reading and their types, in the order of the contract of silver.document."""

_AT_ONCE = 50
_PERSONAL_LETTER = "personal_letter"


def content_hash(page_content: str) -> str:
    """SHA-256 of a text in UTF-8, in hexadecimal."""
    return hashlib.sha256(page_content.encode()).hexdigest()


def with_content_hash(documents: pl.DataFrame) -> pl.DataFrame:
    """Documents with `document_hash`, from their page_content."""
    hashes = [content_hash(text) for text in one_by_one(documents["page_content"])]
    return documents.with_columns(pl.Series("document_hash", hashes, pl.String()))


def one_by_one(texts: pl.Series) -> Iterator[str]:
    """The texts of a column, of which few are in memory as Python's: they are large."""
    for at in range(0, len(texts), _AT_ONCE):
        yield from texts.slice(at, _AT_ONCE).to_list()


def read_documents(documents: pl.DataFrame) -> pl.DataFrame:
    """One row per distinct text of documents that have a hash, with the columns of `FACTS`."""
    distinct = documents.unique("document_hash", maintain_order=True)
    texts = one_by_one(distinct["page_content"])
    return pl.DataFrame(
        [
            {"document_hash": key, **facts(parse_document(text))}
            for key, text in zip(distinct["document_hash"], texts, strict=True)
        ],
        schema={"document_hash": pl.String(), **FACTS},
        orient="row",
    )


def facts(document: Document) -> dict[str, Any]:
    """The facts of one document by column; None where it does not state one.

    The parser has masked the e-mail addresses and phone numbers in what it extracts from free
    text; the names of the document's own people are masked here.
    """
    header, electives = document.header, document.electives
    names = people_of(document.header.directors, (c.name for c in document.contacts))
    applications, interviewed = document.applications, document.interviewed_pct
    letter = next((r for r in document.requirements if r.code == _PERSONAL_LETTER), None)
    return {
        "document_language": document.language,
        "title": document.title,
        "match_iteration_name": header.match_iteration_name,
        "document_stream": header.stream,
        "approved_on": header.approved_on,
        "quota": header.quota,
        "has_quota_note": header.has_quota_note,
        "accreditation_status": header.accreditation_status,
        "accreditation_text": header.accreditation_text,
        "address": _public(header.address, names),
        "postal_code": header.postal_code,
        "application_language": document.application_language,
        "length_years": document.length_years,
        **_return_of_service(document, names),
        "reference_letters": letters_counted(document.requirements)[1],
        "personal_letter_min_words": letter.min_words if letter else None,
        "personal_letter_max_words": letter.max_words if letter else None,
        "applications_min": applications.minimum if applications else None,
        "applications_max": applications.maximum if applications else None,
        "applications_text": applications.text if applications else None,
        "interviewed_pct_min": interviewed.minimum if interviewed else None,
        "interviewed_pct_max": interviewed.maximum if interviewed else None,
        "interviewed_pct_text": interviewed.text if interviewed else None,
        "considers_outside_information": document.considers_outside_information,
        "rescheduling_policy": document.rescheduling_policy,
        "mentions_virtual_interview": document.mentions_virtual_interview,
        "mentions_in_person_interview": document.mentions_in_person_interview,
        "elective_requirement_text": _public(electives.requirement_text, names),
        "elective_requirement_rule": electives.requirement_rule,
        "onsite_elective_text": _public(electives.onsite_text, names),
        "onsite_elective_rule": electives.onsite_rule,
        "other_elective_text": _public(electives.other_text, names),
        "citizenship_documents": [entry.code for entry in document.citizenship_documents],
        "lists": _lists(document, names),
        "evidence": _compact([_evidence(each) for each in evidence(document)]),
    }


def _return_of_service(document: Document, names: list[str]) -> dict[str, str | None]:
    """Per kind of applicant what the section states, and the sentence that states it."""
    columns: dict[str, str | None] = {}
    for kind in KINDS:
        stated = document.return_of_service.get(kind)
        columns[f"return_of_service_{kind}"] = stated.value if stated else None
        sentence = without_people(stated.evidence, names) if stated else None
        columns[f"return_of_service_{kind}_text"] = sentence
    return columns


def people_of(directors: Iterable[str], contacts: Iterable[str | None]) -> list[str]:
    """The people whose names are masked in what a document says elsewhere."""
    return person_names([*directors, *(name for name in contacts if name)])


def _public(text: str | None, names: list[str]) -> str | None:
    return text and without_people(text, names)


def _lists(document: Document, names: list[str]) -> str:
    header = document.header
    lists = {
        "directors": header.directors,
        "phones": [asdict(phone) for phone in header.phones],
        "websites": [
            {"text": without_people(website.text, names), "url": website.url}
            for website in header.websites
        ],
        "contacts": [asdict(contact) for contact in document.contacts],
        "requirements": [
            _without_places(each, evidence=without_names(each.evidence, names))
            for each in document.requirements
        ],
        "criteria": [
            _without_places(each, text=each.text and without_names(each.text, names))
            for each in document.criteria
        ],
        "interview_dates": [day.isoformat() for day in document.interview_dates],
    }
    return _compact(lists)


def _evidence(said: Evidence) -> dict[str, Any]:
    start, end = said.span or (None, None)
    return {
        "fact": said.fact,
        "item": said.item,
        "value": said.value,
        "section": said.section,
        "start": start,
        "end": end,
    }


def _without_places(entry: Requirement | Criterion, **masked: str | None) -> dict[str, Any]:
    """The fields of an entry, these of them masked, without where it is in the text."""
    return {k: v for k, v in {**vars(entry), **masked}.items() if k not in ("places", "span")}


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
