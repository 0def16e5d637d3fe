"""A patched contract tried on the files that it is for, before it is said to accept them."""

from collections.abc import Sequence
from pathlib import Path

from carms_lake.contract.load import parse_contract
from carms_lake.contract.model import Contract
from carms_lake.errors import SourceRefused, counted
from carms_lake.flows.drift.files import HEAD_RECORDS, SPREAD_RECORDS
from carms_lake.flows.drift.findings import is_systematic
from carms_lake.flows.judged import judged
from carms_lake.records import SourceFile


def not_accepted(text: str, contract: Contract, files: Sequence[SourceFile]) -> dict[str, str]:
    """Why a new version of a contract would not accept some of these files, by their names.

    A file that loses few of its records is accepted: they are faults of their own.

    Raises:
        ContractError: the new version is invalid.
    """
    patched = parse_contract(text.encode(), contract.path or Path(), contract.ref)
    whys = ((source.name, _why(source, patched)) for source in files)
    return {name: why for name, why in whys if why}


def _why(source: SourceFile, contract: Contract) -> str:
    records = rejected = 0
    first = ""
    try:
        for part in judged(source, contract):
            records += part.accepted.height + part.rejected.height
            rejected += part.rejected.height
            if not first and part.rejected.height:
                first = part.rejected["reasons"][0][0]["message"]
            if records >= HEAD_RECORDS + SPREAD_RECORDS:
                break
    except SourceRefused as error:
        return error.message
    if rejected and is_systematic(rejected, records):
        return f"{rejected} of {counted(records, 'record')} would be rejected, the first: {first}"
    return ""
