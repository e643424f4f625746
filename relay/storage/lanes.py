"""Who need not stand in line with everybody else when something is read: owners and admins of the relay, and what is short and
everybody needs first, as whose token it is. A crowd that reads history all day then keeps nobody from shutting it out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_is_ahead: ContextVar[bool] = ContextVar("_is_ahead", default=False)


@contextmanager
def ahead() -> Iterator[None]:
    """What is read within the block, by the one who enters it, is read on the connection that is kept for this."""
    token = _is_ahead.set(True)
    try:
        yield
    finally:
        _is_ahead.reset(token)


def is_ahead() -> bool:
    """Whether that is so here."""
    return _is_ahead.get()
