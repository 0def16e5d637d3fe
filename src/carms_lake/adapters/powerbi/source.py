"""Where the model's data comes from, in Power Query's M: published Parquet, or ODBC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from carms_lake.adapters.powerbi.model import ModelColumn, ModelTable

FOLDER = r"C:\carms\published"
"""What the parameter is until the user changes it."""

_M_TYPES = {
    "string": "type text",
    "int64": "Int64.Type",
    "decimal": "Currency.Type",
    "double": "type number",
    "boolean": "type logical",
}


@dataclass(frozen=True)
class Source:
    """A folder that `carms publish parquet` writes to, or the name of an ODBC data source."""

    folder: str = FOLDER
    dsn: str | None = None

    @property
    def parameter(self) -> tuple[str, str, str]:
        """The name, the value and the meaning of the model's parameter."""
        if self.dsn is not None:
            return "DSN", self.dsn, "The ODBC data source that opens the gold file, read-only."
        return "Folder", self.folder, "The folder that `carms publish parquet` writes to."

    def query(self, domain: str, table: ModelTable) -> list[str]:
        """The lines of the M expression that gives a table its rows.

        A table's query reads one data source and refers to no other query, so that Power Query's
        firewall has nothing to refuse.
        """
        columns = ", ".join(text(column.name) for column in table.columns)
        types = ", ".join(f"{{{text(c.name)}, {_type(c)}}}" for c in table.columns)
        steps = self._odbc(table) if self.dsn is not None else _parquet(domain, table)
        steps += [
            f"Selected = Table.SelectColumns(Source, {{{columns}}})",
            f"Typed = Table.TransformColumnTypes(Selected, {{{types}}})",
        ]
        last = "Typed"
        if day := next((c.name for c in table.columns if c.is_key), None):
            steps.append(f"Known = Table.SelectRows(Typed, each [{day}] <> null)")
            last = "Known"
        return ["let", *(f"\t{step}," for step in steps[:-1]), f"\t{steps[-1]}", "in", f"\t{last}"]

    @staticmethod
    def _odbc(table: ModelTable) -> list[str]:
        names = ", ".join(f'"{column.name}"' for column in table.columns)
        select = f'select {names} from gold."{table.name}"'  # noqa: S608 - names of contracts
        return [f'Source = Odbc.Query("dsn=" & DSN, {text(select)})']


def _parquet(domain: str, table: ModelTable) -> list[str]:
    """The steps that follow the pointer of the last published run to the file of a table."""
    folder, file = text("\\" + domain), text(f"{table.name}.parquet")
    is_it = f"[Name] = {file} and Text.EndsWith([Folder Path], Place)"
    return [
        r'Files = Folder.Files(Text.TrimEnd(Folder, {"\", "/"}) & ' + f"{folder})",
        'Found = Table.SelectRows(Files, each [Name] = "current.json")',
        r'Place = "\runs\" & Json.Document(Found{0}[Content])[run] & "\"',
        f"File = Table.SelectRows(Files, each {is_it})",
        "Source = Parquet.Document(File{0}[Content])",
    ]


def _type(column: ModelColumn) -> str:
    return _M_TYPES.get(column.type) or ("type date" if column.is_day else "type datetime")


def text(value: str) -> str:
    """A text as M writes it: quotes are doubled, `#(` begins an escape."""
    return '"' + value.replace("#(", "#(#)(").replace('"', '""') + '"'
