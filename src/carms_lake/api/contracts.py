"""The contracts of a domain, as a mapping from any spelling of a table's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from carms_lake.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carms_lake.config import LakeConfig
    from carms_lake.contract.model import Contract


class UnknownTable(UsageError, KeyError):
    """No table has that name; a KeyError too, so that `get` and `in` work on contracts."""

    __str__ = Exception.__str__


class Contracts(Mapping[str, "Contract"]):
    """The contracts of a domain; it lists `silver.program`, and takes any spelling of a name."""

    def __init__(self, config: LakeConfig) -> None:
        from carms_lake.catalog import load_catalog

        self._catalog = load_catalog(config.domain)

    def __getitem__(self, name: str) -> Contract:
        """The contract of a table.

        Raises:
            UnknownTable: no table has that name; the hint has the nearest name.
        """
        try:
            return self._catalog.contracts[self._catalog.resolve(name)]
        except UsageError as error:
            raise UnknownTable(error.message, error.hint) from None

    def __iter__(self) -> Iterator[str]:
        return iter(ref.in_domain for ref in self._catalog.refs())

    def __len__(self) -> int:
        return len(self._catalog.contracts)

    def private_in_gold(self) -> frozenset[str]:
        """The names of columns that a contract of gold classifies as not public.

        A view may select a column that only the contract of its table classifies: so the name
        counts, in whichever table of gold.
        """
        return frozenset(
            column.name
            for name, contract in self.items()
            if name.startswith("gold.")
            for column in contract.columns
            if column.is_private
        )
