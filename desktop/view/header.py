"""Above the timeline: which conversation it is, who is here, and while the link is down, up to when it is complete."""

from __future__ import annotations

import time
import tkinter as tk

from common.ids import Millis
from desktop import locale
from desktop.locale import _, n_
from desktop.model.rows import Header
from desktop.view import kit, presence, tokens
from desktop.view.files.button import TransfersButton
from desktop.view.fonts import fit
from desktop.view.levels import SIGNS
from desktop.view.look import Look


class ConversationHeader(tk.Frame):
    """Name, people, and the buttons for what can be done with the conversation."""

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        on_back: kit.Command,
        on_members: kit.Command,
        on_join: kit.Command,
        on_search: kit.Command,
        on_pins: kit.Command,
        on_info: kit.Command,
        on_transfers: kit.Command,
    ) -> None:
        super().__init__(parent, bg=look.palette.window, bd=0, height=look.tx(tokens.HEADER_HEIGHT))
        self.pack_propagate(False)
        self._look = look
        self._header: Header | None = None
        px = look.px
        self._back = kit.icon_button(self, look, "back", on_back, _("Conversations"))
        self._avatar = kit.avatar(self, look, "?", 0, 38, True)
        self._avatar.pack(side="left", padx=(px(18), px(12)))
        self._members = kit.icon_button(self, look, "users", on_members, _("Members"))
        self._info = kit.icon_button(self, look, "info", on_info, _("About this conversation"))
        self._search = kit.icon_button(self, look, "search", on_search, _("Search here"))
        self._pins = kit.icon_button(self, look, "pin", on_pins, _("Pinned messages"))
        self.transfers = TransfersButton(self, look, on_transfers, "window")
        self.transfers.allow(False)
        self._join = kit.button(self, look, _("Join"), on_join, "Primary")
        self._members.pack(side="right", padx=(0, px(12)))
        words = kit.frame(self, look)
        words.pack(side="left", fill="x", expand=True)
        self._name = kit.label(words, look, "", "title")
        self._name.pack(anchor="w", fill="x")
        self._state = kit.label(words, look, "", "small", look.palette.text2)
        self._state.pack(anchor="w", fill="x")
        for line in (self._name, self._state):
            line.configure(width=1)  # the buttons come first; words are shortened to what is left
        words.bind("<Configure>", lambda event: self._write(event.width))
        self._words = words
        for widget in (self._avatar, self._name, self._state):
            widget.configure(cursor="hand2")
            widget.bind("<Button-1>", lambda _event: on_info() and None)

    def show(self, header: Header) -> None:
        """Another conversation, or the same with other people in it."""
        self._header = header
        look = self._look
        name = look.safe.name(header.name)
        ident = header.peer if header.peer is not None else header.group
        picture = look.paint.avatar(look.px(38), name, ident, header.kind != "direct")
        self._avatar.configure(image=picture)
        for button in (self._info, self._search, self._pins):
            button.pack_forget()
        self._show_button(self._info, header.joined)
        self._show_button(self._search, header.joined)
        self._show_button(self._pins, header.joined and header.pins > 0)
        self._show_button(self._join, not header.joined)
        self._write(self._words.winfo_width())

    def show_back(self, wanted: bool) -> None:
        """A way to the list of conversations, where that is not beside this one; there is no room for the picture then."""
        if wanted == bool(self._back.winfo_manager()):
            return
        self.transfers.allow(wanted)  # else it is in the list of conversations
        if wanted:
            self._avatar.pack_forget()
            self._back.pack(side="left", padx=(self._look.px(6), self._look.px(6)), before=self._words)
        else:
            self._back.pack_forget()
            self._avatar.pack(side="left", padx=(self._look.px(18), self._look.px(12)), before=self._words)

    def _show_button(self, button: tk.Widget, wanted: bool) -> None:
        if wanted:
            button.pack(side="right", padx=(0, self._look.px(2)))
        else:
            button.pack_forget()

    def _write(self, width: int) -> None:
        if self._header is None or width <= 1:
            return
        look, header = self._look, self._header
        level = SIGNS[header.notify] if header.joined else ""
        name = fit(look.fonts, "title", look.safe.name(header.name), width - (look.px(24) if level else 0))
        sign = look.icon(level, 16, look.palette.text3) if level else ""
        self._name.configure(text=f"{name} " if level else name, image=sign, compound="right")
        offline = header.complete_up_to is not None
        colour = look.palette.accent_text if header.typing else look.palette.text2
        self._state.configure(
            text=fit(look.fonts, "small", _state(look, header), width),
            fg=look.palette.warn_text if offline else colour,
        )


def _state(look: Look, header: Header) -> str:
    if header.complete_up_to is not None:
        now = Millis(int(time.time() * 1000))
        return _("Complete up to {moment}").format(moment=locale.moment(header.complete_up_to, now))
    if header.typing:
        return look.safe.line(header.typing)
    if header.presence is not None:
        words = (presence.words(header.presence), look.safe.line(header.status))
        return " · ".join(word for word in words if word)
    parts = []
    if header.members is not None:
        parts.append(n_("{n} member", "{n} members", header.members).format(n=header.members))
    if header.online is not None:
        parts.append(n_("{n} online", "{n} online", header.online).format(n=header.online))
    people = ", ".join(parts)
    topic = look.safe.line(header.topic)
    return " · ".join(part for part in (people, topic) if part)
