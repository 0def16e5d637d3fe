"""Judge the data contracts by the Open Data Contract Standard's own JSON Schema.

`python tools/lint_contracts.py [FOLDER]` prints one line per finding, `file: place: message`, and
exits 1 when there is one. A contract's file name must also be the name of its one table.
"""

from __future__ import annotations

import json
import sys
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from jsonschema import Draft201909Validator
from jsonschema.exceptions import best_match

if TYPE_CHECKING:
    from collections.abc import Iterator

SUFFIX = ".odcs.yaml"
SCHEMAS = Path(__file__).resolve().parent.parent / "schemas"


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # C where it is built
    """YAML as JSON knows it: a date without quotes stays the text that it is."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}


def standard() -> Draft201909Validator:
    """The standard's schema, as its own package carries it."""
    text = files("open_data_contract_standard").joinpath("schema.json").read_text("utf-8")
    return Draft201909Validator(json.loads(text))


def findings(folder: Path) -> Iterator[str]:
    """What is wrong in a folder's contracts, one line each; nothing where all is well."""
    contracts = sorted(folder.rglob("*" + SUFFIX))
    if not contracts:
        yield f"{folder}: no contract (`*{SUFFIX}`) is here"
    validator = standard()
    for path in contracts:
        for place, message in _judge(path, validator):
            yield f"{path}: {place}: {message}"


def _judge(path: Path, validator: Draft201909Validator) -> Iterator[tuple[str, str]]:
    try:
        contract = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506  # a safe loader
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        yield "file", f"is no YAML: {' '.join(str(error).split())}"
        return
    for violation in validator.iter_errors(contract):
        deepest = best_match([violation])
        yield deepest.json_path, deepest.message
    yield from _judge_name(path, contract)


def _judge_name(path: Path, contract: Any) -> Iterator[tuple[str, str]]:
    table = path.name.removesuffix(SUFFIX).split(".")[
        0
    ]  # `orders.v1` is an older version of `orders`
    schema = contract.get("schema") if isinstance(contract, dict) else None
    names = [entry.get("name") for entry in schema or () if isinstance(entry, dict)]
    if names != [table]:
        found = ", ".join(f"`{name}`" for name in names) or "none"
        yield "$.schema[*].name", f"the file's name asks for one table `{table}`, found {found}"


def main(arguments: list[str]) -> int:
    """Print the findings; 1 when there are any."""
    folder = Path(arguments[0]) if arguments else SCHEMAS
    found = list(findings(folder))
    for finding in found:
        print(finding)
    if not found:
        print(f"{len(list(folder.rglob('*' + SUFFIX)))} contracts are ODCS")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
