"""`sold`: how much of a product was sold; `count`: what is on the shelves, which is kept."""

from __future__ import annotations

from typing import Annotated

from carms_lake.cli.command import Argument, Call, Target, Typer, command, emit, note

Product = Annotated[str, Argument(metavar="PRODUCT", help="The name of a product.")]

app = Typer()


@command(app)
def sold(call: Call, to: Target, product: Product) -> None:
    """Show how much of a product was sold."""
    from carms_lake.flows.query import query_frame

    sql = "select name, quantity from sales_by_product where name = $product"
    emit(call, query_frame(call.config(), sql, {"product": product}), to)


Found = Annotated[list[str], Argument(metavar="PRODUCT=N...", help="What was found of each.")]


@command(app)
def count(call: Call, found: Found) -> None:
    """Keep how much of each product is on the shelves."""
    import polars as pl

    import carms_lake

    shelf = [
        {"product_id": p, "quantity": int(n)} for p, _, n in (one.partition("=") for one in found)
    ]
    rows = {
        "stock.shelf": pl.DataFrame(shelf),
        "stock.counting": pl.DataFrame({"counted_by": ["the shop"]}),
    }
    kept = carms_lake.Lake(call.config()).append(rows, "count")
    note(call, f"kept as run `{kept.run_id}`")
