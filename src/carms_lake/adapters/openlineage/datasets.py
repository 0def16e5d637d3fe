"""The tables and source files of a lake as datasets, by the naming rules of OpenLineage.

Files and Delta tables: namespace `file`, the name is the path. Gold: namespace `duckdb://PATH`, the
name is `database.schema.table`, as dbt's adapter for DuckDB names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from carms_lake.adapters.openlineage.facets import facets

if TYPE_CHECKING:
    from carms_lake import Contract, Lake

_IN_GOLD_FILE = ("gold", "ops")
_COPIED = re.compile(r"\w+\.\w+")
"""An expression that is a column as it is."""

Line = Mapping[str, Any]
"""A row of `Lake.lineage`."""
Dataset = dict[str, Any]


class Datasets:
    """The datasets of a lake."""

    def __init__(self, lake: Lake) -> None:
        self._config = lake.config
        self.contracts = lake.contracts
        self.lines: dict[str, list[Line]] = {}
        """The rows of `Lake.lineage`, by table."""
        for line in lake.lineage().iter_rows(named=True):
            self.lines.setdefault(line["table"], []).append(line)

    def named(self, name: str) -> Dataset:
        """A table, as `silver.program`, or the files of a source, by what a contract calls them."""
        layer = name.partition(".")[0]
        gold = self._config.gold_file
        if layer in _IN_GOLD_FILE:
            namespace = f"duckdb://{gold.as_uri().removeprefix('file://')}"
            return {"namespace": namespace, "name": f"{gold.stem}.{name}"}
        path = self._config.data_raw / name
        if name in self.contracts:
            path = self._config.lake.joinpath(*name.split("."))
        return {"namespace": "file", "name": path.as_posix()}

    def inputs(self, name: str, counts: Mapping[str, int] | None = None) -> list[Dataset]:
        """What a table reads; `counts` are of its source, where that is one dataset."""
        reads = list(dict.fromkeys(line["reads"] for line in self.lines.get(name, ())))
        found = [{**self.named(read), "facets": self._source(read)} for read in reads]
        if counts and len(found) == 1:
            found[0]["inputFacets"] = facets(inputStatistics=dict(counts))
        return found

    def checked(self, name: str, assertions: Iterable[dict[str, Any]]) -> Dataset:
        """A table with what its checks found."""
        found = facets(dataQualityAssertions={"assertions": list(assertions)})
        return {**self.named(name), "facets": self._source(name), "inputFacets": found}

    def output(
        self,
        name: str,
        *,
        rows: int | None = None,
        version: int | None = None,
        contract_version: str | None = None,
    ) -> Dataset:
        """A table that was made, with its columns and what they are made of.

        Where it was made under another version of its contract, its columns are left out.
        """
        contract = self.contracts[name]
        is_current = contract_version in (None, contract.version)
        made = facets(
            documentation={"description": contract.description} if contract.description else None,
            datasetType={"datasetType": "TABLE" if contract.kind == "table" else "VIEW"},
            schema=_schema(contract) if is_current else None,
            columnLineage=self._columns(name) if is_current else None,
            version=None if version is None else {"datasetVersion": str(version)},
        )
        found = {**self.named(name), "facets": {**self._source(name), **made}}
        if rows is not None:
            found["outputFacets"] = facets(outputStatistics={"rowCount": rows})
        return found

    def _source(self, name: str) -> dict[str, Any]:
        if name.partition(".")[0] in _IN_GOLD_FILE:
            gold = self._config.gold_file
            return facets(dataSource={"name": gold.name, "uri": self.named(name)["namespace"]})
        folder = self._config.lake if name in self.contracts else self._config.data_raw
        return facets(dataSource={"name": folder.name, "uri": folder.as_uri()})

    def _columns(self, name: str) -> dict[str, Any] | None:
        fields: dict[str, dict[str, Any]] = {}
        for line in self.lines.get(name, ()):
            if line["column"] is not None:
                made = fields.setdefault(line["column"], {"inputFields": []})
                field = {"field": line["reads_column"], "transformations": [_transformation(line)]}
                made["inputFields"].append({**self.named(line["reads"]), **field})
        return {"fields": fields} if fields else None


def _transformation(line: Line) -> dict[str, Any]:
    how = line["how"] or ""
    found: dict[str, Any] = {"type": "DIRECT", "masking": "keyed_hash(" in how.lower()}
    if line["known"] == "sql" and _COPIED.fullmatch(how):
        found["subtype"] = "IDENTITY"
    return {**found, "description": how} if how else found


def _schema(contract: Contract) -> dict[str, Any] | None:
    fields = [
        {
            "name": column.name,
            "type": str(column.type),
            "ordinal_position": position,
            **({"description": column.description} if column.description else {}),
        }
        for position, column in enumerate(contract.columns, start=1)
    ]
    return {"fields": fields} if fields else None
