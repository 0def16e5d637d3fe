"""Which silver columns are about people."""

from __future__ import annotations

from domains.carms import bronze

from carms_lake.names import Layer

SILVER = bronze.contracts(Layer.SILVER)


def test_columns_about_people_are_classified_as_personal() -> None:
    personal = {
        f"{table}.{column.name}"
        for table, contract in SILVER.items()
        for column in contract.columns
        if column.classification == "personal"
    }
    assert personal == {
        "contact.contact_name",
        "contact.contact_title",
        "contact.emails",
        "contact.faxes",
        "contact.information",
        "contact.phones",
        "document.lists",
        "document_section.content",
    }
