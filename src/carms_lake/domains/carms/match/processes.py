"""Work shared by processes that are gone when the one that began them is, whatever ended it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from threading import Thread
from typing import Protocol, TypeVar

import carms_lake

WAKES_S = 0.1
"""How long Ctrl-C may wait."""

Given = TypeVar("Given")
Made = TypeVar("Made")


class Map(Protocol):
    """What `map` does."""

    def __call__(
        self, function: Callable[[Given], Made], given: Iterable[Given], /
    ) -> Iterator[Made]:
        """What the function makes of each, in this order."""
        ...


@contextmanager
def processes(workers: int | None = None, at_once: int = 1) -> Iterator[Map]:
    """A map over processes, in the order of what it is given; with one worker, in this one.

    The default is a process for each processor, four at most. A process gets so many `at_once`.
    Where the block is left by an error or Ctrl-C, nothing more is computed.

    Raises:
        carms_lake.LakeError: one of the processes was ended from outside.
    """
    workers = workers or min(os.cpu_count() or 1, 4)
    if workers == 1:
        yield map
        return
    context = get_context("spawn")
    theirs, ours = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(theirs,))

    def mapped(function: Callable[[Given], Made], given: Iterable[Given]) -> Iterator[Made]:
        parts = list(given)
        with _interrupts_held():
            futures = [
                pool.submit(_all_of, function, parts[n : n + at_once])
                for n in range(0, len(parts), at_once)
            ]
        for future in futures:
            # Polars has a handler of its own, with which no wait without an end is interrupted.
            while not wait([future], WAKES_S).done:
                pass
            yield from future.result()

    try:
        yield mapped
        pool.shutdown()
    except BrokenProcessPool:
        raise carms_lake.LakeError(
            "a process that computes was ended from outside",
            "most often memory ran out: end other programs and try again",
        ) from None
    finally:
        ours.close()
        pool.shutdown(cancel_futures=True)
        theirs.close()


def _all_of(function: Callable[[Given], Made], given: list[Given]) -> list[Made]:
    return [function(one) for one in given]


def _begin(pipe: Connection) -> None:
    """In a new process: Ctrl-C, which all processes of a terminal get, is for the first one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_leave_when_closed, args=(pipe,), daemon=True).start()


def _leave_when_closed(pipe: Connection) -> None:
    """End this process where the first one closes its end of the pipe, or dies."""
    try:
        pipe.recv_bytes()
    except (EOFError, OSError):
        os._exit(1)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Let processes begin with Ctrl-C blocked, so that none prints a traceback before `_begin`.

    Here it is only late. Windows cannot block a signal.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
