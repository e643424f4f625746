"""How far something is, on one line of a terminal; nothing where nobody looks."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Final

from relay.sizes import size_text

_EVERY_S: Final = 0.2
_FIRST_S: Final = 0.5
"""What is done sooner needs no line."""
_WIDTH: Final = 60


class Bar:
    """Called with what is done and all there is, from any thread, one at a time; leaves no trace at the end of its block."""

    def __init__(self, is_silent: bool, counted: str = "") -> None:
        """*counted*: what is counted, bytes if empty."""
        self._counted = counted
        self._is_shown = not is_silent and sys.stderr is not None and sys.stderr.isatty()
        self._next = time.monotonic() + _FIRST_S
        self._has_said = False

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._has_said:
            sys.stderr.write("\r" + " " * _WIDTH + "\r")
            sys.stderr.flush()

    def _words(self, done: int, total: int) -> str:
        if self._counted:
            return f"{done:,} of {total:,} {self._counted}"
        return f"{size_text(done)} of {size_text(total)}"

    def __call__(self, done: int, total: int) -> None:
        """Show it, not too often."""
        now = time.monotonic()
        if self._is_shown and total and now >= self._next:
            self._next = now + _EVERY_S
            self._has_said = True
            said = f"{done / total:4.0%}  {self._words(done, total)}"
            sys.stderr.write("\r" + said.ljust(_WIDTH))
            sys.stderr.flush()
