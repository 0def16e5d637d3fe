"""How people name a run: by a part of its id, or by how long ago it was.

An id is long, so that ids sort by time and never clash; what one types is short.
"""

from collections.abc import Sequence

from carms_lake.errors import UsageError, counted

WORDS = {"last": 1, "previous": 2}
"""The newest run, and the one before it."""

_MOST_DIGITS = 3
"""A number this long counts runs; a longer one is the beginning or the end of an id."""
_LEAST_TYPED = 4
"""So many characters of an id, at its beginning or of its end, may name it."""


def short_id(run_id: str) -> str:
    """The end of an id, which names the run wherever a run is named.

    >>> short_id("20261121T120102.345678Z-1a2b3c")
    '1a2b3c'
    """
    return run_id.rpartition("-")[2]


def is_run_name(text: str) -> bool:
    """Whether a text can only be meant to count runs: `last`, `previous`, `1`, `2`."""
    return text in WORDS or (text.isdecimal() and len(text) <= _MOST_DIGITS)


def runs_named(text: str, ids: Sequence[str]) -> list[str]:
    """The ids that a text means, oldest first: one, none or several.

    `ids` are in order of time, the oldest first. `last` and `1` are the newest one, `previous` and
    `2` the one before it, and so on; or a whole id, its beginning, or the beginning of its end
    (`short_id`), of 4 characters or more.

    >>> runs_named("previous", ["20261121T1-aaaaaa", "20261122T1-bbbbbb"])
    ['20261121T1-aaaaaa']
    >>> runs_named("bbbb", ["20261121T1-aaaaaa", "20261122T1-bbbbbb"])
    ['20261122T1-bbbbbb']
    """
    if text in ids:
        return [text]
    if is_run_name(text):
        at = WORDS[text] if text in WORDS else int(text)
        return [ids[-at]] if 0 < at <= len(ids) else []
    if len(text) < _LEAST_TYPED:
        return []
    return [one for one in ids if one.startswith(text) or short_id(one).startswith(text)]


def run_named(text: str, ids: Sequence[str], *, listed: str) -> str:
    """The one id that a text means, as `runs_named` finds it; `listed` says where ids are listed.

    Raises:
        UsageError: no run, or several.
    """
    found = runs_named(text, ids)
    if len(found) == 1:
        return found[0]
    if found:
        some = ", ".join(f"`{one}`" for one in found[:5])
        raise UsageError(f"`{text}` means {len(found)} runs", f"name one of {some}")
    if is_run_name(text):
        raise UsageError(f"no run `{text}`: {counted(len(ids), 'run')} so far", listed)
    raise UsageError(f"no run `{text}`", f"{listed}; `last` and `previous` name runs, too")
