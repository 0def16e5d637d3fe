"""Which rows of a SELECT a change of its inputs can touch, by values of some of its columns.

A SELECT may be computed for some values of its key alone where filtering the places that the key
comes from filters the result: through CTEs, unions, groups by the key and windows within it. Which
values are touched is then known from the rows that changed in these places, and from the rows there
that look up a row which changed. What cannot be proved raises `NotByKey`, which says why.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from carms_lake.store.gold.changes import ByKey, NotByKey, Place
from carms_lake.store.gold.key_trees import (
    ROW,
    Common,
    ensure_repeatable,
    name_of,
    of_row,
    query_of,
    replaced,
    span_of,
    subqueries,
    tables_in,
    with_ctes,
)
from carms_lake.store.sql.column_lineage import DIALECT, Prepared, real_aggregates

_PLAIN = (exp.Column, exp.Identifier, exp.Coalesce, exp.Literal, exp.Cast, exp.DataType, exp.Null)
"""What a key may be made of: its text means the same wherever it is written."""


@dataclass
class _Walk:
    """What is known while a SELECT is gone through."""

    changed: Mapping[str, str]
    """By table whose rows changed: the relation of all rows that came or went."""
    unknown: Mapping[str, str]
    """By table that changed, nobody knows in which rows: why."""
    places: dict[tuple[int, int], Place] = field(default_factory=dict)
    whole: set[tuple[int, int]] = field(default_factory=set)
    touched: list[str] = field(default_factory=list)


def by_key(
    select: Prepared,
    key: Sequence[str],
    changed: Mapping[str, str],
    unknown: Mapping[str, str],
) -> ByKey:
    """How a SELECT is computed for some values of the columns `key`, or of one of them.

    `changed` has, by table that it reads, the relation of the rows that came or went, `unknown` the
    reason why there is none.

    Raises:
        NotByKey: the SELECT cannot be computed by values of these columns.
    """
    ensure_repeatable(select.tree)
    seen = {name_of(table) for table in select.tree.find_all(exp.Table)}
    if missed := {*changed, *unknown} - seen:
        raise NotByKey(f"it reads `{min(missed)}` in a way that is not followed")
    choices = [tuple(key), *((name,) for name in key if len(key) > 1)]
    why = NotByKey("its contract has no primary key")
    for columns in filter(None, choices):
        walk = _Walk(changed, unknown)
        wanted = [exp.column(name) for name in columns]
        try:
            _follow(walk, select.tree, wanted, {}, restricts=True)
            _ensure_one_way(walk)
        except NotByKey as reason:
            why = reason if columns is choices[0] else why
        else:
            return ByKey(columns, tuple(walk.places.values()), tuple(walk.touched))
    raise why


def _ensure_one_way(walk: _Walk) -> None:
    """Refuse a place that is needed for some keys, and as a whole."""
    if walk.whole & walk.places.keys():
        raise NotByKey("it reads a part of itself in two ways")


def _follow(  # noqa: PLR0913  # what a query is followed by
    walk: _Walk,
    query: exp.Expr,
    key: Sequence[exp.Expr],
    common: Common,
    names: Sequence[str] | None = None,
    *,
    restricts: bool,
) -> list[tuple[str, list[str]]]:
    """Follow the key, expressions of a query's columns, to the tables that it comes from.

    Each is a relation, and the key as expressions of its row. What changed there, and what changed
    where their rows are looked up, is added to `touched`. `names` are those of the columns, where a
    union names them; `restricts`: the tables are read for some keys only.
    """
    common = with_ctes(query, common)
    if isinstance(query, exp.Subquery):
        return _follow(walk, query.this, key, common, names, restricts=restricts)
    if isinstance(query, exp.Union):
        if any(
            query.args.get(part) for part in ("by_name", "on", "side", "kind", "limit", "offset")
        ):
            raise NotByKey("it has a union by name, or a limit")
        names = names or query.named_selects
        found = _follow(walk, query.this, key, common, names, restricts=restricts)
        return found + _follow(walk, query.expression, key, common, names, restricts=restricts)
    if not isinstance(query, exp.Select):
        raise NotByKey(f"it has `{query.key}`")
    names = names or [item.alias_or_name for item in query.expressions]
    if len(names) != len({*names}) or len(names) != len(query.expressions):
        raise NotByKey("its columns have no names of their own")
    outputs = dict(zip(names, (item.unalias() for item in query.expressions), strict=True))
    _ensure_filterable(query, key, outputs)
    own = [replaced(k, outputs) for k in key]
    _ensure_known(walk, subqueries(query), common)
    origin = query.args.get("from_")
    names_used = {c.table for k in own for c in k.find_all(exp.Column)}
    if origin is None or names_used != {origin.this.alias_or_name}:
        raise NotByKey("its key is not in the table that it begins with")
    if not all(isinstance(node, _PLAIN) for k in own for node in k.walk()):
        raise NotByKey("its key is computed")
    found = _source(walk, origin.this, own, common, restricts=restricts)
    for join in query.args.get("joins") or []:
        _joined(walk, query, join, own, common, restricts=restricts)
    return found


def _ensure_filterable(
    query: exp.Select, key: Sequence[exp.Expr], outputs: Mapping[str, exp.Expr]
) -> None:
    """Ensure that filtering the rows of a SELECT by the key is filtering its result."""
    for part in ("limit", "offset", "laterals", "sample"):
        if query.args.get(part):
            raise NotByKey(f"it has `{part}`")
    if query.args.get("distinct") and query.args["distinct"].args.get("on"):
        raise NotByKey("it has `distinct on`")
    used = [outputs.get(column.name) for k in key for column in k.find_all(exp.Column)]
    if None in used:
        raise NotByKey("a column of its key is not found")
    texts = {node.sql(DIALECT) for node in used if node is not None}
    _ensure_grouped(query, texts)
    for window in query.find_all(exp.Window):
        inside = {node.sql(DIALECT) for node in window.args.get("partition_by") or []}
        if window.find_ancestor(exp.Select) is query and not texts <= inside:
            raise NotByKey("a window looks beyond its key")


def _ensure_grouped(query: exp.Select, texts: set[str]) -> None:
    """Ensure that no group of a SELECT has rows of several keys."""
    group = query.args.get("group")
    if not group:
        if any(real_aggregates(item) for item in query.expressions):
            raise NotByKey("it has one row for all rows")
        return
    if any(group.args.get(name) for name in ("grouping_sets", "cube", "rollup")):
        raise NotByKey("it groups by several sets")
    groups = {_group_text(node, query) for node in group.expressions}
    if not group.args.get("all") and not texts <= groups:
        raise NotByKey("it does not group by its key")


def _group_text(node: exp.Expr, query: exp.Select) -> str:
    """What is grouped by, where a number says which column."""
    if isinstance(node, exp.Literal) and node.is_int:
        node = query.expressions[int(node.name) - 1].unalias()
    return node.sql(DIALECT)


def _source(
    walk: _Walk, source: exp.Expr, key: Sequence[exp.Expr], common: Common, *, restricts: bool
) -> list[tuple[str, list[str]]]:
    """Follow the key into what a SELECT reads from: a table, a CTE or a subquery."""
    alias = source.args.get("alias")
    if alias is not None and alias.columns:
        raise NotByKey("it names the columns of what it reads anew")
    inner = query_of(source, common)
    if inner is not None:
        plain = [replaced(k, None) for k in key]
        return _follow(walk, inner[0], plain, inner[1], restricts=restricts)
    if not isinstance(source, exp.Table) or not source.db:
        raise NotByKey("it reads something other than a table")
    name = name_of(source)
    texts = [of_row(k) for k in key]
    if name in walk.unknown:
        raise NotByKey(walk.unknown[name])
    is_named = alias is not None and "start" in alias.this.meta
    place = Place(name, *span_of(source), tuple(texts), is_named)
    if restricts and walk.places.setdefault((place.start, place.end), place) != place:
        raise NotByKey("it reads a part of itself in two ways")
    if not restricts:
        walk.whole.add((place.start, place.end))
    if name in walk.changed:
        walk.touched.append(f"select {', '.join(texts)} from {walk.changed[name]} as {ROW}")
    return [(name, texts)]


def _joined(  # noqa: PLR0913  # a join is about all of these
    walk: _Walk,
    query: exp.Select,
    join: exp.Join,
    key: Sequence[exp.Expr],
    common: Common,
    *,
    restricts: bool,
) -> None:
    """Add the keys of the rows for which a joined table has another row now."""
    words = {(word or "").lower() for word in (join.side, join.kind, join.method)}
    if refused := words & {"right", "full", "natural", "positional"}:
        raise NotByKey(f"it has a {min(refused)} join")
    if join.args.get("using"):
        raise NotByKey("it has a join with `using`")
    source = join.this
    pairs = _equal(join, source.alias_or_name)
    by_other = {other.sql(DIALECT): column for column, other in pairs}
    texts = [k.sql(DIALECT) for k in key]
    if all(text in by_other for text in texts):
        same = [by_other[text] for text in texts]
        if _can(walk, source, same, common, restricts=restricts):
            return
    tables = tables_in(source, common)
    changed = [table for table in tables if name_of(table) in {*walk.changed, *walk.unknown}]
    if not changed:
        walk.whole |= {span_of(table) for table in tables}
        return
    origin = query.args["from_"].this
    usable = [
        (column, other)
        for column, other in pairs
        if {c.table for c in other.find_all(exp.Column)} == {origin.alias_or_name}
        and all(isinstance(node, _PLAIN) for node in other.walk())
    ]
    if not usable:
        raise NotByKey(f"`{name_of(changed[0])}`, not joined by columns of its key, changed")
    looked_up = _Walk(walk.changed, walk.unknown)
    _source(looked_up, source, [column for column, _ in usable], common, restricts=False)
    walk.whole |= looked_up.whole
    drivers = _source(
        _Walk({}, {}), origin, [*key, *(other for _, other in usable)], common, restricts=False
    )
    size = len(key)
    names = [f"c{i}" for i in range(len(usable))]
    for select in looked_up.touched:
        for table, found in drivers:
            matches = " and ".join(
                f"{text} = changed.{name}" for text, name in zip(found[size:], names, strict=True)
            )
            walk.touched.append(
                f"select {', '.join(found[:size])} from {table} as {ROW} semi join ({select})"
                f" as changed({', '.join(names)}) on {matches}"
            )


def _can(
    walk: _Walk, source: exp.Expr, key: Sequence[exp.Expr], common: Common, *, restricts: bool
) -> bool:
    """Follow the key into a joined table that is joined by it, where that is possible."""
    own = _Walk(walk.changed, walk.unknown, dict(walk.places))
    try:
        _source(own, source, key, common, restricts=restricts)
    except NotByKey:
        return False
    walk.places |= own.places
    walk.whole |= own.whole
    walk.touched += own.touched
    return True


def _equal(join: exp.Join, alias: str) -> list[tuple[exp.Column, exp.Expr]]:
    """The columns of a joined table that have to equal something of the tables before it."""
    found = []
    on = join.args.get("on")
    for part in on.flatten() if isinstance(on, exp.And) else [on]:
        if isinstance(part, exp.EQ):
            for mine, other in ((part.this, part.expression), (part.expression, part.this)):
                is_mine = isinstance(mine, exp.Column) and mine.table == alias
                if is_mine and all(c.table != alias for c in other.find_all(exp.Column)):
                    found.append((mine, other))
    return found


def _ensure_known(walk: _Walk, queries: Iterable[exp.Expr], common: Common) -> None:
    """Refuse a query inside an expression that reads a table which changed."""
    for query in queries:
        for table in tables_in(query, with_ctes(query, common)):
            if name_of(table) in {*walk.changed, *walk.unknown}:
                raise NotByKey(f"`{name_of(table)}`, which it reads in a subquery, changed")
            walk.whole.add(span_of(table))
