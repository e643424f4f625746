"""Where a message is written: a field that grows to eight lines, and the button to send it."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Final

from common.protocol import limits
from desktop.intents import Intents
from desktop.locale import _, n_
from desktop.view import keys, kit
from desktop.view.look import Look

LINES_MAX: Final = 8
DRAFT_MS: Final = 400
"""A draft is told after this long a pause."""
_NARROWEST: Final = 2
"""Pixels of the narrowest letter."""
LIMIT_SHOWN: Final = 500
"""With fewer characters than this left, their number is shown."""


class Composer(tk.Frame):
    """Enter sends, Shift+Enter breaks the line."""

    def __init__(self, parent: tk.Misc, look: Look, intents: Intents) -> None:
        super().__init__(parent, bg=look.palette.window, bd=0, highlightthickness=0)
        self._look = look
        self._intents = intents
        self._draft_job = ""
        self._draft_told = ""
        self._enabled = True
        px = look.px
        self._send = tk.Label(self, bd=0, bg=look.palette.window, cursor="hand2", takefocus=0)
        self._send.pack(side="right", anchor="s", padx=(px(8), px(16)), pady=px(10))
        self._send.bind("<Button-1>", lambda _event: self._submit())
        kit.Tip(self._send, look, _("Send"))
        self._well = ttk.Frame(self, style="Window.Well.TFrame")
        self._well.pack(side="left", fill="x", expand=True, padx=(px(16), 0), pady=px(10))
        self.text = tk.Text(
            self._well,
            width=1,
            height=1,
            wrap="word",
            font=look.font("body"),
            bg=look.palette.field,
            fg=look.palette.text,
            insertbackground=look.palette.text,
            insertwidth=look.px(1.5),
            selectbackground=look.palette.select,
            selectforeground=look.palette.text,
            inactiveselectbackground=look.palette.select,
            spacing3=px(2),
            bd=0,
            highlightthickness=0,
            padx=0,
            pady=0,
            undo=True,
            maxundo=500,
        )
        self._left = kit.label(self._well, look, "", "meta", look.palette.text3)
        self._left.configure(bg=look.palette.field)
        line = look.fonts.line("body") + px(2)
        self.text.pack(fill="x", expand=True, padx=px(14), pady=max(px(4), (px(44) - line) // 2))
        self._hint = tk.Label(
            self._well,
            font=look.font("body"),
            fg=look.palette.text3,
            bg=look.palette.field,
            bd=0,
            padx=0,
            pady=0,
            cursor="xterm",
        )
        self._hint.bind("<Button-1>", lambda _event: self.text.focus_set())
        self._hint_text = _("Write a message…")
        self._bind()
        self._update()

    def show(self, text: str, enabled: bool, hint: str) -> None:
        """Put *text* (a draft) here; *hint* is said in its place when nothing can be written."""
        self._cancel_draft()
        self._enabled = True
        self.text.configure(state="normal")
        if text != self.value():
            self.text.delete("1.0", "end")
            self.text.insert("1.0", self._look.safe.drawable(text))
            self.text.edit_reset()
            self.text.mark_set("insert", "end-1c")
        self._draft_told = text
        self._enabled = enabled
        self._hint_text = self._look.safe.line(hint) if hint else _("Write a message…")
        self.text.configure(state="normal" if enabled else "disabled", cursor="xterm" if enabled else "arrow")
        self.text.configure(takefocus=enabled)
        self._mark_focus()
        self._update()

    def value(self) -> str:
        """What is written."""
        return self.text.get("1.0", "end-1c")

    def focus(self) -> None:
        """Put the cursor here."""
        if self._enabled:
            self.text.focus_set()

    def flush_draft(self) -> None:
        """Tell the draft now, before the conversation changes."""
        if self._draft_job:
            self._cancel_draft()
            self._tell_draft()

    # -- inside --------------------------------------------------------------------------------------------------------

    def _bind(self) -> None:
        text = self.text
        text.bind("<Return>", self._return)
        text.bind("<KP_Enter>", self._return)
        text.bind("<Shift-Return>", lambda _event: None)
        text.bind("<<Modified>>", self._modified)
        text.bind("<<SelectAll>>", self._select_all)
        text.bind("<Tab>", self._leave)
        text.bind("<Configure>", lambda _event: self._fit())
        text.bind("<FocusIn>", lambda _event: self._mark_focus())
        text.bind("<FocusOut>", lambda _event: self._mark_focus())
        text.bind("<Destroy>", lambda _event: self._cancel_draft())

    def _mark_focus(self) -> None:
        """The frame says where letters go, so it is marked only when they can be written."""
        focused = self._enabled and self.focus_displayof() is self.text
        self._well.state(["focus" if focused else "!focus"])

    def _return(self, event: tk.Event[tk.Text]) -> str | None:
        if int(event.state) & keys.SHIFT:
            return None
        self._submit()
        return "break"

    def _submit(self) -> None:
        text = self.value().strip()
        if not self._enabled or not text or len(text) > limits.TEXT_CHARACTERS:
            return
        self._cancel_draft()
        self.text.delete("1.0", "end")
        self.text.edit_reset()
        self._draft_told = ""
        self._intents.send(text)
        self.focus()

    def _modified(self, _event: tk.Event[tk.Text]) -> None:
        if not self.text.edit_modified():
            return
        self.text.edit_modified(False)
        self._update()
        self._cancel_draft()
        if self._enabled:
            self._draft_job = self.after(DRAFT_MS, self._tell_draft)

    def _tell_draft(self) -> None:
        self._draft_job = ""
        text = self.value()
        if text != self._draft_told:
            self._draft_told = text
            self._intents.draft_changed(text)

    def _cancel_draft(self) -> None:
        if self._draft_job:
            self.after_cancel(self._draft_job)
            self._draft_job = ""

    def _select_all(self, _event: tk.Event[tk.Text]) -> str:
        self.text.tag_add("sel", "1.0", "end-1c")
        return "break"

    def _leave(self, event: tk.Event[tk.Text]) -> str:
        following = event.widget.tk_focusNext()
        if following is not None:
            following.focus_set()
        return "break"

    def _update(self) -> None:
        """The hint, the button, the number of characters left and the height follow what is written."""
        look = self._look
        text = self.value()
        left = limits.TEXT_CHARACTERS - len(text.strip())
        ready = self._enabled and bool(text.strip()) and left >= 0
        diameter = look.px(44)
        fill = look.palette.accent if ready else look.palette.plain
        colour = look.palette.on_accent if ready else look.palette.text3
        self._send.configure(image=look.paint.round_button(diameter, fill, "send", colour, 0.48))
        if text:
            self._hint.place_forget()
        else:
            self._hint.configure(text=self._hint_text, cursor="xterm" if self._enabled else "arrow")
            self._hint.place(in_=self.text, x=look.px(1), y=0)
        if left < LIMIT_SHOWN:
            words = (
                n_("{n} character left", "{n} characters left", left)
                if left >= 0
                else n_("{n} character too many", "{n} characters too many", -left)
            )
            self._left.configure(
                text=words.format(n=abs(left)), fg=look.palette.text3 if left >= 0 else look.palette.danger
            )
            self._left.place(relx=1.0, rely=1.0, x=-look.px(12), y=-look.px(3), anchor="se")
        else:
            self._left.place_forget()
        self._fit()

    def _fit(self) -> None:
        width = self.text.winfo_width()
        if width <= 1:
            return
        if len(self.value()) * _NARROWEST > LINES_MAX * width:
            lines = LINES_MAX  # surely; counting a very long line takes Tk a second
        else:
            counted = self.text.tk.call(str(self.text), "count", "-update", "-displaylines", "1.0", "end-1c")
            lines = min(LINES_MAX, max(1, int(counted or 0) + 1))
        if lines != int(self.text["height"]):
            self.text.configure(height=lines)
            self.text.see("insert")
