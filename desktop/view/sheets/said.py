"""Lists about what was said: pinned messages, who has read one, and the texts that one had."""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable, Sequence

from common.ids import Millis, Seq
from desktop import locale
from desktop.locale import _, n_
from desktop.model.rows import PinRow, ReaderRow
from desktop.view import kit
from desktop.view.look import Look
from desktop.view.picklist import Line
from desktop.view.sheets.picking import PickSheet


class PinsSheet(PickSheet):
    """A pinned message that is chosen is shown in its place."""

    HAS_FIELD = False
    WIDTH = 520

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        on_close: kit.Command,
        pins: Sequence[PinRow],
        on_pin: Callable[[Seq], None],
    ) -> None:
        super().__init__(parent, look, on_close, _("Pinned messages"))
        self._pins = pins
        self._on_pin = on_pin
        lines = [
            Line(
                look.safe.name(pin.author_name),
                pin.text or ", ".join(file.name for file in pin.files),
                pin.author,
                right=_when(pin.at),
                long=True,
            )
            for pin in pins
        ]
        self.show_lines(lines, "" if pins else _("Nothing is pinned here."))
        self.add_button(_("Close"), self.close)

    def chosen(self, index: int) -> None:
        seq = self._pins[index].seq
        self.close()
        self._on_pin(seq)


class ReadersSheet(PickSheet):
    """Who has read an own message, and when."""

    HAS_FIELD = False

    def __init__(self, parent: tk.Misc, look: Look, on_close: kit.Command, readers: Sequence[ReaderRow]) -> None:
        count = len(readers)
        title = n_("Read by {n} person", "Read by {n} people", count).format(n=count) if count else _("Read by")
        super().__init__(parent, look, on_close, title)
        lines = [Line(look.safe.name(one.name), ident=one.user, right=_when(one.at)) for one in readers]
        self.show_lines(lines, "" if readers else _("Nobody has told yet of having read it."))
        self.add_button(_("Close"), self.close)


class EditsSheet(PickSheet):
    """The texts that an own message had, the first one first."""

    HAS_FIELD = False
    WIDTH = 520

    def __init__(self, parent: tk.Misc, look: Look, on_close: kit.Command, texts: Sequence[tuple[Millis, str]]) -> None:
        super().__init__(parent, look, on_close, _("Earlier texts"))
        lines = [Line(_when(at), text, long=True, pictured=False) for at, text in texts]
        self.show_lines(lines, "" if texts else _("It had no other text."))
        self.say(_("Nobody but you is given the earlier texts."), "small")
        self.add_button(_("Close"), self.close)


def _when(at: Millis) -> str:
    return locale.moment(at, Millis(int(time.time() * 1000)))
