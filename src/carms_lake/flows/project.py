"""A project folder."""

from pathlib import Path

from carms_lake.config import CONFIG_FILE, DEFAULT_DOMAIN, KEYS, builtin_domains
from carms_lake.errors import StoreError

_DATA_RAW = """\
Source files go here, one folder per domain: `data_raw/carms/`.

They are read, never changed. `carms ingest` finds them by the names that the contracts give.
"""

_LAKE = """\
The tool makes everything here: Delta tables in `<domain>/`, and `<domain>.duckdb`, the gold file
that `carms query` and BI tools open. Nothing here is edited by hand; `carms run` rebuilds it.
"""

_GITIGNORE = """\
# Made by the tool, from the source files.
lake/*
!lake/README.md
# The key of the masks in gold: whoever has it can try out whom a mask hides.
.carms/
"""


def init(project: Path, domain: str | None = None) -> tuple[Path, ...]:
    """Make a folder a project; what is there already stays as it is. Returns what was made.

    Raises:
        StoreError: the folder cannot be written.
    """
    chosen = domain or DEFAULT_DOMAIN
    names = sorted({*builtin_domains(), chosen}) if chosen in builtin_domains() else [chosen]
    folders = [project / "data_raw" / name for name in names]
    files = {
        project / CONFIG_FILE: _settings(chosen),
        project / "data_raw" / "README.md": _DATA_RAW,
        project / "lake" / "README.md": _LAKE,
        project / ".gitignore": _GITIGNORE,
    }
    made: list[Path] = []
    try:
        for folder in (*folders, project / "lake"):
            if not folder.is_dir():
                folder.mkdir(parents=True)
                made.append(folder)
        for path, text in files.items():
            if not path.exists():
                path.write_text(text, encoding="utf-8")
                made.append(path)
    except OSError as error:
        raise StoreError(
            f"`{error.filename or project}` cannot be made: {error.strerror}",
            "name a folder that you may write to",
        ) from error
    return tuple(made)


def _settings(domain: str) -> str:
    """A carms.toml that shows every key; all but the domain are comments."""
    examples = {"domains": '["name"]', "memory_limit": '"2GB"', "query_timeout_s": "60"}
    lines = [
        "# A project of the carms command. Flags and CARMS_* variables win over this file.",
        "",
    ]
    for key, meaning in KEYS.items():
        lines.append(f"# {meaning}")
        if key == "spark":  # a table: it ends the file
            lines += ["# [spark]", '# server = "sc://host:15002"', '# lake = "/mnt/lake"']
        else:
            lines.append(
                f'domain = "{domain}"' if key == "domain" else f"# {key} = {examples[key]}"
            )
    return "\n".join(lines) + "\n"
