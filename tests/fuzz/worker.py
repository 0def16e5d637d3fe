"""A process that reads fuzzed files one after the other: `worker.py FOLDER TARGET FIRST COUNT`.

Before each case it says its number, so that whoever watches knows which one killed or hung it.
"""

from __future__ import annotations

import faulthandler
import json
import sys
import traceback
from pathlib import Path

from fuzz.targets import TARGETS, case, outcome

MEMORY_BYTES = 6 << 30


def main() -> None:
    faulthandler.enable()
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, resource.RLIM_INFINITY))
    folder, name, first, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    target = TARGETS[name]
    for number in range(first, first + count):
        print(number, flush=True)  # noqa: T201 - whoever watches reads it
        try:
            result = outcome(target, case(target, number), folder)
        except BaseException as error:  # noqa: BLE001 - that is what is looked for
            told = traceback.format_exception(error)
            result = f"FINDING {type(error).__name__}\n" + "".join(told)[-1500:]
        print(json.dumps(result), flush=True)  # noqa: T201 - the same


if __name__ == "__main__":
    main()
