"""Files that are dragged onto the window, by tkdnd. Where that does not load the client does without, and the log says so once."""

from __future__ import annotations

import logging
import tkinter as tk
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

from desktop.view import tokens
from desktop.view.look import Look

COMMAND: Final = "pymessenger_drop"
_COPY: Final = "copy"
_REFUSE: Final = "refuse_drop"

_log = logging.getLogger(__name__)


class Dropping:
    """Takes what is dropped, anywhere on the window, as long as *may_drop* says so."""

    def __init__(
        self,
        root: tk.Tk,
        look: Look,
        place: tk.Misc,
        invitation: Callable[[], str],
        on_files: Callable[[tuple[Path, ...]], None],
    ) -> None:
        """*place*: what is said stands in its middle. *invitation*: what to say while files are over the window; empty where they cannot be dropped now."""
        self._root = root
        self._look = look
        self._place = place
        self._invitation = invitation
        self._on_files = on_files
        self._shown: tk.Label | None = None
        self.is_there = False
        """Whether files can be dropped at all on this computer."""

    def begin(self) -> None:
        """Load tkdnd, which takes some milliseconds."""
        try:
            from tkinterdnd2 import TkinterDnD

            TkinterDnD.require(self._root)
        except (ImportError, RuntimeError, OSError) as error:
            _say_once(str(error))
            return
        call = self._root.tk.call
        call("tkdnd::drop_target", "register", str(self._root), "DND_Files")
        self._root.tk.createcommand(COMMAND, self._happens)
        for event, data in (("DropEnter", ""), ("DropPosition", ""), ("DropLeave", ""), ("Drop:DND_Files", "%D")):
            call("bind", str(self._root), f"<<{event}>>", f"{COMMAND} {event} {data}")
        self.is_there = True

    def end(self) -> None:
        """The window goes."""
        self._hide()

    def _happens(self, event: str, data: str = "") -> str:
        """A step of a drag: what would be done with the files at this place."""
        invitation = self._invitation()
        if event == "DropLeave" or not invitation:
            self._hide()
            return _REFUSE
        if event != "Drop:DND_Files":
            self._show(invitation)
            return _COPY
        self._hide()
        paths = tuple(Path(name) for name in self._root.tk.splitlist(data) if name)
        # Whoever drags waits for the answer: first that, then the work.
        self._root.after_idle(self._on_files, paths)
        return _COPY

    def _show(self, text: str) -> None:
        if self._shown is not None:
            return
        look = self._look
        px, palette = look.px, look.palette
        shown = self._shown = tk.Label(
            self._root,
            text=look.safe.line(text),
            font=look.font("title"),
            fg=palette.accent_text,
            bg=palette.timeline,
            wraplength=px(420),
            compound="center",
            bd=0,
            padx=0,
            pady=0,
        )
        width, height = max(px(360), shown.winfo_reqwidth() + px(80)), shown.winfo_reqheight() + px(96)
        panel = look.paint.panel(
            width, height, px(tokens.RADIUS_FIELD), palette.card, palette.accent, px(2), palette.timeline
        )
        shown.configure(image=panel)
        shown.place(in_=self._place, relx=0.5, rely=0.5, anchor="center")
        shown.lift()

    def _hide(self) -> None:
        if self._shown is not None:
            self._shown.destroy()
            self._shown = None


@cache
def _say_once(reason: str) -> None:
    _log.warning("files cannot be dragged onto the window on this computer: %s", reason)
