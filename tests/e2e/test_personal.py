"""What the contracts of the shipped domains classify is nowhere in the published file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from command import called as carms
from published import found_in

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

PERSON = "Quexley"
"""In every record that is planted; no generator invents it."""


def in_carms(folder: Path) -> None:
    """A document without an id, and a director whose program stands twice, with other text."""
    path = folder / "9999_markdown_program_descriptions_v2.json"
    documents = json.loads(path.read_text(encoding="utf-8"))
    text = f"# Contacts\n\nProgram Director: Dr. Ottoline {PERSON}, o.{PERSON}@example.org\n"
    broken = {**documents[0], "id": "none", "page_content": text}
    doubled = {**documents[1], "page_content": documents[1]["page_content"] + text}
    path.write_text(json.dumps([*documents, broken, doubled, text]), encoding="utf-8")
    sections = folder / "9999_program_descriptions_x_section.csv"
    with sections.open("a", encoding="utf-8") as file:
        file.write(f"{PERSON},x,y\n")


def in_retail(folder: Path) -> None:
    """A customer with a bad flag, one with a field too many, one in other columns, and one twice.

    Their orders have nobody to belong to.
    """
    path = folder / "customers.csv"
    first, *rest = path.read_text(encoding="utf-8").splitlines()
    cells = rest[0].split(",")
    there = {name: place for place, name in enumerate(first.split(","))}

    def customer(number: int, **changed: str) -> str:
        row = [*cells]
        planted = {"first_name": "Ottoline", "last_name": PERSON, "email": f"o@{PERSON}.example"}
        values = {"customer_id": str(number), "natural_key": f"CUST-{PERSON}", **planted, **changed}
        for name, value in values.items():
            row[there[name]] = value
        return ",".join(row)

    added = [
        customer(90001, is_vip="maybe"),
        customer(90002, is_vip=f"{PERSON}"),
        customer(90003) + f",{PERSON}",
        customer(90004, gdpr_consent="false"),
        customer(90004, gdpr_consent="false", city="Elsewhere"),
        customer(90005, latitude=f"{PERSON} Road 1"),
    ]
    path.write_text("\n".join([first, *rest, *added]) + "\n", encoding="utf-8")


def in_ticketing(folder: Path) -> None:
    """An account of no day, one in other columns, one with a field too many, and no header."""
    path = folder / "initial" / "accounts.csv"
    mail = f"o@{PERSON}.example"
    with path.open("a", encoding="utf-8") as file:
        file.write(f"acc_q1,{mail},2025-02-30\n,{mail},2025-02-03T10:00:00\n")
        file.write(f"acc_q2,2025-02-03T10:00:00,{mail}\nacc_q3,{mail},2025-02-03T10:00:00,{mail}\n")
    later = folder / "incremental" / "accounts" / "batch_009.csv"
    later.write_text(f"acc_q4,{mail},2025-02-03T10:00:00\n", encoding="utf-8")


PLANTED = {
    "carms": (in_carms, ("--programs", "12"), 3),
    "retail": (in_retail, ("--scale", "0.001", "--days", "5", "--no-anomalies"), 4),
    "ticketing": (in_ticketing, ("--scale", "0.0005", "--batches", "1"), 4),
}


@pytest.mark.parametrize("domain", PLANTED)
def test_rejected_and_quarantined_people_are_not_in_the_published_file(
    tmp_path: Path, domain: str
) -> None:
    planted, options, most = PLANTED[domain]
    carms(tmp_path, "init")
    carms(tmp_path, "generate", domain, *options)
    planted(tmp_path / "data_raw" / domain)
    carms(tmp_path, "-d", domain, "ingest")
    done = carms(tmp_path, "-d", domain, "build", "--publish-anyway")
    assert "published" in done.err, done.err
    listed = carms(tmp_path, "-d", domain, "rejects", "-f", "csv").rows
    shown = [row for row in listed if PERSON in row["raw_record"]]
    assert len(shown) >= most, listed
    asked = f"select count(*) as n from ops.rejects where raw_record like '%{PERSON}%'"
    assert int(carms(tmp_path, "-d", domain, "query", asked).rows[0]["n"]) >= most
    assert found_in(tmp_path / "lake" / f"{domain}.duckdb", PERSON) == set()
