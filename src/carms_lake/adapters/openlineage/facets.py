"""What OpenLineage calls facets: parts of an event, each with the address of its own schema.

The versions are those of the specification 2-0-2, https://openlineage.io/spec.
"""

from __future__ import annotations

from typing import Any

from carms_lake import __version__

PRODUCER = f"urn:carms-lake:{__version__}"
"""Who wrote the events."""

SPEC = "https://openlineage.io/spec/2-0-2/OpenLineage.json"

_STANDARD = {
    "columnLineage": ("1-2-0", "ColumnLineageDatasetFacet"),
    "dataQualityAssertions": ("1-1-0", "DataQualityAssertionsDatasetFacet"),
    "dataSource": ("1-0-1", "DatasourceDatasetFacet"),
    "datasetType": ("1-0-1", "DatasetTypeDatasetFacet"),
    "documentation": ("1-1-0", "DocumentationDatasetFacet"),
    "errorMessage": ("1-0-1", "ErrorMessageRunFacet"),
    "inputStatistics": ("1-0-0", "InputStatisticsInputDatasetFacet"),
    "jobType": ("2-0-4", "JobTypeJobFacet"),
    "outputStatistics": ("1-0-2", "OutputStatisticsOutputDatasetFacet"),
    "parent": ("1-2-0", "ParentRunFacet"),
    "processing_engine": ("1-1-1", "ProcessingEngineRunFacet"),
    "schema": ("1-2-0", "SchemaDatasetFacet"),
    "version": ("1-0-1", "DatasetVersionDatasetFacet"),
}

Facets = dict[str, dict[str, Any]]


def facets(**given: dict[str, Any] | None) -> Facets:
    """Facets by name, each with its producer and its schema; those that are None are left out."""
    return {
        name: {"_producer": PRODUCER, "_schemaURL": _schema(name), **values}
        for name, values in given.items()
        if values is not None
    }


def _schema(name: str) -> str:
    if name not in _STANDARD:  # one of our own, which the specification allows
        return f"{SPEC}#/$defs/RunFacet"
    version, kind = _STANDARD[name]
    return f"https://openlineage.io/spec/facets/{version}/{kind}.json#/$defs/{kind}"
