"""What data libraries raise on bytes that they cannot read, turned into refusals."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import polars as pl

from carms_lake.errors import SourceRefused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carms_lake.records import SourceFile


@contextmanager
def readable(source: SourceFile) -> Iterator[None]:
    """Refuse the file that a library cannot read; use it also around collecting a batch's rows.

    Raises:
        SourceRefused: UNREADABLE.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise SourceRefused(
            "UNREADABLE",
            f"`{source.name}` is gone: `{source.path}`",
            "leave source files in place until the command has ended",
        ) from error
    except (pl.exceptions.PolarsError, OSError) as error:
        raise unreadable(source, error) from error
    except BaseException as error:
        if not _is_panic(error):
            raise
        raise unreadable(source, error) from error


def unreadable(source: SourceFile, error: BaseException) -> SourceRefused:
    """The refusal of a damaged file, with the first line of what the library says."""
    said = (str(error).strip() or type(error).__name__).splitlines()[0]
    return SourceRefused(
        "UNREADABLE",
        f"`{source.name}` cannot be read: {said[:300]}",
        "it may be damaged; send it again",
    )


def _is_panic(error: BaseException) -> bool:
    """Whether a library written in Rust gave up; its errors share a name and no class."""
    return type(error).__name__ == "PanicException"
