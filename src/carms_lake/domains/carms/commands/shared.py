"""What the commands of the domain have in common: their app, and the lake that they ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carms_lake.cli.command import Call, Typer

if TYPE_CHECKING:
    import carms_lake

DOMAIN = "carms"
"""These commands ask this domain, whichever one the project works on."""

app = Typer()


def lake(call: Call) -> carms_lake.Lake:
    """The lake of the domain, in the project that the call is about."""
    import carms_lake

    return carms_lake.Lake(call.on(domain=DOMAIN).config())
