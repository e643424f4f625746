"""Where a message is written: a field that grows to eight lines, and the button to send it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk
from typing import TYPE_CHECKING, Final, Literal

from common.ids import UserId
from common.protocol import limits
from common.protocol.visible import says_something
from desktop import durations
from desktop.intents import Intents
from desktop.locale import _, n_
from desktop.model.attached import AttachedRow
from desktop.model.rows import MemberRow
from desktop.screen import ComposerMode, Editing, Writing
from desktop.view import keymap, kit
from desktop.view.composer_mode import ModeBar
from desktop.view.look import Look
from desktop.view.mentions import EVERYBODY, Mentions

if TYPE_CHECKING:
    from desktop.view.attach_strip import AttachStrip

LINES_MAX: Final = 8
DRAFT_MS: Final = 400
"""A draft is told after this long a pause."""
_NARROWEST: Final = 2
"""Pixels of the narrowest letter."""
LIMIT_SHOWN: Final = 500
"""With fewer characters than this left, their number is shown."""


class Composer(tk.Frame):
    """Enter sends, Shift+Enter breaks the line, Up in an empty field edits the last message, Escape ends a reply or an edit."""

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        intents: Intents,
        seek: Callable[[str], None],
        ask_everybody: Callable[[Callable[[], None]], None],
        paste_files: Callable[[], bool],
    ) -> None:
        """*seek*: look for people of this conversation. *ask_everybody*: before all are called, ask; does what it is given at a yes.

        *paste_files*: attach what was copied, if it is more than text; whether it was.
        """
        super().__init__(parent, bg=look.palette.window, bd=0, highlightthickness=0)
        self._look = look
        self._intents = intents
        self._draft_job = ""
        self._draft_told = ""
        self._enabled = True
        self._wait_s = 0
        self._mode: ComposerMode = Writing()
        self._ask_everybody = ask_everybody
        self._paste_files = paste_files
        px = look.px
        self._bar = ModeBar(self, look, self._cancel_mode)
        self._strip: AttachStrip | None = None
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
        self._mentions = Mentions(self.text, look, self._well, parent, seek)
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

    def show_wait(self, seconds: int) -> None:
        """The next message may be sent in so many seconds; until then what is written stays here. 0: now."""
        if seconds != self._wait_s:
            self._wait_s = seconds
            self._update()

    def show_mode(self, mode: ComposerMode, *, take_keyboard: bool = True) -> None:
        """Say above the field what becomes of what is written. *take_keyboard*: if that is something special."""
        self._mode = mode
        self._bar.show(mode)
        self._update()
        if self._bar.is_needed:
            following = self._strip if self._strip is not None and self._brings_files else self._send
            self._bar.pack(side="top", fill="x", before=following)
            if take_keyboard:
                self.focus()
        else:
            self._bar.pack_forget()

    def show_attachments(self, files: Sequence[AttachedRow]) -> None:
        """Show above the field what goes with what is written."""
        if self._strip is None:
            if not files:
                return
            from desktop.view.attach_strip import AttachStrip

            self._strip = AttachStrip(self, self._look, self._intents.detach, self.focus)
            self._strip.lower()  # Tab goes to it first
        self._strip.show(files)
        if files:
            self._strip.pack(side="top", fill="x", before=self._send)
        else:
            self._strip.pack_forget()
        self._update()

    @property
    def _must_wait(self) -> bool:
        """Whether a new message has to wait; another text for an old one has not."""
        return self._wait_s > 0 and self._enabled and not isinstance(self._mode, Editing)

    @property
    def _brings_files(self) -> bool:
        return self._strip is not None and self._strip.is_needed

    def know_people(self, people: Sequence[MemberRow]) -> None:
        """These are in the conversation and can be called by name."""
        self._mentions.know(people)

    def show_people(self, sought: str, people: Sequence[MemberRow]) -> None:
        """Whose names fit what was begun after an ``@``."""
        self._mentions.show(sought, people)

    def add_button(self, icon: str, tip: str, command: kit.Command, side: Literal["left", "right"] = "right") -> None:
        """A small one within the field, at that side."""
        look = self._look
        made = tk.Label(self._well, bd=0, bg=look.palette.field, cursor="hand2", takefocus=0)
        made.configure(image=look.icon(icon, 20, look.palette.text2))
        made.bind("<Button-1>", lambda _event: command())
        kit.Tip(made, look, tip)
        room = (look.px(12), 0) if side == "left" else (0, look.px(12))
        made.pack(side=side, anchor="s", padx=room, pady=look.px(12), before=self.text)

    def insert(self, text: str) -> None:
        """Put *text* where the cursor is."""
        if self._enabled:
            self.text.insert("insert", self._look.safe.drawable(text))
            self.focus()

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
        keymap.bind(
            text,
            "writing",
            {
                "send": self._return,
                "break_line": lambda: False,  # as the field does it
                "up": self._up,
                "down": lambda: self._mentions.key("Down"),
                "leave": self._leave,
                "back": self._escape,
            },
        )
        text.bind("<<Modified>>", self._modified)
        text.bind("<<Paste>>", lambda _event: "break" if self._enabled and self._paste_files() else None)
        text.bind("<<SelectAll>>", self._select_all)
        text.bind("<Configure>", lambda _event: self._fit())
        text.bind("<FocusIn>", lambda _event: self._mark_focus())
        text.bind("<FocusOut>", lambda _event: self._lost_keyboard())
        text.bind("<KeyRelease>", lambda _event: self._mentions.look_again())
        text.bind("<ButtonRelease-1>", lambda _event: self._mentions.look_again())
        text.bind("<Destroy>", lambda _event: self._cancel_draft())

    def _mark_focus(self) -> None:
        """The frame says where letters go, so it is marked only when they can be written."""
        focused = self._enabled and kit.keyboard_at(self.text) == str(self.text)
        self._well.state(["focus" if focused else "!focus"])

    def _lost_keyboard(self) -> None:
        self._mentions.close()
        self._mark_focus()

    def _up(self) -> bool:
        if self._mentions.key("Up"):
            return True
        if self._enabled and not self.value() and isinstance(self._mode, Writing):
            self._intents.edit_last()
            return True
        return False

    def _escape(self) -> bool:
        if self._mentions.key("Escape"):
            return True
        if not isinstance(self._mode, Writing):
            self._cancel_mode()
            return True
        return False

    def _cancel_mode(self) -> None:
        self._cancel_draft()
        self._intents.cancel_reply()
        self.focus()

    def _return(self) -> None:
        if not self._mentions.key("Return"):
            self._submit()

    def _submit(self) -> None:
        text = self.value().strip()
        if not self._enabled or not (says_something(text) or self._brings_files) or len(text) > limits.TEXT_CHARACTERS:
            return
        if self._must_wait:
            self._left.configure(fg=self._look.palette.danger)  # it is said there why nothing happens
            return
        mentions = self._mentions.called(text)
        if EVERYBODY in mentions:
            self._ask_everybody(lambda: self._say(text, mentions))
        else:
            self._say(text, mentions)

    def _say(self, text: str, mentions: tuple[UserId, ...]) -> None:
        self._mentions.close()
        self._cancel_draft()
        self.text.delete("1.0", "end")
        self.text.edit_reset()
        self._draft_told = ""
        if mentions:
            self._intents.send(text, mentions)
        else:
            self._intents.send(text)
        self.focus()

    def _modified(self, _event: tk.Event[tk.Text]) -> None:
        if not self.text.edit_modified():
            return
        self.text.edit_modified(False)
        self._update()
        self._cancel_draft()
        if self._enabled and self.value() not in ("", self._draft_told):
            self._intents.typing()
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

    def _leave(self) -> None:
        if self._mentions.key("Tab"):
            return
        following = self.text.tk_focusNext()
        if following is not None:
            following.focus_set()

    def _update(self) -> None:
        """The hint, the button, the number of characters left and the height follow what is written."""
        look = self._look
        text = self.value()
        left = limits.TEXT_CHARACTERS - len(text.strip())
        ready = self._enabled and (says_something(text) or self._brings_files) and left >= 0 and not self._must_wait
        diameter = look.px(44)
        fill = look.palette.accent if ready else look.palette.plain
        colour = look.palette.on_accent if ready else look.palette.text3
        self._send.configure(image=look.paint.round_button(diameter, fill, "send", colour, 0.48))
        if text:
            self._hint.place_forget()
        else:
            self._hint.configure(
                text=self._hint_text,
                cursor="xterm" if self._enabled else "arrow",
                wraplength=0 if self._enabled else self.text.winfo_width(),
                justify="left",
            )
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
        elif self._must_wait:
            words = _("Slow mode: you can send in {time}").format(time=durations.in_words(self._wait_s))
            self._left.configure(text=words, fg=look.palette.text3)
            self._left.place(relx=1.0, rely=1.0, x=-look.px(44), y=-look.px(1), anchor="se")
        else:
            self._left.place_forget()
        self._fit()

    def _fit(self) -> None:
        width = self.text.winfo_width()
        if width <= 1:
            return
        if not self._enabled and not self.value():
            self._hint.configure(wraplength=width)
            line = self._look.fonts.line("body") + self._look.px(2)
            lines = min(LINES_MAX, max(1, -(-self._hint.winfo_reqheight() // line)))
        elif len(self.value()) * _NARROWEST > LINES_MAX * width:
            lines = LINES_MAX  # surely; counting a very long line takes Tk a second
        else:
            counted = self.text.tk.call(str(self.text), "count", "-update", "-displaylines", "1.0", "end-1c")
            lines = min(LINES_MAX, max(1, int(counted or 0) + 1))
        if lines != int(self.text["height"]):
            self.text.configure(height=lines)
            self.text.see("insert")
