"""A patch changes what it names in a contract's text, and no other line."""

from __future__ import annotations

from difflib import unified_diff
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from carms_lake.config import builtin_schemas
from carms_lake.contract.diff import diff
from carms_lake.contract.load import load_contract
from carms_lake.contract.patch import Edit, Patch, applied, as_yaml
from carms_lake.names import Layer, TableRef

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.contract.model import Contract

TEXT = """\
# who to ask: the shop's desk
apiVersion: v3.2.0
kind: DataContract
id: test.bronze.orders
version: 1.0.0   # raised by hand
status: active
schema:
  - name: orders
    physicalType: table
    customProperties:
      - {property: carms.files, value: ["orders*.csv"]}
      - {property: carms.format, value: csv}
    properties:
      # the key comes first
      - name: order_id
        logicalType: integer
        physicalType: integer
        required: true
        description: >-
          The order's number,
          as the till gave it.

      - name: state   # of the order
        logicalType: string
        enum: [{value: "ON"}, {value: paid}]
        customProperties:
          - {property: carms.mayBeAbsent, value: false}
      # what was paid
      - name: total
        logicalType: number
        physicalType: decimal(12,2)
        logicalTypeOptions: {minimum: 0, maximum: 100}
"""
REF = TableRef("test", Layer.BRONZE, "orders")
NEW = {
    "name": "refund",
    "physicalName": "Refund €",
    "logicalType": "number",
    "physicalType": "decimal(18,2)",
    "customProperties": [{"property": "carms.mayBeAbsent", "value": True}],
}


def contract_of(folder: Path, text: str) -> Contract:
    path = folder / "orders.odcs.yaml"
    path.write_text(text, encoding="utf-8")
    return load_contract(path, REF)


@pytest.mark.parametrize(
    ("edit", "before", "after"),
    [
        (
            Edit("order_id", "physicalType", "bigint"),
            ["        physicalType: integer"],
            ["        physicalType: bigint"],
        ),
        (
            Edit("order_id", "required", value=False),
            ["        required: true"],
            ["        required: false"],
        ),
        (
            Edit("state", "enum", [{"value": "ON"}, {"value": "no"}]),
            ['        enum: [{value: "ON"}, {value: paid}]'],
            ["        enum: [{value: 'ON'}, {value: 'no'}]"],
        ),
        (Edit("state", "enum", None), ['        enum: [{value: "ON"}, {value: paid}]'], []),
        (Edit("state", "physicalName", "State"), [], ["        physicalName: State"]),
        (
            Edit("state", "carms.mayBeAbsent", value=True),
            ["          - {property: carms.mayBeAbsent, value: false}"],
            ["          - {property: carms.mayBeAbsent, value: true}"],
        ),
        (
            Edit("total", "carms.mayBeAbsent", value=True),
            [],
            [
                "        customProperties:",
                "          - {property: carms.mayBeAbsent, value: true}",
            ],
        ),
        (
            Edit("total", "logicalTypeOptions.minimum", -5),
            ["        logicalTypeOptions: {minimum: 0, maximum: 100}"],
            ["        logicalTypeOptions: {minimum: -5, maximum: 100}"],
        ),
        (
            Edit("total", "logicalTypeOptions.maximum", None),
            ["        logicalTypeOptions: {minimum: 0, maximum: 100}"],
            ["        logicalTypeOptions: {minimum: 0}"],
        ),
        (
            Edit("order_id", "description", "The number."),
            [
                "        description: >-",
                "          The order's number,",
                "          as the till gave it.",
            ],
            ["        description: The number."],
        ),
        (
            Edit(None, "carms.delimiter", ";"),
            [],
            ["      - {property: carms.delimiter, value: ;}"],
        ),
    ],
    ids=str,
)
def test_an_edit_changes_its_own_lines_only(
    edit: Edit, before: list[str], after: list[str]
) -> None:
    edited = applied(TEXT, Patch((edit,)))
    lines = list(unified_diff(TEXT.splitlines(), edited.splitlines(), n=0, lineterm=""))[2:]
    assert [line[1:] for line in lines if line.startswith("-")] == before
    assert [line[1:] for line in lines if line.startswith("+")] == after


def test_a_new_column_stands_last_and_is_written_like_the_others(tmp_path: Path) -> None:
    edited = applied(TEXT, Patch((), (NEW,), "1.1.0"))
    assert edited == TEXT.replace("version: 1.0.0 ", "version: 1.1.0 ") + (
        "      - name: refund\n"
        "        physicalName: Refund €\n"
        "        logicalType: number\n"
        "        physicalType: decimal(18,2)\n"
        "        customProperties:\n"
        "          - {property: carms.mayBeAbsent, value: true}\n"
    )
    assert contract_of(tmp_path, edited).column("refund").source == "Refund €"


@pytest.mark.parametrize("sign", ["\x85", "a\u2028b", "\u2029", "\ttab", "é"])
def test_a_value_with_a_line_end_of_its_own_keeps_it(sign: str, tmp_path: Path) -> None:
    edited = applied(TEXT, Patch((Edit("order_id", "physicalName", sign),), (), "2.0.0"))
    assert contract_of(tmp_path, edited).column("order_id").source == sign


@pytest.mark.parametrize(
    "text",
    [
        yaml.safe_dump(yaml.safe_load(TEXT), sort_keys=False),
        yaml.safe_dump(yaml.safe_load(TEXT), sort_keys=False, default_flow_style=True),
        TEXT.replace("\n", "\r\n"),
        TEXT.rstrip("\n"),
        TEXT.replace("      - name: total", "      - &t\n        name: total"),
        TEXT.replace("status: active", 'status: "a\u2028b\x85"'),
        TEXT.replace("active\n", "active\ncustom: yes\ncount: 1_000\n"),
    ],
    ids=["dumped", "flow", "crlf", "no end of line", "anchor", "line ends", "YAML 1.1"],
)
def test_however_a_contract_is_written_the_patch_is_in_it(text: str, tmp_path: Path) -> None:
    patch = Patch(
        (
            Edit("order_id", "physicalName", "Order"),
            Edit("state", "carms.mayBeAbsent", value=True),
            Edit("total", "carms.mayBeAbsent", value=True),
            Edit("total", "logicalTypeOptions.minimum", None),
            Edit(None, "carms.delimiter", ";"),
        ),
        (NEW,),
        "2.0.0",
    )
    found = contract_of(tmp_path, applied(text, patch))
    assert (found.version, found.column_names[-1]) == ("2.0.0", "refund")
    assert found.column("order_id").source == "Order"
    assert found.column("state").may_be_absent
    assert found.column("total").may_be_absent
    assert found.column("total").bounds == {"maximum": 100}
    assert found.source is not None
    assert found.source.delimiter == ";"


ANCHORED = TEXT.replace("{minimum: 0", "&limits {minimum: 0") + (
    "      - name: tip   # may be none\n"
    "        logicalType: number\n"
    "        logicalTypeOptions: *limits\n"
)
MULTILINE = TEXT.replace(
    '[{value: "ON"}, {value: paid}]',
    '[{value: "ON"},\n          {value: paid}]',
).replace(
    "          - {property: carms.mayBeAbsent, value: false}",
    "          # asked for by the desk\n          - {property: carms.mayBeAbsent, value: false}",
)
BLOCK = TEXT.replace(
    '        enum: [{value: "ON"}, {value: paid}]\n',
    "        enum:   # all of them\n"
    "          # until 2020\n"
    '          - {value: "ON"}\n'
    "          - {value: paid}\n"
    "        # since 2020\n",
)


@pytest.mark.parametrize(
    "text", [TEXT, ANCHORED, MULTILINE, BLOCK], ids=["plain", "anchored", "multiline", "block"]
)
@pytest.mark.parametrize("offset", [2, 0])
def test_comments_and_values_nearby_are_kept(text: str, offset: int) -> None:
    if not offset:
        editor = YAML()
        editor.preserve_quotes = True
        stream = StringIO()
        editor.dump(editor.load(text), stream)
        text = stream.getvalue()
    edits = (
        Edit("state", "enum", [{"value": "no"}]),
        Edit("state", "carms.coverage", value=True),
        Edit("total", "logicalTypeOptions.maximum", 5),
    )
    edited = applied(text, Patch(edits, (NEW,), "2.0.0"))
    comments = [line.strip() for line in text.splitlines() if line.lstrip().startswith("#")]
    assert [x.strip() for x in edited.splitlines() if x.lstrip().startswith("#")] == comments
    assert "  # raised by hand\n" in edited
    wanted = yaml.safe_load(text)
    wanted["version"] = "2.0.0"
    _, state, total, *_ = columns = wanted["schema"][0]["properties"]
    state["enum"] = [{"value": "no"}]
    state["customProperties"].append({"property": "carms.coverage", "value": True})
    total["logicalTypeOptions"] = {"minimum": 0, "maximum": 5}
    columns.append(NEW)
    assert yaml.safe_load(edited) == wanted


SCHEMAS = sorted(builtin_schemas().rglob("*.odcs.yaml"))


@pytest.mark.slow
@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: "/".join(path.parts[-3:]))
def test_every_shipped_contract_keeps_its_lines(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    edited = applied(text, Patch((Edit(None, "carms.order", ["x"]),), (NEW,), "9.9.9"))
    removed = [
        line
        for line in unified_diff(text.split("\n"), edited.split("\n"), n=0, lineterm="")
        if line.startswith("-") and line != "--- "
    ]
    assert [line for line in removed if "carms.order," not in line] == [
        f"-{line}" for line in text.split("\n") if line.startswith("version:")
    ]


@pytest.mark.parametrize(
    ("text", "patch"),
    [
        ("[1, 2]", Patch((), (NEW,))),
        ("a: [", Patch((), (NEW,))),
        (TEXT, Patch((Edit("nobody", "required", value=True),))),
    ],
)
def test_what_has_no_place_is_an_error(text: str, patch: Patch) -> None:
    with pytest.raises(ValueError, match=r"no place|not YAML"):
        applied(text, patch)


def test_the_patch_is_shown_in_the_contracts_own_shape() -> None:
    patch = Patch(
        (
            Edit("state", "enum", None),
            Edit("total", "logicalTypeOptions.maximum", 9),
            Edit(None, "carms.delimiter", ";"),
        ),
        (NEW,),
        "2.0.0",
    )
    shown = as_yaml("orders", patch, ["two\nlines"])
    assert shown.splitlines()[:3] == ["# two lines", "version: 2.0.0", "schema:"]
    (table,) = yaml.safe_load(shown)["schema"]
    assert table["properties"] == [
        {"name": "state", "enum": None},
        {"name": "total", "logicalTypeOptions": {"maximum": 9}},
        NEW,
    ]
    assert table["customProperties"] == [{"property": "carms.delimiter", "value": ";"}]


EDITS: dict[str, st.SearchStrategy[Any]] = {
    "physicalName": st.text(min_size=1, max_size=9),
    "description": st.text(min_size=1, max_size=30),
    "required": st.booleans(),
    "enum": st.lists(st.text(max_size=4).map(lambda text: {"value": text}), min_size=1, max_size=3),
    "logicalTypeOptions.maxLength": st.none() | st.integers(0, 9),
    "carms.mayBeAbsent": st.booleans(),
}


def names_of(path: Path) -> tuple[TableRef, str, tuple[str, ...]]:
    ref = TableRef(path.parts[-3], Layer(path.parts[-2]), path.name.split(".")[0])
    return ref, path.read_text(encoding="utf-8"), load_contract(path, ref).column_names


SHIPPED = [names_of(path) for path in sorted(builtin_schemas().glob("*/bronze/*.odcs.yaml"))]


@pytest.mark.slow
@given(data=st.data())
def test_what_was_patched_is_what_the_comparison_tells(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Any edits of any contract that comes with the tool: all of them, and nothing else."""
    ref, text, columns = data.draw(st.sampled_from(SHIPPED))
    keys = data.draw(
        st.dictionaries(
            st.tuples(st.sampled_from(columns), st.sampled_from(sorted(EDITS))),
            st.none(),
            max_size=4,
        )
    )
    edits = tuple(Edit(column, key, data.draw(EDITS[key])) for column, key in keys)
    added = data.draw(st.sampled_from([(), (NEW,)]))
    patch = Patch(edits, added, "9.0.0")
    folder = tmp_path_factory.mktemp("patched")
    path = folder / f"{ref.table}.odcs.yaml"
    path.write_text(text, encoding="utf-8")
    old = load_contract(path, ref)
    edited = applied(text, patch)
    path.write_text(edited, encoding="utf-8", newline="")
    enums_fit = all(old.column(e.column).type.logical == "string" for e in edits if e.key == "enum")
    if not enums_fit:
        return
    changes = diff(old, load_contract(path, ref))
    assert {c.column for c in changes} <= {e.column for e in edits} | {"refund"}
    assert ("refund" in {c.column for c in changes}) == bool(added)
    kept = [line for line in text.splitlines() if line.lstrip().startswith("#")]
    assert [line for line in edited.splitlines() if line in kept] == kept
    for edit in edits:
        found = load_contract(path, ref).column(edit.column or "")
        if edit.key == "required":
            assert found.required is edit.value or found.primary_key_position is not None
        if edit.key == "physicalName":
            assert found.source == edit.value
