"""carms: a lakehouse on a laptop, as one command and as a package.

    lake = carms_lake.open()
    lake.query("select count(*) from silver.program")

Importing it imports no data library; each is imported when a call needs it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from carms_lake.api import Lake, UnknownTable, open  # noqa: A004 - `carms_lake.open`
    from carms_lake.api.published import Published
    from carms_lake.api.selected import select
    from carms_lake.contract.model import Contract
    from carms_lake.errors import (
        ConfigError,
        ContractError,
        DataError,
        GoldMissing,
        LakeError,
        NotReconciled,
        QueryLimit,
        QueryRefused,
        SourceError,
        SourceRefused,
        StoreError,
        StoreLocked,
        UnknownKey,
        UsageError,
    )
    from carms_lake.flows.parity import Parity, ParityStatus
    from carms_lake.records import Publication, RunReport

__version__ = "0.1.0"

__all__ = [
    "ConfigError",
    "Contract",
    "ContractError",
    "DataError",
    "GoldMissing",
    "Lake",
    "LakeError",
    "NotReconciled",
    "Parity",
    "ParityStatus",
    "Publication",
    "Published",
    "QueryLimit",
    "QueryRefused",
    "RunReport",
    "SourceError",
    "SourceRefused",
    "StoreError",
    "StoreLocked",
    "UnknownKey",
    "UnknownTable",
    "UsageError",
    "__version__",
    "open",
    "select",
]

_MODULES = {
    "Contract": "contract.model",
    "Lake": "api",
    "Parity": "flows.parity",
    "ParityStatus": "flows.parity",
    "Publication": "records",
    "Published": "api.published",
    "RunReport": "records",
    "UnknownTable": "api",
    "open": "api",
    "select": "api.selected",
}
"""Where the exports are that are not errors."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module `carms_lake` has no attribute `{name}`")
    return getattr(import_module(f"carms_lake.{_MODULES.get(name, 'errors')}"), name)


def __dir__() -> list[str]:
    return __all__
