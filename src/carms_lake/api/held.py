"""A lake held open: many statements of a program, answered by one connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carms_lake.api.opened import OpenLake

if TYPE_CHECKING:
    from carms_lake.config import LakeConfig


class HeldLake(OpenLake):
    """A lake that answers SELECTs of a program without opening the gold file for each.

    Gold is as it was published when this was made, each other table as it was when a statement
    first named it. Nothing keeps a statement from reading files elsewhere: what a user wrote goes
    to `Lake.query`. Threads may share it. It is a context manager, which closes it.
    """

    def __init__(self, config: LakeConfig) -> None:
        from carms_lake.store.query.held import HeldLake as Held

        super().__init__(config, Held(config))
