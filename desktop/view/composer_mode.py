"""The bar above the composer: what becomes of what is written there, when it is not simply a new message."""

from __future__ import annotations

import tkinter as tk

from desktop.locale import _
from desktop.screen import ComposerMode, Editing, Replying, Writing
from desktop.view import kit
from desktop.view.fonts import fit
from desktop.view.look import Look


class ModeBar(tk.Frame):
    """Whom the message answers, or that an old one is being edited; the cross ends that. Its owner packs it while `is_needed`."""

    def __init__(self, parent: tk.Misc, look: Look, on_cancel: kit.Command) -> None:
        super().__init__(parent, bg=look.palette.window, bd=0, highlightthickness=0)
        self._look = look
        self._mode: ComposerMode = Writing()
        px = look.px
        inside = kit.frame(self, look)
        inside.pack(fill="x", padx=px(16), pady=(px(8), 0))
        tk.Frame(inside, bg=look.palette.accent, width=px(3), bd=0).pack(side="left", fill="y", padx=(px(2), px(10)))
        kit.icon_button(inside, look, "close", on_cancel, _("Cancel"), size=16).pack(side="right")
        words = self._words = kit.frame(inside, look)
        words.pack(side="left", fill="x", expand=True)
        self._title = kit.label(words, look, "", "small_bold", look.palette.accent_text)
        self._title.pack(fill="x")
        self._text = kit.label(words, look, "", "second", look.palette.text2)
        self._text.pack(fill="x")
        words.bind("<Configure>", lambda event: self._write(event.width))

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to say."""
        return not isinstance(self._mode, Writing)

    def show(self, mode: ComposerMode) -> None:
        """Say what *mode* means."""
        self._mode = mode
        self._write(self._words.winfo_width())

    def _write(self, width: int) -> None:
        safe, fonts = self._look.safe, self._look.fonts
        match self._mode:
            case Replying(quote):
                title = _("Reply to {name}").format(name=safe.name(quote.author_name))
                text = quote.text or (_("Deleted message") if quote.redacted else "…")
            case Editing(_seq, before):
                title, text = _("Edit the message"), before
            case _:
                return
        first = next((line for line in text.splitlines() if line.strip()), "")
        room = max(width, 1) if width > 1 else self._look.px(400)
        self._title.configure(text=fit(fonts, "small_bold", title, room))
        self._text.configure(text=fit(fonts, "second", safe.line(first), room))
