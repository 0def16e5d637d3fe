"""What the DAX of measures names: tables and columns that gold must have."""

import re
from collections.abc import Iterator, Mapping

from carms_lake.contract.model import Contract
from carms_lake.errors import ContractError, did_you_mean
from carms_lake.names import Layer, TableRef

_SKIPPED = re.compile(r'"(?:[^"]|"")*"|//[^\n]*|--[^\n]*|/\*.*?\*/', re.DOTALL)
"""Texts and comments of DAX."""
_REFERENCE = re.compile(
    r"(?:'(?P<quoted>(?:[^']|'')+)'|(?P<bare>\b[A-Za-z_]\w*))?\[(?P<name>[^\]]+)\]"
    r"|'(?P<alone>(?:[^']|'')+)'"
)


def verify_measures(contract: Contract, contracts: Mapping[TableRef, Contract]) -> None:
    """Check that measures have names of their own, and that their DAX names what gold has.

    Raises:
        ContractError: one does not; the message has its line.
    """
    if contract.measures and contract.ref.layer != Layer.GOLD:
        raise ContractError(
            f"line {contract.measures[0].line}: `carms.measures` belongs in gold",
            "take it out of this contract",
        )
    others = [(m, c) for c in contracts.values() for m in c.measures]
    for measure in contract.measures:
        where = f"line {measure.line}: measure `{measure.name}`"
        same = [
            c.ref.in_domain
            for m, c in others
            if m is not measure and m.name.casefold() == measure.name.casefold()
        ]
        if measure.name.casefold() in contract.column_names:
            same.append(f"{contract.ref.in_domain}.{measure.name.casefold()}")
        if same:
            raise ContractError(f"{where} has the name of one in `{same[0]}`", "rename one of them")
        try:
            _verify_dax(measure.dax, contract.ref, contracts)
        except ValueError as error:
            raise ContractError(f"{where}: {error}", "correct its `dax`") from None


def references(dax: str) -> Iterator[tuple[str, str]]:
    """The (table, column) pairs that a DAX expression names; of a measure, the table is empty.

    Of a table alone, in quotes, the column is empty.
    """
    for found in _REFERENCE.finditer(_SKIPPED.sub(" ", dax)):
        table = found["quoted"] or found["bare"] or found["alone"] or ""
        yield table.replace("''", "'"), found["name"] or ""


def _verify_dax(dax: str, ref: TableRef, contracts: Mapping[TableRef, Contract]) -> None:
    gold = {c.ref.table: c for c in contracts.values() if c.ref.layer == ref.layer}
    known = {measure.name for contract in gold.values() for measure in contract.measures}
    bare = _SKIPPED.sub(" ", dax)
    if bare.count("(") != bare.count(")") or '"' in bare:
        raise ValueError("its parentheses or quotes are not balanced")
    for table, name in references(dax):
        if not table:
            if name not in known and not name.startswith("@"):
                raise ValueError(f"no measure [{name}]. {did_you_mean(name, known) or ''}".strip())
        elif table not in gold:
            hint = did_you_mean(table, gold) or ""
            raise ValueError(f"no table `{table}` in gold. {hint}".strip())
        elif name and name not in gold[table].column_names and name not in known:
            hint = did_you_mean(name, gold[table].column_names) or ""
            raise ValueError(f"no column `{name}` in `{table}`. {hint}".strip())
