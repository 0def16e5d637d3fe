"""A client of the tools for agents, in memory, for tests that know nothing of the protocol."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from extras import skip_without

from carms_lake import Lake
from carms_lake.mcp import make_server


@dataclass(frozen=True)
class Said:
    """What a tool answered."""

    text: str
    data: dict[str, Any] | None
    is_error: bool


def ensure_extra() -> None:
    """Skip where the extra is not installed."""
    skip_without("mcp", "mcp.server.mcpserver")


def with_client(lake: Lake, use: Callable[[Any], Any]) -> Any:
    """What a function of a connected client gives."""
    ensure_extra()
    import anyio
    from mcp import Client

    async def main() -> Any:
        async with Client(make_server(lake)) as client:
            return await use(client)

    return anyio.run(main)


def ask_all(lake: Lake, calls: Sequence[tuple[str, dict[str, Any]]]) -> list[Said]:
    """Call tools one after the other in one connection."""

    async def use(client: Any) -> list[Said]:
        found = []
        for name, values in calls:
            result = await client.call_tool(name, values)
            text = result.content[0].text
            found.append(Said(text, result.structured_content, bool(result.is_error)))
        return found

    found: list[Said] = with_client(lake, use)
    return found


def ask(lake: Lake, tool: str, **values: Any) -> Said:
    """Call one tool."""
    return ask_all(lake, [(tool, values)])[0]
