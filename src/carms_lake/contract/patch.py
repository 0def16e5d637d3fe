"""A change of a contract as data: shown in the contract's own shape, applied to its text."""

import copy
import io
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedBase, CommentedMap
from ruamel.yaml.error import YAMLError
from ruamel.yaml.representer import RoundTripRepresenter
from ruamel.yaml.scalarstring import PlainScalarString

from carms_lake.contract.keys import read_yaml
from carms_lake.errors import ContractError

Node = Callable[[Any], Any]
"""Makes of a value what a document holds."""

_OWN = "carms."
_OPTIONS = "logicalTypeOptions."
_AFTER = {
    "physicalName": ("name",),
    "physicalType": ("logicalType",),
    "required": ("physicalType", "logicalType"),
}
"""Key -> the keys after which a new one is inserted; other keys are appended."""

_FLUSH_LIST = re.compile(r"^( *)[^\s#].*:\n\1- ", re.MULTILINE)
"""A list whose items are not indented; PyYAML writes them so."""

_LINE_ENDS = "\x85\u2028\u2029"
"""Line ends to YAML, though not to Python's text files; in a value they are written as escapes."""


@dataclass(frozen=True)
class Edit:
    """One key of a column that gets another value; None removes the key.

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

    Raises:
        ValueError: the text is not a contract, or lacks the column.
    """
    wanted = _parsed(text)
    _change(wanted, patch, lambda value: value)
    # The second may move comments and lay out lines another way.
    for edit in (_edited_between_comments, lambda *given: _round_trip(*given)[1]):
        try:
            edited = edit(text, patch)
            if _parsed(edited) == wanted:
                return edited
        except (YAMLError, ValueError):
            continue
    # Values before comments: ruamel.yaml reads YAML 1.2, PyYAML 1.1, and they differ on `yes`.
    return yaml.safe_dump(wanted, sort_keys=False, allow_unicode=True, width=100)


def as_yaml(table: str, patch: Patch, comments: Iterable[str] = ()) -> str:
    """The patch as YAML: what it changes, in the contract's shape; null means removed.

    >>> print(as_yaml("sales", Patch((Edit("qty", "required", False),), version="2.0.0")), end="")
    version: 2.0.0
    schema:
      - name: sales
        properties:
          - name: qty
            required: false
    """
    changed: dict[str | None, Any] = {None: CommentedMap(name=table)}
    for edit in patch.edits:
        element = changed.setdefault(edit.column, CommentedMap(name=edit.column))
        _set(element, edit, _node, keep_null=True)
    own = changed.pop(None)
    columns = [*changed.values(), *(_property(column, _node) for column in patch.added)]
    if columns:
        own["properties"] = columns
    version = {"version": _node(patch.version)} if patch.version else {}
    lines = [f"# {' '.join(text.split())}\n" for text in comments]
    return "".join(lines) + _written(_editor(), {**version, "schema": [own]})


def _parsed(text: str) -> Any:
    try:
        return read_yaml(text, "it")
    except ContractError as error:
        raise ValueError(error.message) from None


def _change(document: Any, patch: Patch, node: Node) -> None:
    """Apply a patch to a document, parsed by either library."""
    try:
        table = document["schema"][0]
        columns = {column["name"]: column for column in table["properties"]}
        for edit in patch.edits:
            _set(table if edit.column is None else columns[edit.column], edit, node)
        table["properties"].extend(_property(column, node) for column in patch.added)
    except (KeyError, IndexError, TypeError) as error:
        raise ValueError(f"the contract has no place for the patch: {error!r}") from None
    if patch.version:
        document["version"] = node(patch.version)


def _set(element: Any, edit: Edit, node: Node, *, keep_null: bool = False) -> None:
    parent, _, key = edit.key.rpartition(".")
    if edit.key.startswith(_OWN):
        entries = _own(element, "customProperties", [])
        found = next((entry for entry in entries if entry["property"] == edit.key), None)
        if found is None:
            entries.append(node({"property": edit.key, "value": edit.value}))
        else:
            found["value"] = node(edit.value)
        return
    target = _own(element, parent, node({})) if parent else element
    if edit.value is not None or keep_null:
        _put(target, key, node(edit.value))
    else:
        target.pop(key, None)
    if parent and not target:
        del element[parent]


def _own(element: Any, key: str, default: Any) -> Any:
    """The list or mapping under a key, for this element alone where an anchor shares it."""
    found = element.get(key) or default
    if not isinstance(found, CommentedBase):
        found = copy.deepcopy(found)
    elif found.anchor.value:  # only then: a copy loses the comment above its first item
        found = copy.deepcopy(found)
        found.yaml_set_anchor(None)
    element[key] = found
    return found


def _put(element: Any, key: str, value: Any) -> None:
    """Set a key; a new one gets its usual place where the element keeps an order of its text."""
    anchor = next((name for name in _AFTER.get(key, ()) if name in element), None)
    if key in element or anchor is None or not isinstance(element, CommentedMap):
        element[key] = value
    else:
        element.insert([*element].index(anchor) + 1, key, value)


def _property(column: Mapping[str, Any], node: Node) -> dict[str, Any]:
    """A new column: one line for each key and each custom property."""
    return {
        key: [node(entry) for entry in value] if key == "customProperties" else node(value)
        for key, value in column.items()
    }


def _node(value: Any) -> Any:
    """A value on one line, quoted as PyYAML, which reads contracts, needs it."""
    text = _on_one_line(value, is_plain=True)
    if any(sign in text for sign in _LINE_ENDS):
        text = _on_one_line(value, is_plain=False)
    value = _editor().load(text)
    # A plain `str` would take over the style of the value that it replaces, `>-` for instance.
    return PlainScalarString(value) if type(value) is str else value


def _on_one_line(value: Any, *, is_plain: bool) -> str:
    return yaml.safe_dump(
        value, default_flow_style=True, sort_keys=False, allow_unicode=is_plain, width=1 << 30
    )


class _ExplicitNull(RoundTripRepresenter):
    """Writes `key: null`: a key without any value looks forgotten."""


_ExplicitNull.add_representer(
    type(None), lambda self, _: self.represent_scalar("tag:yaml.org,2002:null", "null")
)


def _editor(offset: int = 2) -> YAML:
    """Reads and writes a text such that what is not changed stays as it is."""
    editor = YAML()
    editor.Representer = _ExplicitNull
    editor.preserve_quotes = True
    editor.width = 1 << 30
    editor.brace_single_entry_mapping_in_flow_sequence = True
    editor.indent(mapping=2, sequence=offset + 2, offset=offset)
    return editor


def _written(editor: YAML, document: Any) -> str:
    stream = io.StringIO()
    editor.dump(document, stream)
    return stream.getvalue()


def _round_trip(text: str, patch: Patch) -> tuple[str, str]:
    """The text as it is written unchanged, and after the patch, in its own indentation."""
    editor = _editor(0 if _FLUSH_LIST.search(text) else 2)
    document = editor.load(text)
    before = _written(editor, document)
    _change(document, patch, _node)
    return before, _written(editor, document)


def _edited_between_comments(text: str, patch: Patch) -> str:
    """The edited text, with its comments and blank lines where they were.

    They are left out of the round trip: ruamel.yaml takes a comment for a part of the line above
    it, so what is appended to a column would follow the comment of the next one.

    Raises:
        ValueError: the round trip does not keep the lines of the text.
    """
    lines = text.split("\n")
    code = [n for n, line in enumerate(lines) if line.strip() and not line.strip().startswith("#")]
    before, after = (
        version.removesuffix("\n").split("\n")
        for version in _round_trip("".join(f"{lines[n]}\n" for n in code), patch)
    )
    if len(before) != len(code):
        raise ValueError("a value is written over several lines")
    edited: list[str] = []
    done = 0
    for change, start, end, new_start, new_end in SequenceMatcher(
        None, before, after, autojunk=False
    ).get_opcodes():
        stop = code[end - 1] + 1 if end > start else done
        if change == "equal":
            edited += lines[done:stop]
        else:
            replaced = code[start:end]
            edited += [lines[n] for n in range(done, stop) if n not in replaced]
            edited += after[new_start:new_end]
        done = stop
    return "\n".join(edited + lines[done:])
