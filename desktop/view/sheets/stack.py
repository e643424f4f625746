"""The sheets that are open: only the last one is seen; under it the window's screen is hidden, so that no key goes there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from desktop.view.sheets.cover import Cover

Kind = TypeVar("Kind")
Make = Callable[[Callable[[], None]], "Cover"]
"""Makes a sheet in the present look; is handed what closes it."""


class SheetStack:
    """*on_first*: the first sheet opens; *on_none*: the last one was closed."""

    def __init__(self, on_first: Callable[[], None], on_none: Callable[[], None]) -> None:
        self._on_first = on_first
        self._on_none = on_none
        self._sheets: list[Cover] = []
        self._makers: dict[Cover, Make] = {}

    def __bool__(self) -> bool:
        return bool(self._sheets)

    def open(self, make: Make) -> None:
        """Make a sheet, handing it what closes it, and show it over all others."""
        sheet = self._make(make)
        if self._sheets:
            self._sheets[-1].place_forget()
        else:
            self._on_first()
        self._sheets.append(sheet)
        sheet.appear()

    def find(self, kind: type[Kind]) -> Kind | None:
        """The open sheet of that kind."""
        return next((sheet for sheet in self._sheets if isinstance(sheet, kind)), None)

    def rebuild(self) -> None:
        """Make all anew, in the present look and language, with what was done in them; a question stays a question."""
        old, self._sheets = self._sheets, []
        for before in old:
            sheet = self._make(self._makers.pop(before))
            self._sheets.append(sheet)
            if before is old[-1]:
                sheet.cover()
                sheet.update_idletasks()  # what is not there yet cannot take the keyboard
            sheet.take_over(before)
            before.destroy()

    def close_all(self) -> None:
        """Take all away without an answer, and show the screen again."""
        if self._sheets:
            sheets, self._sheets = self._sheets, []
            self._makers.clear()
            for sheet in sheets:
                sheet.destroy()
            self._on_none()

    def leave(self) -> None:
        """Close, as Escape does, what only covers the screen: up to the first sheet that asks something or holds something typed."""
        while self._sheets and self._sheets[-1].may_be_left:
            self._sheets[-1].close()

    @property
    def top(self) -> Cover | None:
        """The one that is seen."""
        return self._sheets[-1] if self._sheets else None

    def _make(self, make: Make) -> Cover:
        made: list[Cover] = []
        sheet = make(lambda: self._close(made[0]))
        made.append(sheet)
        self._makers[sheet] = make
        return sheet

    def _close(self, sheet: Cover) -> None:
        if sheet not in self._sheets:
            return
        self._sheets.remove(sheet)
        del self._makers[sheet]
        sheet.destroy()
        if self._sheets:
            self._sheets[-1].appear()
        else:
            self._on_none()
