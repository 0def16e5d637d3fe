"""Which columns a SELECT makes a column of, by sqlglot.

DuckDB's own parser says which tables are read (`store/sql.py`); of columns it says nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import Node, lineage
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import build_scope

Schema = Mapping[str, Mapping[str, Sequence[str]]]
"""By layer and table: the columns."""


DIALECT = "duckdb"


class LineageUnknown(Exception):
    """A SELECT has a construct that cannot be followed; its text says which."""


@dataclass(frozen=True)
class ColumnOrigin:
    """What a column of a SELECT is made of."""

    expression: str
    """The expression of the SELECT, without its name."""
    columns: tuple[str, ...]
    """`<layer>.<table>.<column>` of the tables that it reads; none for a constant or a count."""
    unknown: tuple[str, ...] = ()
    """What could not be followed."""


@dataclass(frozen=True)
class Prepared:
    """A SELECT with every column qualified by its source, and every star expanded."""

    tree: exp.Query
    """Whoever changes it takes a copy."""
    schema: Mapping[str, object]


def prepared(sql: str, schema: Schema, views: Mapping[str, str] | None = None) -> Prepared:
    """A SELECT to be followed; `views` are the SELECTs of what it reads through.

    Raises:
        LineageUnknown: it cannot be read, or a name in it leads nowhere.
    """
    typed: dict[str, object] = {
        layer: {table: dict.fromkeys(columns, "text") for table, columns in tables.items()}
        for layer, tables in schema.items()
    }
    try:
        inside: dict[str, exp.Query | Callable[[], exp.Query]] = {
            name: _tree(text) for name, text in _needed(sql, views or {}).items()
        }
        tree = qualify(
            exp.expand(_tree(sql), inside, dialect=DIALECT),
            dialect=DIALECT,
            schema=typed,
            validate_qualify_columns=False,
            identify=False,
        )
    except SqlglotError as error:
        raise LineageUnknown(_first_line(error)) from error
    if not isinstance(tree, exp.Query):
        raise LineageUnknown("it is not a SELECT")
    return Prepared(tree, typed)


def column_origins(select: Prepared) -> dict[str, ColumnOrigin]:
    """By column of a SELECT: what it is made of, through its CTEs, unions and stars.

    Raises:
        LineageUnknown: it cannot be followed.
    """
    tree = select.tree.copy()
    schema = dict(select.schema)
    try:
        nodes = lineage(None, tree, schema=schema, scope=build_scope(tree), dialect=DIALECT)
    except (SqlglotError, ValueError) as error:
        raise LineageUnknown(_first_line(error)) from error
    return {name: _origin(node) for name, node in nodes.items()}


def _needed(sql: str, views: Mapping[str, str]) -> dict[str, str]:
    """The views that a SELECT may name, and those that these may name."""
    found: dict[str, str] = {}
    texts = [sql]
    while texts:
        text = texts.pop()
        new = {name: view for name, view in views.items() if name in text and name not in found}
        found |= new
        texts += new.values()
    return found


def _tree(sql: str) -> exp.Query:
    tree = sqlglot.parse_one(sql, dialect=DIALECT)
    if not isinstance(tree, exp.Query):
        raise LineageUnknown("it is not a SELECT")
    return tree


def real_aggregates(node: exp.Expr) -> bool:
    """Whether a projection aggregates rows, other than in a window or in a query of its own."""
    if isinstance(node, (exp.Window, exp.Query)):
        return False
    if isinstance(node, exp.AggFunc):
        return True
    return any(real_aggregates(child) for child in node.iter_expressions())


def _origin(node: Node) -> ColumnOrigin:
    columns, unknown = set(), set()
    for leaf in node.walk():
        if leaf.downstream:
            continue
        if isinstance(leaf.expression, exp.Table):
            table = leaf.expression
            column = leaf.name.rpartition(".")[2]
            if table.name:
                columns.add(f"{table.db}.{table.name}.{column}")
            else:  # the call of a table macro, whose SELECT is not looked into
                unknown.add(column)
        elif isinstance(leaf.expression, (exp.Placeholder, exp.Star)):
            unknown.add(leaf.name)
    expression = node.expression
    inner = expression.unalias() if isinstance(expression, exp.Alias) else expression
    return ColumnOrigin(
        inner.sql(dialect=DIALECT, comments=False), tuple(sorted(columns)), tuple(sorted(unknown))
    )


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
