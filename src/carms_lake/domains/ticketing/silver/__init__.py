"""The silver tables of the ticketing domain, one function each.

A function's name is the table, its parameters are the tables that it reads. Bronze has trimmed all
texts and made the words for nothing null. Each table that has a source depends on that source
alone, so that it can be made again key by key; whose reference is unknown is told in gold.
"""

from __future__ import annotations

from carms_lake.domains.ticketing.silver.customers import (
    customer_identity,
    identity_cycle,
    identity_merge,
)
from carms_lake.domains.ticketing.silver.pages import page_type, page_view
from carms_lake.domains.ticketing.silver.sales import account, payment, ticket_order
from carms_lake.domains.ticketing.silver.shows import event, showtime

__all__ = [
    "account",
    "customer_identity",
    "event",
    "identity_cycle",
    "identity_merge",
    "page_type",
    "page_view",
    "payment",
    "showtime",
    "ticket_order",
]
