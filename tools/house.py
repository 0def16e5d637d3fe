"""Print the figures by which the engine's size is judged: `python tools/house.py`.

The engine is `src/carms_lake` without domains, report, serve, mcp, dagster and adapters. A module
that one other module alone imports may be a part of that one; a module's imports of its own package
do not count.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).resolve().parent.parent / "src"
PACKAGE = "carms_lake"
ON_TOP = {"domains", "report", "serve", "mcp", "dagster", "adapters"}
"""Rooms on top of the engine, which do not count as engine."""
LIMITS = {"modules": 150, "lines": 27_000, "p90": 250, "longest": 320, "imported by one": 50}


def main() -> None:
    """One line per figure, with its limit; then the longest modules."""
    modules = {_name(path): path for path in sorted((ROOT / PACKAGE).rglob("*.py"))}
    engine = [name for name in modules if _is_engine(name)]
    lines = {name: len(modules[name].read_text("utf-8").splitlines()) for name in engine}
    importers = _importers(modules)
    figures = {
        "modules": len(engine),
        "lines": sum(lines.values()),
        "p90": int(quantiles(lines.values(), n=10)[-1]),
        "longest": max(lines.values()),
        "imported by one": sum(len(importers[name]) == 1 for name in engine),
        "median": int(median(lines.values())),
        "comments per 100 lines": round(100 * _comments(modules, engine) / sum(lines.values()), 1),
    }
    for what, figure in figures.items():
        limit = f"  (at most {LIMITS[what]:,})" if what in LIMITS else ""
        print(f"{what:<24}{figure:>8,}{limit}")
    print("\nlongest:")
    for name in sorted(lines, key=lines.__getitem__, reverse=True)[:10]:
        print(f"  {lines[name]:>4}  {name}")


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _is_engine(name: str) -> bool:
    return not ON_TOP & set(name.split(".")[1:2])


def _importers(modules: dict[str, Path]) -> dict[str, set[str]]:
    """Module -> the modules that import it."""
    found: dict[str, set[str]] = defaultdict(set)
    for importer, path in modules.items():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and node.module in modules:
                for alias in node.names:
                    inner = f"{node.module}.{alias.name}"
                    found[inner if inner in modules else node.module].add(importer)
    return found


def _comments(modules: dict[str, Path], engine: list[str]) -> int:
    texts = (modules[name].read_text("utf-8") for name in engine)
    return sum(line.lstrip().startswith("#") for text in texts for line in text.splitlines())


if __name__ == "__main__":
    main()
