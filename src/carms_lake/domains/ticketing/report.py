"""What ticketing shows in the report of its lake."""

from __future__ import annotations

from carms_lake.report.pages import Both, Chart, Column, Page

_EVENT = Column("event_name", Both("Event", "Spectacle"), lang="en")

_SALES = Page(
    "sales",
    Both("Sales", "Ventes"),
    (
        Chart(
            "weekly",
            Both("Sales by week", "Ventes par semaine"),
            """\
select week_start_on, sum(orders)::bigint as orders, sum(gross) as gross, sum(refunds) as refunds,
       sum(net) as net
from weekly_sales
group by week_start_on
order by week_start_on""",
            (
                Column("week_start_on", Both("Week from", "Semaine du")),
                Column("orders", Both("Orders", "Commandes")),
                Column("gross", Both("Gross", "Ventes brutes")),
                Column("refunds", Both("Refunds", "Remboursements")),
                Column("net", Both("Net", "Ventes nettes")),
            ),
            "lines",
            "week_start_on",
            ("gross", "net"),
            Both(
                "Refunds count in the week of the order.",
                "Les remboursements comptent dans la semaine de la commande.",
            ),
        ),
        Chart(
            "events",
            Both("Sales by event", "Ventes par spectacle"),
            """\
select coalesce(event_name, event_id) as event_name, sum(orders)::bigint as orders,
       sum(gross) as gross, sum(refunds) as refunds, sum(net) as net
from weekly_sales
group by 1
order by net desc, 1""",
            (
                _EVENT,
                Column("orders", Both("Orders", "Commandes")),
                Column("gross", Both("Gross", "Ventes brutes")),
                Column("refunds", Both("Refunds", "Remboursements")),
                Column("net", Both("Net", "Ventes nettes")),
            ),
            "bars",
            "event_name",
            ("net",),
        ),
        Chart(
            "funnel",
            Both("From view to order", "De la visite à la commande"),
            """\
select step, customers
from (
    select sum(customers_viewed_product)::bigint as product,
           sum(customers_viewed_showtime)::bigint as showtime,
           sum(customers_ordered)::bigint as ordered
    from event_funnel)
unpivot (customers for step in (product, showtime, ordered))""",
            (
                Column(
                    "step",
                    Both("Step", "Étape"),
                    codes={
                        "product": Both("looked at the event", "a vu le spectacle"),
                        "showtime": Both("looked at a showtime", "a vu une représentation"),
                        "ordered": Both("ordered", "a commandé"),
                    },
                ),
                Column(
                    "customers",
                    Both("Customers", "Clients"),
                    unit=Both("by event", "par spectacle"),
                ),
            ),
            "bars",
            "step",
            ("customers",),
            Both(
                "A customer counts once for each event.", "Un client compte une fois par spectacle."
            ),
        ),
        Chart(
            "funnel_by_event",
            Both("The same by event", "La même chose par spectacle"),
            """\
select coalesce(event_name, event_id) as event_name, customers_viewed_product,
       customers_viewed_showtime, customers_ordered
from event_funnel
where customers_ordered > 0
order by customers_ordered desc, 1""",
            (
                _EVENT,
                Column("customers_viewed_product", Both("Looked at it", "L’ont vu")),
                Column(
                    "customers_viewed_showtime",
                    Both("Looked at a showtime", "Ont vu une représentation"),
                ),
                Column(
                    "customers_ordered",
                    Both("Ordered", "Ont commandé"),
                    unit=Both("customers", "clients"),
                ),
            ),
            "bars",
            "event_name",
            ("customers_ordered",),
        ),
    ),
)

_ANOMALIES = Page(
    "anomalies",
    Both("Anomalies", "Anomalies"),
    (
        Chart(
            "payments",
            Both("Orders whose payments differ", "Commandes dont les paiements diffèrent"),
            """\
select finding, count(*) as orders, sum(amount_difference) as amount_difference
from order_reconciliation
group by finding
order by orders desc, finding""",
            (
                Column(
                    "finding",
                    Both("Finding", "Constat"),
                    codes={
                        "unpaid": Both("unpaid", "impayée"),
                        "overpaid": Both("overpaid", "trop payée"),
                        "refunded": Both("refunded", "remboursée"),
                        "partly_paid": Both("partly paid", "payée en partie"),
                    },
                ),
                Column("orders", Both("Orders", "Commandes")),
                Column("amount_difference", Both("Total less payments", "Total moins paiements")),
            ),
            "bars",
            "finding",
            ("orders",),
        ),
        Chart(
            "identities",
            Both("Merges of customers that are disregarded", "Fusions de clients non retenues"),
            """\
select issue, count(*) as merges
from identity_issue
where is_current
group by issue
order by merges desc, issue""",
            (
                Column(
                    "issue",
                    Both("Issue", "Problème"),
                    codes={
                        "cycle": Both("closes a circle", "ferme un cercle"),
                        "self_merge": Both("into itself", "avec soi-même"),
                    },
                ),
                Column("merges", Both("Merges", "Fusions")),
            ),
            "bars",
            "issue",
            ("merges",),
        ),
        Chart(
            "unknown",
            Both("Orders with unknown references", "Commandes aux références inconnues"),
            """\
select what, orders
from (
    select count(*) filter (has_unknown_account) as account,
           count(*) filter (has_unknown_event) as event,
           count(*) filter (has_unknown_showtime) as showtime,
           count(*) filter (is_orphan) as orphan
    from fact_orders)
unpivot (orders for what in (account, event, showtime, orphan))""",
            (
                Column(
                    "what",
                    Both("Unknown", "Inconnu"),
                    codes={
                        "account": Both("account", "compte"),
                        "event": Both("event", "spectacle"),
                        "showtime": Both("showtime", "représentation"),
                        "orphan": Both("any of these", "l’un ou l’autre"),
                    },
                ),
                Column("orders", Both("Orders", "Commandes")),
            ),
            "bars",
            "what",
            ("orders",),
        ),
    ),
)

PAGES = (_SALES, _ANOMALIES)
