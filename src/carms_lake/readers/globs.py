"""Glob patterns of contracts, for names of files with `/` between their folders."""

import re
from collections.abc import Iterator

from carms_lake.errors import ContractError
from carms_lake.names import as_name


def compiled(glob: str, key: str) -> re.Pattern[str]:
    """The glob as a pattern: `**` is any number of folders, the others stay within a name.

    `key` is where the contract has it.

    Raises:
        ContractError: it is not a glob.
    """
    try:
        return re.compile(_expression(as_name(glob)), re.DOTALL)
    except re.error as error:
        raise ContractError(
            f"`carms.{key}`: `{glob}` is not a pattern: {error}",
            "write a glob such as `sales/*.csv`",
        ) from None


def _expression(glob: str) -> str:
    """The regular expression of a glob.

    A contract may come from a stranger, so no glob may take long: each star takes the first place
    where what follows it fits, and keeps it (`(?>`), since the next star takes whatever is left.
    """
    wide, chunks = [""], [[""]]  # each chunk comes behind its wide star; the first has none
    for kind, text in _tokens(glob):
        if not kind:
            chunks[-1][-1] += text
        elif kind == "*":
            chunks[-1].append("")
        elif chunks[-1] == [""] and len(chunks) > 1:  # two in a row
            wide[-1] = _ANYTHING if _ANYTHING in (wide[-1], text) else text
        else:
            wide.append(text)
            chunks.append([""])
    texts = [_chunk(chunk) for chunk in chunks]
    # Folders that begin inside of a name cannot take whatever is left: what is before them tries
    # every place, which is quick for one of them.
    tries = [at for at in range(1, len(wide)) if wide[at] == _FOLDERS and texts[at - 1][-1:] != "/"]
    tries = [at for at in tries if texts[at - 1]]
    if len(tries) > 1:
        raise re.error("`**/` begins inside of a name more than once")
    groups = [f"{star}*?{text}" if star else text for star, text in zip(wide, texts, strict=True)]
    kept = [f"(?{':' if at + 1 in tries else '>'}{group})" for at, group in enumerate(groups[:-1])]
    return "".join([*kept, groups[-1]])


_FOLDERS, _ANYTHING = "(?:[^/]+/)", "."


def _tokens(glob: str) -> Iterator[tuple[str, str]]:
    """A glob's parts: `**` with what it repeats, `*`, or "" with the pattern of a character."""
    position = 0
    while position < len(glob):
        if glob.startswith("**/", position):
            yield "**", _FOLDERS
            position += 3
        elif glob.startswith("**", position):
            yield "**", _ANYTHING
            position += 2
        elif glob[position] == "[" and (end := glob.find("]", position + 2)) > 0:
            inside = glob[position + 1 : end].replace("\\", "\\\\").replace("[", "\\[")
            negated = inside[0] in "!^"
            yield "", f"(?!/)[{'^' if negated else ''}{inside[1:] if negated else inside}]"
            position = end + 1
        else:
            one = glob[position]
            yield ("*", "") if one == "*" else ("", "[^/]" if one == "?" else re.escape(one))
            position += 1


def _chunk(texts: list[str]) -> str:
    """Patterns with stars between them; the last star tries every place in its name."""
    first, *others = texts
    last = f"[^/]*?{others.pop()}" if others else ""
    return first + "".join(f"(?>[^/]*?{text})" for text in others) + last
