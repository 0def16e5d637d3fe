"""What changed between two versions of a contract, and how much it breaks."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from helpers import contract, property_
from hypothesis import given
from hypothesis import strategies as st

from carms_lake.contract.change import Level, bumped, joined, level_of, wider
from carms_lake.contract.diff import diff
from carms_lake.contract.indexes import Index
from carms_lake.contract.limits import Age, DeclaredTotal, QualityRule, RowChange, Severity
from carms_lake.contract.measures import Measure
from carms_lake.contract.model import (
    Balance,
    Column,
    Contract,
    Delivery,
    NewColumns,
    Relationship,
    SilverSpec,
    SourceSpec,
)
from carms_lake.contract.spelling import Extent
from carms_lake.contract.types import ColumnType, parse_type
from carms_lake.names import Layer, TableRef

if TYPE_CHECKING:
    from pathlib import Path

NONE, PATCH, MINOR, MAJOR = Level.NONE, Level.PATCH, Level.MINOR, Level.MAJOR
REF = TableRef("test", Layer.BRONZE, "things")


def type_(text: str) -> ColumnType:
    return parse_type(None, text, where="test")


def column(**rest: Any) -> Column:
    kind = type_(rest.pop("type", "varchar"))
    return Column(**{"name": "a", "source": "a", "description": "It is a.", **rest, "type": kind})


def of(*columns: Column, **rest: Any) -> Contract:
    return Contract(**{"ref": REF, "version": "1.0.0", "columns": columns, "grain": "", **rest})


@pytest.mark.parametrize(
    ("old", "new", "kind", "level"),
    [
        ({}, {"description": "It is still a."}, "description", PATCH),
        ({}, {"rule": "trimmed"}, "rule", PATCH),
        ({}, {"sources": ("bronze.x.a",)}, "made of", PATCH),
        ({}, {"coverage": True}, "coverage", PATCH),
        ({}, {"required": True}, "required", MAJOR),
        ({"required": True}, {}, "required", MAJOR),
        ({}, {"unique": True}, "unique", MAJOR),
        ({}, {"primary_key_position": 1}, "primary key", MAJOR),
        ({}, {"source": "A of B"}, "header", MAJOR),
        ({}, {"from_path": "(x)"}, "from path", MAJOR),
        ({}, {"may_be_absent": True}, "may be absent", MINOR),
        (
            {"required": True},
            {"required": True, "may_be_absent": True},
            "may be absent",
            MAJOR,
        ),
        ({"may_be_absent": True}, {}, "may be absent", MAJOR),
        ({}, {"classification": "personal"}, "classification", MAJOR),
        ({"classification": "personal"}, {}, "classification", MINOR),
        ({}, {"agrees_with_path": "(x)"}, "agrees with path", MINOR),
        ({"type": "integer"}, {"type": "bigint"}, "type", MINOR),
        ({"type": "bigint"}, {"type": "integer"}, "type", MAJOR),
        ({"type": "integer"}, {"type": "varchar"}, "type", MAJOR),
        ({"type": "decimal(12,2)"}, {"type": "decimal(14,4)"}, "type", MINOR),
        ({"type": "decimal(12,2)"}, {"type": "decimal(12,4)"}, "type", MAJOR),
        ({"enum": ("x",)}, {"enum": ("x", "y")}, "enum", MINOR),
        ({"enum": ("x", "y")}, {"enum": ("x",)}, "enum", MAJOR),
        ({"enum": ("x",)}, {"enum": ("y",)}, "enum", MAJOR),
        ({}, {"enum": ("x",)}, "enum", MAJOR),
        ({"enum": ("x",)}, {}, "enum", MINOR),
        ({}, {"pattern": "x"}, "pattern", MAJOR),
        ({"pattern": "x"}, {"pattern": "y"}, "pattern", MAJOR),
        ({"pattern": "x"}, {}, "pattern", MINOR),
        ({}, {"bounds": {"minimum": 0}}, "minimum", MAJOR),
        ({"bounds": {"minimum": 0}}, {"bounds": {"minimum": -1}}, "minimum", MINOR),
        ({"bounds": {"minimum": 0}}, {"bounds": {"minimum": 1}}, "minimum", MAJOR),
        ({"bounds": {"maximum": 9}}, {"bounds": {"maximum": 8}}, "maximum", MAJOR),
        ({"bounds": {"maximum": 9}}, {"bounds": {"maximum": 10}}, "maximum", MINOR),
        ({"bounds": {"maximum": 9}}, {}, "maximum", MINOR),
        (
            {"bounds": {"exclusiveMinimum": 0}},
            {"bounds": {"exclusiveMinimum": 1}},
            "exclusive minimum",
            MAJOR,
        ),
        (
            {"bounds": {"maxLength": 5}},
            {"bounds": {"maxLength": 4}},
            "maximum length",
            MAJOR,
        ),
        (
            {"bounds": {"minLength": 5}},
            {"bounds": {"minLength": 4}},
            "minimum length",
            MINOR,
        ),
        ({"bounds": {"minimum": "x"}}, {"bounds": {"minimum": 1}}, "minimum", MAJOR),
    ],
)
def test_a_change_of_a_column_has_its_level(
    old: dict[str, Any], new: dict[str, Any], kind: str, level: Level
) -> None:
    (change,) = diff(of(column(**old)), of(column(**new)))
    assert (change.kind, change.level, change.column) == (kind, level, "a")


@pytest.mark.parametrize(
    ("old", "new", "kind", "level"),
    [
        ((), ({},), "added", MINOR),
        ((), ({"required": True},), "added", MAJOR),
        ((), ({"required": True, "may_be_absent": True},), "added", MINOR),
        ((), ({"unique": True},), "added", MAJOR),
        (({},), (), "removed", MAJOR),
        (({},), ({"name": "b"},), "renamed", MAJOR),
        (
            ({}, {"name": "b", "source": "b"}),
            ({"name": "b", "source": "b"}, {}),
            "order",
            PATCH,
        ),
    ],
)
def test_columns_that_come_go_or_move(
    old: tuple[dict[str, Any], ...], new: tuple[dict[str, Any], ...], kind: str, level: Level
) -> None:
    (change,) = diff(of(*(column(**c) for c in old)), of(*(column(**c) for c in new)))
    assert (change.kind, change.level) == (kind, level)


def test_another_column_in_the_place_of_one_is_no_rename() -> None:
    new = column(name="b", source="b", description="Something else.")
    assert [c.kind for c in diff(of(column()), of(new))] == ["removed", "added"]


def test_a_renamed_column_is_compared_too() -> None:
    changes = diff(of(column(type="integer")), of(column(name="b", type="bigint")))
    assert [(c.kind, c.level) for c in changes] == [("renamed", MAJOR), ("type", MINOR)]


SOURCE = SourceSpec(files=("*.csv",), formats=("csv",))


@pytest.mark.parametrize(
    ("old", "new", "kind", "level"),
    [
        ({}, {"files": ("*.csv", "x/*.csv")}, "files", MINOR),
        ({}, {"files": ("x/*.csv",)}, "files", MAJOR),
        ({}, {"formats": ("csv", "delta")}, "formats", MINOR),
        ({}, {"formats": ("parquet",)}, "formats", MAJOR),
        ({}, {"delivery": Delivery.SNAPSHOT}, "delivery", MAJOR),
        ({}, {"delimiter": ";"}, "delimiter", MAJOR),
        ({}, {"encoding": "cp1252"}, "encoding", MAJOR),
        ({}, {"null_values": ("", "NA")}, "null values", MAJOR),
        ({}, {"trim": True}, "trim", MAJOR),
        ({}, {"drop_columns": ("x",)}, "dropped columns", MINOR),
        ({"drop_columns": ("x",)}, {}, "dropped columns", MAJOR),
        ({}, {"new_columns": NewColumns.ACCEPT}, "new columns", MINOR),
        ({}, {"new_columns": NewColumns.REJECT}, "new columns", MINOR),
        ({"new_columns": NewColumns.ACCEPT}, {}, "new columns", MAJOR),
        (
            {"new_columns": NewColumns.ACCEPT},
            {"new_columns": NewColumns.REJECT},
            "new columns",
            MAJOR,
        ),
        ({}, {"merge_surplus_into": "a"}, "surplus fields", MINOR),
        ({"merge_surplus_into": "a"}, {}, "surplus fields", MAJOR),
    ],
)
def test_a_change_of_how_files_are_read_has_its_level(
    old: dict[str, Any], new: dict[str, Any], kind: str, level: Level
) -> None:
    then, now = (of(column(), source=replace(SOURCE, **given)) for given in (old, new))
    (change,) = diff(then, now)
    assert (change.kind, change.level) == (kind, level)


def test_a_dropped_column_that_is_kept_from_now_on_is_no_loss() -> None:
    then = of(source=replace(SOURCE, drop_columns=("a",)))
    changes = diff(then, of(column(), source=SOURCE))
    assert [(c.kind, c.level) for c in changes] == [("added", MINOR)]


@pytest.mark.parametrize(
    ("old", "new", "kind", "level"),
    [
        ({}, {"kind": "view"}, "kind", MAJOR),
        ({}, {"description": "Things."}, "description", PATCH),
        ({}, {"grain": "One row per thing"}, "grain", PATCH),
        ({}, {"parameters": ("x",)}, "parameters", MAJOR),
        ({}, {"silver": SilverSpec(balance=Balance.EXPAND)}, "balance", MAJOR),
        ({}, {"silver": SilverSpec(by_key=False)}, "incremental", PATCH),
        ({}, {"coverage_by": ("a",)}, "coverage by", PATCH),
        ({}, {"written_by": "carms count"}, "written by", PATCH),
        ({}, {"measures": (Measure("n", "dax", "sql", "0", "What it is."),)}, "measures", MINOR),
        ({}, {"indexes": (Index(("a",)),)}, "indexes", PATCH),
        ({}, {"reconcile": ({"name": "x", "gold": "g", "silver": "s"},)}, "reconciliation", MINOR),
    ],
)
def test_a_change_of_the_table_has_its_level(
    old: dict[str, Any], new: dict[str, Any], kind: str, level: Level
) -> None:
    (change,) = diff(of(column(), **old), of(column(), **new))
    assert (change.kind, change.level, change.column) == (kind, level, None)


@pytest.mark.parametrize(
    ("old", "new", "level"),
    [(None, 2, MAJOR), (2, 1, MAJOR), (1, 2, MINOR), (1, None, MINOR)],
)
def test_a_promise_about_age_that_asks_more_is_major(
    old: int | None, new: int | None, level: Level
) -> None:
    ages = [() if days is None else (Age("latency", timedelta(days=days)),) for days in (old, new)]
    (change,) = diff(*(of(column(), ages=age) for age in ages))
    assert (change.kind, change.level) == ("freshness", level)


@pytest.mark.parametrize(
    ("old", "new", "kind", "level"),
    [
        ({}, {"quarantine_budget_pct": 5.0}, "quarantine budget", MAJOR),
        (
            {"quarantine_budget_pct": 5.0},
            {"quarantine_budget_pct": 7.0},
            "quarantine budget",
            MINOR,
        ),
        (
            {"quarantine_budget_pct": 5.0},
            {"quarantine_budget_pct": 3.0},
            "quarantine budget",
            MAJOR,
        ),
        (
            {},
            {"quarantine_budgets": {"DUPLICATE_KEY": 1.0}},
            "quarantine budget DUPLICATE_KEY",
            MAJOR,
        ),
        (
            {"quarantine_budgets": {"NOT_IN_ENUM": 0.0}},
            {"quarantine_budgets": {"NOT_IN_ENUM": 2.0}},
            "quarantine budget NOT_IN_ENUM",
            MINOR,
        ),
        ({}, {"row_change": RowChange(10)}, "row change", MINOR),
        ({}, {"row_change": RowChange(10, Severity.ERROR)}, "row change", MAJOR),
        ({"row_change": RowChange(10, Severity.ERROR)}, {}, "row change", MINOR),
        (
            {},
            {"declared_totals": (DeclaredTotal("n", "select 1", 1, {}),)},
            "declared totals",
            MINOR,
        ),
    ],
)
def test_a_limit_that_stops_more_is_major(
    old: dict[str, Any], new: dict[str, Any], kind: str, level: Level
) -> None:
    (change,) = diff(of(column(), **old), of(column(), **new))
    assert (change.kind, change.level) == (kind, level)


OTHERS: dict[str, Any] = {
    "bool": lambda value: not value,
    "tuple": lambda value: (*value, "other"),
    "str": lambda value: f"{value}x",
    "None": lambda _: 1,
    "Extent": lambda _: Extent(header=9),
}
COMPARED_ELSEWHERE = {
    Contract: {"ref", "version", "columns", "relationships", "quality", "source", "silver",
               "reconcile", "path", "fingerprint", "ages", "row_change", "declared_totals",
               "quarantine_budgets", "measures"},
    Column: {"name", "type", "bounds"},
    SourceSpec: {"delivery", "new_columns"},
    SilverSpec: {"driver", "balance", "history"},
}  # fmt: skip


@pytest.mark.parametrize("kind", list(COMPARED_ELSEWHERE))
def test_no_promise_is_left_out_of_the_comparison(kind: type) -> None:
    """A new key of contracts that `diff` does not know would be a change that nobody is told."""
    bases: dict[type, Any] = {
        Contract: of(column(), source=SOURCE),
        Column: column(),
        SourceSpec: SOURCE,
        SilverSpec: SilverSpec(),
    }
    for part in fields(kind):
        if part.name in COMPARED_ELSEWHERE[kind]:
            continue
        value = getattr(bases[kind], part.name)
        other = OTHERS["None" if value is None else type(value).__name__](value)
        changed = replace(bases[kind], **{part.name: other})
        new = {
            Contract: lambda c: c,
            Column: lambda c: of(c, source=SOURCE),
            SourceSpec: lambda s: of(column(), source=s),
            SilverSpec: lambda s: of(column(), source=SOURCE, silver=s),
        }[kind](changed)
        assert diff(of(column(), source=SOURCE), new), part.name


def reference(**rest: Any) -> Relationship:
    return Relationship(("a",), TableRef("test", Layer.SILVER, "other"), ("a",), **rest)


def rule(**rest: Any) -> QualityRule:
    own = {"name": "some", "kind": "library", "severity": Severity.ERROR, "metric": "rowCount"}
    return QualityRule(**{**own, **rest})


@pytest.mark.parametrize(
    ("old", "new", "level"),
    [
        ({}, {"relationships": (reference(),)}, MAJOR),
        ({"relationships": (reference(),)}, {}, MINOR),
        (
            {"relationships": (reference(),)},
            {"relationships": (reference(quarantine=True),)},
            MAJOR,
        ),
        (
            {"relationships": (reference(budget_pct=1.0),)},
            {"relationships": (reference(budget_pct=2.0),)},
            MINOR,
        ),
        (
            {"relationships": (reference(budget_pct=2.0),)},
            {"relationships": (reference(),)},
            MAJOR,
        ),
        ({}, {"quality": (rule(),)}, MAJOR),
        ({}, {"quality": (rule(severity=Severity.WARNING),)}, MINOR),
        ({"quality": (rule(),)}, {}, MINOR),
        ({"quality": (rule(),)}, {"quality": (rule(operators={"mustBe": 1}),)}, MAJOR),
        ({"quality": (rule(),)}, {"quality": (rule(severity=Severity.WARNING),)}, MINOR),
        ({"quality": (rule(severity=Severity.WARNING),)}, {"quality": (rule(),)}, MAJOR),
        ({"quality": (rule(),)}, {"quality": (rule(description="Why."),)}, PATCH),
    ],
)
def test_what_a_reference_or_rule_asks_decides(
    old: dict[str, Any], new: dict[str, Any], level: Level
) -> None:
    (change,) = diff(of(column(), **old), of(column(), **new))
    assert change.level is level


def test_the_version_alone_is_no_change(tmp_path: Path) -> None:
    one = contract(tmp_path, "bronze.things", [property_("a", "integer", "integer")])
    other = replace(one, version="7.0.0", fingerprint="x", path=None)
    assert diff(one, other) == ()
    assert level_of(()) is NONE


def test_the_order_of_the_accepted_values_is_no_change() -> None:
    assert diff(of(column(enum=("x", "y"))), of(column(enum=("y", "x")))) == ()


def test_the_greatest_level_gives_the_version() -> None:
    old, new = of(column()), of(column(enum=("x",), description="Else."))
    assert level_of(diff(old, new)) is MAJOR
    assert bumped("1.9.3", MAJOR) == "2.0.0"
    with pytest.raises(ValueError, match="not a semantic version"):
        bumped("first", MINOR)


types = st.sampled_from(
    ["smallint", "integer", "bigint", "double", "decimal(9,2)", "decimal(38,0)", "decimal(12,6)",
     "boolean", "date", "timestamp", "varchar", "json", "bigint[]", "varchar[]"]
).map(type_)  # fmt: skip
names = st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True)


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    columns = []
    for name in draw(st.lists(names, max_size=5, unique=True)):
        limits = draw(st.just({}) | st.fixed_dictionaries({"minimum": st.integers(-5, 5)}))
        columns.append(
            Column(
                name=name,
                type=draw(types),
                source=draw(st.sampled_from([name, name.title()])),
                description=draw(st.sampled_from(["", name])),
                required=draw(st.booleans()),
                enum=tuple(sorted(draw(st.sets(st.sampled_from("xyz"))))),
                bounds=limits,
                may_be_absent=draw(st.booleans()),
            )
        )
    return of(*columns, source=SOURCE, description=draw(st.sampled_from(["", "Things."])))


@given(contracts())
def test_a_contract_against_itself_has_no_change(one: Contract) -> None:
    assert diff(one, one) == ()
    assert diff(one, replace(one, columns=tuple(map(replace, one.columns)))) == ()


@pytest.mark.slow
@given(contracts(), contracts())
def test_every_difference_is_told_and_nothing_else(one: Contract, other: Contract) -> None:
    changes = diff(one, other)
    is_same = one.columns == other.columns and one.description == other.description
    assert bool(changes) is not is_same
    assert (level_of(changes) is NONE) is is_same


@given(types, types)
def test_the_joined_type_is_as_wide_as_both_where_any_is(
    one: ColumnType, other: ColumnType
) -> None:
    both = joined(one, other)
    assert both == joined(other, one)
    assert joined(one, one) == one
    if wider(one, other):
        assert both == one
    if both.name not in ("varchar", "double", "timestamp", "list"):
        assert wider(both, one)
        assert wider(both, other)


@given(types, types, types)
def test_wider_is_an_order(one: ColumnType, other: ColumnType, third: ColumnType) -> None:
    assert wider(one, one)
    if wider(one, other) and wider(other, one):
        assert one == other
    if wider(one, other) and wider(other, third):
        assert wider(one, third)
