"""The console blocks of a page: what it says is typed and seen, and what really happens.

A line that begins with `$ ` is typed; `# exit 4` at its end is the exit code, where it is not 0.
The lines below are what is seen, stdout before stderr: `...` alone is any lines, within a line any
text. Seconds, ids of runs and ages are other ones every time, so any is as good as another.
"""

from __future__ import annotations

import os
import re
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

from command import executable

_SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MARK = "\x1e"
_ANY = (
    (re.compile(r"\b\d{8}T\d{6}\.\d{6}Z-[0-9a-f]{6}\b"), "<run>"),
    (re.compile(r"\b\d+(\.\d+)? s\b"), "<seconds>"),
    (re.compile(r"\b\d+ (s|min|h|d) ago\b"), "<age>"),
)


@dataclass(frozen=True)
class Step:
    """A command of a page, what it is said to show, and the exit code it is said to have."""

    command: str
    shown: str
    code: int


@dataclass(frozen=True)
class Seen:
    """What a command showed."""

    code: int
    text: str


def sections(page: Path) -> dict[str, list[Step]]:
    """The steps of each section of a page that has any, by its heading."""
    parts = _SECTION.split(page.read_text(encoding="utf-8"))
    found = zip(parts[1::2], parts[2::2], strict=True)
    steps = {
        title: [step for block in _BLOCK.findall(text) for step in _steps(block)]
        for title, text in found
    }
    return {title: some for title, some in steps.items() if some}


def _steps(block: str) -> list[Step]:
    found: list[Step] = []
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        while command.endswith("\\"):
            line, _, shown = shown.partition("\n")
            command += f"\n{line}"
        exit_code = re.search(r"# exit (\d+)$", command)
        found.append(Step(command, shown, int(exit_code[1]) if exit_code else 0))
    return found


def run(steps: list[Step], folder: Path, home: Path) -> list[Seen]:
    """What each command shows, typed one after another in one shell, stdout being a terminal."""
    import pty  # Windows has none

    script = "".join(
        f"{{ {step.command}\n}} </dev/null; code=$?\n"
        f"printf '{_MARK}%s{_MARK}' $code; printf '{_MARK}' >&2\n"
        for step in steps
    )
    bin_folder = str(Path(executable()).parent)
    environment = {name: v for name, v in os.environ.items() if not name.startswith("CARMS_")}
    environment |= {"COLUMNS": "100", "NO_COLOR": "1", "HOME": str(home), "TERM": "dumb"}
    environment["PAGER"] = ""
    environment["PATH"] = f"{bin_folder}{os.pathsep}{environment['PATH']}"
    ours, theirs = pty.openpty()
    out: list[bytes] = []
    reader = threading.Thread(target=_drain, args=(ours, out))
    with subprocess.Popen(
        ["bash", "-c", script],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.PIPE,
    ) as process:
        os.close(theirs)
        reader.start()
        _, err = process.communicate(timeout=300)
        reader.join()
    os.close(ours)
    outs = b"".join(out).decode().replace("\r\n", "\n").split(_MARK)
    errs = err.decode().split(_MARK)
    return [
        Seen(int(code), (text + said).replace(str(folder.resolve()), "<here>"))
        for text, code, said in zip(outs[0:-1:2], outs[1::2], errs, strict=False)
    ]


def _drain(terminal: int, out: list[bytes]) -> None:
    while True:
        try:
            read = os.read(terminal, 65536)
        except OSError:  # how a pseudo terminal ends on Linux
            return
        if not read:
            return
        out.append(read)


def agrees(step: Step, seen: Seen) -> bool:
    """Whether a command showed what the page says."""
    pattern = ""
    for line in _usual(step.shown).splitlines():
        if line.strip() == "...":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*".join(map(re.escape, line.rstrip().split("..."))) + r" *\n"
    return step.code == seen.code and bool(re.fullmatch(pattern, _usual(seen.text)))


def _usual(text: str) -> str:
    for pattern, word in _ANY:
        text = pattern.sub(word, text)
    return text if not text or text.endswith("\n") else f"{text}\n"


def untrue(steps: list[Step], folder: Path, home: Path) -> list[str]:
    """The steps that show something else than the page says, with what they show."""
    return [
        f"$ {step.command}  [exit {seen.code}]\n{seen.text}"
        for step, seen in zip(steps, run(steps, folder, home), strict=True)
        if not agrees(step, seen)
    ]
