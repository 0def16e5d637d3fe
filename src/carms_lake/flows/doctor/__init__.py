"""What is wrong around a lake, or will be: `carms doctor`.

It changes nothing. What cannot be looked at is a finding, too.
"""

from collections.abc import Callable
from functools import partial

from carms_lake.config import LakeConfig
from carms_lake.errors import LakeError
from carms_lake.flows.doctor import around, lake
from carms_lake.flows.doctor.finding import Finding, State, looked


def doctor(settings: Callable[[], LakeConfig]) -> list[Finding]:
    """What was found, subject by subject; `settings` gives the project, or raises what is wrong."""
    found = looked("versions", around.versions)
    try:
        config = settings()
    except LakeError as error:
        meaning = "no command works on this project, and its lake was not looked at"
        return [*found, Finding("settings", State.PROBLEM, error.message, meaning, error.hint)]
    looks = {
        "settings": around.settings,
        "lock": around.lock,
        "clock": around.clock,
        "tables": lake.tables,
        "gold file": lake.gold,
        "masking key": lake.masking_key,
        "contracts": lake.contracts,
        "leftovers": lake.leftovers,
        "disk": around.disk,
    }
    for subject, look in looks.items():
        found += looked(subject, partial(look, config))
    once: dict[str, Finding] = {}
    for finding in found:  # several looks may meet the same damage
        once.setdefault(finding.found, finding)
    return list(once.values())
