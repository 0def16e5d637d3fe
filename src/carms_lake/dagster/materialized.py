"""The tables of a lake as assets that Dagster materialises by ingesting and building."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

import dagster as dg

from carms_lake import DataError, Lake, LakeError, RunReport
from carms_lake.dagster.specs import REFUSED, Specs, specs

_BRONZE = "bronze."

Results = Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]


def tables(lake: Lake) -> dg.AssetsDefinition:
    """The tables and checks of a lake; one process at a time writes, so they are of one pool.

    Raises:
        ContractError: a contract is wrong.
    """
    known = specs(lake)
    domain = lake.config.domain.name

    @dg.multi_asset(  # type: ignore[untyped-decorator]  # the checks do without the extra
        name=f"{domain}_tables",
        specs=list(known.assets.values()),
        check_specs=list(known.checks.values()),
        can_subset=True,
        pool=f"carms_{domain}",
    )
    def run(context: dg.AssetExecutionContext) -> Results:
        """Ingest the sources and build the tables that were chosen."""
        chosen = context.selected_asset_keys
        wanted = context.selected_asset_check_keys
        step = _Step(
            lake,
            known,
            [table for table, spec in known.assets.items() if spec.key in chosen],
            {rule for rule, spec in known.checks.items() if spec.key in wanted},
        )
        try:
            yield from step.results()
        except LakeError as error:
            said = f"{error.message}\n{error.hint}".strip()
            raise dg.Failure(said, allow_retries=False) from error

    return run


class _Step(NamedTuple):
    """What one run is to do."""

    lake: Lake
    known: Specs
    chosen: Sequence[str]
    """The tables to materialise, each after those that it reads."""
    wanted: Collection[tuple[str, str]]
    """The checks to report, by table and rule."""

    def results(self) -> Results:
        """Ingest the chosen sources, then build the chosen tables; without any, check all.

        Raises:
            LakeError: as `Lake.ingest`, `Lake.build` and `Lake.check`.
        """
        sources = [table for table in self.chosen if table.startswith(_BRONZE)]
        others = [table for table in self.chosen if not table.startswith(_BRONZE)]
        if sources:
            report = self.lake.ingest(*sources)
            yield from self._made(sources, report)
            yield from self._refused(sources, report)
        if others:
            built = [table for table in self.known.assets if not table.startswith(_BRONZE)]
            try:  # without names it is a whole build, which later ones can compare themselves with
                report = self.lake.build(*([] if others == built else others))
            except DataError:  # `ops` has what failed; gold is as it was
                yield from self._checked()
                raise
            yield from self._made(others, report)
        if not self.chosen:
            self.lake.check()
        if others or not sources:
            yield from self._checked()

    def _made(self, tables: Sequence[str], report: RunReport) -> Results:
        """That tables are up to date, with their rows and what their columns are made of."""
        rows = dict(self.lake.tables().select("table", "rows").rows())
        seconds = {one.table.in_domain: one.seconds for one in report.tables}
        for table in tables:
            more = {
                "dagster/row_count": rows.get(table),
                "dagster/column_lineage": self.known.lineage.get(table),
                "seconds": seconds.get(table),
                "run_id": report.run_id,
            }
            given = {name: value for name, value in more.items() if value is not None}
            yield dg.MaterializeResult(asset_key=self.known.assets[table].key, metadata=given)

    def _refused(self, sources: Sequence[str], report: RunReport) -> Results:
        """Whether files of sources were refused; the others landed, so the run goes on."""
        for table in sources:
            if (table, REFUSED) in self.wanted:
                refused = [one for one in report.refused if one.table.in_domain == table]
                files = {one.name: one.message for one in refused}
                yield self._result(table, REFUSED, not refused, "error", files=files)

    def _checked(self) -> Results:
        """The newest result of each wanted check that has one."""
        people = self.lake.tables_about_people()
        for row in self.lake.checks().iter_rows(named=True):
            table, rule, passed = row["table"], row["rule"], row["passed"]
            if (table, rule) in self.wanted and passed is not None:
                more = {name: row[name] for name in ("failed_rows", "checked_rows", "run_id")}
                if row["message"] and table not in people:
                    more["message"] = row["message"]
                yield self._result(table, rule, passed, row["severity"], **more)

    def _result(
        self, table: str, rule: str, passed: bool, severity: str, **more: Any
    ) -> dg.AssetCheckResult:
        spec = self.known.checks[table, rule]
        levels = dg.AssetCheckSeverity
        return dg.AssetCheckResult(
            passed=passed,
            asset_key=spec.asset_key,
            check_name=spec.name,
            severity=levels.ERROR if severity == "error" else levels.WARN,
            metadata=more,
        )
