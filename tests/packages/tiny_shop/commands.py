"""`sold`: how much of a product was sold."""

from __future__ import annotations

from typing import Annotated

from carms_lake.cli.command import Argument, Call, Target, Typer, command, emit

Product = Annotated[str, Argument(metavar="PRODUCT", help="The name of a product.")]

app = Typer()


@command(app)
def sold(call: Call, to: Target, product: Product) -> None:
    """Show how much of a product was sold."""
    from carms_lake.flows.query import query_frame

    sql = "select name, quantity from sales_by_product where name = $product"
    emit(call, query_frame(call.config(), sql, {"product": product}), to)
