"""The pages of ticketing in Power BI."""

from __future__ import annotations

from carms_lake.adapters.powerbi.pages import Card, Chart, Grid, Page, Slicer

_WEEK, _EVENT = "dim_date.week_start_on", "event_funnel.event_name"

PAGES = (
    Page(
        "sales",
        "Sales",
        (
            tuple(map(Card, ("Net sales", "Gross sales", "Refunds", "Orders", "Average order"))),
            (
                Chart(
                    "Net sales and payments by week",
                    "lines",
                    _WEEK,
                    ("Net sales", "Payments by day of payment"),
                ),
            ),
            (
                Chart(
                    "Net sales by event",
                    "bars",
                    "weekly_sales.event_name",
                    ("Net sales of events",),
                ),
                Grid(
                    "Payments that differ",
                    (
                        "order_reconciliation.order_id",
                        "order_reconciliation.total_amount",
                        "order_reconciliation.transactions_amount",
                        "order_reconciliation.finding",
                    ),
                ),
            ),
        ),
    ),
    Page(
        "funnel",
        "Funnel",
        (
            (Card("Page views"), Card("Visitors"), Card("Conversion"), Slicer(_EVENT)),
            (
                Chart(
                    "From view to order, by event",
                    "columns",
                    _EVENT,
                    (
                        "Customers who saw the event",
                        "Customers who saw a showtime",
                        "Customers who ordered",
                    ),
                ),
            ),
            (
                Chart("Page views by week", "lines", _WEEK, ("Page views",)),
                Chart("Conversion by event", "bars", _EVENT, ("Conversion",)),
            ),
        ),
    ),
    Page(
        "identity",
        "Identity",
        (
            tuple(map(Card, ("Customer ids", "Customers", "Merged ids", "Identity issues"))),
            (
                Chart(
                    "Ids by how often they were merged",
                    "columns",
                    "dim_customer_identity.merges",
                    ("Customer ids",),
                ),
                Chart("Issues by kind", "bars", "identity_issue.issue", ("Identity issues",)),
            ),
            (
                Grid(
                    "Merges that are disregarded",
                    (
                        "identity_issue.issue",
                        "identity_issue.from_customer_id",
                        "identity_issue.to_customer_id",
                        "identity_issue.merged_at",
                        "identity_issue.is_current",
                    ),
                ),
            ),
        ),
    ),
)
