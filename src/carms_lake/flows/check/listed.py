"""The checks that contracts ask for, each with its newest result."""

import polars as pl

from carms_lake.catalog import load_catalog
from carms_lake.config import LakeConfig
from carms_lake.names import RUN_ID, Layer
from carms_lake.quality.rules import rules_of
from carms_lake.store.ops import OPS_SCHEMAS, ops_rows

_KEY = ("table", "rule")
_RULE = dict.fromkeys((*_KEY, "severity", "description"), pl.String)
_RESULT = ("passed", "failed_rows", "checked_rows", "message", RUN_ID)


def listed_checks(config: LakeConfig) -> pl.DataFrame:
    """One row per rule: `table`, `rule`, `severity`, `description`, and of the newest result more.

    `severity` is that of the result, where there is one. Of the result are `passed`, `failed_rows`,
    `checked_rows`, `message`, `run_id`, null where there is none.

    Raises:
        ContractError: a contract is wrong.
        StoreError: the lake cannot be read.
    """
    catalog = load_catalog(config.domain)
    rules = [
        (ref.in_domain, *map(str, rule))
        for ref in catalog.refs(*Layer)
        for rule in rules_of(catalog.contracts[ref])
    ]
    table = pl.concat_str("layer", "table_name", separator=".").alias("table")
    kept = [*_KEY, pl.col("severity").alias("found"), *_RESULT]
    newest = (
        ops_rows(config, "check_results")
        .select(table, *OPS_SCHEMAS["check_results"])
        .sort(RUN_ID)
        .unique(_KEY, keep="last")
        .select(kept)
    )
    listed = pl.LazyFrame(rules, _RULE, orient="row").unique(_KEY, maintain_order=True)
    joined = listed.join(newest, on=_KEY, how="left", maintain_order="left")
    severity = pl.coalesce("found", "severity").alias("severity")
    return joined.select(*_KEY, severity, "description", *_RESULT).collect()
