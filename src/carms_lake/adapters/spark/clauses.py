"""How clauses of DuckDB are said to Spark; the last ones to Sail alone. Rules, as in `rules`."""

from __future__ import annotations

from typing import Any

from sqlglot import exp
from sqlglot.transforms import eliminate_qualify

from carms_lake.adapters.spark.rules import Rule

_WITH = "with_"


def asof_join(node: exp.Expr) -> exp.Expr:
    """A join with the time until which each row of the right side holds: the next row's."""
    if not (isinstance(node, exp.Join) and node.method == "ASOF"):
        return node
    condition: exp.Expr = node.args.get("on") or exp.true()
    terms: list[Any] = list(condition.flatten())
    orders = [term for term in terms if type(term) in {exp.GT, exp.GTE}]
    right = node.alias_or_name
    if [order.expression.text("table") for order in orders] != [right]:
        return node
    (order,) = orders
    equal = [term for term in terms if type(term) is exp.EQ]
    sides = [side for term in equal for side in (term.this, term.expression)]
    since, until = order.expression.name, f"{right}_until"
    following = exp.Window(
        this=exp.Lead(this=exp.column(since)),
        partition_by=[exp.column(side.name) for side in sides if side.text("table") == right],
        order=exp.Order(expressions=[exp.Ordered(this=exp.column(since))]),
    )
    source = node.this.copy()
    source.set("alias", exp.TableAlias(this=exp.to_identifier(f"{right}_rows")))
    rows = exp.select("*", exp.alias_(following, until)).from_(source)
    before = exp.LT if isinstance(order, exp.GTE) else exp.LTE
    end = exp.column(until, table=right)
    within = exp.or_(
        exp.Is(this=end, expression=exp.null()),
        before(this=order.this.copy(), expression=end.copy()),
    )
    joined = node.copy()
    joined.set("method", None)
    joined.set("this", rows.subquery(right))
    joined.set("on", exp.and_(condition.copy(), within))
    return joined


def unnest(node: exp.Expr) -> exp.Expr:
    """Rows of a list in a clause of their own: Spark makes none inside of expressions."""
    if not isinstance(node, exp.Select):
        return node
    found = list(_lists_of(node))
    in_the_way = ("order", "limit", "distinct", "qualify", "having", "windows")
    if len(found) != 1 or any(node.args.get(clause) for clause in in_the_way):
        return node
    inner, outer = [], []
    for number, shown in enumerate(node.expressions):
        if any(rows is found[0] for rows in shown.find_all(exp.Explode)):
            inner.append(exp.alias_(found[0].this.copy(), "carms_items"))
            item = exp.column("carms_item")
            outer.append(
                shown.transform(lambda x, by=item: by if isinstance(x, exp.Explode) else x)
            )
            continue
        has_name = isinstance(shown, exp.Alias | exp.Column)
        name = shown.alias_or_name if has_name else f"carms_{number}"
        inner.append(shown if has_name else exp.alias_(shown, name))
        outer.append(exp.column(name))
    lists = node.copy()
    lists.set(_WITH, None)
    lists.set("expressions", inner)
    rows = exp.Lateral(
        this=exp.Explode(this=exp.column("carms_items")),
        view=True,
        alias=exp.TableAlias(
            this=exp.to_identifier("carms_rows"), columns=[exp.to_identifier("carms_item")]
        ),
    )
    made = exp.select(*outer).from_(lists.subquery("carms_lists"))
    made.set("laterals", [rows])
    made.set(_WITH, node.args.get(_WITH))
    return made


def _lists_of(select: exp.Select) -> list[exp.Explode]:
    """The lists that a SELECT itself makes rows of, in its columns."""
    inside = [rows for shown in select.expressions for rows in shown.find_all(exp.Explode)]
    return [rows for rows in inside if rows.find_ancestor(exp.Select) is select]


def qualify(node: exp.Expr) -> exp.Expr:
    """A condition around the SELECT: Sail has no QUALIFY."""
    return eliminate_qualify(node)


def group_by_all(node: exp.Expr) -> exp.Expr:
    """The expressions that aggregate nothing: Sail takes ALL for a column."""
    group = node.args.get("group") if isinstance(node, exp.Select) else None
    if group is None or not group.args.get("all"):
        return node
    shown = [column.unalias() for column in node.expressions]
    keys = [key.copy() for key in shown if key.find(exp.Column) and not key.find(exp.AggFunc)]
    node.set("group", exp.Group(expressions=keys))
    return node


def same_or_both_null(node: exp.Expr) -> exp.Expr:
    """Two comparisons: Sail stops where IS NOT DISTINCT FROM is read by a window."""
    if not isinstance(node, exp.NullSafeEQ):
        return node
    left, right = node.this, node.expression
    nulls = [exp.Is(this=side.copy(), expression=exp.null()) for side in (left, right)]
    same = exp.EQ(this=left.copy(), expression=right.copy())
    return exp.paren(exp.or_(exp.and_(*nulls), exp.Coalesce(this=same, expressions=[exp.false()])))


CLAUSES: tuple[Rule, ...] = (asof_join, unnest)
"""For all servers."""
SAIL: tuple[Rule, ...] = (qualify, group_by_all, same_or_both_null)
"""For Sail alone."""
