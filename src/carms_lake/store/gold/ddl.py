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


def description(contract: Contract) -> str:
    """The COMMENTs on what a contract describes, and on its columns."""
    if contract.kind == "macro":
        return comments(f"macro table {qualified(contract.ref)}", contract.description, {})
    text = ". ".join(filter(None, (contract.description.rstrip("."), contract.grain)))
    # A BI tool finds here what the file does not declare.
    key = contract.primary_key
    refers = {r.columns[0]: r for r in contract.relationships if len(r.columns) == 1}
    columns = {}
    for column in contract.columns:
        says = [column.description.rstrip(".") + "."]
        if column.name in key:
            says.append("Primary key." if len(key) == 1 else "Part of the primary key.")
        if link := refers.get(column.name):
            says.append(f"Refers to {link.target.in_domain}.{link.target_columns[0]}.")
        columns[column.name] = " ".join(says).lstrip(". ")
    return comments(f"{contract.kind} {qualified(contract.ref)}", text, columns)
