"""A lake over HTTP: `carms serve`. An optional extra, `carms-lake[serve]`.

It is built on `carms_lake`, as a notebook is, and on nothing below it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from carms_lake.errors import UsageError

if TYPE_CHECKING:
    from carms_lake import Lake
    from carms_lake.serve.settings import Settings

INSTALL = 'pip install "carms-lake[serve]"'
_NEEDED = ("starlette", "uvicorn", "h11", "anyio")


def ensure_installed() -> None:
    """Refuse to go on without the extra.

    Raises:
        UsageError: it is not installed; the hint is how it is.
    """
    for name in _NEEDED:
        try:
            import_module(name)
        except ModuleNotFoundError:
            raise UsageError(f"`carms serve` needs `{name}`, an optional extra", INSTALL) from None


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
