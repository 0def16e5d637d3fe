"""A lake for agents, over the Model Context Protocol: `carms mcp`. An optional extra.

It is built on `carms_lake`, as a notebook is, and on nothing below it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from carms_lake.extras import ensure_extra

if TYPE_CHECKING:
    from carms_lake import Lake

ensure_installed = partial(ensure_extra, "mcp", ("mcp.server.mcpserver", "pydantic", "anyio"))
"""Refuse to go on without the extra, as `ensure_extra` does."""


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
