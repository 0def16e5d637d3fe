"""`mcp`: the lake for agents, an optional extra."""

from __future__ import annotations

import typer

from carms_lake.cli.command import command
from carms_lake.cli.context import Call

app = typer.Typer()


@command(app)
def mcp(call: Call) -> None:
    """Answer the questions of an agent (MCP, stdio).

    It needs the extra `carms-lake[mcp]`, and is started by the agent's program: it speaks the Model
    Context Protocol on stdin and stdout, reads, and writes nothing. Each question is answered from
    the file that is published then.
    """
    from carms_lake.api import Lake
    from carms_lake.mcp import ensure_installed, run

    ensure_installed()
    run(Lake(call.config()))
