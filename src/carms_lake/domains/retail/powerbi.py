"""The pages of retail in Power BI."""

from __future__ import annotations

from carms_lake.adapters.powerbi.pages import Card, Chart, Grid, Page, Slicer

_MONTH, _CATEGORY, _STORE = "dim_date.month_on", "dim_product.category", "dim_store.store_name"
_SEGMENT = "customer_360.segment"

PAGES = (
    Page(
        "summary",
        "Executive summary",
        (
            tuple(map(Card, ("Net sales", "Orders", "Average order", "Buyers", "Return rate"))),
            (Chart("Net sales by month", "lines", _MONTH, ("Net sales",)),),
            (
                Chart("Net sales by category", "bars", _CATEGORY, ("Net sales",)),
                Chart("Net sales by region", "bars", "dim_store.region", ("Net sales",)),
            ),
        ),
    ),
    Page(
        "sales",
        "Sales and returns",
        (
            (Slicer("dim_date.calendar_year"), Slicer(_STORE), Slicer(_CATEGORY)),
            (
                Chart(
                    "Net sales by month, year by year",
                    "columns",
                    "dim_date.month_name",
                    ("Net sales",),
                    "dim_date.calendar_year",
                ),
                Grid(
                    "Year over year",
                    (
                        "dim_date.calendar_year",
                        "Net sales",
                        "Net sales, previous year",
                        "Net sales, year over year",
                    ),
                ),
            ),
            (
                Chart("Return rate by category", "bars", _CATEGORY, ("Return rate",)),
                Chart("Returns by reason", "bars", "fact_returns.reason", ("Quantity returned",)),
            ),
        ),
    ),
    Page(
        "customers",
        "Customers",
        (
            tuple(
                map(
                    Card,
                    ("Customers", "Lifetime value", "Orders per customer", "Days since last order"),
                )
            ),
            (
                Chart("Customers by segment", "bars", _SEGMENT, ("Customers",)),
                Chart("Lifetime value by segment", "bars", _SEGMENT, ("Lifetime value",)),
            ),
            (
                Chart("Customers by city", "bars", "customer_360.city", ("Customers",)),
                Grid(
                    "Segments",
                    (
                        _SEGMENT,
                        "Customers",
                        "Lifetime value",
                        "Orders per customer",
                        "Days since last order",
                    ),
                ),
            ),
        ),
    ),
    Page(
        "operations",
        "Operations",
        (
            tuple(
                map(
                    Card,
                    (
                        "Shipments",
                        "Delivered on time",
                        "Delivery days",
                        "Overdue shipments",
                        "Readings out of range",
                    ),
                )
            ),
            (
                Chart(
                    "Shipped and arrived by month",
                    "lines",
                    _MONTH,
                    ("Shipments", "Deliveries by day of arrival"),
                ),
                Chart("Days by carrier", "bars", "fact_shipments.carrier", ("Delivery days",)),
            ),
            (
                Chart(
                    "Shelf temperature by day",
                    "lines",
                    "dim_date.calendar_on",
                    ("Shelf temperature",),
                ),
                Chart("Readings out of range by store", "bars", _STORE, ("Readings out of range",)),
            ),
        ),
    ),
    Page(
        "quality",
        "Data quality",
        (
            (
                Card("Rows with a finding"),
                Card("Kinds of findings"),
                Slicer("data_quality.layer"),
            ),
            (
                Chart(
                    "Findings by table", "bars", "data_quality.table_name", ("Rows with a finding",)
                ),
                Chart("What was done", "bars", "data_quality.treatment", ("Rows with a finding",)),
            ),
            (
                Grid(
                    "Findings",
                    (
                        "data_quality.table_name",
                        "data_quality.finding",
                        "data_quality.treatment",
                        "data_quality.found_rows",
                        "data_quality.total_rows",
                        "data_quality.found_pct",
                    ),
                ),
            ),
        ),
    ),
)
