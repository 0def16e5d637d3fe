"""Two versions of a contract -> what changed, and whether it breaks anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carms_lake.contract.change import Change, Level, more_or_less, range_changes, shown, wider

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carms_lake.contract.limits import QualityRule
    from carms_lake.contract.model import Column, Contract, Relationship, SourceSpec


_Difference = tuple[Level, str, Any, Any]
"""Level, promise, before, after."""


def column_changes(old: Contract, new: Contract) -> Iterator[Change]:
    """The changes of columns; one that comes from the same header under another name is renamed."""
    before = {column.name: column for column in old.columns}
    after = {column.name: column for column in new.columns}
    gone = [c for name, c in before.items() if name not in after]
    come = [c for name, c in after.items() if name not in before]
    renamed = _renamed(gone, come)
    for column in gone:
        if column.name in renamed:
            target = renamed[column.name]
            yield Change(Level.MAJOR, "renamed", column.name, column.name, target.name)
            yield from _column(column, target)
        else:
            yield Change(Level.MAJOR, "removed", column.name, str(column.type), "")
    taken = {column.name for column in renamed.values()}
    for column in come:
        if column.name not in taken:
            yield _added(column)
    for name, column in before.items():
        if name in after:
            yield from _column(column, after[name])
    kept = [name for name in before if name in after]
    if kept != [name for name in after if name in before]:
        yield Change(Level.PATCH, "order", None, ", ".join(before), ", ".join(after))


def _renamed(gone: list[Column], come: list[Column]) -> dict[str, Column]:
    """The new column by the old one's name, where header or description are the same."""
    found: dict[str, Column] = {}
    for old in gone:
        for new in come:
            same_words = bool(old.description) and old.description == new.description
            if new not in found.values() and (old.source == new.source or same_words):
                found[old.name] = new
                break
    return found


def _added(column: Column) -> Change:
    """Optional where a file may lack it, or a row; required of all, it refuses what was right."""
    is_optional = not column.required or column.may_be_absent
    is_new_demand = column.primary_key_position is not None or column.unique
    level = Level.MINOR if is_optional and not is_new_demand else Level.MAJOR
    what = str(column.type) + ("" if is_optional else ", required")
    return Change(level, "added", column.name, "", what)


def _column(old: Column, new: Column) -> Iterator[Change]:
    for level, kind, before, after in _differences(old, new):
        yield Change(level, kind, old.name, shown(before), shown(after))


def _differences(old: Column, new: Column) -> Iterator[_Difference]:
    if old.type != new.type:
        yield Level.MINOR if wider(new.type, old.type) else Level.MAJOR, "type", old.type, new.type
    breaking: tuple[tuple[str, Any, Any], ...] = (
        ("required", old.required, new.required),
        ("unique", old.unique, new.unique),
        ("primary key", old.primary_key_position, new.primary_key_position),
        ("header", old.source, new.source),
        ("from path", old.from_path, new.from_path),
    )
    yield from _of_level(Level.MAJOR, breaking)
    yield from _optional(old, new)
    yield from _values(old, new)
    words: tuple[tuple[str, Any, Any], ...] = (
        ("description", old.description, new.description),
        ("made of", old.sources, new.sources),
        ("rule", old.rule, new.rule),
        ("coverage", old.coverage, new.coverage),
    )
    yield from _of_level(Level.PATCH, words)


def _of_level(level: Level, promises: tuple[tuple[str, Any, Any], ...]) -> Iterator[_Difference]:
    for kind, before, after in promises:
        if before != after:
            yield level, kind, before, after


def _optional(old: Column, new: Column) -> Iterator[_Difference]:
    if old.may_be_absent != new.may_be_absent:
        # A file without it gives nulls, which nobody was to meet in a required column.
        is_harmless = new.may_be_absent and not old.required
        level = Level.MINOR if is_harmless else Level.MAJOR
        yield level, "may be absent", old.may_be_absent, new.may_be_absent
    if old.classification != new.classification:
        level = Level.MAJOR if new.classification else Level.MINOR
        yield level, "classification", old.classification, new.classification
    if old.agrees_with_path != new.agrees_with_path:  # it only notes, and rejects nothing
        yield Level.MINOR, "agrees with path", old.agrees_with_path, new.agrees_with_path


def _values(old: Column, new: Column) -> Iterator[_Difference]:
    if set(old.enum) != set(new.enum):
        is_narrower = bool(new.enum) and not (old.enum and set(old.enum) <= set(new.enum))
        yield Level.MAJOR if is_narrower else Level.MINOR, "enum", old.enum, new.enum
    if old.pattern != new.pattern:
        level = Level.MINOR if new.pattern is None else Level.MAJOR
        yield level, "pattern", old.pattern, new.pattern
    for kind, before, after, is_narrower in range_changes(old.bounds, new.bounds):
        yield Level.MAJOR if is_narrower else Level.MINOR, kind, before, after


def diff(old: Contract, new: Contract) -> tuple[Change, ...]:
    """What a contract says otherwise than an older one of the same table; `version` is no change.

    A column that goes while another comes from the same header, or under the same words, is told as
    renamed.
    """
    found = [*column_changes(old, new), *_table(old, new)]
    if old.source and new.source:
        found += _source(old.source, new.source, new)
    found += _relationships(old, new)
    found += _quality(old, new)
    return tuple(found)


def _table(old: Contract, new: Contract) -> Iterator[Change]:
    silver_then, silver_now = old.silver, new.silver
    for level, kind, before, after in (
        (Level.MAJOR, "table", old.ref, new.ref),
        (Level.MAJOR, "kind", old.kind, new.kind),
        (Level.MAJOR, "parameters", old.parameters, new.parameters),
        (Level.MAJOR, "driver", silver_then.driver, silver_now.driver),
        (Level.MAJOR, "balance", silver_then.balance, silver_now.balance),
        (Level.MAJOR, "driver key", silver_then.driver_key, silver_now.driver_key),
        (Level.MAJOR, "order of versions", silver_then.order, silver_now.order),
        (Level.MAJOR, "history", silver_then.history, silver_now.history),
        (Level.PATCH, "declared key", old.enforce_key, new.enforce_key),
        (Level.PATCH, "grain", old.grain, new.grain),
        (Level.PATCH, "description", old.description, new.description),
        (Level.PATCH, "incremental", silver_then.by_key, silver_now.by_key),
        (Level.PATCH, "coverage by", old.coverage_by, new.coverage_by),
        (Level.MINOR, "reconciliation", _names(old), _names(new)),
        (Level.MINOR, "declared totals", _totals(old), _totals(new)),
    ):
        if before != after:
            yield Change(level, kind, None, shown(before), shown(after))
    yield from _limits(old, new)


def _limits(old: Contract, new: Contract) -> Iterator[Change]:
    """Limits that may be stricter, or milder: only what stops a build is a demand."""
    if old.ages != new.ages:
        then, now = (min((age.limit for age in c.ages), default=None) for c in (old, new))
        asks_more = now is not None and (then is None or now < then)
        level = Level.MAJOR if asks_more else Level.MINOR
        yield Change(level, "freshness", None, _ages(old), _ages(new))
    then_pct, now_pct = _budgets(old), _budgets(new)
    for code in sorted(then_pct.keys() | now_pct.keys()):
        was, becomes = then_pct.get(code), now_pct.get(code)
        if was != becomes:
            asked, asks = (100.0 if pct is None else pct for pct in (was, becomes))
            level = Level.MAJOR if asks < asked else Level.MINOR
            kind = " ".join(filter(None, ("quarantine budget", code)))
            yield Change(level, kind, None, shown(was), shown(becomes))
    if old.row_change != new.row_change:
        level = Level.MAJOR if _stops(new) < _stops(old) else Level.MINOR
        yield Change(level, "row change", None, _row_change(old), _row_change(new))


def _budgets(contract: Contract) -> dict[str, float | None]:
    """What may be set aside, by the reason's code; in all under no code."""
    return {"": contract.quarantine_budget_pct, **contract.quarantine_budgets}


def _ages(contract: Contract) -> str:
    return ", ".join(
        f"{age.property}{f' of {age.column}' if age.column else ''} {age.limit} ({age.severity})"
        for age in contract.ages
    )


def _stops(contract: Contract) -> float:
    """The change of rows that stops a build."""
    change = contract.row_change
    return change.pct if change and change.severity == "error" else float("inf")


def _row_change(contract: Contract) -> str:
    change = contract.row_change
    return f"{change.pct} % ({change.severity})" if change else ""


def _totals(contract: Contract) -> tuple[str, ...]:
    return tuple(f"{t.name}: {t.select} = {t.value}" for t in contract.declared_totals)


def _names(contract: Contract) -> tuple[str, ...]:
    return tuple(f"{e['name']}: {e['gold']} = {e['silver']}" for e in contract.reconcile)


def _source(old: SourceSpec, new: SourceSpec, contract: Contract) -> Iterator[Change]:
    """What files are read and how; an engine's own column that goes is a removed one."""
    headers = {column.source for column in contract.columns}
    for kind, before, after in (
        ("delivery", old.delivery, new.delivery),
        ("encoding", old.encoding, new.encoding),
        ("delimiter", old.delimiter, new.delimiter),
        ("quote", old.quote, new.quote),
        ("sheet", old.sheet, new.sheet),
        ("null values", old.null_values, new.null_values),
        ("trim", old.trim, new.trim),
    ):
        if before != after:
            yield Change(Level.MAJOR, kind, None, shown(before), shown(after))
    for kind, then, now in (
        ("files", set(old.files), set(new.files)),
        ("formats", set(old.formats), set(new.formats)),
        ("dropped columns", set(old.drop_columns), set(new.drop_columns) | headers),
    ):
        if not then <= now:
            yield Change(Level.MAJOR, kind, None, shown(sorted(then)), shown(sorted(now)))
        elif now - then - headers:
            yield Change(Level.MINOR, kind, None, shown(sorted(then)), shown(sorted(now)))
    for kind, was, becomes in (
        ("new columns", old.new_columns, new.new_columns),
        ("surplus fields", old.merge_surplus_into, new.merge_surplus_into),
    ):
        if was != becomes:
            level = Level.MAJOR if more_or_less(was, becomes) else Level.MINOR
            yield Change(level, kind, None, shown(was), shown(becomes))


def _relationships(old: Contract, new: Contract) -> Iterator[Change]:
    before, after = _by_key(old), _by_key(new)
    for key in {**before, **after}:
        then, now = before.get(key), after.get(key)
        if then == now:
            continue
        demands_more = now is not None and (then is None or _demands(now) > _demands(then))
        column = "+".join(key[0])
        level = Level.MAJOR if demands_more else Level.MINOR
        yield Change(level, "relationship", column, _reference(then), _reference(now))


def _by_key(contract: Contract) -> dict[tuple[tuple[str, ...], str, tuple[str, ...]], Relationship]:
    return {(r.columns, r.target.in_domain, r.target_columns): r for r in contract.relationships}


def _demands(relationship: Relationship) -> tuple[bool, bool, float]:
    """How much a reference asks of the data; a budget gives some of it back."""
    budget = (
        100.0
        if relationship.budget_pct is None and relationship.quarantine
        else (relationship.budget_pct or 0.0)
    )
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
    """Rules by name: a new one, a stricter one or another one of severity error is a new demand."""
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
