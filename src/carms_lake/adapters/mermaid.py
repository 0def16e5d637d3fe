"""The lineage of tables as a diagram in Mermaid, which GitHub, GitLab and many wikis draw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_LAYERS = ("bronze", "silver", "gold")


def flowchart(edges: Iterable[tuple[str, str]], kinds: Mapping[str, str]) -> str:
    """A flowchart with a box for each table, in a frame for each layer.

    `edges` are (what reads, what is read), by names such as `silver.program`; `kinds` are those of
    the tables: views and macros have round corners.
    """
    pairs = sorted({(read, reader) for reader, read in edges})
    names = sorted({*kinds, *(name for pair in pairs for name in pair)})
    layers = {name.partition(".")[0] for name in names}
    lines = ["flowchart LR"]
    for layer in [*(known for known in _LAYERS if known in layers), *sorted(layers - {*_LAYERS})]:
        lines.append(f'  subgraph {layer}_layer["{layer}"]')
        lines += [
            f"    {_box(name, kinds.get(name, 'table'))}"
            for name in names
            if name.startswith(f"{layer}.")
        ]
        lines.append("  end")
    lines += [f"  {_id(read)} --> {_id(reader)}" for read, reader in pairs]
    return "\n".join(lines) + "\n"


def _id(name: str) -> str:
    # A name of its own may be a keyword, such as `end`; with its layer it is none.
    return name.replace(".", "_")


def _box(name: str, kind: str) -> str:
    text = name.partition(".")[2]
    return f'{_id(name)}["{text}"]' if kind == "table" else f'{_id(name)}(["{text}"])'
