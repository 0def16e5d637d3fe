"""What the commands of the domain have in common: their apps, and the lake that they ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carms_lake.cli.command import Call, DefaultGroup, Typer

if TYPE_CHECKING:
    import carms_lake

DOMAIN = "carms"
"""These commands ask this domain, whichever one the project works on."""

app = Typer()


class _ListFirst(DefaultGroup):
    """`programs`: without a command it is its list, which most people mean, and so is its help."""

    def __init__(self, **rest: Any) -> None:
        super().__init__(**rest)
        self.commands = dict(sorted(self.commands.items(), key=lambda named: named[0] != "list"))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put `list` before `--help` where no other command is named."""
        if {"-h", "--help"}.intersection(args) and not set(self.commands).intersection(args):
            args = ["list", *args]
        return super().parse_args(ctx, args)


programs_app = Typer(
    cls=_ListFirst,
    name="programs",
    subcommand_metavar="[COMMAND] [ARGS]...",
    help="List the programs that fit, and compare two matches.",
)
app.add_typer(programs_app)


def lake(call: Call) -> carms_lake.Lake:
    """The lake of the domain, in the project that the call is about."""
    import carms_lake

    return carms_lake.Lake(call.on(domain=DOMAIN).config())
