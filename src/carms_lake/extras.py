"""Optional extras: what a command that needs one says where it is not installed."""

from collections.abc import Iterable
from importlib import import_module

from carms_lake.errors import UsageError


def ensure_extra(extra: str, modules: Iterable[str], needed_by: str | None = None) -> None:
    """Refuse to go on without the extra, which needs these modules.

    It is needed by its command of the same name, unless something else is named.

    Raises:
        UsageError: one cannot be imported; the hint is how the extra is installed.
    """
    for name in modules:
        try:
            import_module(name)
        except ModuleNotFoundError:
            raise UsageError(
                f"`{needed_by or f'carms {extra}'}` needs `{name}`, an optional extra",
                f'install it with: pip install "carms-lake[{extra}]"',
            ) from None
