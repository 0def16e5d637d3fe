"""A change of a contract as data: shown in the contract's own shape, applied to its text."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from carms_lake.contract import yaml_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_OWN = "carms."
_OPTIONS = "logicalTypeOptions."


@dataclass(frozen=True)
class Edit:
    """One key of a column that gets another value; None takes the key away.

    The key is the standard's (`required`, `logicalTypeOptions.maximum`) or one under `carms.`.
    `column` is None for a custom property of the table.
    """

    column: str | None
    key: str
    value: Any


@dataclass(frozen=True)
class Patch:
    """What is to change in one contract."""

    edits: tuple[Edit, ...] = ()
    added: tuple[Mapping[str, Any], ...] = ()
    """New columns, as the standard writes properties."""
    version: str | None = None

    def __bool__(self) -> bool:
        return bool(self.edits or self.added)


def applied(text: str, patch: Patch) -> str:
    """The contract's text after the patch; other lines stay as they are, comments included.

    Only where the text is written in a way that cannot be edited in place, it is written anew.

    Raises:
        ValueError: the text is no contract, or has no such column.
    """
    meant = _data_after(yaml_text.parsed(text), patch)
    try:
        edited = _text_after(text, patch)
        if yaml_text.parsed(edited) == meant:
            return edited
    except (yaml_text.Unplaceable, ValueError):
        pass  # written anew below: the values are right, the comments are gone
    return yaml_text.dumped(meant)


def as_yaml(table: str, patch: Patch, comments: Iterable[str] = ()) -> str:
    """The patch as YAML: what it changes, in the contract's shape; null is taken away.

    >>> print(as_yaml("sales", Patch((Edit("qty", "required", False),), version="2.0.0")), end="")
    version: 2.0.0
    schema:
      - name: sales
        properties:
          - name: qty
            required: false
    """
    lines = [f"# {' '.join(text.split())}" for text in comments]
    if patch.version:
        lines.append(f"version: {patch.version}")
    lines += ["schema:", f"  - name: {table}"]
    own = [edit for edit in patch.edits if edit.column is None]
    if own:
        lines.append("    customProperties:")
        lines += [f"      - {yaml_text.flow({'property': e.key, 'value': e.value})}" for e in own]
    by_column: dict[str, dict[str, Any]] = {}
    for edit in patch.edits:
        if edit.column is not None:
            changed = by_column.setdefault(edit.column, {"name": edit.column})
            _set_in(changed, edit, keep_null=True)
    columns = [*by_column.values(), *patch.added]
    if columns:
        lines.append("    properties:")
        lines += [yaml_text.block(column, 6) for column in columns]
    return "\n".join(lines) + "\n"


def _data_after(document: Any, patch: Patch) -> Any:
    after = copy.deepcopy(document)
    try:
        table = after["schema"][0]
        properties = table["properties"]
        by_name = {column["name"]: column for column in properties}
        for edit in patch.edits:
            _set_in(table if edit.column is None else by_name[edit.column], edit)
    except (KeyError, IndexError, TypeError) as error:
        raise ValueError(f"the contract has no place for the patch: {error!r}") from None
    properties += [copy.deepcopy(dict(column)) for column in patch.added]
    if patch.version:
        after["version"] = patch.version
    return after


def _set_in(element: dict[str, Any], edit: Edit, *, keep_null: bool = False) -> None:
    if edit.key.startswith(_OWN):
        entries = element.setdefault("customProperties", [])
        found = next((entry for entry in entries if entry["property"] == edit.key), None)
        if found is None:
            entries.append({"property": edit.key, "value": edit.value})
        else:
            found["value"] = edit.value
        return
    if edit.key.startswith(_OPTIONS):
        options = {**(element.get("logicalTypeOptions") or {})}
        options[edit.key.removeprefix(_OPTIONS)] = edit.value
        if not keep_null:
            options = {key: value for key, value in options.items() if value is not None}
        element["logicalTypeOptions"] = options
        if not options:
            del element["logicalTypeOptions"]
    elif edit.value is None and not keep_null:
        element.pop(edit.key, None)
    else:
        element[edit.key] = edit.value


def _text_after(text: str, patch: Patch) -> str:
    for edit in patch.edits:
        if edit.key.startswith(_OWN):
            text = yaml_text.with_custom(text, edit.column, edit.key, edit.value)
            continue
        key, value = edit.key, edit.value
        if edit.column is None:
            raise yaml_text.Unplaceable
        if key.startswith(_OPTIONS):
            after = _data_after(yaml_text.parsed(text), Patch((edit,)))
            columns = {c["name"]: c for c in after["schema"][0]["properties"]}
            key = "logicalTypeOptions"
            value = columns[edit.column].get(key)
        if value is None:
            text = yaml_text.without_key(text, edit.column, key)
        else:
            text = yaml_text.with_value(text, edit.column, key, value)
    for column in patch.added:
        text = yaml_text.with_property(text, column)
    if patch.version:
        text = yaml_text.with_value(text, None, "version", patch.version)
    return text
