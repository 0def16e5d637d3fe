"""What retail shows in the report of its lake."""

from __future__ import annotations

from carms_lake.report.pages import Both, Chart, Column, Page

_NET = Column("net_amount_aud", Both("Net sales", "Ventes nettes"), unit="AUD")
_QUANTITY = Column("quantity", Both("Quantity", "Quantité"), unit=Both("pieces", "pièces"))
_SHARE = Both("Share returned", "Part retournée")

_SALES = Page(
    "sales",
    Both("Sales", "Ventes"),
    (
        Chart(
            "weekly",
            Both("Net sales by week", "Ventes nettes par semaine"),
            """\
select date_trunc('week', order_on)::date as week_on, sum(net_amount_aud) as net_amount_aud,
       sum(quantity)::bigint as quantity
from sales_performance
group by week_on
order by week_on""",
            (Column("week_on", Both("Week from", "Semaine du")), _NET, _QUANTITY),
            "lines",
            "week_on",
            ("net_amount_aud",),
            Both(
                "By the local day of the order, in Australian dollars at the day's rate; the first"
                " and the last week may be cut short.",
                "Selon le jour local de la commande, en dollars australiens au taux du jour ; la"
                " première et la dernière semaine peuvent être incomplètes.",
            ),
        ),
        Chart(
            "categories",
            Both("Net sales by category", "Ventes nettes par catégorie"),
            """\
select coalesce(category, '-') as category, sum(net_amount_aud) as net_amount_aud,
       sum(quantity)::bigint as quantity
from sales_performance
group by all
order by net_amount_aud desc nulls last, category""",
            (Column("category", Both("Category", "Catégorie"), lang="en"), _NET, _QUANTITY),
            "bars",
            "category",
            ("net_amount_aud",),
        ),
        Chart(
            "stores",
            Both("Net sales by store, newest year", "Ventes nettes par magasin, dernière année"),
            """\
select store_name, region, channel, calendar_year, orders, quantity, net_amount_aud, change_pct
from store_performance
where calendar_year = (select max(calendar_year) from store_performance)
order by net_amount_aud desc nulls last, store_name""",
            (
                Column("store_name", Both("Store", "Magasin"), lang="en"),
                Column("region", Both("Region", "Région"), lang="en"),
                Column("channel", Both("Channel", "Canal"), lang="en"),
                Column("calendar_year", Both("Year", "Année"), kind="id"),
                Column("orders", Both("Orders", "Commandes")),
                _QUANTITY,
                _NET,
                Column("change_pct", Both("Change", "Variation"), unit="%"),
            ),
            "bars",
            "store_name",
            ("net_amount_aud",),
        ),
        Chart(
            "returns",
            Both("Returns by category", "Retours par catégorie"),
            """\
select coalesce(category, '-') as category, sum(quantity_sold)::bigint as sold,
       sum(quantity_returned)::bigint as returned,
       100.0 * sum(quantity_returned) / nullif(sum(quantity_sold), 0) as returned_pct
from product_performance
group by all
order by returned_pct desc nulls last, category""",
            (
                Column("category", Both("Category", "Catégorie"), lang="en"),
                Column("sold", Both("Sold", "Vendues"), unit=Both("pieces", "pièces")),
                Column("returned", Both("Returned", "Retournées"), unit=Both("pieces", "pièces")),
                Column("returned_pct", _SHARE, kind="percent"),
            ),
            "bars",
            "category",
            ("returned_pct",),
        ),
    ),
)

_SERVICE = Page(
    "service",
    Both("Site and delivery", "Site et livraison"),
    (
        Chart(
            "funnel",
            Both("From view to purchase", "De la visite à l’achat"),
            """\
select event_type, sum(events)::bigint as events, sum(sessions)::bigint as daily_sessions
from fact_events_daily
where event_type in ('page_view', 'search', 'product_view', 'add_to_cart', 'checkout', 'purchase')
group by event_type
order by list_position(
    ['page_view', 'search', 'product_view', 'add_to_cart', 'checkout', 'purchase'], event_type)""",
            (
                Column(
                    "event_type",
                    Both("Step", "Étape"),
                    codes={
                        "page_view": Both("page viewed", "page vue"),
                        "search": Both("search", "recherche"),
                        "product_view": Both("product viewed", "produit vu"),
                        "add_to_cart": Both("put into the cart", "mis au panier"),
                        "checkout": Both("checkout", "passage en caisse"),
                        "purchase": Both("purchase", "achat"),
                    },
                ),
                Column("events", Both("Events", "Événements")),
                Column("daily_sessions", Both("Sessions by day", "Sessions par jour")),
            ),
            "bars",
            "event_type",
            ("events",),
            Both(
                "All events of a type; a session of two days counts on both.",
                "Tous les événements d’un type ; une session de deux jours compte pour les deux.",
            ),
        ),
        Chart(
            "on_time",
            Both("Deliveries on time by month", "Livraisons à temps par mois"),
            """\
select month_on, sum(shipments)::bigint as shipments, sum(delivered)::bigint as delivered,
       sum(on_time_pct * delivered) / nullif(sum(delivered) filter (on_time_pct is not null), 0)
           as on_time_pct
from delivery_performance
where month_on is not null
group by month_on
order by month_on""",
            (
                Column("month_on", Both("Month from", "Mois du")),
                Column("shipments", Both("Shipments", "Envois")),
                Column("delivered", Both("Delivered", "Livrés")),
                Column("on_time_pct", Both("On time", "À temps"), kind="percent"),
            ),
            "lines",
            "month_on",
            ("on_time_pct",),
            Both(
                "Of the deliveries that have arrived, by the month in which they were shipped.",
                "Parmi les livraisons arrivées, selon le mois de leur envoi.",
            ),
        ),
    ),
)

_ANOMALIES = Page(
    "anomalies",
    Both("Anomalies", "Anomalies"),
    (
        Chart(
            "found",
            Both("What was found", "Ce qui a été trouvé"),
            """\
select layer || '.' || table_name || ': ' || finding as finding,
       layer || '.' || table_name as name, treatment, found_rows, total_rows, found_pct
from data_quality
where found_rows > 0
order by found_rows desc, finding""",
            (
                Column("finding", Both("Table and finding", "Table et constat"), lang="zxx"),
                Column("name", Both("Table", "Table"), lang="zxx", anchor="t-"),
                Column(
                    "treatment",
                    Both("Treatment", "Traitement"),
                    codes={
                        "flagged": Both("flagged", "signalé"),
                        "quarantined": Both("quarantined", "mis en quarantaine"),
                        "rejected": Both("rejected", "rejeté"),
                    },
                ),
                Column("found_rows", Both("Found", "Trouvées"), unit=Both("rows", "lignes")),
                Column("total_rows", Both("Of", "Sur"), unit=Both("rows", "lignes")),
                Column("found_pct", Both("Share", "Part"), unit="%"),
            ),
            "bars",
            "finding",
            ("found_rows",),
            Both(
                "What bronze rejected, what silver quarantined, and what is flagged and kept.",
                "Ce que le bronze a rejeté, ce que l’argent a mis en quarantaine, et ce qui est"
                " signalé et conservé.",
            ),
        ),
    ),
)

PAGES = (_SALES, _SERVICE, _ANOMALIES)
