"""Edits of a contract's text that leave every other line as it is, comments and order included.

The places come from the parser's own marks; whoever calls compares the result with what was meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

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
