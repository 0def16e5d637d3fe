"""The stylesheet and the icon: their paths change with their content, so browsers keep them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from carms_lake.report import words
from carms_lake.serve.gate import ASSETS
from carms_lake.serve.replies import Receive, Reply, Scope, Send

_FOLDER = Path(__file__).with_name("assets")
_REPORT = Path(words.__file__).with_name("assets")


@dataclass(frozen=True)
class Asset:
    """A file of all pages, as ASGI calls it; the answer is left in the scope."""

    name: str
    media_type: str
    body: bytes

    @property
    def path(self) -> str:
        """Where it is."""
        stem, _, suffix = self.name.rpartition(".")
        return f"{ASSETS}{stem}-{hashlib.sha256(self.body).hexdigest()[:12]}.{suffix}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        del receive, send
        headers = {"cache-control": "public, max-age=31536000, immutable"}
        scope["carms"]["route"] = f"{ASSETS}{self.name}"
        scope["carms"]["reply"] = Reply(200, self.body, self.media_type, headers)


def _style() -> bytes:
    """The stylesheet of the report, then what pages have on top."""
    return (_REPORT / "report.css").read_bytes() + (_FOLDER / "pages.css").read_bytes()


STYLE = Asset("pages.css", "text/css; charset=utf-8", _style())
ICON = Asset("icon.svg", "image/svg+xml", (_FOLDER / "icon.svg").read_bytes())
ALL = (STYLE, ICON)
