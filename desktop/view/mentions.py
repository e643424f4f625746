"""Calling people by ``@name`` in what is written: whom a text calls, and the list of names that fit what was begun."""

from __future__ import annotations

import re
import tkinter as tk
from collections.abc import Callable, Iterable, Sequence
from tkinter import ttk
from typing import Final

from msgspec import Struct

from common.ids import UserId
from desktop.locale import _
from desktop.model.rows import MemberRow
from desktop.view import kit, presence, theme
from desktop.view.fonts import fit
from desktop.view.layouts import swapped
from desktop.view.look import Look

EVERYBODY: Final = UserId(0)
ALL_NAMES: Final = ("all", "все")
"""What calls everybody, in both languages wherever it is written."""
SHOWN_MAX: Final = 6
_BEGUN: Final = re.compile(r"(?:^|(?<=[\s(\[{«\"'“„—–-]))@([\w.\-]{0,32})$")
_CALLED: Final = re.compile(r"(?<![\w@/.])@([\w][\w.\-]*)")
_WIDTH: Final = 300


def begun(before: str) -> str | None:
    """The name that is being written just before the cursor, without the ``@``; None: none is."""
    found = _BEGUN.search(before)
    return found.group(1) if found else None


def called(text: str, people: dict[str, UserId]) -> tuple[UserId, ...]:
    """Whom *text* calls, in its order; *people* by user name in small letters. A full stop after a name ends the sentence."""
    found: dict[UserId, None] = {}
    for match in _CALLED.finditer(text):
        name = match.group(1).casefold()
        for candidate in (name, name.rstrip(".-")):
            user = people.get(candidate, EVERYBODY if candidate in ALL_NAMES else None)
            if user is not None:
                found[user] = None
                break
    return tuple(found)


class _Name(Struct, frozen=True):
    """A line of the list: what is written, and what is shown for it."""

    user: UserId
    written: str
    shown: MemberRow | None


class MentionList(ttk.Frame):
    """The names that fit, over the screen and above the field. The keyboard stays in the field, which tells it the keys."""

    def __init__(self, parent: tk.Misc, look: Look, on_choose: Callable[[str], None]) -> None:
        """*on_choose*: somebody chose the name (without ``@``) that is to be written."""
        theme.apply(parent, look, "overlay")
        super().__init__(parent, style="Timeline.Popup.TFrame", padding=look.px(6))
        self._look = look
        self._on_choose = on_choose
        self._names: list[_Name] = []
        self._lines: list[tk.Frame] = []
        self._active = 0

    @property
    def is_open(self) -> bool:
        """Whether there is anything to choose from."""
        return bool(self._names)

    def open(self, names: Sequence[MemberRow], with_everybody: bool, at: tk.Misc) -> None:
        """Show these above *at*, or nothing where there are none."""
        self.close()
        top = at.winfo_rooty() - self.master.winfo_rooty()
        fonts, px = self._look.fonts, self._look.px
        line = max(px(28), fonts.line("second_bold") + fonts.line("meta")) + px(10)
        fitting = max(1, (top - px(24)) // line - with_everybody)
        own = [_Name(row.user, row.username, row) for row in names[: min(SHOWN_MAX, fitting)]]
        everybody = [_Name(EVERYBODY, _("all"), None)] if with_everybody else []
        self._names = own + everybody
        if not self._names:
            return
        self._lines = [self._line(number, name) for number, name in enumerate(self._names)]
        self._mark(0)
        left = at.winfo_rootx() - self.master.winfo_rootx()
        self.place(x=left, y=top - self._look.px(6), anchor="sw", width=self._look.tx(_WIDTH))
        self.lift()

    def close(self) -> None:
        """Take the list away."""
        self.place_forget()
        for line in self._lines:
            line.destroy()
        self._names, self._lines = [], []

    def step(self, by: int) -> None:
        """The next or previous name."""
        self._mark((self._active + by) % len(self._names))

    def choose(self, number: int | None = None) -> None:
        """Take the marked name, or that one."""
        name = self._names[self._active if number is None else number]
        self.close()
        self._on_choose(name.written)

    def _line(self, number: int, name: _Name) -> tk.Frame:
        look, px = self._look, self._look.px
        line = kit.frame(self, look, "overlay")
        line.pack(fill="x")
        inside = kit.frame(line, look, "overlay")
        inside.pack(fill="x", padx=px(8), pady=px(5))
        row = name.shown
        shown = look.safe.name(row.name) if row is not None else _("Everybody here")
        below = f"@{look.safe.name(name.written)}"
        if row is not None and row.presence != "online":
            below = f"{below} · {presence.words(row.presence)}"
        picture = kit.avatar(inside, look, shown if row is not None else "@", name.user, 28, surface="overlay")
        picture.pack(side="left", padx=(0, px(10)))
        words = kit.frame(inside, look, "overlay")
        words.pack(side="left", fill="x", expand=True)
        room = look.tx(_WIDTH) - px(80)
        title = kit.label(words, look, fit(look.fonts, "second_bold", shown, room), "second_bold", surface="overlay")
        title.pack(fill="x")
        kit.label(words, look, fit(look.fonts, "meta", below, room), "meta", look.palette.text3, "overlay").pack(
            fill="x"
        )
        for widget in _all_in(line):
            widget.bind("<Button-1>", lambda _event: self.choose(number))
            widget.bind("<Enter>", lambda _event: self._mark(number))
        return line

    def _mark(self, number: int) -> None:
        self._active = number
        palette = self._look.palette
        for place, line in enumerate(self._lines):
            for widget in _all_in(line):
                widget.configure(bg=palette.accent_soft if place == number else palette.overlay)  # type: ignore[call-arg]


class Mentions:
    """What joins a field of text with the list: asks for people while a name is being written, and puts the chosen one there."""

    def __init__(self, text: tk.Text, look: Look, at: tk.Misc, place: tk.Misc, seek: Callable[[str], None]) -> None:
        """*at*: the list stands above it. *place*: what the list lies on. *seek*: look for people whose name begins so."""
        self._text = text
        self._at = at
        self._seek = seek
        self._sought: str | None = None
        self._dismissed: str | None = None
        self._people: dict[str, UserId] = {}
        self.list = MentionList(place, look, self._write)

    def know(self, people: Iterable[MemberRow]) -> None:
        """These can be called by their user names."""
        self._people.update((row.username.casefold(), row.user) for row in people)

    def called(self, text: str) -> tuple[UserId, ...]:
        """Whom *text* calls; 0: everybody."""
        return called(text, self._people)

    def look_again(self) -> None:
        """Something was typed, or the cursor moved."""
        name = begun(self._text.get("insert linestart", "insert"))
        if name is None:
            self._dismissed = None
            self.close()
        elif name != self._sought and name != self._dismissed:
            self._dismissed = None
            self._sought = name
            self._seek(name)

    def show(self, sought: str, people: Sequence[MemberRow]) -> None:
        """The answer to what was asked. Where nobody fits, the name may have been typed under the other keyboard layout."""
        if self._sought is None or sought not in (self._sought, swapped(self._sought)):
            return
        self.know(people)
        with_everybody = any(name.startswith(self._sought.casefold()) for name in (*ALL_NAMES, _("all")))
        if not people and not with_everybody and sought == self._sought and swapped(sought) != sought:
            self._seek(swapped(sought))
            return
        self.list.open([row for row in people if not row.own], with_everybody, self._at)

    def close(self, dismissed: bool = False) -> None:
        """Take the list away; *dismissed*: it does not come back for this name."""
        if dismissed:
            self._dismissed = self._sought
        self._sought = None
        self.list.close()

    def key(self, keysym: str) -> bool:
        """A key that the list may want; whether it did."""
        if not self.list.is_open:
            return False
        match keysym:
            case "Up":
                self.list.step(-1)
            case "Down":
                self.list.step(1)
            case "Return" | "Tab":
                self.list.choose()
            case _:
                self.close(dismissed=True)
        return True

    def _write(self, name: str) -> None:
        begin = self._sought or ""
        self._sought = None
        self._text.delete(f"insert - {len(begin) + 1} chars", "insert")
        self._text.insert("insert", f"@{name} ")
        self._text.focus_set()


def _all_in(widget: tk.Misc) -> list[tk.Misc]:
    return [widget, *(inner for child in widget.winfo_children() for inner in _all_in(child))]
