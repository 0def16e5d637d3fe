"""The silver tables of the retail domain, one function each.

A function's name is the table, its parameters are the tables that it reads. Texts are trimmed;
`None`, `N/A`, `NULL` and empty ones are null. What is wrong and can stay is flagged; what cannot is
taken out by the engine, as the contracts say.
"""

from __future__ import annotations

from carms_lake.domains.retail.silver.calendar import holiday
from carms_lake.domains.retail.silver.customers import (
    customer,
    customer_history,
    customer_identity,
)
from carms_lake.domains.retail.silver.events import event
from carms_lake.domains.retail.silver.orders import order_header, order_line, shipment
from carms_lake.domains.retail.silver.products import product, product_history
from carms_lake.domains.retail.silver.rates import exchange_rate
from carms_lake.domains.retail.silver.returns import customer_return
from carms_lake.domains.retail.silver.sensors import sensor_reading
from carms_lake.domains.retail.silver.stores import store, supplier

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
