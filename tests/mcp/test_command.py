"""`carms mcp`: what it says without the extra, and that it speaks over stdio."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import pytest
from agents import ensure_extra
from extras import refused_without
from lakes import small_lake

if TYPE_CHECKING:
    from pathlib import Path


def test_without_the_extra_the_command_says_how_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused_without("mcp", tmp_path, monkeypatch)


def test_a_client_starts_it_and_asks_over_stdio(tmp_path: Path) -> None:
    ensure_extra()
    import anyio
    from mcp import Client, StdioServerParameters, stdio_client

    small_lake(tmp_path)
    command = StdioServerParameters(
        command=sys.executable,
        args=["-m", "carms_lake", "mcp", "-p", str(tmp_path)],
        env=dict(os.environ),
    )

    async def main() -> Any:
        async with Client(stdio_client(command)) as client:
            return await client.call_tool(
                "query", {"sql": "select sum(quota) from program_profile"}
            )

    answer = anyio.run(main)
    assert not answer.is_error
    assert answer.structured_content["rows"] == [[7]]
