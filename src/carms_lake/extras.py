"""Optional extras: what a command that needs one says where it is not installed."""

from collections.abc import Iterable
from importlib import import_module

from carms_lake.errors import UsageError


def ensure_extra(extra: str, modules: Iterable[str]) -> None:
    """Refuse to go on without the extra, which is called as its command, and needs these modules.

    Raises:
        UsageError: one cannot be imported; the hint is how the extra is installed.
    """
    for name in modules:
        try:
            import_module(name)
        except ModuleNotFoundError:
            raise UsageError(
                f"`carms {extra}` needs `{name}`, an optional extra",
                f'install it with: pip install "carms-lake[{extra}]"',
            ) from None
