"""Two versions of a contract -> what changed, and whether it breaks anything."""

from collections.abc import Iterable, Iterator
from typing import Any

from carms_lake.contract.change import Change, Level, range_changes, shown, wider
from carms_lake.contract.limits import QualityRule, RowChange
from carms_lake.contract.model import Column, Contract, NewColumns, Relationship, SourceSpec

_Difference = tuple[Level, str, Any, Any]
"""Level, kind, before, after."""


def diff(old: Contract, new: Contract) -> tuple[Change, ...]:
    """The changes from an older contract of a table to a newer one; `version` does not count.

    A column is renamed, not removed, where a new one has its header or its description.
    """
    of_table = [*_table(old, new), *_limits(old, new)]
    if old.source and new.source:
        of_table += _source(old.source, new.source, new)
    return (
        *_columns(old, new),
        *_changes(None, of_table),
        *_relationships(old, new),
        *_quality(old, new),
    )


def _changes(column: str | None, differences: Iterable[_Difference]) -> Iterator[Change]:
    for level, kind, before, after in differences:
        yield Change(level, kind, column, shown(before), shown(after))


def _unequal(
    level: Level, old: object, new: object, *names: str, **kinds: str
) -> Iterator[_Difference]:
    """The attributes that differ, all of one level; a keyword names the kind of the change."""
    for name, kind in {**{name: name.replace("_", " ") for name in names}, **kinds}.items():
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield level, kind, before, after


def _columns(old: Contract, new: Contract) -> Iterator[Change]:
    before = {column.name: column for column in old.columns}
    after = {column.name: column for column in new.columns}
    renamed = _renamed(
        [column for name, column in before.items() if name not in after],
        [column for name, column in after.items() if name not in before],
    )
    for name, column in before.items():
        if name in renamed:
            yield Change(Level.MAJOR, "renamed", name, name, renamed[name].name)
            yield from _changes(name, _column(column, renamed[name]))
        elif name not in after:
            yield Change(Level.MAJOR, "removed", name, str(column.type), "")
    for name, column in after.items():
        if name not in before and column not in renamed.values():
            yield _added(column)
    kept = [name for name in before if name in after]
    for name in kept:
        yield from _changes(name, _column(before[name], after[name]))
    if kept != [name for name in after if name in before]:
        yield Change(Level.PATCH, "order", None, ", ".join(before), ", ".join(after))


def _renamed(gone: list[Column], come: list[Column]) -> dict[str, Column]:
    """The new column by the old one's name, where header or description is the same."""
    found: dict[str, Column] = {}
    for old in gone:
        for new in come:
            same_words = bool(old.description) and old.description == new.description
            if new not in found.values() and (old.source == new.source or same_words):
                found[old.name] = new
                break
    return found


def _added(column: Column) -> Change:
    """Breaking where files and rows that were valid without the column are now rejected."""
    is_optional = not column.required or column.may_be_absent
    is_new_demand = column.primary_key_position is not None or column.unique
    level = Level.MINOR if is_optional and not is_new_demand else Level.MAJOR
    what = str(column.type) + ("" if is_optional else ", required")
    return Change(level, "added", column.name, "", what)


def _column(old: Column, new: Column) -> Iterator[_Difference]:
    if old.type != new.type:
        yield Level.MINOR if wider(new.type, old.type) else Level.MAJOR, "type", old.type, new.type
    yield from _unequal(
        Level.MAJOR, old, new, "required", "unique", "from_path",
        "spelling", "bytes_encoding", primary_key_position="primary key", source="header",
    )  # fmt: skip
    is_narrower = not set(old.aliases) <= {*new.aliases, new.source}
    yield from _unequal(Level.MAJOR if is_narrower else Level.MINOR, old, new, "aliases")
    yield from _optional(old, new)
    yield from _values(old, new)
    words = ("description", "rule", "coverage")
    yield from _unequal(Level.PATCH, old, new, *words, sources="made of")


def _optional(old: Column, new: Column) -> Iterator[_Difference]:
    # A file without the column gives nulls, which readers of a required column do not expect.
    is_harmless = new.may_be_absent and not old.required
    yield from _unequal(Level.MINOR if is_harmless else Level.MAJOR, old, new, "may_be_absent")
    yield from _unequal(
        Level.MAJOR if new.classification else Level.MINOR, old, new, "classification"
    )
    # It only writes a note, and rejects nothing.
    yield from _unequal(Level.MINOR, old, new, "agrees_with_path")


def _values(old: Column, new: Column) -> Iterator[_Difference]:
    if set(old.enum) != set(new.enum):
        is_narrower = bool(new.enum) and not (old.enum and set(old.enum) <= set(new.enum))
        yield Level.MAJOR if is_narrower else Level.MINOR, "enum", old.enum, new.enum
    yield from _unequal(Level.MAJOR if new.pattern else Level.MINOR, old, new, "pattern")
    for kind, before, after, is_narrower in range_changes(old.bounds, new.bounds):
        yield Level.MAJOR if is_narrower else Level.MINOR, kind, before, after


def _table(old: Contract, new: Contract) -> Iterator[_Difference]:
    yield from _unequal(Level.MAJOR, old, new, "kind", "parameters", ref="table")
    yield from _unequal(
        Level.MAJOR, old.silver, new.silver, "driver", "balance", "driver_key", "history",
        order="order of versions",
    )  # fmt: skip
    yield from _unequal(
        Level.PATCH,
        old,
        new,
        "grain",
        "description",
        "coverage_by",
        "written_by",
        "evidence",
        "indexes",
        enforce_key="declared key",
    )
    yield from _unequal(Level.PATCH, old.silver, new.silver, by_key="incremental")
    for kind, shown_of in (
        ("reconciliation", _reconciled),
        ("declared totals", _totals),
        ("measures", _measures),
    ):
        if shown_of(old) != shown_of(new):
            yield Level.MINOR, kind, shown_of(old), shown_of(new)


def _limits(old: Contract, new: Contract) -> Iterator[_Difference]:
    """Limits may become stricter or looser: only what stops a build breaks anything."""
    if old.ages != new.ages:
        then, now = (min((age.limit for age in c.ages), default=None) for c in (old, new))
        is_stricter = now is not None and (then is None or now < then)
        yield Level.MAJOR if is_stricter else Level.MINOR, "freshness", _ages(old), _ages(new)
    then_pct, now_pct = ({"": c.quarantine_budget_pct, **c.quarantine_budgets} for c in (old, new))
    for code in sorted(then_pct.keys() | now_pct.keys()):
        was, becomes = then_pct.get(code), now_pct.get(code)
        asked, asks = (100.0 if pct is None else pct for pct in (was, becomes))
        if was != becomes:
            kind = " ".join(filter(None, ("quarantine budget", code)))
            yield Level.MAJOR if asks < asked else Level.MINOR, kind, was, becomes
    if old.row_change != new.row_change:
        then_rows, now_rows = old.row_change, new.row_change
        is_stricter = _stopping_change(now_rows) < _stopping_change(then_rows)
        before, after = (f"{c.pct} % ({c.severity})" if c else "" for c in (then_rows, now_rows))
        yield Level.MAJOR if is_stricter else Level.MINOR, "row change", before, after


def _ages(contract: Contract) -> str:
    return ", ".join(
        f"{age.property}{f' of {age.column}' if age.column else ''} {age.limit} ({age.severity})"
        for age in contract.ages
    )


def _stopping_change(change: RowChange | None) -> float:
    """The change of rows that stops a build."""
    return change.pct if change and change.severity == "error" else float("inf")


def _totals(contract: Contract) -> tuple[str, ...]:
    return tuple(f"{t.name}: {t.select} = {t.value}" for t in contract.declared_totals)


def _measures(contract: Contract) -> tuple[str, ...]:
    return tuple(f"{m.name}: {m.dax} = {m.sql} ({m.format})" for m in contract.measures)


def _reconciled(contract: Contract) -> tuple[str, ...]:
    return tuple(f"{e['name']}: {e['gold']} = {e['silver']}" for e in contract.reconcile)


def _source(old: SourceSpec, new: SourceSpec, contract: Contract) -> Iterator[_Difference]:
    """Which files are read and how; a column that the engine adds no longer is a removed one."""
    yield from _unequal(
        Level.MAJOR, old, new, "delivery", "series", "encoding", "delimiter", "quote", "sheet",
        "null_values", "trim", "encodings", "escape", extent="place of the table",
    )  # fmt: skip
    yield from _unequal(Level.MINOR, old, new, "may_be_empty")
    headers = {column.source for column in contract.columns}
    for kind, then, now in (
        ("files", set(old.files), set(new.files)),
        ("formats", set(old.formats), set(new.formats)),
        ("dropped columns", set(old.drop_columns), set(new.drop_columns) | headers),
    ):
        if not then <= now or now - then - headers:
            level = Level.MINOR if then <= now else Level.MAJOR
            yield level, kind, sorted(then), sorted(now)
    # `accept` adds a column to the rows, and so does a repair; `refuse` accepts the fewest files.
    takes_away = old.new_columns is NewColumns.ACCEPT or new.new_columns is NewColumns.REFUSE
    yield from _unequal(Level.MAJOR if takes_away else Level.MINOR, old, new, "new_columns")
    takes_away = old.merge_surplus_into is not None
    yield from _unequal(
        Level.MAJOR if takes_away else Level.MINOR, old, new, merge_surplus_into="surplus fields"
    )


def _relationships(old: Contract, new: Contract) -> Iterator[Change]:
    before, after = (
        {(r.columns, r.target.in_domain, r.target_columns): r for r in contract.relationships}
        for contract in (old, new)
    )
    for key in {**before, **after}:
        then, now = before.get(key), after.get(key)
        if then == now:
            continue
        demands_more = now is not None and (then is None or _strictness(now) > _strictness(then))
        column = "+".join(key[0])
        level = Level.MAJOR if demands_more else Level.MINOR
        yield Change(level, "relationship", column, _reference(then), _reference(now))


def _strictness(relationship: Relationship) -> tuple[bool, bool, float]:
    """How strict a reference is; a budget makes it less so."""
    budget = relationship.budget_pct
    if budget is None:
        budget = 100.0 if relationship.quarantine else 0.0
    return relationship.enforced, relationship.quarantine, -budget


def _reference(relationship: Relationship | None) -> str:
    if relationship is None:
        return ""
    words = [relationship.target.in_domain]
    words += ["enforced"] * relationship.enforced + ["quarantine"] * relationship.quarantine
    if relationship.budget_pct is not None:
        words.append(f"budget {relationship.budget_pct} %")
    return " ".join(words)


def _quality(old: Contract, new: Contract) -> Iterator[Change]:
    """Rules by name: one of severity error that is new or different may break something."""
    before = {(rule.column, rule.name): rule for rule in old.quality}
    after = {(rule.column, rule.name): rule for rule in new.quality}
    for key in {**before, **after}:
        then, now = before.get(key), after.get(key)
        if then == now:
            continue
        stops = now is not None and now.severity == "error"
        is_same_rule = then is not None and now is not None and _asked(then) == _asked(now)
        was_stopping = then is not None and then.severity == "error"
        level = Level.MAJOR if stops and not (is_same_rule and was_stopping) else Level.MINOR
        if is_same_rule and then and now and then.severity == now.severity:
            level = Level.PATCH
        yield Change(level, f"rule {key[1]}", key[0], _rule(then), _rule(now))


def _asked(rule: QualityRule) -> tuple[Any, ...]:
    return (rule.kind, rule.metric, rule.query, dict(rule.arguments), dict(rule.operators),
            rule.unit)  # fmt: skip


def _rule(rule: QualityRule | None) -> str:
    if rule is None:
        return ""
    what = rule.metric or rule.query or rule.kind
    limits = ", ".join(f"{key} {value}" for key, value in rule.operators.items())
    return f"{rule.severity}: {what} {limits}".strip()
