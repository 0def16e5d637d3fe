"""An environment of its own for each peer, made once from its pinned requirements."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).parent


def environment(name: str) -> Path:
    """The folder with the commands of `.venv-<name>`, made anew when its requirements changed.

    Raises:
        RuntimeError: pip failed; the message has what it said.
    """
    requirements = HERE / f"requirements-{name}.txt"
    folder = HERE / f".venv-{name}"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    mark = folder / "requirements.sha256"
    commands = folder / ("Scripts" if sys.platform == "win32" else "bin")
    if mark.exists() and mark.read_text(encoding="utf-8") == wanted:
        return commands
    print(f"making {folder.name} from {requirements.name} ...", file=sys.stderr, flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True)
    install = [str(commands / "python"), "-m", "pip", "install", "--quiet", "-r", str(requirements)]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"`{' '.join(install)}` failed:\n{done.stderr}")
    mark.write_text(wanted, encoding="utf-8")
    return commands


def versions(commands: Path, packages: tuple[str, ...]) -> dict[str, str]:
    """The versions of packages in an environment."""
    code = "import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))"
    said = subprocess.run(
        [str(commands / "python"), "-c", code, *packages],
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(zip(packages, said.stdout.split(), strict=True))
