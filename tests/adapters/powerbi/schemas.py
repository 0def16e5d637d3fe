"""Microsoft's published JSON schemas, from a folder of real data: nothing is downloaded."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

BASE = "https://developer.microsoft.com/json-schemas/"


class Schemas:
    """Schemas by their address; the test is skipped where the folder or a library is missing."""

    def __init__(self) -> None:
        self.jsonschema = pytest.importorskip("jsonschema")
        referencing = pytest.importorskip("referencing")
        self.folder = Path(os.environ.get("CARMS_REAL_DATA", ".")) / "json_schemas" / "powerbi"
        if not self.folder.is_dir():
            pytest.skip(f"Microsoft's JSON schemas are not here: {self.folder}")
        self.registry = referencing.Registry(
            retrieve=lambda uri: referencing.Resource.from_contents(self.schema(uri))
        )

    def schema(self, uri: str) -> dict[str, Any]:
        """The schema with that address."""
        path = self.folder / uri.removeprefix(BASE)
        return {"$id": uri, **json.loads(path.read_text(encoding="utf-8"))}

    def errors(self, content: dict[str, Any]) -> list[str]:
        """What is wrong with a document, by the schema that it names."""
        validator = self.jsonschema.Draft7Validator(
            self.schema(content["$schema"]), registry=self.registry
        )
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(content)]
