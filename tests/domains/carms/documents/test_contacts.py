"""The entries of Program Contacts."""

from __future__ import annotations

from carms_lake.domains.carms.documents import Contact, parse_document
from carms_lake.domains.carms.documents.header import parse_contacts


def test_an_entry_opens_at_its_information_or_at_the_next_name(english: str) -> None:
    assert parse_document(english).contacts == (
        Contact(
            1,
            "Rural site",
            "Dr. Ada Example",
            "Program Director",
            ("ada@example.org",),
            ("(555) 555-0100",),
        ),
        Contact(2, None, "Ben Sample", "Coordinator", (), ()),
    )


def test_french_labels_are_known(french: str) -> None:
    assert parse_document(french).contacts == (
        Contact(
            1, "Le programme", "Madame Ève Exemple", "Secrétaire", ("eve@exemple.org",),
            ("555 555-0100",),
        ),
    )  # fmt: skip


def test_several_addresses_and_numbers_are_kept_apart() -> None:
    (contact,) = parse_contacts(
        "Name: A\n\nEmail: a@example.org; b@example.org\n\nPhone: 555-555-0100\n\n(555) 555-0101\n"
    )
    assert contact.emails == ("a@example.org", "b@example.org")
    assert contact.phones == ("555-555-0100", "(555) 555-0101")


def test_wrapped_information_stays_together() -> None:
    (contact,) = parse_contacts("General Information: Residency Training\nProgram\n\nName: A\n")
    assert contact.information == "Residency Training Program"


def test_an_entry_that_says_nothing_is_none() -> None:
    assert parse_contacts("Name:\n\nTitle:\n\n") == ()
    assert parse_contacts("no label") == ()
