"""A lake over HTTP: `carms serve`. An optional extra, `carms-lake[serve]`.

It is built on `carms_lake`, as a notebook is, and on nothing below it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from carms_lake.extras import ensure_extra

if TYPE_CHECKING:
    from carms_lake import Lake
    from carms_lake.serve.settings import Settings

ensure_installed = partial(ensure_extra, "serve", ("starlette", "uvicorn", "h11", "anyio"))
"""Refuse to go on without the extra, as `ensure_extra` does."""


def application(lake: Lake, settings: Settings) -> Any:
    """The service of a lake as an ASGI application.

    Raises:
        UsageError: the extra is not installed.
        ConfigError: it would let others ask without a key.
    """
    ensure_installed()
    from carms_lake.serve.app import make_application

    settings.ensure_sound()
    return make_application(lake, settings)


def run(lake: Lake, settings: Settings) -> None:
    """Serve until the process is asked to end; requests that are under way are answered first.

    Raises:
        UsageError: the extra is not installed, or the address is taken.
        ConfigError: it would let others ask without a key.
    """
    app = application(lake, settings)
    from carms_lake.serve.server import serve

    serve(app, settings)
