"""Which rows a SELECT made a row of: the SELECT itself, carrying the keys of what it reads.

Every query inside it gets one more column for each place where a table is read below: the list of
the keys of the rows that went into its row. A join puts lists together, a group collects those of
its members, a union leaves the other side's empty. What an aggregate over everything reads (`select
max(x) from t`) is the whole table, and no rows are named for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from carms_lake.store.sql.column_lineage import DIALECT, LineageUnknown, Prepared, real_aggregates

_ROOM = 2
"""How many times the limit a group keeps: joins and unions bring the same row more than once."""

MARK = "carms_rows_of_"
"""Before a number: the column that holds the keys of the rows that are read in one place."""


@dataclass(frozen=True)
class LineageQuery:
    """A SELECT that carries the keys of the rows that each of its rows was made of."""

    sql: str
    columns: Mapping[str, tuple[str, ...]]
    """By table that is read (`silver.program`): the columns with lists of its keys, as structs; one
    for each place where it is read. Tables of which no single rows are named have none."""
    whole: frozenset[str]
    """Tables that an aggregate over everything reads."""


@dataclass
class _Walk:
    """What is known while a SELECT is gone through, from the inside out."""

    keys: Mapping[str, Sequence[str]]
    subsets: Mapping[str, str]
    limit: int
    places: list[str] = field(default_factory=list)
    """The tables, once for each place where one is read."""
    whole: set[str] = field(default_factory=set)


def lineage_query(
    select: Prepared,
    keys: Mapping[str, Sequence[str]],
    *,
    subsets: Mapping[str, str] | None = None,
    limit: int,
) -> LineageQuery:
    """The SELECT with a column more for each place where a table is read whose key is known.

    A list holds a few times `limit` rows at most, where a group has more members. `subsets` names,
    for a table that is read, a relation that is read in its place.

    Raises:
        LineageUnknown: it has a construct that rows cannot be followed through.
    """
    walk = _Walk(keys, subsets or {}, limit)
    done, found = _query(walk, select.tree.copy(), {})
    # Which rows there are does not depend on their order, and sorting them takes time.
    done.set("order", None)
    columns: dict[str, tuple[str, ...]] = {}
    for number in sorted(found):
        columns[walk.places[number]] = (*columns.get(walk.places[number], ()), _mark(number))
    return LineageQuery(
        done.sql(dialect=DIALECT, identify=True), columns, frozenset(walk.whole - set(columns))
    )


def _query(
    walk: _Walk, node: exp.Expr, names: Mapping[str, frozenset[int]]
) -> tuple[exp.Expr, frozenset[int]]:
    """A query that carries keys, and of which places (by number); `names` are those in scope."""
    known = dict(names)
    head = node.args.get("with_")
    if head:
        if head.args.get("recursive"):
            raise LineageUnknown("a recursive query")
        for common in head.expressions:
            inner, carried = _query(walk, common.this, known)
            common.set("this", inner)
            known[common.alias] = carried
    if isinstance(node, exp.Select):
        return node, _select(walk, node, known)
    if isinstance(node, exp.Union):
        return _union(walk, node, known)
    if isinstance(node, exp.Subquery):
        inner, carried = _query(walk, node.this, known)
        node.set("this", inner)
        return node, carried
    raise LineageUnknown(f"`{node.key}`")


def _union(
    walk: _Walk, node: exp.Union, names: Mapping[str, frozenset[int]]
) -> tuple[exp.Expr, frozenset[int]]:
    head = node.args.get("with_")
    node.set("with_", None)
    columns = list(node.named_selects)
    sides = {
        "this": _query(walk, node.this, names),
        "expression": _query(walk, node.expression, names),
    }
    found = sides["this"][1] | sides["expression"][1]
    for side, (inner, carried) in sides.items():
        _pad(inner, carried, found)
        node.set(side, inner)
    if not node.args.get("distinct"):
        node.set("with_", head)
        return node, found
    # Equal rows of both sides become one, with the keys of all of them.
    node.set("distinct", False)
    outer = exp.select(*(exp.column(name) for name in columns)).from_(node.subquery("united"))
    for number in sorted(found):
        outer.select(_collected(walk, exp.column(_mark(number)), number), copy=False)
    outer.set("group", exp.Group(all=True))
    outer.set("with_", head)
    return outer, found


def _pad(query: exp.Expr, carried: frozenset[int], wanted: frozenset[int]) -> None:
    """Let a side of a union have the columns of the other one, in one order."""
    if isinstance(query, exp.Subquery):
        _pad(query.this, carried, wanted)
        return
    if isinstance(query, exp.Union):
        _pad(query.this, carried, wanted)
        _pad(query.expression, carried, wanted)
        return
    assert isinstance(query, exp.Select)  # noqa: S101  # `_query` returns nothing else
    own = {item.alias: item for item in query.expressions if item.alias.startswith(MARK)}
    kept = [item for item in query.expressions if item.alias not in own]
    marks = [
        own.get(_mark(number), exp.alias_(exp.Null(), _mark(number))) for number in sorted(wanted)
    ]
    query.set("expressions", [*kept, *marks])


def _select(walk: _Walk, node: exp.Select, names: Mapping[str, frozenset[int]]) -> frozenset[int]:
    """Add the columns to a SELECT; of which places."""
    parts = _contributions(walk, node, names)
    is_grouped = bool(node.args.get("group"))
    # One row is made of all rows: none of them is worth naming.
    if not is_grouped and any(real_aggregates(item) for item in node.expressions):
        walk.whole |= {walk.places[number] for number in parts}
        return frozenset()
    distinct = node.args.get("distinct")
    if distinct:
        if distinct.args.get("on") or is_grouped:
            raise LineageUnknown("`distinct on`")
        node.set("distinct", None)
        node.set("group", exp.Group(all=True))
        is_grouped = True
    for number, columns in sorted(parts.items()):
        value = columns[0] if len(columns) == 1 else exp.func("list_concat", *columns)
        if is_grouped:
            node.select(_collected(walk, value, number), copy=False)
        else:
            node.select(exp.alias_(value, _mark(number)), copy=False)
    return frozenset(parts)


def _contributions(
    walk: _Walk, node: exp.Select, names: Mapping[str, frozenset[int]]
) -> dict[int, list[exp.Expr]]:
    """By place: what each source of a SELECT brings of the rows that are read there."""
    found: dict[int, list[exp.Expr]] = {}
    origin = node.args.get("from_")
    joins = node.args.get("joins") or []
    # What a semi join looks up only decides which rows stay.
    seen = [join.this for join in joins if (join.kind or "").upper() not in ("SEMI", "ANTI")]
    for source in [*([origin.this] if origin else []), *seen]:
        alias = source.alias_or_name
        if source.args.get("pivots"):
            raise LineageUnknown("a pivot")
        if isinstance(source, exp.Table) and source.db:
            name = f"{source.db}.{source.name}"
            if walk.keys.get(name):
                found[len(walk.places)] = [_key_of(alias, walk.keys[name])]
                walk.places.append(name)
            if name in walk.subsets:
                kept = exp.to_table(walk.subsets[name], dialect=DIALECT)
                source.set("this", kept.this)
                source.set("db", kept.args.get("db"))
                source.set("alias", exp.TableAlias(this=exp.to_identifier(alias)))
            continue
        carried: frozenset[int] = frozenset()
        if isinstance(source, exp.Table):
            carried = names.get(source.name, frozenset())
        elif isinstance(source, exp.Subquery):
            inner, carried = _query(walk, source.this, names)
            source.set("this", inner)
        for number in carried:
            found.setdefault(number, []).append(exp.column(_mark(number), table=alias))
    return found


def _key_of(alias: str, key: Sequence[str]) -> exp.Expr:
    """The key of a source's row as a list of one; null where an outer join has no row of it."""
    columns = [exp.column(name, table=alias) for name in key]
    struct = exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(name), expression=column)
            for name, column in zip(key, columns, strict=True)
        ]
    )
    there = exp.Is(this=columns[0].copy(), expression=exp.Null()).not_()
    return exp.Case(ifs=[exp.If(this=there, true=exp.Array(expressions=[struct]))])


def _collected(walk: _Walk, value: exp.Expr, number: int) -> exp.Expr:
    """The keys that the members of a group bring, no more than are wanted."""
    room = exp.Literal.number(_ROOM * walk.limit)
    some: exp.Expr = exp.Filter(
        this=exp.Anonymous(this="min", expressions=[value, room]),
        expression=exp.Where(this=exp.Is(this=value.copy(), expression=exp.Null()).not_()),
    )
    for name in ("flatten", "list_distinct", "list_sort"):
        some = exp.Anonymous(this=name, expressions=[some])
    first = exp.Anonymous(this="list_slice", expressions=[some, exp.Literal.number(1), room.copy()])
    return exp.alias_(first, _mark(number))


def _mark(number: int) -> str:
    return f"{MARK}{number}"
