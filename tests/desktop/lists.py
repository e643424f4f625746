"""A screen and a link made of lists, for tests of what joins them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from desktop.model.rows import Row, Rows, Splice
from desktop.screen import Question


class Calls:
    """Takes any method call and keeps it as ``(name, argument, …)``."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Callable[..., None]:
        def note(*arguments: Any, **named: Any) -> None:
            self.calls.append((name, *arguments, *named.values()))

        return note

    def of(self, name: str) -> list[tuple[Any, ...]]:
        """The arguments of every call of *name*."""
        return [call[1:] for call in self.calls if call[0] == name]

    def last(self, name: str) -> tuple[Any, ...]:
        """The arguments of the last call of *name*."""
        return self.of(name)[-1]

    def forget(self) -> None:
        """As if nothing had been called."""
        self.calls.clear()


class ListScreen(Calls):
    """A screen. It keeps a copy of the timeline as a view would, changed by splices alone."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self.anchor: int | None = None
        self._source: Rows = ()

    def open_timeline(self, rows: Rows, anchor: int | None) -> None:
        self._source = rows
        self.rows = [rows[at] for at in range(len(rows))]
        self.anchor = anchor
        self.calls.append(("open_timeline", anchor))

    def splice_timeline(self, splice: Splice) -> None:
        added = [self._source[at] for at in range(splice.start, splice.start + splice.added)]
        self.rows[splice.start : splice.start + splice.removed] = added
        # What a splice does not name must be as it was.
        assert self.rows == [self._source[at] for at in range(len(self._source))]
        self.calls.append(("splice_timeline", splice))

    def ask(self, question: Question, on_answer: Callable[[str], None]) -> None:
        self.question, self.answer = question, on_answer
        self.calls.append(("ask", question))

    def show_recovery_code(self, code: str, on_confirmed: Callable[[], None]) -> None:
        self.confirm = on_confirmed
        self.calls.append(("show_recovery_code", code))


class ListHosting(Calls):
    """An own relay that does nothing."""

    is_running = False


def names(rows: Sequence[Any]) -> list[str]:
    """The names of rail rows or members."""
    return [row.name for row in rows]
