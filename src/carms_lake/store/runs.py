"""Which run of a lake a text names; every command and function that takes a run asks here."""

from carms_lake.config import LakeConfig
from carms_lake.run_names import run_named
from carms_lake.store.delta.log import run_ends

LISTED = "`carms status` shows the last runs, `ops.runs` lists them all"
"""Where the ids of runs are."""


def resolve_run(config: LakeConfig, text: str) -> str:
    """The id of the run that a text names, as `run_names.runs_named` reads it.

    Raises:
        UsageError: no run has that name, or several have.
        StoreError: the lake cannot be read.
    """
    return run_named(text, [end.run_id for end in run_ends(config)], listed=LISTED)
