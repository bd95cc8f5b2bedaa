"""Progress of long steps: a bar on a terminal, a plain line now and then elsewhere, or what a listener makes of it."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from tqdm import tqdm

SECONDS = 10  # between plain lines, so that a log stays readable

T = TypeVar("T")
Listener = Callable[[str, float, str], None]  # label, share that is done (0 where unknown), how far and how long still
_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Give the progress of what is done inside, in this thread, to a listener, and write nothing to stderr."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def progress(iterable: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
    """Yield the items of `iterable`, reported on stderr under `label`; `total` where the iterable has no length."""
    total = len(iterable) if total is None and hasattr(iterable, "__len__") else total
    if listener := _listener.get():
        return _told(iterable, label, total, listener)
    if sys.stderr.isatty():
        return iter(tqdm(iterable, desc=label, total=total, leave=False, dynamic_ncols=True))
    return _lines(iterable, label, total)


def _lines(iterable: Iterable[T], label: str, total: int | None) -> Iterator[T]:
    """Yield as `progress`, with lines such as `mixture: 120 of 400, 35 s, about 82 s left`; none within 10 s."""
    start = last = time.monotonic()
    for done, item in enumerate(iterable):
        now = time.monotonic()
        if now - last >= SECONDS:
            print(f"{label}: {_said(done, total, now - start)}", file=sys.stderr, flush=True)
            last = now
        yield item


def _told(iterable: Iterable[T], label: str, total: int | None, listener: Listener) -> Iterator[T]:
    start = time.monotonic()
    for done, item in enumerate(iterable):
        listener(label, done / total if total else 0.0, _said(done, total, time.monotonic() - start))
        yield item


def _said(done: int, total: int | None, took: float) -> str:
    """Return how far something has come after `took` seconds, and how long the rest takes at that pace."""
    if total is None:
        return f"{done}, {took:.0f} s"
    left = f", about {took / done * (total - done):.0f} s left" if done else ""
    return f"{done} of {total}, {took:.0f} s{left}"
