"""For how long somebody is to write nothing."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import Final

from desktop import durations
from desktop.locale import _
from desktop.view import kit
from desktop.view.look import Look
from desktop.view.sheets.base import Sheet
from desktop.view.sheets.choosing import Choosing

TIMES: Final[Sequence[int | None]] = (600, 3600, 24 * 3600, 7 * 24 * 3600, None)


class MuteSheet(Sheet):
    """A choice of times, the shortest first."""

    WIDTH = 460

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        on_close: kit.Command,
        name: str,
        mute: Callable[[int | None], None],
        *,
        everywhere: bool = False,
    ) -> None:
        """*mute*: for so many seconds, None until it is lifted. *everywhere*: on the whole relay."""
        super().__init__(parent, look, on_close, _("Mute {name}?").format(name=look.safe.name(name)))
        self._mute = mute
        text = (
            _("They read everything and can write nothing on this relay, in conversations of two neither.")
            if everywhere
            else _("They read everything here and can write nothing. Everybody in the group sees that you did this.")
        )
        kit.paragraph(self.body, look, text).pack(fill="x", pady=(0, look.px(12)))
        self.time = Choosing[int | None](self.body, look, _("For how long"), times(), TIMES[0])
        self.time.pack(fill="x")
        self.add_button(_("Mute"), self._done, "Danger", default=True)
        self.add_button(_("Cancel"), self.close)

    def _done(self) -> None:
        seconds = self.time.value
        self.close()
        self._mute(seconds)


def times() -> Sequence[tuple[int | None, str]]:
    """The times, and how they are called."""
    return [(seconds, _("Until I lift it") if seconds is None else durations.in_words(seconds)) for seconds in TIMES]
