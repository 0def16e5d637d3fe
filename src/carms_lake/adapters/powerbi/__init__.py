"""A Power BI project (.pbip) of a domain: its model from the contracts, pages from the domain.

It needs no lake: the files say where the data will be, and Power BI reads it when it refreshes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from carms_lake.adapters.powerbi.filled import declared, pages_of
from carms_lake.adapters.powerbi.model import model_of
from carms_lake.adapters.powerbi.pbir import report_files
from carms_lake.adapters.powerbi.project import Written, write_files
from carms_lake.adapters.powerbi.tmdl import model_files

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake import Lake
    from carms_lake.adapters.powerbi.source import Source

__all__ = ["Written", "project_files", "write_project"]


def write_project(lake: Lake, folder: Path, source: Source, *, force: bool = False) -> Written:
    """Write the project of a lake's domain into a folder; what did not change stays as it is.

    With `force` files that were edited, or that something else wrote, are replaced.

    Raises:
        ContractError: a contract is wrong, or what the domain declares names what is not there.
        UsageError: the folder has files that this would overwrite.
    """
    return write_files(folder, project_files(lake, source), force=force)


def project_files(lake: Lake, source: Source) -> dict[str, str]:
    """The text of each file of a project, by its path in the folder; the same each time.

    Raises:
        ContractError: as `write_project`.
    """
    said = declared(lake)
    model = model_of(lake, said.left_out)
    return {**model_files(model, source), **report_files(model.domain, pages_of(model, said))}
