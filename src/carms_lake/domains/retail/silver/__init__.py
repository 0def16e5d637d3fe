"""The silver tables of the retail domain, one function each.

A function's name is the table, its parameters are the tables that it reads. Texts are trimmed;
`None`, `N/A`, `NULL` and empty ones are null. What is wrong and can stay is flagged; what cannot
is quarantined by the engine, as the contracts say.
"""

from __future__ import annotations

from carms_lake.domains.retail.silver.dimensions import (
    customer,
    customer_history,
    customer_identity,
    exchange_rate,
    holiday,
    product,
    product_history,
    store,
    supplier,
)
from carms_lake.domains.retail.silver.events import event
from carms_lake.domains.retail.silver.facts import (
    customer_return,
    order_header,
    order_line,
    sensor_reading,
    shipment,
)

__all__ = [
    "customer",
    "customer_history",
    "customer_identity",
    "customer_return",
    "event",
    "exchange_rate",
    "holiday",
    "order_header",
    "order_line",
    "product",
    "product_history",
    "sensor_reading",
    "shipment",
    "store",
    "supplier",
]
