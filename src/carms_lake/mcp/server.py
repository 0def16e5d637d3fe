"""The server of a lake: the tools of any domain, those that this one declares, the contracts."""

from __future__ import annotations

import inspect
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.resources import FunctionResource

from carms_lake import Published, __version__, authored
from carms_lake.errors import ContractError
from carms_lake.mcp import lake_tools, tables
from carms_lake.mcp.capped import MOST_CHARACTERS, MOST_ROWS
from carms_lake.mcp.private import private_columns, without
from carms_lake.mcp.tool import as_tool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carms_lake import Lake
    from carms_lake.mcp.answers import Answer
    from carms_lake.mcp.tool import Ask

MODULE = "agents"
"""The module of a domain that declares its tools, in `TOOLS`."""

GENERIC = (
    tables.tables,
    tables.describe,
    tables.query,
    lake_tools.trace,
    lake_tools.rejects,
    lake_tools.status,
)
"""The tools of every domain."""

_INSTRUCTIONS = """\
A lakehouse ({domain}). Questions are answered from gold: call `tables`, then `describe` for what a
row, a column and its unit mean and what a table does not say, then `query` with DuckDB SQL. Nothing
writes. Answers are cut at {rows} rows and {characters} characters and say so: ask for totals or a
few columns. `truncated: true` means that there is more: do not count what you see.
Repeat the caveats of `describe` with a figure."""


def server(lake: Lake) -> MCPServer[Any]:
    """The server of a lake, which answers each question from the file that is published then.

    Raises:
        ContractError: a contract is wrong, or the domain's module declares what is not a tool.
    """
    own = domain_tools(lake.config.domain.package)
    turns = Lock()

    def of_lake(ask: Ask, values: dict[str, Any]) -> Answer:
        return ask(lake, **values)

    def of_published(ask: Ask, values: dict[str, Any]) -> Answer:
        with Published(lake.config) as published:
            return without(private_columns(lake), ask(published, **values))

    tools = [as_tool(ask, of_lake, turns) for ask in GENERIC]
    tools += [as_tool(ask, of_published, turns) for ask in own]
    name = lake.config.domain.name
    about = _INSTRUCTIONS.format(domain=name, rows=MOST_ROWS, characters=f"{MOST_CHARACTERS:,}")
    return MCPServer(
        f"carms-{name}",
        instructions=about,
        version=__version__,
        tools=tools,
        resources=list(_contracts(lake)),
        log_level="WARNING",
    )


def domain_tools(package: str) -> tuple[Ask, ...]:
    """What the module `agents` of a domain declares; nothing where it has none.

    Raises:
        ContractError: it cannot be imported, or declares what is not a tool.
    """
    module = authored.load(package, MODULE)
    found = tuple(getattr(module, "TOOLS", ()))
    where = authored.shown(package, MODULE)
    taken = {ask.__name__ for ask in GENERIC}
    for one in found:
        if not inspect.isfunction(one) or not inspect.signature(one).parameters:
            raise ContractError(
                f"`{where}`: `TOOLS` has {one!r}, which is not a function of a `Published`",
                "write `def name(published: Published, ...) -> Answer`",
            )
        if one.__name__ in taken:
            raise ContractError(
                f"`{where}`: there are two tools `{one.__name__}`", "give it another name"
            )
        taken.add(one.__name__)
    return found


def _contracts(lake: Lake) -> Iterator[FunctionResource]:
    """The contracts as resources, `contract://gold/fact_program`: the files themselves."""
    for name, contract in sorted(lake.contracts.items()):
        if contract.path is not None:
            yield FunctionResource(
                uri=f"contract://{name.replace('.', '/')}",
                name=name,
                description=contract.grain or contract.description,
                mime_type="application/yaml",
                fn=partial(_text, lake, name),
            )


def _text(lake: Lake, name: str) -> str:
    """The text of a contract of today, of bounded length."""
    path = lake.contracts[name].path
    text = path.read_text(encoding="utf-8") if path else ""
    if len(text) <= MOST_CHARACTERS:
        return text
    return (
        f"# truncated: {MOST_CHARACTERS} of {len(text)} characters\n{text[: MOST_CHARACTERS - 80]}"
    )
