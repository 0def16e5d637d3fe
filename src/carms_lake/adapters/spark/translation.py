"""A SELECT of gold as Spark understands it, and what of it has no translation."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlglot import ErrorLevel, TokenType, exp, parse_one, tokenize
from sqlglot.errors import SqlglotError, UnsupportedError
from sqlglot.optimizer.annotate_types import annotate_types

from carms_lake.adapters.spark.clauses import CLAUSES, SAIL
from carms_lake.adapters.spark.rules import EXPRESSIONS, Rule, is_call

_DUCKDB, _SPARK = "duckdb", "databricks"
_KEYED_HASH = "keyed_hash"
_NO_FUNCTIONS = {"group", "try_cast", _KEYED_HASH}
"""What a bracket follows, too: WITHIN GROUP, a syntax of its own, what has its own problem."""

Schema = Mapping[str, Mapping[str, Mapping[str, str]]]
"""By layer, table and column: the type, as DuckDB writes it."""


@dataclass(frozen=True)
class Mask:
    """A mask that is computed here, as a column of a table that the engine reads."""

    table: str
    """As `silver.customer`."""
    column: str
    expression: str
    """What is masked, of the columns of the table; in DuckDB's SQL."""


@dataclass(frozen=True)
class Translation:
    """A SELECT as Spark understands it."""

    sql: str
    views: Mapping[str, str]
    """The names in it that are tables of the lake, as `carms_silver__program`: the tables."""
    masks: tuple[Mask, ...]
    rules: tuple[str, ...]
    """The names of the rules that changed something."""
    problems: tuple[str, ...]
    """What of it does not travel; nothing where it does."""


def rules_for(engine: str) -> tuple[Rule, ...]:
    """The rules that `sail` or `spark` needs, in their order."""
    return (*EXPRESSIONS, *CLAUSES, *(SAIL if engine == "sail" else ()))


def translate(
    sql: str, schema: Schema, engine: str, *, rules: Sequence[Rule] | None = None
) -> Translation:
    """A SELECT of DuckDB for an engine; by all its rules unless some are given."""
    try:
        tree: exp.Expr = annotate_types(
            parse_one(sql, dialect=_DUCKDB), schema=dict(schema), dialect=_DUCKDB
        )
    except SqlglotError as error:
        return Translation("", {}, (), (), (f"it cannot be parsed: {_first_line(error)}",))
    problems = list(_left_out(tree))
    masks = _with_masks(tree)
    used = []
    for rule in rules_for(engine) if rules is None else rules:
        tree, is_changed = applied(tree, rule)
        used += [rule.__name__] if is_changed else []
    views = _with_views(tree, {mask.table for mask in masks})
    problems += _not_said(tree)
    try:
        text = tree.sql(dialect=_SPARK, comments=False, unsupported_level=ErrorLevel.RAISE)
    except UnsupportedError as error:
        problems.append(_first_line(error))
        text = tree.sql(dialect=_SPARK, comments=False, unsupported_level=ErrorLevel.IGNORE)
    named = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    problems += [f"Spark has no function `{x}`" for x in _called(text) - _functions() - named]
    return Translation(text, views, masks, tuple(used), tuple(sorted(set(problems))))


def applied(tree: exp.Expr, rule: Rule) -> tuple[exp.Expr, bool]:
    """A tree after a rule has seen each of its nodes, inner ones first; whether it changed any."""
    is_changed = False
    for node in reversed(list(tree.dfs())):
        parent, key, index = node.parent, node.arg_key, node.index
        before = node.sql() if isinstance(node, exp.Select) else ""  # clauses change it in place
        made = rule(node)
        if made is node:
            is_changed |= bool(before) and before != node.sql()
            continue
        is_changed = True
        if node is tree or parent is None or key is None:
            tree = made
        else:
            parent.set(key, made, index)
    return tree, is_changed


def view_name(table: str, *, is_masked: bool = False) -> str:
    """What a table is called where the SELECT runs: `silver.sale` is `carms_silver__sale`."""
    return f"carms_{table.replace('.', '__')}{'__masked' if is_masked else ''}"


def macros_read(sql: str, macros: Collection[str]) -> list[str]:
    """Those of the macros, as `gold.search_terms`, that a SELECT reads as tables."""
    read = parse_one(sql, dialect=_DUCKDB).find_all(exp.Table)
    # What is called is a function in the place of the name.
    found = {f"{table.db}.{table.this.name}" for table in read}
    return sorted(found & set(macros))


def _with_masks(tree: exp.Expr) -> tuple[Mask, ...]:
    """Read a column in the place of each mask of columns of one table; those that are left stay.

    The key of the masks is never in a statement: who runs it keeps it in plans and logs.
    """
    masks: dict[tuple[str, str], Mask] = {}
    for call in [node for node in tree.find_all(exp.Anonymous) if is_call(node, _KEYED_HASH)]:
        aliases = {column.table for column in call.find_all(exp.Column)}
        select = call.find_ancestor(exp.Select)
        alias = aliases.pop() if len(aliases) == 1 else ""
        table = _table_of(select, alias) if select and alias else None
        if table is None:
            continue
        (word,) = call.expressions
        plain = word.transform(lambda x: exp.column(x.name) if isinstance(x, exp.Column) else x)
        name, text = f"{table.db}.{table.name}", plain.sql(dialect=_DUCKDB)
        mask = masks.setdefault((name, text), Mask(name, f"carms_mask_{len(masks)}", text))
        call.replace(exp.column(mask.column, table=alias))
    return tuple(masks.values())


def _table_of(select: exp.Select, alias: str) -> exp.Table | None:
    """The table of the lake that a SELECT calls so."""
    read = [select.args.get("from_"), *select.args.get("joins", [])]
    for source in (part.this for part in read if part is not None):
        if isinstance(source, exp.Table) and source.db and source.alias_or_name == alias:
            return source
    return None


def _with_views(tree: exp.Expr, masked: Collection[str]) -> dict[str, str]:
    """Read views in the place of the tables of the lake; the tables, by the names of the views."""
    views = {}
    for table in list(tree.find_all(exp.Table)):
        if table.db and isinstance(table.this, exp.Identifier):
            name = f"{table.db}.{table.name}"
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
            view = view_name(name, is_masked=name in masked)
            table.set("db", None)
            table.set("this", exp.to_identifier(view))
            views[view] = name
    return views


def _left_out(tree: exp.Expr) -> Iterator[str]:
    """What sqlglot would leave out without a word."""
    for node in tree.find_all(exp.ArrayAgg):
        if node.find(exp.Order):
            yield "an ordered list: `list(... order by ...)`"


def _not_said(tree: exp.Expr) -> Iterator[str]:
    """What is still as DuckDB says it, after the rules."""
    for join in tree.find_all(exp.Join):
        if join.method == "ASOF":
            yield "an ASOF join, other than one by `>=` or `>` on a column of the right side"
    for rows in tree.find_all(exp.Explode):
        if not isinstance(rows.parent, exp.Lateral):
            yield "`unnest` more than once in a SELECT, or next to ORDER BY, DISTINCT or LIMIT"
    if any(is_call(node, _KEYED_HASH) for node in tree.find_all(exp.Anonymous)):
        yield "`keyed_hash` of something other than columns of one table: the key does not leave"


def _called(sql: str) -> set[str]:
    """The names before brackets in a statement of Spark."""
    tokens = tokenize(sql, read=_SPARK)
    return {
        token.text.lower()
        for before, token, after in zip(tokens, tokens[1:], tokens[2:], strict=False)
        if token.token_type is TokenType.VAR
        and after.token_type is TokenType.L_PAREN
        and before.token_type is not TokenType.ALIAS
        and token.text.lower() not in _NO_FUNCTIONS
    }


@cache
def _functions() -> frozenset[str]:
    """The functions of Spark 4.2, as its SHOW FUNCTIONS names them."""
    path = Path(__file__).with_name("functions.txt")
    return frozenset(path.read_text(encoding="utf-8").split())


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
