"""A lake for agents, over the Model Context Protocol: `carms mcp`. An optional extra.

It is built on `carms_lake`, as a notebook is, and on nothing below it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from carms_lake.errors import UsageError

if TYPE_CHECKING:
    from carms_lake import Lake

INSTALL = 'pip install "carms-lake[mcp]"'
_NEEDED = ("mcp.server.mcpserver", "pydantic", "anyio")


def ensure_installed() -> None:
    """Refuse to go on without the extra.

    Raises:
        UsageError: it is not installed; the hint is how it is.
    """
    for name in _NEEDED:
        try:
            import_module(name)
        except ModuleNotFoundError:
            raise UsageError(f"`carms mcp` needs `{name}`, an optional extra", INSTALL) from None


def make_server(lake: Lake) -> Any:
    """The tools and resources of a lake, as an `MCPServer`.

    Raises:
        UsageError: the extra is not installed.
        ContractError: a contract is wrong, or what the domain declares is not a tool.
    """
    ensure_installed()
    from carms_lake.mcp.server import server

    return server(lake)


def run(lake: Lake) -> None:
    """Answer on stdin and stdout until the client closes them.

    Raises:
        UsageError: the extra is not installed.
        ContractError: as `make_server`.
    """
    make_server(lake).run("stdio")
