"""Statements about what a gold file holds: tables and comments; what there is to drop."""

from collections.abc import Mapping

from carms_lake.contract.model import Contract
from carms_lake.store.sql import literal, qualified, quoted

OBJECTS = """
select 'table', schema_name, table_name from duckdb_tables()
where database_name = current_database()
union all
select 'view', schema_name, view_name from duckdb_views()
where database_name = current_database() and not internal
union all
select distinct 'macro table', schema_name, function_name from duckdb_functions()
where database_name = current_database() and function_type = 'table_macro' and not internal
"""
"""What a file holds, as DROP names it."""


def comments(what: str, text: str, columns: Mapping[str, str]) -> str:
    """The statements that say what a table or view is (`view gold.sales`), and its columns."""
    name = what.partition(" ")[2]
    of_columns = {f"column {name}.{quoted(column)}": says for column, says in columns.items()}
    said = {what: text} | of_columns
    return "; ".join(f"comment on {it} is {literal(says)}" for it, says in said.items())


def table_ddl(contract: Contract) -> str:
    """CREATE TABLE with the types and NOT NULL of a contract."""
    parts = [
        f"{quoted(c.name)} {c.type.sql}"
        + (" not null" if c.required or c.name in contract.primary_key else "")
        for c in contract.columns
    ]
    return f"create table {qualified(contract.ref)} (\n    " + ",\n    ".join(parts) + "\n)"
