"""The small parts that every screen is put together from: frames, labels, buttons and fields on a surface.

A surface (``window``, ``card``, ``rail``, ``timeline``) is what a control stands on; its corners have that colour.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Final, Literal

from desktop.view.look import Look
from desktop.view.theme import surface_colour

Surface = Literal["window", "card", "rail", "timeline", "overlay"]
Command = Callable[[], object]
"""What a control does when it is pressed."""
_PARAGRAPH: Final = 400
"""What a paragraph asks for before it knows its width, logical pixels."""
_NARROWEST: Final = 24
ButtonKind = Literal["Primary", "Plain", "Danger", "Ghost", "Link", "Menu", "Nav", "Title"]


def frame(parent: tk.Misc, look: Look, surface: Surface = "window") -> tk.Frame:
    """A plain frame in the surface's colour."""
    return tk.Frame(parent, bg=surface_colour(look, surface), bd=0, highlightthickness=0)


def fixed_frame(parent: tk.Misc, look: Look, surface: Surface = "window", width: int = 0, height: int = 0) -> tk.Frame:
    """A frame that keeps its size (logical pixels, for text of the standard size) whatever is in it."""
    made = frame(parent, look, surface)
    if width:
        made.configure(width=look.tx(width))
    if height:
        made.configure(height=look.tx(height))
    made.pack_propagate(False)
    return made


def label(
    parent: tk.Misc,
    look: Look,
    text: str = "",
    font: str = "second",
    colour: str | None = None,
    surface: Surface = "window",
    image: str = "",
    wrap: int = 0,
) -> tk.Label:
    """Text and perhaps a picture before it. *colour* defaults to the main text's; *wrap* in logical pixels, 0: one line."""
    return tk.Label(
        parent,
        text=text,
        font=look.font(font),
        fg=colour or look.palette.text,
        bg=surface_colour(look, surface),
        image=image,
        compound="left",
        bd=0,
        padx=0,
        pady=0,
        anchor="w",
        justify="left",
        wraplength=look.tx(wrap) if wrap else 0,
    )


def paragraph(
    parent: tk.Misc,
    look: Look,
    text: str = "",
    font: str = "second",
    colour: str | None = None,
    surface: Surface = "window",
) -> tk.Label:
    """Text that breaks its lines at the width that it gets. Pack it with ``fill="x"``."""
    made = label(parent, look, text, font, colour, surface, wrap=_PARAGRAPH)
    made.configure(width=1)  # it asks for no width of its own

    def rewrap(event: tk.Event[tk.Misc]) -> None:
        if event.width > look.px(_NARROWEST):  # else it is not placed yet, and would be a tower of letters
            made.configure(wraplength=event.width)

    made.bind("<Configure>", rewrap)
    return made


def button(
    parent: tk.Misc,
    look: Look,
    text: str,
    command: Callable[[], object],
    kind: ButtonKind = "Plain",
    icon: str = "",
    surface: Surface = "window",
) -> ttk.Button:
    """A button as wide as its text needs. Return presses it too."""
    colours = {"Primary": look.palette.on_accent, "Danger": look.palette.on_accent, "Link": look.palette.accent_text}
    image = look.icon(icon, 18, colours.get(kind, look.palette.text2)) if icon else ""
    made = ttk.Button(
        parent,
        text=f" {text}" if icon and text else text,
        command=lambda: command() and None,
        style=f"{surface.capitalize()}.{kind}.TButton",
        image=image,
        compound="left" if text else "image",
        cursor="hand2",
    )

    def press(_event: tk.Event[tk.Misc]) -> str:
        made.invoke()
        return "break"  # it may be gone now, with the sheet that it was on

    made.bind("<Return>", press)
    return made


def icon_button(
    parent: tk.Misc,
    look: Look,
    icon: str,
    command: Callable[[], object],
    tip: str,
    surface: Surface = "window",
    size: float = 20,
) -> ttk.Button:
    """A button of an icon alone; *tip* says what it does, when the pointer rests on it."""
    made = button(parent, look, "", command, "Ghost", surface=surface)
    made.configure(image=look.icon(icon, size, look.palette.text2))
    Tip(made, look, tip)
    return made


def entry(parent: tk.Misc, look: Look, surface: Surface = "window", secret: bool = False) -> ttk.Entry:
    """A field of one line."""
    return ttk.Entry(
        parent, style=f"{surface.capitalize()}.TEntry", font=look.font("second"), show="•" if secret else "", width=1
    )


def switch(parent: tk.Misc, look: Look, text: str, value: bool, command: Callable[[bool], None]) -> ttk.Checkbutton:
    """A sliding switch after its text; *command* gets the new value."""
    made = ttk.Checkbutton(parent, text=text, style="Window.TCheckbutton", cursor="hand2")
    made.state(["!alternate", "selected" if value else "!selected"])
    made.configure(command=lambda: command(made.instate(["selected"])))
    return made


def keyboard_at(widget: tk.Misc) -> str:
    """Tk's name of the widget that has the keyboard, "" when it is in another program: dialogs of Tk's own are no widgets of tkinter."""
    return str(widget.tk.call("focus", "-displayof", str(widget)))


def separator(parent: tk.Misc, look: Look) -> tk.Frame:
    """A thin line; pack it with ``fill``."""
    return tk.Frame(parent, bg=look.palette.border, width=look.px(1), height=look.px(1), bd=0)


def avatar(
    parent: tk.Misc, look: Look, name: str, ident: int, size: float, square: bool = False, surface: Surface = "window"
) -> tk.Label:
    """Somebody's initials in a disc, or a group's in a square."""
    return tk.Label(
        parent,
        image=look.paint.avatar(look.px(size), name, ident, square),
        bg=surface_colour(look, surface),
        bd=0,
        padx=0,
        pady=0,
    )


def scrollbar(
    parent: tk.Misc, look: Look, command: Callable[..., None], surface: Surface = "timeline"
) -> ttk.Scrollbar:
    """A thin vertical scrollbar without arrows."""
    return ttk.Scrollbar(
        parent, orient="vertical", command=command, style=f"{surface.capitalize()}.Vertical.TScrollbar"
    )


class Field(tk.Frame):
    """A field with its name above and what is wrong with it below."""

    def __init__(
        self, parent: tk.Misc, look: Look, name: str, secret: bool = False, hint: str = "", surface: Surface = "window"
    ):
        super().__init__(parent, bg=surface_colour(look, surface), bd=0, highlightthickness=0)
        self._look = look
        self._hint = hint
        head = frame(self, look, surface)
        head.pack(fill="x", pady=(0, look.px(4)))
        self._name = label(head, look, name, "small_bold", look.palette.text2, surface)
        self._name.pack(side="left")
        self.head = head
        self.entry = entry(self, look, surface, secret)
        self.entry.pack(fill="x")
        self._below = paragraph(self, look, hint, "small", look.palette.text3, surface)
        self.show_problem("")
        self.entry.bind("<KeyPress>", lambda _event: self.show_problem(""), add="+")

    @property
    def text(self) -> str:
        """What was typed."""
        return self.entry.get()

    def put(self, text: str) -> None:
        """Replace what stands there."""
        self.entry.delete(0, "end")
        self.entry.insert(0, text)

    def call(self, name: str) -> None:
        """Another name above it."""
        self._name.configure(text=name)

    def show_hint(self, hint: str) -> None:
        """Say *hint* below the field when nothing is wrong."""
        self._hint = hint
        self.show_problem("")

    def show_problem(self, message: str) -> None:
        """Mark the field and say *message* below; empty: all is well."""
        self.entry.state(["invalid" if message else "!invalid"])
        text = message or self._hint
        self._below.configure(text=text, fg=self._look.palette.danger if message else self._look.palette.text3)
        if text:
            self._below.pack(fill="x", pady=(self._look.px(3), 0))
        else:
            self._below.pack_forget()


class Tip:
    """A word about a control, shown a moment after the pointer came to rest on it."""

    DELAY_MS = 600

    def __init__(self, widget: tk.Misc, look: Look, text: str) -> None:
        self._widget = widget
        self._look = look
        self._text = text
        self._job = ""
        self._shown: tk.Label | None = None
        widget.bind("<Enter>", self._wait, add="+")
        for event in ("<Leave>", "<ButtonPress>", "<Destroy>"):
            widget.bind(event, self._hide, add="+")

    def say(self, text: str) -> None:
        """Another word from now on."""
        self._text = text

    def _wait(self, _event: tk.Event[tk.Misc]) -> None:
        self._hide()
        self._job = self._widget.after(self.DELAY_MS, self._show)

    def _show(self) -> None:
        if not self._text:
            return
        look = self._look
        top = self._widget.winfo_toplevel()
        shown = tk.Label(
            top,
            text=self._text,
            font=look.font("small"),
            fg=look.palette.window,
            bg=look.palette.text,
            padx=look.px(8),
            pady=look.px(4),
            justify="left",
            wraplength=max(look.px(100), top.winfo_width() - look.px(24)),
        )
        x = self._widget.winfo_rootx() - top.winfo_rootx() + self._widget.winfo_width() // 2
        y = self._widget.winfo_rooty() - top.winfo_rooty() + self._widget.winfo_height() + look.px(4)
        half = shown.winfo_reqwidth() // 2
        x = min(max(x, half + look.px(4)), top.winfo_width() - half - look.px(4))
        if y + shown.winfo_reqheight() > top.winfo_height():
            y -= self._widget.winfo_height() + shown.winfo_reqheight() + look.px(8)
        shown.place(x=x, y=y, anchor="n")
        self._shown = shown

    def _hide(self, _event: tk.Event[tk.Misc] | None = None) -> None:
        if self._job:
            self._widget.after_cancel(self._job)
            self._job = ""
        if self._shown is not None:
            self._shown.destroy()
            self._shown = None
