"""What is around a lake: the tools, the settings, who writes, the clock, the disk."""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from importlib import metadata

from carms_lake import __version__
from carms_lake.config import LakeConfig
from carms_lake.errors import counted, first_few
from carms_lake.flows.doctor.finding import NAMED, Finding, State
from carms_lake.names import Layer
from carms_lake.store import disk_bytes
from carms_lake.store.delta.lock import holder
from carms_lake.store.delta.log import newest_commit_at
from carms_lake.store.gold import published_place

DISTRIBUTION = "carms-lake"

_SKEW = timedelta(seconds=2)
_COMFORT = 3
"""So many next builds should fit on the disk."""
_GIGABYTE, _MEGABYTE = 1e9, 1e6


def versions() -> Iterator[Finding]:
    """The tool, Python and each library, within what the tool's package allows."""
    python = ".".join(map(str, sys.version_info[:3]))
    try:
        package = metadata.metadata(DISTRIBUTION)
        needed = [line for line in metadata.requires(DISTRIBUTION) or [] if "extra ==" not in line]
    except metadata.PackageNotFoundError:
        yield Finding(
            "versions",
            State.WARNING,
            f"carms {__version__}, Python {python}; carms is not installed as a package",
            "which versions of its libraries it needs is not known",
            "install it with pip",
        )
        return
    wrong = list(_out_of_range("Python", python, package["Requires-Python"]))
    for line in needed:
        requirement = line.partition(";")[0].strip()
        name = re.split(r"[\s<>=!~\[(]", requirement)[0]
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{name} is not installed")
        else:
            wrong += _out_of_range(name, version, requirement)
    found = f"carms {__version__}, Python {python}, {len(needed)} libraries"
    if not wrong:
        yield Finding("versions", State.OK, f"{found}, all within what carms allows")
    for what in wrong:
        meaning = "carms was never tested with it, and may fail or write what it should not"
        to_do = f"`pip install --upgrade {DISTRIBUTION}` in an environment of its own"
        yield Finding("versions", State.PROBLEM, what, meaning, to_do)


def _out_of_range(name: str, version: str, allowed: str) -> Iterator[str]:
    """What is said of a version that `>=` or `<` of a requirement does not allow."""
    for sign, bound in re.findall(r"(>=|<)\s*(\d[\d.]*)", allowed):
        if (numbers(version) >= numbers(bound)) != (sign == ">="):
            yield f"{name} is {version}, and carms needs {sign}{bound}"


def numbers(version: str) -> list[int]:
    """1.2.0rc1 -> [1, 2]: zeros at the end do not count."""
    release = re.match(r"\d+(\.\d+)*", version)
    numbers = [int(part) for part in release[0].split(".")] if release else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return numbers


def settings(config: LakeConfig) -> Iterator[Finding]:
    """The folders of the project, and what may be done there."""
    seen = len(list(_refusals(config)))
    yield from _refusals(config)
    if not seen:
        domain = config.domain.name
        yield Finding("settings", State.OK, f"project `{config.project}`, domain `{domain}`")


def _refusals(config: LakeConfig) -> Iterator[Finding]:
    raw, lake = config.data_raw, config.lake.parent
    if not raw.is_dir():
        meaning = "`carms ingest` finds no source file"
        to_do = f"create it, or run `carms init {config.project}`"
        yield Finding("settings", State.WARNING, f"no folder `{raw}`", meaning, to_do)
    else:
        closed = [p for p in (raw, *raw.rglob("*")) if not os.access(p, os.R_OK)]
        if closed:
            files = first_few([f"`{path}`" for path in closed], NAMED)
            meaning, to_do = "they cannot be ingested", "give yourself the right to read them"
            yield Finding("settings", State.PROBLEM, f"no right to read {files}", meaning, to_do)
    for folder in (lake, config.lake):
        if folder.is_dir() and not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            meaning, to_do = "no run can write there", "give yourself the rights, or move the lake"
            what = f"no right to read and write `{folder}`"
            yield Finding("settings", State.PROBLEM, what, meaning, to_do)


def lock(config: LakeConfig) -> Iterator[Finding]:
    """Who writes, and whether a run was killed."""
    held = holder(config.lake)
    if held.is_writing:
        found = f"{held.name or 'another process'} is writing"
        meaning = "other runs wait for it, and what follows here may be of a run half done"
        to_do = "wait for it to end; if it hangs, end that process, and nothing is lost"
        yield Finding("lock", State.WARNING, found, meaning, to_do)
    elif held.name:
        meaning = "it was killed; nobody holds the lake, and what it had not committed is ignored"
        to_do = "run it again: the next run that writes cleans up after it"
        found = f"{held.name} never ended"
        yield Finding("lock", State.WARNING, found, meaning, to_do)
    else:
        yield Finding("lock", State.OK, "nobody is writing")


def clock(config: LakeConfig) -> Iterator[Finding]:
    """Commits and source files that are dated in the future."""
    now, newest = datetime.now(UTC), newest_commit_at(config)
    late = (now + _SKEW).timestamp()
    ahead = []
    for path in config.data_raw.rglob("*"):
        with suppress(FileNotFoundError):
            ahead += [path.name] if path.is_file() and path.stat().st_mtime > late else []
    if newest is not None and newest > now + _SKEW:
        found = f"the lake was written at {newest:%Y-%m-%d %H:%M:%S} UTC, and it is {now:%H:%M:%S}"
        found += f" UTC on {now:%Y-%m-%d}"
        meaning = "the clock was wrong then or is now; runs are recorded as just after that time"
        to_do = "set the clock by a time server; once that time has passed, all is well again"
        yield Finding("clock", State.WARNING, found, meaning, to_do)
    if ahead:
        found = f"{counted(len(ahead), 'source file')} changed in the future: "
        found += first_few([f"`{name}`" for name in sorted(ahead)], NAMED)
        meaning = "the clock here, or where the files were made, is wrong: ages are wrong, too"
        yield Finding("clock", State.WARNING, found, meaning, "set both clocks by a time server")
    if not ahead and (newest is None or newest <= now + _SKEW):
        yield Finding(
            "clock",
            State.OK,
            f"{now:%Y-%m-%d %H:%M:%S} UTC, no commit or source file is dated later",
        )


def disk(config: LakeConfig) -> Iterator[Finding]:
    """The free space against what the next build may write: gold and silver once more."""
    sizes = disk_bytes(config)
    need = sizes["gold"] + sizes[Layer.SILVER]
    places = {published_place(config.gold_file).parent, config.lake}
    nearest = {next(p for p in (place, *place.parents) if p.exists()) for place in places}
    tightest = min(nearest, key=lambda place: shutil.disk_usage(place).free)
    free = shutil.disk_usage(tightest).free
    found = (
        f"{_size(free)} free on the disk of `{tightest}`; the lake has {_size(sum(sizes.values()))}"
    )
    found += f", the next build may need {_size(need)}"
    if free < _COMFORT * need:
        state = State.PROBLEM if free < need else State.WARNING
        meaning = "a build that does not fit fails; what is published stays"
        to_do = "free disk space: `carms vacuum` shows what old versions take"
        yield Finding("disk", state, found, meaning, to_do)
    else:
        yield Finding("disk", State.OK, found)


def _size(count: float) -> str:
    return f"{count / _GIGABYTE:,.1f} GB" if count >= _GIGABYTE else f"{count / _MEGABYTE:,.1f} MB"
