"""What the shop shows in the report of its lake."""

from carms_lake.report.pages import Both, Chart, Column, Page

PAGES = (
    Page(
        "sales",
        Both("Sales", "Ventes"),
        (
            Chart(
                "by_product",
                Both("What was sold", "Ce qui a été vendu"),
                "select name, quantity from sales_by_product order by quantity desc, name",
                (
                    Column("name", Both("Product", "Produit"), lang="zxx"),
                    Column("quantity", Both("Quantity", "Quantité"), unit=Both("pieces", "pièces")),
                ),
                "bars",
                "name",
                ("quantity",),
            ),
        ),
    ),
)
