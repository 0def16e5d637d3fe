"""Quarantined rows of silver, as the reject store keeps them: the key and the row as JSON."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from carms_lake.catalog import Catalog, load_catalog
from carms_lake.config import LakeConfig
from carms_lake.contract.limits import Severity
from carms_lake.contract.model import Contract, Relationship
from carms_lake.flows.build.context import BuildContext
from carms_lake.flows.run import Run
from carms_lake.names import RUN_ID, Layer, TableRef
from carms_lake.quality.reconciliation import QUARANTINE
from carms_lake.quality.rejected import REJECT_SCHEMA, of_run
from carms_lake.quality.types import typed
from carms_lake.records import CheckResult, ReasonCode
from carms_lake.store import delta, rejects_path, table_path
from carms_lake.store.delta.manifest import Build


def as_rejects(quarantined: pl.DataFrame, contract: Contract, run: Run) -> pl.DataFrame:
    """One reject per quarantined row, in the columns of the reject store."""
    rows = quarantined.drop("reasons").to_dicts()
    key = contract.primary_key or contract.column_names
    found = quarantined.select(
        pl.lit(str(Layer.SILVER)).alias("layer"),
        pl.lit(contract.ref.table).alias("table_name"),
        pl.Series("row_key", [_json({k: row[k] for k in key}) for row in rows], pl.String),
        pl.Series("raw_record", map(_json, rows), pl.String),
        "reasons",
    )
    return of_run(found, run.run_id, run.started_at)


def quarantined_by(run: Run, contract: Contract, run_id: str) -> pl.DataFrame:
    """The rows of a silver table that one run quarantined.

    Raises:
        StoreError: the lake cannot be read.
    """
    path = rejects_path(run.config)
    if not delta.exists(path):
        return pl.DataFrame(schema=REJECT_SCHEMA)
    of_table = (pl.col("layer") == Layer.SILVER) & (pl.col("table_name") == contract.ref.table)
    found = delta.scan(path).filter(of_table & (pl.col(RUN_ID) == run_id)).collect()
    return found.match_to_schema(REJECT_SCHEMA, missing_columns="insert", extra_columns="ignore")


def keys_of(rejects: pl.DataFrame, contract: Contract, columns: Sequence[str]) -> pl.DataFrame:
    """Columns of the quarantined rows, typed again; one row per reject, in their order."""
    rows = [json.loads(text) for text in rejects["raw_record"]]
    texts = pl.DataFrame(
        {name: [None if row[name] is None else str(row[name]) for row in rows] for name in columns},
        schema=dict.fromkeys(columns, pl.String),
    )
    return texts.select(
        typed(name, pl.String(), contract.column(name).type).alias(name) for name in columns
    )


def released(context: BuildContext, rows: pl.DataFrame) -> int:
    """How many keys the last build quarantined, and this one keeps.

    Raises:
        StoreError: the lake cannot be read.
    """
    contract, last = context.contract, context.last
    if last is None or not last.quarantined or not contract.primary_key:
        return 0
    key = list(contract.primary_key)
    rejects = quarantined_by(context.run, contract, last.run_id)
    before = keys_of(rejects, contract, key).unique()
    return before.join(rows.select(key), on=key, how="semi").height


def waits_for(rejects: pl.DataFrame, rules: Sequence[str]) -> pl.Series:
    """Whether each row is quarantined because a reference of one of these rules is unknown."""
    code, rule = (pl.element().struct.field(name) for name in ("code", "rule"))
    waits = (code == ReasonCode.UNKNOWN_REFERENCE) & rule.is_in(rules)
    return rejects["reasons"].list.eval(waits).list.any().fill_null(value=False)


def unknown_references(rejects: pl.DataFrame) -> dict[str, int]:
    """How many rows were quarantined for each relationship whose reference is unknown."""
    reasons = rejects["reasons"].explode().struct.unnest()
    found = reasons.filter(pl.col("code") == ReasonCode.UNKNOWN_REFERENCE)
    return dict(found.group_by("rule").len().sort("rule").rows())


def _json(row: Mapping[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, default=str)


def excused(
    config: LakeConfig, builds: Mapping[TableRef, Build], found: list[CheckResult]
) -> list[CheckResult]:
    """The results, with a warning in place of an error where a source that never came is the cause.

    Only checks about references to a table that lacks its rows: all others fail as ever.
    """
    catalog = load_catalog(config.domain)
    lacking = _lacking(config, catalog, builds)
    if not lacking:
        return found
    results = []
    for result in found:
        sources = set()
        if not result.passed and result.severity == Severity.ERROR:
            for link in catalog.contracts[result.table].relationships:
                if _is_about(result, catalog.contracts[result.table], link):
                    sources |= lacking.get(link.target, set())
        why = ", ".join(sorted(f"`{ref.in_domain}`" for ref in sources))
        message = f"{result.message}; no file of {why} was ever loaded"
        warning = replace(result, severity=Severity.WARNING, message=message)
        results.append(warning if sources else result)
    return results


def _is_about(result: CheckResult, contract: Contract, link: Relationship) -> bool:
    """Whether a check counts rows whose reference is unknown: by itself, a budget, or a rule."""
    query = next((rule.query or "" for rule in contract.quality if rule.name == result.rule), "")
    return (
        result.rule == link.name
        or (link.quarantine and result.rule.startswith(f"{contract.ref.table}.{QUARANTINE}"))
        or not set(link.columns).isdisjoint(re.findall(r"\w+", query))
    )


def _lacking(
    config: LakeConfig, catalog: Catalog, builds: Mapping[TableRef, Build]
) -> dict[TableRef, set[TableRef]]:
    """The tables that lack rows because a source never came, each with these sources."""
    lacking = {
        ref: {ref}
        for ref in catalog.refs(Layer.BRONZE)
        if not delta.exists(table_path(config, ref))
    }
    if not lacking:
        return {}
    for step in catalog.silver_steps:
        contract, build = step.contract, builds.get(step.contract.ref)
        driver = contract.silver.driver
        from_there = {driver} if driver else set(step.reads.values())
        from_there |= {
            link.target
            for link in contract.relationships
            if link.quarantine and build and build.unknown.get(link.name)
        }
        if from_there & lacking.keys():
            lacking[contract.ref] = set().union(*(lacking.get(ref, set()) for ref in from_there))
    for gold in catalog.gold_steps:
        if set(gold.reads) & lacking.keys():
            lacking[gold.contract.ref] = set().union(*(lacking.get(r, set()) for r in gold.reads))
    return lacking
