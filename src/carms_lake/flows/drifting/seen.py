"""What is being found of one file, while it is compared."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from carms_lake.flows.drifting.findings import Finding, Need, Promise, Weight

if TYPE_CHECKING:
    import polars as pl

    from carms_lake.contract.model import Contract
    from carms_lake.flows.drifting.rawfile import RawFile


@dataclass
class Seen:
    """What is being found of one file."""

    contract: Contract
    file: str
    raw: RawFile
    old: pl.DataFrame | None
    """Rows of the last landed file, under the contract's names and types."""
    findings: list[Finding] = field(default_factory=list)
    needs: list[Need] = field(default_factory=list)

    def say(
        self,
        column: str | None,
        change: str,
        severity: Weight,
        expected: str,
        found: str,
        *,
        score: float | None = None,
    ) -> None:
        """Add a finding."""
        ref = self.contract.ref
        self.findings.append(
            Finding(ref, self.file, column, change, severity, expected, found, score)
        )

    def need(self, promise: Promise, column: str | None = None, value: Any = None) -> None:
        """Add what the contract must say otherwise."""
        self.needs.append(Need(promise, column, value))

    def before(self, column: str) -> pl.Series | None:
        """The earlier values of a column, if there are any."""
        if self.old is None or column not in self.old.columns or not self.old.height:
            return None
        return self.old[column]
