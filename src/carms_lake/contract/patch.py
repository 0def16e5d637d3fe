"""A change of a contract as data: shown in the contract's own shape, applied to its text."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


_AFTER = {
    "physicalName": ("name",),
    "physicalType": ("logicalType",),
    "required": ("physicalType", "logicalType"),
}
"""Key -> the keys behind which a new one stands; the others stand last."""


class Unplaceable(Exception):
    """The text is written in a way that these edits do not know."""


_LINE_ENDS = "\x85\u2028\u2029"
"""What YAML takes for the end of a line; in a value they are written as escapes."""


def parsed(text: str) -> Any:
    """The value of a YAML text.

    Raises:
        ValueError: it is no YAML.
    """
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"it is not YAML: {error}") from None


def dumped(value: object) -> str:
    """A value as a whole YAML text; its comments are gone."""
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=100)


def flow(value: object) -> str:
    """A value on one line."""
    text = _on_one_line(value, is_plain=True)
    if any(sign in text for sign in _LINE_ENDS):
        text = _on_one_line(value, is_plain=False)
    return text.removesuffix("\n").removesuffix("\n...")


def _on_one_line(value: object, *, is_plain: bool) -> str:
    return yaml.safe_dump(
        value, default_flow_style=True, sort_keys=False, allow_unicode=is_plain, width=1 << 30
    )


def block(properties: Mapping[str, Any], indent: int) -> str:
    """A property as an item of a list, the way that contracts are written."""
    lines: list[str] = []
    for key, value in properties.items():
        if key == "customProperties" and value:
            lines.append("customProperties:")
            lines += [f"  - {flow(entry)}" for entry in value]
        else:
            lines.append(f"{key}: {flow(value)}")
    return "\n".join(
        " " * indent + ("- " if number == 0 else "  ") + line for number, line in enumerate(lines)
    )


def with_value(text: str, column: str | None, key: str, value: object) -> str:
    """The text with a key set, on the document (`version`), or on the column of its table.

    Raises:
        Unplaceable: the text has no place for it that is known.
    """
    root = _root(text)
    mapping = root if column is None else _property(root, column)
    return _set(text, mapping, key, flow(value), value)


def without_key(text: str, column: str, key: str) -> str:
    """The text without a key of a column.

    Raises:
        Unplaceable: the text has no place for it that is known.
    """
    mapping = _property(_root(text), column)
    found = _pair(mapping, key)
    if found is None:
        return text
    if mapping.flow_style:
        data = {k: v for k, v in _data(mapping).items() if k != key}
        return _replaced(text, mapping, flow(data))
    start = text.rfind("\n", 0, found[0].start_mark.index) + 1
    if text[start : found[0].start_mark.index].strip():
        raise Unplaceable
    return text[:start] + text[_line_end(text, _end(text, found[1])) + 1 :]


def with_custom(text: str, column: str | None, key: str, value: object) -> str:
    """The text with a custom property of a column, or of the table, set.

    Raises:
        Unplaceable: the text has no place for it that is known.
    """
    root = _root(text)
    mapping = _table(root) if column is None else _property(root, column)
    found = _pair(mapping, "customProperties")
    entry = {"property": key, "value": value}
    if found is None:
        if mapping.flow_style:
            raise Unplaceable
        inside = " " * (mapping.start_mark.column + 2)
        return _set(text, mapping, "customProperties", f"\n{inside}- {flow(entry)}", [entry])
    entries = found[1]
    if not isinstance(entries, yaml.SequenceNode):
        raise Unplaceable
    for node in entries.value:
        if _data(node).get("property") == key:
            return _set(text, node, "value", flow(value), value)
    if entries.flow_style or not entries.value:
        return _replaced(text, entries, flow([*_data(entries), entry]))
    return _appended(text, entries, " " * entries.start_mark.column + f"- {flow(entry)}")


def with_property(text: str, properties: Mapping[str, Any]) -> str:
    """The text with one more column, behind the others.

    Raises:
        Unplaceable: the text has no place for it that is known.
    """
    found = _pair(_table(_root(text)), "properties")
    if found is None or not isinstance(found[1], yaml.SequenceNode):
        raise Unplaceable
    columns = found[1]
    if columns.flow_style or not columns.value:
        raise Unplaceable
    return _appended(text, columns, block(properties, columns.start_mark.column))


def _root(text: str) -> yaml.MappingNode:
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(node, yaml.MappingNode):
        raise Unplaceable
    return node


def _table(root: yaml.MappingNode) -> yaml.MappingNode:
    found = _pair(root, "schema")
    if found is None or not found[1].value or not isinstance(found[1].value[0], yaml.MappingNode):
        raise Unplaceable
    return found[1].value[0]


def _property(root: yaml.MappingNode, column: str) -> yaml.MappingNode:
    found = _pair(_table(root), "properties")
    for node in found[1].value if found else ():
        if isinstance(node, yaml.MappingNode) and _data(node).get("name") == column:
            return node
    raise Unplaceable


def _pair(mapping: yaml.MappingNode, key: str) -> tuple[yaml.Node, yaml.Node] | None:
    return next((pair for pair in mapping.value if pair[0].value == key), None)


def _data(node: yaml.Node) -> Any:
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _set(text: str, mapping: yaml.MappingNode, key: str, rendered: str, value: object) -> str:
    if mapping.flow_style:
        return _replaced(text, mapping, flow({**_data(mapping), key: value}))
    gap = "" if rendered.startswith("\n") else " "
    found = _pair(mapping, key)
    if found is not None:
        start, end = found[0].end_mark.index, max(_end(text, found[1]), found[0].end_mark.index + 1)
        return f"{text[:start]}:{gap}{rendered}{text[end:]}"
    wanted = next((p for name in _AFTER.get(key, ()) if (p := _pair(mapping, name))), None)
    anchor = wanted or mapping.value[-1]
    at = _line_end(text, _end(text, anchor[1]))
    return f"{text[:at]}\n{' ' * mapping.start_mark.column}{key}:{gap}{rendered}{text[at:]}"


def _replaced(text: str, node: yaml.Node, rendered: str) -> str:
    return text[: node.start_mark.index] + rendered + text[_end(text, node) :]


def _appended(text: str, sequence: yaml.SequenceNode, lines: str) -> str:
    at = _line_end(text, _end(text, sequence.value[-1]))
    return f"{text[:at]}\n{lines}{text[at:]}"


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _end(text: str, node: yaml.Node) -> int:
    """Where a node ends; the marks of blocks lie behind the comments that follow them."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(text, last[1] if isinstance(node, yaml.MappingNode) else last)
    start = int(node.start_mark.index)
    return start + len(text[start : node.end_mark.index].rstrip())


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
    meant = _data_after(parsed(text), patch)
    try:
        edited = _text_after(text, patch)
        if parsed(edited) == meant:
            return edited
    except (Unplaceable, ValueError):
        pass  # written anew below: the values are right, the comments are gone
    return dumped(meant)


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
        lines += [f"      - {flow({'property': e.key, 'value': e.value})}" for e in own]
    by_column: dict[str, dict[str, Any]] = {}
    for edit in patch.edits:
        if edit.column is not None:
            changed = by_column.setdefault(edit.column, {"name": edit.column})
            _set_in(changed, edit, keep_null=True)
    columns = [*by_column.values(), *patch.added]
    if columns:
        lines.append("    properties:")
        lines += [block(column, 6) for column in columns]
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
            text = with_custom(text, edit.column, edit.key, edit.value)
            continue
        key, value = edit.key, edit.value
        if edit.column is None:
            raise Unplaceable
        if key.startswith(_OPTIONS):
            after = _data_after(parsed(text), Patch((edit,)))
            columns = {c["name"]: c for c in after["schema"][0]["properties"]}
            key = "logicalTypeOptions"
            value = columns[edit.column].get(key)
        if value is None:
            text = without_key(text, edit.column, key)
        else:
            text = with_value(text, edit.column, key, value)
    for column in patch.added:
        text = with_property(text, column)
    if patch.version:
        text = with_value(text, None, "version", patch.version)
    return text
