"""The pictures of the Power BI pages in docs: `python tools/powerbi_pages.py [--check]`.

They are previews: the layout of `carms powerbi`, with figures of generated data. A measure's SQL
gives each figure; the filters of a visual go along the model's active relationships, as they do in
Power BI. `--check` says whether pages changed since; it needs no data.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

import carms_lake
from carms_lake.adapters.powerbi.filled import FilledPage, declared, pages_of
from carms_lake.adapters.powerbi.layout import placed
from carms_lake.adapters.powerbi.model import model_of
from carms_lake.config import Domain, LakeConfig, builtin_domains, builtin_schemas

sys.path.insert(0, str(Path(__file__).parents[1]))  # a script, run by path

from tools.powerbi_drawing import drawn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from carms_lake.adapters.powerbi.filled import Field
    from carms_lake.adapters.powerbi.model import Join, Model, ModelMeasure

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "pictures" / "powerbi"
YEAR_BEFORE = re.compile(r"CALCULATE\(\[([^]]+)\], SAMEPERIODLASTYEAR\('(\w+)'\[(\w+)\]\)\)")
CHANGE = re.compile(r"DIVIDE\(\[([^]]+)\] - \[([^]]+)\], \[\2\]\)")
"""DAX that has a meaning of its own where columns are filtered; its SQL gives the total."""
NEEDS_POWER_BI = re.compile("SAMEPERIODLASTYEAR|DATESINPERIOD")

MORE = {"retail": ["--days", "600"]}
"""Options of the generators: two years, so that there is something to compare."""

Filters = dict[tuple[str, str], Any]
Calendar = tuple[str, str]
"""A table of dates, and its column of days."""


@dataclass(frozen=True)
class _Asked:
    """The filters of a question, as they go from table to table."""

    filters: Filters
    joins: list[Join]
    a_year_before: Calendar | None
    values: list[Any]
    """The parameters of the SQL, in its order."""

    def rows(self, table: str) -> str:
        """A SELECT of the rows that filters leave, its own and those of what it refers to."""
        conditions = []
        for (where, column), value in self.filters.items():
            if where == table:
                conditions.append(f'"{column}" is not distinct from ?')
                self.values.append(value)
        for join in self.joins:
            if join.table == table:
                before = len(self.values)
                inner = self.rows(join.to_table)
                if len(self.values) > before:
                    keys = f"(select {join.to_column} from ({inner}))"  # noqa: S608 - names of contracts
                    conditions.append(f"{join.column} in {keys}")
        where = f" where {' and '.join(conditions)}" if conditions else ""
        found = f"select * from gold.{table}{where}"  # noqa: S608 - as above
        if where and self.a_year_before and self.a_year_before[0] == table:
            day = self.a_year_before[1]
            later = f"({day} + interval 1 year)::date"  # the 29th of February is that of the 28th
            return f"select * from gold.{table} where {later} in (select {day} from ({found}))"  # noqa: S608
        return found


@dataclass(frozen=True)
class Figures:
    """A gold file, asked as the visuals of a page ask their model."""

    connection: duckdb.DuckDBPyConnection
    model: Model

    def measure(self, name: str) -> ModelMeasure:
        """The measure of this name."""
        return next(m for t in self.model.tables for m in t.measures if m.name == name)

    def value(self, name: str, filters: Filters) -> Any:
        """A measure where columns have these values.

        Raises:
            ValueError: its DAX moves the filters in a way that is not known here.
        """
        dax = self.measure(name).dax
        if not filters:
            return self._asked(name, filters)
        if before := YEAR_BEFORE.fullmatch(dax):
            return self._asked(before[1], filters, (before[2], before[3]))
        if change := CHANGE.fullmatch(dax):
            now, then = (self.value(change[at], filters) for at in (1, 2))
            return (now or 0) / then - 1 if then else None
        if NEEDS_POWER_BI.search(dax):
            raise ValueError(f"`{name}` cannot be drawn by a column: {dax}")
        return self._asked(name, filters)

    def _asked(self, name: str, filters: Filters, a_year_before: Calendar | None = None) -> Any:
        """What a measure's SQL gives over the rows that filters leave, or those a year before."""
        measure = self.measure(name)
        joins = self._joins(measure)
        tables = sorted(set(re.findall(r"\bgold\.(\w+)", measure.sql)))
        values: list[Any] = []
        asked = _Asked(filters, joins, a_year_before, values)
        parts = [f"{t} as ({asked.rows(t)})" for t in tables]
        sql = re.sub(r"\bgold\.(\w+)", r"\1", measure.sql)
        return self._one(f"with {', '.join(parts)} {sql}", values)

    def _one(self, sql: str, values: list[Any]) -> Any:
        found = self.connection.execute(sql, values).fetchone()
        return found[0] if found else None

    def _joins(self, measure: ModelMeasure) -> list[Join]:
        """The relationships that hold for a measure: an inactive one replaces the active one."""
        used = [j for j in self.model.joins if f"USERELATIONSHIP('{j[0]}'[{j[1]}]" in measure.dax]
        pairs = {(join.table, join.to_table) for join in used}
        active = [j for j in self.model.joins if j.is_active and j[::2][:2] not in pairs]
        return active + used

    def distinct(self, fields: tuple[Field, ...], limit: int = 400) -> list[tuple[Any, ...]]:
        """The values that columns of one table have together, without nulls in the first."""
        names = ", ".join(f'"{field.name}"' for field in fields)
        known = f'"{fields[0].name}" is not null order by all limit {limit}'
        sql = f"select distinct {names} from gold.{fields[0].table} where {known}"  # noqa: S608
        return self.connection.execute(sql).fetchall()

    def points(
        self, x: Field, y: tuple[Field, ...], series: tuple[Field, ...]
    ) -> tuple[list[str], list[tuple[Any, list[Any]]]]:
        """The names of a chart's series, and for each value along it the figures of them."""
        own = {(x.table, x.name)}
        if series:
            split = [v for (v,) in self.distinct(series)]
            names = [(f"{v}", y[0].name, {(series[0].table, series[0].name): v}) for v in split]
        else:
            names = [(field.name, field.name, {}) for field in y]
        found = []
        for (at,) in self.distinct((x,)):
            filters = dict.fromkeys(own, at)
            figures = [self.value(f, {**filters, **more}) for _, f, more in names]
            if any(figure is not None for figure in figures) and any(figures):
                found.append((at, figures))
        seen = [n for n in range(len(names)) if any(figures[n] for _, figures in found)]
        return [names[n][0] for n in seen], [(at, [f[n] for n in seen]) for at, f in found]

    def in_month_order(self, x: Field, points: list[tuple[Any, list[Any]]]) -> None:
        """Sort points as the model sorts their column."""
        columns = {c.name: c for t in self.model.tables if t.name == x.table for c in t.columns}
        if by := columns[x.name].sort_by:
            sql = f'select distinct "{x.name}", "{by}" from gold.{x.table}'  # noqa: S608
            order = dict(self.connection.execute(sql).fetchall())
            points.sort(key=lambda point: order[point[0]])

    def rows(self, fields: tuple[Field, ...], limit: int) -> list[list[Any]]:
        """The first rows of a table of columns and measures."""
        columns = tuple(field for field in fields if not field.is_measure)
        found = []
        for values in self.distinct(columns):
            filters = {(f.table, f.name): v for f, v in zip(columns, values, strict=True)}
            row = iter(values)
            line = [self.value(f.name, filters) if f.is_measure else next(row) for f in fields]
            figures = [v for v, f in zip(line, fields, strict=True) if f.is_measure]
            if not figures or any(figures):
                found.append(line)
            if len(found) == limit:
                break
        return found


def pages(domain: str) -> tuple[Model, tuple[FilledPage, ...]]:
    """The model and the pages of a domain that comes with the tool."""
    own = Domain(domain, f"carms_lake.domains.{domain}", (builtin_schemas() / domain,))
    lake = carms_lake.Lake(LakeConfig(ROOT, own))
    said = declared(lake)
    model = model_of(lake, said.left_out)
    return model, pages_of(model, said)


def wanted() -> Iterator[tuple[Path, str, Model, FilledPage]]:
    """Each picture: its file, a digest of what it shows, the model and the page."""
    for domain in builtin_domains():
        model, filled = pages(domain)
        for page in filled:
            used = {f.name for place in placed(page) for fields in place.roles for f in fields}
            measures = [m for t in model.tables for m in t.measures if m.name in used]
            said = repr(([*placed(page)], measures, model.joins))
            digest = hashlib.sha256(said.encode()).hexdigest()[:16]
            yield PICTURES / f"{domain}-{page.page.key}.svg", digest, model, page


def check() -> list[str]:
    """What is not current, in a sentence each."""
    files = {path: digest for path, digest, _, _ in wanted()}
    there = set(PICTURES.glob("*.svg"))
    found = [f"{path} is not of a page" for path in sorted(there - files.keys())]
    for path, digest in files.items():
        if path not in there or f"page {digest}" not in path.read_text(encoding="utf-8"):
            found.append(f"{path} is not what the page says: run python tools/powerbi_pages.py")
    return found


def gold_files(folder: Path) -> Mapping[str, Path]:
    """A gold file of generated data for each domain."""
    found = {}
    for domain in builtin_domains():
        place = folder / domain
        place.mkdir()
        generate = ["generate", domain, "--seed", "7", *MORE.get(domain, [])]
        for words in (["init", "."], generate, ["run", "-d", domain]):
            command = [sys.executable, "-m", "carms_lake", *words]
            subprocess.run(command, cwd=place, check=True, capture_output=True)
        found[domain] = place / "lake" / f"{domain}.duckdb"
    return found


def main() -> int:
    """Draw the pages, or with `--check` say which pictures are not current."""
    if "--check" in sys.argv[1:]:
        found = check()
        print("\n".join(found) or "the pictures of the Power BI pages are current")
        return 1 if found else 0
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        files = gold_files(Path(place))
        for path, digest, model, page in wanted():
            with duckdb.connect(str(files[model.domain]), read_only=True) as connection:
                text = drawn(page, Figures(connection, model), digest)
            path.write_text(text, encoding="utf-8", newline="\n")
            print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
