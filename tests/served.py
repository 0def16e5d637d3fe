"""A service over a lake of a few programs, asked over real sockets."""

from __future__ import annotations

import gzip
import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domains.carms.gold_lake import published, silver_of, version
from extras import skip_without

from carms_lake import Lake
from carms_lake.config import load_config
from carms_lake.serve.settings import Settings

KEY = "a key of more than sixteen characters"


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Client:
    """Asks a service that listens on a port of this machine."""

    port: int
    service: Any

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault("content-type", "application/json")
        try:
            connection.request(method, path, body, sent)
            found = connection.getresponse()
            data = found.read()
        finally:
            connection.close()
        said = {name.lower(): value for name, value in found.getheaders()}
        if said.get("content-encoding") == "gzip":
            data = gzip.decompress(data)
        return Reply(found.status, said, data)

    def get(self, path: str, **headers: str) -> Reply:
        """A GET."""
        return self.ask("GET", path, **headers)

    def until(self, path: str, wanted: Any, **headers: str) -> Reply:
        """Ask until an answer is as it is wanted."""
        for _ in range(600):
            found = self.get(path, **headers)
            if wanted(found):
                return found
            time.sleep(0.05)
        raise AssertionError(f"{path}: {found}")


@contextmanager
def serving(lake: Lake, **settings: Any) -> Iterator[Client]:
    """A service, started and stopped."""
    skip_without("serve", "starlette", "uvicorn")
    import uvicorn

    from carms_lake.serve import application
    from carms_lake.serve.protocol import Protocol
    from carms_lake.serve.server import _listening

    made = application(lake, Settings(port=0, is_quiet=True, **settings))
    listening = _listening("127.0.0.1", 0)
    config = uvicorn.Config(
        made, http=Protocol, ws="none", lifespan="on", log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the service did not start"
            time.sleep(0.01)
        yield Client(listening.getsockname()[1], made)
    finally:
        server.should_exit = True
        thread.join(30)
        listening.close()


def programs() -> list[dict[str, Any]]:
    """Six programs in three provinces."""
    others = [
        ("1", {}),
        ("2", {"training_province": "ON", "program_site": "Toronto", "quota": 5}),
        ("3", {"training_province": "ON", "program_site": "Ottawa", "eligibility": "CMG"}),
        ("4", {"training_province": "BC", "program_site": "Kelowna", "quota": None}),
        ("5", {"training_province": "BC", "document_language": "fr", "length_years": 2}),
        ("6", {"training_province": None, "quota": 9, "application_language": "either"}),
    ]
    return [version(one, **rest) for one, rest in others]


def publish(folder: Path, *more: dict[str, Any]) -> Lake:
    """A lake of these programs."""
    folder.mkdir(exist_ok=True)
    published(folder, silver_of(*programs(), *more))
    return Lake(load_config(project=folder, domain="carms"))
