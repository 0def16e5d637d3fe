"""The contract of a gold SELECT that an author wrote, from what it answers today."""

from pathlib import Path

from carms_lake.config import LakeConfig
from carms_lake.contract.types import parse_type
from carms_lake.errors import ContractError, QueryRefused, UsageError
from carms_lake.flows.query import query_frame
from carms_lake.flows.scaffold.columns import Column, key_of, tell
from carms_lake.flows.scaffold.look import READ_ROWS
from carms_lake.flows.scaffold.table import Table
from carms_lake.flows.scaffold.texts import Source
from carms_lake.names import IDENTIFIER
from carms_lake.store.gold.macros import expanded

_CASTS = {"HUGEINT": "bigint", "FLOAT": "double", "TINYINT": "smallint", "UUID": "varchar"}


def select_source(config: LakeConfig, path: Path) -> Source:
    """What a SELECT in the folder `gold` of the domain gives, as the contract of its table has it.

    Raises:
        UsageError: the file is not one of the domain's SELECTs.
        ContractError: it cannot be run, or gives a column that a contract cannot have.
        StoreError: gold, on which it would run, is not built yet.
    """
    folder = config.project / "domains" / config.domain.name / "gold"
    if path.absolute().parent != folder.absolute() or not IDENTIFIER.fullmatch(path.stem):
        raise UsageError(
            f"`{path}` is not a SELECT of the domain `{config.domain.name}`",
            f"put it into `{folder}`, under the name of its table: lower-case letters, digits, _",
        )
    sql = expanded(path.read_text(encoding="utf-8-sig").rstrip().removesuffix(";"), f"`{path}`")
    try:
        kinds = query_frame(config, f"describe {sql}")
        rows = query_frame(config, f"from ({sql}\n) limit {READ_ROWS}")
    except QueryRefused as refused:
        hint = refused.hint or "correct the SELECT"
        raise ContractError(f"`{path}`: {refused.message}", hint) from refused
    table = Table(path, path.name, "sql", records=rows.height, is_whole=rows.height < READ_ROWS)
    columns = []
    for name, kind in kinds.select("column_name", "column_type").rows():
        where = f"`{path}`, column `{name}`"
        if not IDENTIFIER.fullmatch(name):
            raise ContractError(
                f"{where}: not a column name", "name it with `as`: lower-case letters, digits, _"
            )
        try:
            own = parse_type(None, kind, where=where)
        except ContractError as error:
            to = next((cast for found, cast in _CASTS.items() if kind.startswith(found)), "varchar")
            raise ContractError(
                f"{where}: a table cannot have the type {kind}", f"cast it: `(...)::{to} as {name}`"
            ) from error
        columns.append(Column(name, name, own, rows[name]))
        tell(columns[-1], table)
    seen = f"{path.name}, {rows.height:,} rows"
    return Source(path.stem, (path.name,), "", {}, columns, key_of(columns), seen)
