"""Above the timeline: which conversation it is, who is here, and while the link is down, up to when it is complete."""

from __future__ import annotations

import time
import tkinter as tk

from common.ids import Millis
from desktop import locale
from desktop.locale import _, n_
from desktop.model.rows import Header
from desktop.view import kit, tokens
from desktop.view.fonts import fit
from desktop.view.look import Look


class ConversationHeader(tk.Frame):
    """Name, people, and the buttons for what can be done with the conversation."""

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        on_members: kit.Command,
        on_rename: kit.Command,
        on_leave: kit.Command,
        on_join: kit.Command,
    ) -> None:
        super().__init__(parent, bg=look.palette.window, bd=0, height=look.px(tokens.HEADER_HEIGHT))
        self.pack_propagate(False)
        self._look = look
        self._header: Header | None = None
        px = look.px
        self._avatar = kit.avatar(self, look, "?", 0, 38, True)
        self._avatar.pack(side="left", padx=(px(18), px(12)))
        self._members = kit.icon_button(self, look, "users", on_members, _("Members"))
        self._rename = kit.icon_button(self, look, "edit", on_rename, _("Rename the group"))
        self._leave = kit.icon_button(self, look, "leave", on_leave, _("Leave the group"))
        self._join = kit.button(self, look, _("Join"), on_join, "Primary")
        self._members.pack(side="right", padx=(0, px(12)))
        words = kit.frame(self, look)
        words.pack(side="left", fill="x", expand=True)
        self._name = kit.label(words, look, "", "title")
        self._name.pack(anchor="w", fill="x")
        self._state = kit.label(words, look, "", "small", look.palette.text2)
        self._state.pack(anchor="w", fill="x")
        words.bind("<Configure>", lambda event: self._write(event.width))
        self._words = words

    def show(self, header: Header) -> None:
        """Another conversation, or the same with other people in it."""
        self._header = header
        look = self._look
        name = look.safe.name(header.name)
        picture = look.paint.avatar(look.px(38), name, header.group, header.kind != "direct")
        self._avatar.configure(image=picture)
        self._show_button(self._leave, header.may_leave and header.joined)
        self._show_button(self._rename, header.may_rename)
        self._show_button(self._join, not header.joined)
        self._write(self._words.winfo_width())

    def _show_button(self, button: tk.Widget, wanted: bool) -> None:
        if wanted:
            button.pack(side="right", padx=(0, self._look.px(2)))
        else:
            button.pack_forget()

    def _write(self, width: int) -> None:
        if self._header is None or width <= 1:
            return
        look, header = self._look, self._header
        self._name.configure(text=fit(look.fonts, "title", look.safe.name(header.name), width))
        offline = header.complete_up_to is not None
        self._state.configure(
            text=fit(look.fonts, "small", _state(look, header), width),
            fg=look.palette.warn_text if offline else look.palette.text2,
        )


def _state(look: Look, header: Header) -> str:
    if header.complete_up_to is not None:
        now = Millis(int(time.time() * 1000))
        return _("Complete up to {moment}").format(moment=locale.moment(header.complete_up_to, now))
    parts = []
    if header.members is not None:
        parts.append(n_("{n} member", "{n} members", header.members).format(n=header.members))
    if header.online is not None:
        parts.append(n_("{n} online", "{n} online", header.online).format(n=header.online))
    people = ", ".join(parts)
    topic = look.safe.line(header.topic)
    return " · ".join(part for part in (people, topic) if part)
