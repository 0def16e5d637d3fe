"""The trees of SELECTs that are followed by key: tables, CTEs, and what may not be in them."""

from collections.abc import Mapping

from sqlglot import exp

from carms_lake.store.gold.changes import NotByKey
from carms_lake.store.sql.column_lineage import DIALECT

ROW = "t"
"""What the row of a table is called in expressions of its columns."""

_NOT_ALWAYS_THE_SAME = frozenset(
    {
        "age",
        "any_value",
        "arbitrary",
        "array_agg",
        "current_date",
        "current_localtime",
        "current_localtimestamp",
        "current_time",
        "current_timestamp",
        "first",
        "gen_random_uuid",
        "get_current_timestamp",
        "group_concat",
        "last",
        "list",
        "listagg",
        "localtime",
        "localtimestamp",
        "now",
        "rand",
        "random",
        "string_agg",
        "today",
        "transaction_timestamp",
        "uuid",
        "uuidv4",
        "uuidv7",
    }
)
"""Functions whose value depends on the order of rows, on chance or on the clock."""

Common = Mapping[str, tuple[exp.Query, "Common"]]
"""By name of a CTE: its query, and the CTEs that it can name."""


def ensure_repeatable(tree: exp.Expr) -> None:
    """Refuse what may give another row for the same input, or needs all rows."""
    for node in tree.walk():
        if isinstance(node, exp.Func):
            name = node.name if isinstance(node, exp.Anonymous) else node.sql_name()
            if name.lower() in _NOT_ALWAYS_THE_SAME:
                raise NotByKey(f"it calls `{name.lower()}`")
        if isinstance(node, exp.Column) and node.args.get("db"):
            raise NotByKey("it names a column by its schema")
        if isinstance(node, (exp.TableSample, exp.Pivot)):
            raise NotByKey(f"it has `{node.key}`")


def subqueries(query: exp.Select) -> list[exp.Expr]:
    """The queries inside the expressions of a SELECT."""
    parts = ("expressions", "where", "having", "qualify", "group")
    roots = [query.args.get(part) for part in parts]
    roots += [join.args.get("on") for join in query.args.get("joins") or []]
    flat = [n for root in roots for n in (root if isinstance(root, list) else [root]) if n]
    return [found for node in flat for found in node.find_all(exp.Query)]


def tables_in(source: exp.Expr, common: Common) -> list[exp.Table]:
    """The tables that a source reads, through CTEs."""
    inner = query_of(source, common)
    if inner is not None:
        return tables_in(inner[0], with_ctes(*inner))
    if isinstance(source, exp.Table) and source.db:
        return [source]
    found = []
    for table in source.find_all(exp.Table):
        if table is not source:
            found += tables_in(table, common)
    return found


def query_of(source: exp.Expr, common: Common) -> tuple[exp.Query, Common] | None:
    """The query that a source is, with the CTEs that it can name; None for a table."""
    if isinstance(source, exp.Subquery):
        return source.this, common
    if isinstance(source, exp.Table) and not source.db:
        return common.get(source.name)
    return None


def with_ctes(query: exp.Expr, common: Common) -> Common:
    """The CTEs that a query can name."""
    head = query.args.get("with_")
    if head is None:
        return common
    if head.args.get("recursive"):
        raise NotByKey("it is recursive")
    known = dict(common)
    for one in head.expressions:
        if one.args["alias"].columns:
            raise NotByKey("it names the columns of what it reads anew")
        known[one.alias] = (one.this, dict(known))
    return known


def replaced(node: exp.Expr, by: Mapping[str, exp.Expr] | None) -> exp.Expr:
    """An expression with other expressions in the place of its columns; None: bare columns."""

    def other(one: exp.Expr) -> exp.Expr:
        if not isinstance(one, exp.Column):
            return one
        return exp.column(one.name) if by is None else by[one.name].copy()

    return node.copy().transform(other)


def of_row(node: exp.Expr) -> str:
    """The text of an expression of columns, as those of one row."""

    def renamed(one: exp.Expr) -> exp.Expr:
        return exp.column(one.name, table=ROW) if isinstance(one, exp.Column) else one

    return node.copy().transform(renamed).sql(DIALECT, identify=True)


def name_of(table: exp.Table) -> str:
    """A table, or a macro, as a SELECT names it."""
    called = table.this if isinstance(table.this, exp.Func) else table
    return f"{table.db}.{called.name}"


def span_of(table: exp.Table) -> tuple[int, int]:
    """Where a table's name is in the text."""
    try:
        return table.args["db"].meta["start"], table.this.meta["end"] + 1
    except KeyError:
        raise NotByKey("a table has no place in its text") from None
