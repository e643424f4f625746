"""A quiet line between the messages and the composer: who has reacted to what one said."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Final

from common.ids import Seq
from desktop.locale import _, n_
from desktop.model.reacted import ReactionNote
from desktop.view import emoji, kit, markdown
from desktop.view.bubble import emoji_picture
from desktop.view.fonts import fit
from desktop.view.look import Look

_TEXT: Final = 60
"""Characters of the message."""


class ReactionBar(tk.Frame):
    """Its owner packs it while there is something to say. A press leads to the message, the cross takes it away."""

    def __init__(self, parent: tk.Misc, look: Look, on_jump: Callable[[Seq], None], on_dismiss: kit.Command) -> None:
        super().__init__(parent, bg=look.palette.window, bd=0, highlightthickness=0)
        self._look = look
        self._note: ReactionNote | None = None
        self._on_jump = on_jump
        px = look.px
        kit.separator(self, look).pack(side="top", fill="x")
        inside = kit.frame(self, look)
        inside.pack(fill="x", padx=px(12), pady=px(2))
        kit.icon_button(inside, look, "close", on_dismiss, _("Close"), size=13).pack(side="right")
        self._words = kit.button(inside, look, "", self._press, "Link")
        self._words.pack(side="left")
        self.bind("<Configure>", lambda event: self._write(event.width))

    def show(self, note: ReactionNote) -> None:
        """Say it."""
        self._note = note
        self._write(self.winfo_width())

    def _press(self) -> None:
        if self._note is not None:
            self._on_jump(self._note.target)

    def _write(self, width: int) -> None:
        note, look = self._note, self._look
        if note is None or width <= 1:
            return
        text = look.safe.line(words(note, look.safe.name))
        shown = fit(look.fonts, "second", look.safe.drawable(text), max(1, width - look.px(130)))
        self._words.configure(text=f" {shown}")
        if emoji.colour_font() is not None and emoji.EMOJI.fullmatch(note.emoji):
            self._words.configure(image=emoji_picture(look, note.emoji, look.tx(16))(), compound="left")


def words(note: ReactionNote, name: Callable[[str], str]) -> str:
    """The sentence. *name*: makes a name safe to be shown."""
    if note.others:
        who = n_("{name} and {n} other", "{name} and {n} others", note.others).format(
            name=name(note.names[0]), n=note.others
        )
    elif len(note.names) > 1:
        who = _("{name} and {other}").format(name=name(note.names[0]), other=name(note.names[1]))
    else:
        who = name(note.names[0])
    if note.messages > 1:
        said = n_("{who} reacted to {n} of your messages", "{who} reacted to {n} of your messages", note.messages)
        return said.format(who=who, n=note.messages)
    text = markdown.seen(note.text).replace("\n", " ").strip()
    if len(text) > _TEXT:
        text = text[:_TEXT].rstrip() + "…"
    return _("{who} reacted to “{text}”").format(who=who, text=text) if text else _("{who} reacted").format(who=who)
