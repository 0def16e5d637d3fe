"""One call of the command: the options of every command, and the project that it works in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from carms_lake.config import LakeConfig


class Call(NamedTuple):
    """The options that all commands share; no dataclass, since those cost 1 ms of `--help` each."""

    project: Path | None = None
    domain: str | None = None
    json: bool = False
    quiet: bool = False
    verbose: bool = False

    def merged(self, later: Call) -> Call:
        """These options with those given after the verb, which win."""
        return Call(
            project=later.project or self.project,
            domain=later.domain or self.domain,
            json=later.json or self.json,
            quiet=later.quiet or self.quiet,
            verbose=later.verbose or self.verbose,
        )

    def on(self, *, project: Path | None = None, domain: str | None = None) -> Call:
        """The same call on another project or domain."""
        return self._replace(project=project or self.project, domain=domain or self.domain)

    def config(self, *, query_timeout_s: float | None = None) -> LakeConfig:
        """The project and domain that the call is about.

        Raises:
            ConfigError: no such project or domain, or a setting is wrong.
        """
        from carms_lake.config import load_config

        return load_config(
            project=self.project, domain=self.domain, query_timeout_s=query_timeout_s
        )


def named_in(words: Sequence[str]) -> Call:
    """The project and the domain that the words of a command line name, before they are parsed."""
    project = _value_of(words, "-p", "--project")
    return Call(Path(project) if project else None, _value_of(words, "-d", "--domain"))


def _value_of(words: Sequence[str], short: str, long: str) -> str | None:
    value = None
    for word, following in zip(words, [*words, ""][1:], strict=True):
        if word in (short, long):
            value = following
        elif word.startswith(f"{long}="):
            value = word.removeprefix(f"{long}=")
        elif word.startswith(short) and not word.startswith("--"):
            value = word.removeprefix(short)
    return value or None
