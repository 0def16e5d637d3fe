"""Files that nobody described yet become sources of a domain: contracts, silver and gold.

What is written runs as it is, and is the author's from then on: nothing is ever overwritten.
"""

import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from carms_lake.config import CONFIG_FILE, LakeConfig, builtin_domains, load_config
from carms_lake.contract.load import SUFFIX, parse_contract
from carms_lake.contract.verify import verify
from carms_lake.errors import UsageError
from carms_lake.flows.drift.proposal import column_name
from carms_lake.flows.ingest import ingest
from carms_lake.flows.project import init
from carms_lake.flows.scaffold import texts
from carms_lake.flows.scaffold.columns import columns_of, key_of
from carms_lake.flows.scaffold.look import look_at
from carms_lake.flows.scaffold.place import appended, copies_of, made_default, write
from carms_lake.flows.scaffold.selects import select_source
from carms_lake.flows.scaffold.table import Table
from carms_lake.flows.scaffold.texts import Source
from carms_lake.names import IDENTIFIER, Layer, TableRef

_DATED = re.compile(r"(?:[-_. ]+\d[-_.\d]*|\d{4,}| *\(\d+\))$")
"""The end of a file's name that is another one in the next file."""


@dataclass(frozen=True)
class Made:
    """What was made for new sources."""

    config: LakeConfig
    paths: tuple[Path, ...]
    """Contracts and code that were written, and files that were copied."""
    tables: tuple[str, ...]
    """As SQL names them."""
    notes: tuple[str, ...]
    is_default: bool
    """Whether commands work on the domain where `-d` names none."""


def new_domain(project: Path | None, name: str, files: Sequence[Path]) -> Made:
    """A domain of a project out of files; a folder becomes a project where it is not one.

    Raises:
        UsageError: the name is taken or cannot be one, or a file would be overwritten.
        SourceError: a file cannot be read, or no table is found in it.
        StoreError: the project cannot be written.
    """
    _ensure_name(name)
    folder = project or _project_here()
    for there in (folder / "schemas" / name, folder / "domains" / name):
        if there.exists():
            raise UsageError(
                f"the domain `{name}` is there already: `{there}`",
                f"`carms contract new -d {name} FILE...` adds a source to it",
            )
    sources = _sources(files, {}, folder / "data_raw" / name)
    schemas, code = folder / "schemas" / name, folder / "domains" / name
    new = _written_for(name, sources, schemas)
    silver = texts.SILVER_HEAD.format(domain=name) + "".join(map(texts.function, sources))
    new |= _code(sources, code) | {code / "silver.py": silver}
    copies = copies_of(files, folder / "data_raw" / name)
    made = list(init(folder, name)) if not (folder / CONFIG_FILE).is_file() else []
    is_default, notes = made_default(folder, name)
    made += write(new, copies)
    config = load_config(project=folder, domain=name)
    notes += _tried(config, sources)
    is_default = is_default and os.environ.get("CARMS_DOMAIN", name) in ("", name)
    tables = tuple(source.table for source in sources)
    return Made(config, tuple(made), tables, tuple(notes), is_default)


def new_contracts(config: LakeConfig, files: Sequence[Path]) -> Made:
    """More sources of a domain: their contracts, and silver and gold if its code is in the project.

    Of a SELECT in its folder `gold` it is the contract of the table.

    A domain that comes with the tool, or from a package, gets contracts of bronze: its silver and
    gold are not the project's to change.

    Raises:
        UsageError: a table or a file of that name is there, or silver.py cannot be added to.
        SourceError: a file cannot be read, or no table is found in it.
        ContractError: the contracts of the domain are wrong.
        StoreError: the project cannot be written.
    """
    from carms_lake.catalog import load_catalog

    domain = config.domain
    contracts = load_catalog(domain).contracts
    selects = [select_source(config, file) for file in files if file.suffix == ".sql"]
    files = [file for file in files if file.suffix != ".sql"]
    sources = _sources(files, {ref.table: ref for ref in contracts}, config.data_raw)
    schemas, code = (
        config.project / "schemas" / domain.name,
        config.project / "domains" / domain.name,
    )
    is_own = domain.schemas == (schemas,)
    new = _written_for(domain.name, sources, schemas, (*Layer,) if is_own else (Layer.BRONZE,))
    for source in selects:
        path = schemas / Layer.GOLD / f"{source.table}{SUFFIX}"
        new[path] = texts.derived(domain.name, source)
    added: dict[Path, str] = {}
    if is_own and sources:
        new |= _code(sources, code)
        silver, more = code / "silver.py", "".join(map(texts.function, sources))
        if silver.is_file():
            added[silver] = appended(silver, more)
        elif (code / "silver").is_dir():
            raise UsageError(
                f"`{code / 'silver'}` is a package: its functions are written by hand",
                "write a function for the table into it, and contracts as those of other tables",
            )
        else:
            new[silver] = texts.SILVER_HEAD.format(domain=domain.name) + more
    made = write(new, copies_of(files, config.data_raw), added)
    notes = (
        []
        if is_own or selects
        else [f"the silver and gold of `{domain.name}` are not in the project"]
    )
    config = load_config(project=config.project, domain=domain.name)
    notes += _tried(config, sources) if sources else []
    tables = tuple(source.table if is_own else f"bronze.{source.table}" for source in sources)
    tables += tuple(source.table for source in selects)
    is_default = load_config(project=config.project).domain.name == domain.name
    return Made(config, tuple(made), tables, tuple(notes), is_default)


def _tried(config: LakeConfig, sources: Sequence[Source]) -> list[str]:
    """What would not land of the files: what was inferred is tried on all of their records."""
    report = ingest(config, [source.table for source in sources], dry_run=True)
    notes = [
        f"`{file.name}`: {file.rejected:,} of {file.records:,} records would be rejected; "
        "`carms rejects` shows them after an ingest"
        for file in report.files
        if file.rejected
    ]
    return notes + [f"would be refused: {file.message}; correct it" for file in report.refused]


def _ensure_name(name: str) -> None:
    if name in builtin_domains():
        raise UsageError(
            f"the domain `{name}` comes with carms", "give the new domain another name"
        )
    if not IDENTIFIER.fullmatch(name):
        raise UsageError(f"`{name}` is not a name of a domain", "lower-case letters, digits and _")


def _project_here() -> Path:
    here = Path.cwd()
    found = (folder for folder in (here, *here.parents) if (folder / CONFIG_FILE).is_file())
    return next(found, here)


def _sources(files: Sequence[Path], taken: Mapping[str, TableRef], raw: Path) -> list[Source]:
    """The sources that files are of: files of one name but for a date, and one header, are one."""
    groups: dict[tuple[str, tuple[str, ...]], list[Table]] = {}
    for path in dict.fromkeys(file.absolute() for file in files):
        if not path.exists():
            raise UsageError(f"`{path}` does not exist", "check the name of the file")
        table = look_at(path)
        stem = Path(table.name).name.partition(".")[0] or table.name
        key = (column_name(_DATED.sub("", stem) or stem, ()), tuple(table.columns))
        groups.setdefault(key, []).append(table)
    repeated = [name for name, n in Counter(name for name, _ in groups).items() if n > 1]
    found: list[Source] = []
    for (plain, _), tables in groups.items():
        own = column_name(Path(tables[0].name).name.partition(".")[0], ())
        name = texts.usable_name(own if plain in repeated else plain)
        if name in taken or name in {source.table for source in found}:
            where = f": `{taken[name]}`" if name in taken else ""
            raise UsageError(
                f"`{tables[0].path}` would be the table `{name}`, which is there already{where}",
                "rename the file: a table has the name of its file",
            )
        found.append(_source(name, tables, raw.absolute()))
    return found


def _source(name: str, tables: Sequence[Table], raw: Path) -> Source:
    """One source of files that are alike; what a contract says, the first of them says."""
    first = tables[0]
    if len(tables) > 1:
        first.columns = {
            header: _joined([table.columns[header] for table in tables]) for header in first.columns
        }
        first.records = sum(table.records for table in tables)
        for table in tables[1:]:
            first.keys = {**table.keys, **first.keys}
    columns = columns_of(first)
    names = [Path(table.name).name for table in tables]
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")  # noqa: PLR2004
    records = f"{'' if first.is_whole else 'the first '}{first.records:,} records"
    seen = f"{shown}, {records}"
    # A file that is among those of the domain already stays where it is.
    there = [
        f"{t.path.parent.relative_to(raw).as_posix()}/" if t.path.is_relative_to(raw) else ""
        for t in tables
    ]
    patterns = tuple(
        dict.fromkeys(
            f"{_escaped(folder.removeprefix('./'))}{_pattern(file)}"
            for folder, file in zip(there, names, strict=True)
        )
    )
    return Source(name, patterns, first.format, first.keys, columns, key_of(columns), seen)


def _joined(parts: Sequence[pl.Series]) -> pl.Series:
    """The values of a column in several files; texts where their types differ."""
    if len({part.dtype for part in parts}) > 1:
        parts = [part.cast(pl.String, strict=False) for part in parts]
    return pl.concat(parts)


def _pattern(name: str) -> str:
    """A pattern that matches a file, and those of other dates."""
    stem, dot, ending = name.partition(".")
    plain = _DATED.sub("", stem)
    is_dated = bool(plain) and plain != stem
    return f"{_escaped(plain if is_dated else stem)}{'*' if is_dated else ''}{dot}{ending}"


def _escaped(text: str) -> str:
    return re.sub(r"([\[*?])", r"[\1]", text)


def _written_for(
    domain: str, sources: Sequence[Source], schemas: Path, layers: Iterable[Layer] = Layer
) -> dict[Path, str]:
    """The contracts of sources, by their paths, after a look whether they are contracts."""
    writers = {Layer.BRONZE: texts.bronze, Layer.SILVER: texts.silver, Layer.GOLD: texts.gold}
    new, contracts = {}, {}
    for source in sources:
        for layer in layers:
            path = schemas / layer / f"{source.table}{SUFFIX}"
            ref = TableRef(domain, layer, source.table)
            new[path] = writers[layer](domain, source)
            contracts[ref] = parse_contract(new[path].encode(), path, ref)
    verify(contracts)
    return new


def _code(sources: Sequence[Source], code: Path) -> dict[Path, str]:
    return {code / "gold" / f"{source.table}.sql": texts.select(source) for source in sources}
