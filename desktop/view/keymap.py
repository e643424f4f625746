"""Which keys do what: the one table, from which they are bound and listed. What is not here is not bound, so the list cannot lie.

A key is written as it is shown: ``Ctrl+Shift+F``, ``Alt+Up``, ``R``. Letters are the Latin ones of that place on the keyboard,
whatever the layout. Signs count with and without Shift, for they need it on some keyboards.
"""

from __future__ import annotations

import sys
import tkinter as tk
from collections.abc import Callable, Mapping
from typing import Final, Literal

from msgspec import Struct

from desktop.locale import mark
from desktop.view import keys

Where = Literal[
    "window",
    "conversations",
    "file",
    "messages",
    "writing",
    "files",
    "people",
    "picture",
    "transfers",
    "choosing",
    "emoji",
]
Act = Callable[[], object]
"""What a key does; when it returns False the key goes on to others."""


class Key(Struct, frozen=True):
    """*act*: what whoever binds it calls it. *what*: the same for people."""

    act: str
    keys: tuple[str, ...]
    what: str


TITLES: Final[dict[Where, str]] = {
    "window": mark("Everywhere"),
    "conversations": mark("In the list of conversations"),
    "file": mark("At a file of a message"),
    "messages": mark("Among the messages"),
    "writing": mark("Where you write"),
    "files": mark("Among attached files"),
    "people": mark("In the list of members"),
    "picture": mark("At a picture that fills the window"),
    "transfers": mark("In the list of files under way"),
    "choosing": mark("In a list to choose from"),
    "emoji": mark("Among all emoji"),
}

TABLE: Final[dict[Where, tuple[Key, ...]]] = {
    "window": (
        Key("list_keys", ("F1", "Ctrl+/"), mark("This list")),
        Key("next_pane", ("F6",), mark("The next part of the window")),
        Key("previous_pane", ("Shift+F6",), mark("The previous part of the window")),
        Key("back", ("Esc",), mark("Back: close what is open, go to where you write")),
        Key("switch", ("Ctrl+K",), mark("Go to a conversation")),
        Key("previous", ("Alt+Up",), mark("Previous conversation")),
        Key("next", ("Alt+Down",), mark("Next conversation")),
        Key("previous_unread", ("Alt+Shift+Up",), mark("Previous unread conversation")),
        Key("next_unread", ("Alt+Shift+Down",), mark("Next unread conversation")),
        Key("only_unread", ("Ctrl+Shift+U",), mark("Only unread conversations, or all again")),
        Key("new", ("Ctrl+N",), mark("New conversation")),
        Key("search", ("Ctrl+F",), mark("Search in this conversation")),
        Key("search_all", ("Ctrl+Shift+F",), mark("Search everywhere")),
        Key("pins", ("Ctrl+Shift+P",), mark("Pinned messages")),
        Key("about", ("Ctrl+Shift+I",), mark("About this conversation")),
        Key("members", ("Ctrl+I",), mark("Members")),
        Key("export", ("Ctrl+E",), mark("Export the conversation")),
        Key("attach", ("Ctrl+O",), mark("Attach files")),
        Key("transfers", ("Ctrl+J",), mark("Files under way")),
        Key("emoji", ("Ctrl+.",), mark("Emoji")),
        Key("menu", ("F10",), mark("Other relays, settings, sign out")),
        Key("settings", ("Ctrl+,",), mark("Settings")),
        Key("check", ("F8",), mark("Check the connection")),
        Key("larger", ("Ctrl++",), mark("Larger")),
        Key("smaller", ("Ctrl+-",), mark("Smaller")),
        Key("normal", ("Ctrl+0",), mark("As large as before")),
        Key("larger_text", ("Ctrl+Alt++",), mark("Larger text")),
        Key("smaller_text", ("Ctrl+Alt+-",), mark("Smaller text")),
        Key("normal_text", ("Ctrl+Alt+0",), mark("Text as large as before")),
        Key("quit", ("Ctrl+Q",), mark("Quit")),
    ),
    "conversations": (
        Key("up", ("Up",), mark("Previous conversation")),
        Key("down", ("Down",), mark("Next conversation")),
        Key("first", ("Home",), mark("The first one")),
        Key("last", ("End",), mark("The last one")),
        Key("page_up", ("PgUp",), mark("A page up")),
        Key("page_down", ("PgDn",), mark("A page down")),
        Key("enter", ("Enter",), mark("Write in it")),
        Key("menu", ("Shift+F10", "Menu"), mark("What can be done with it")),
    ),
    "file": (
        Key("act", ("Enter",), mark("Look at it, open it, or go on with it")),
        Key("download", ("D",), mark("Download it")),
        Key("save", ("S",), mark("Save it in a place of your choice")),
        Key("open", ("O",), mark("Open it")),
        Key("folder", ("F",), mark("Show its folder")),
        Key("pause", ("Space",), mark("Pause its transfer, or go on")),
        Key("cancel", ("X",), mark("Give its transfer up")),
    ),
    "messages": (
        Key("up", ("Up",), mark("Previous message")),
        Key("down", ("Down",), mark("Next message")),
        Key("page_up", ("PgUp",), mark("A page up")),
        Key("page_down", ("PgDn",), mark("A page down")),
        Key("first", ("Home",), mark("To the oldest that is there")),
        Key("last", ("End",), mark("To the newest")),
        Key("select_up", ("Shift+Up",), mark("Select, from message to message upwards")),
        Key("select_down", ("Shift+Down",), mark("Select, from message to message downwards")),
        Key("select_all", ("Ctrl+A",), mark("Select everything")),
        Key("copy", ("Ctrl+C",), mark("Copy what is selected, or the message")),
        Key("menu", ("Enter", "Shift+F10", "Menu"), mark("What can be done with the message")),
        Key("left", ("Left",), mark("Previous file of the message, or line of a menu")),
        Key("right", ("Right",), mark("Next file of the message, or line of a menu")),
        Key("reply", ("R",), mark("Reply to it")),
        Key("react", ("+",), mark("React to it")),
        Key("edit", ("E",), mark("Edit it")),
        Key("forward", ("F",), mark("Forward it")),
        Key("pin", ("P",), mark("Pin it, or take the pin away")),
        Key("readers", ("W",), mark("Who has read it, of an own one")),
        Key("edits", ("H",), mark("Its earlier texts, of an own one that was edited")),
        Key("unread", ("U",), mark("Mark as unread from here")),
        Key("delete", ("Del",), mark("Delete it")),
        Key("back", ("Esc",), mark("End selecting; back to where you write")),
    ),
    "writing": (
        Key("send", ("Enter",), mark("Send")),
        Key("break_line", ("Shift+Enter",), mark("Begin a new line")),
        Key("up", ("Up",), mark("Edit the last message, in an empty field")),
        Key("down", ("Down",), mark("In a list of names: on")),
        Key("leave", ("Tab",), mark("On to the next part")),
        Key("back", ("Esc",), mark("End a reply or an edit")),
    ),
    "files": (
        Key("left", ("Left",), mark("Previous file")),
        Key("right", ("Right",), mark("Next file")),
        Key("up", ("Up",), mark("A row up")),
        Key("down", ("Down",), mark("A row down")),
        Key("remove", ("Del", "Backspace"), mark("Take it away")),
        Key("back", ("Esc",), mark("Back to where you write")),
    ),
    "people": (
        Key("up", ("Up",), mark("Previous person")),
        Key("down", ("Down",), mark("Next person")),
        Key("first", ("Home",), mark("The first one")),
        Key("last", ("End",), mark("The last one")),
        Key("page_up", ("PgUp",), mark("A page up")),
        Key("page_down", ("PgDn",), mark("A page down")),
        Key("menu", ("Enter", "Space", "Shift+F10", "Menu"), mark("What can be done with the person")),
    ),
    "picture": (
        Key("left", ("Left",), mark("Previous picture; of a large one, what is further to the left")),
        Key("right", ("Right",), mark("Next picture; of a large one, what is further to the right")),
        Key("up", ("Up",), mark("Of a large one, what is further up")),
        Key("down", ("Down",), mark("Of a large one, what is further down")),
        Key("previous", ("PgUp",), mark("Previous picture")),
        Key("next", ("PgDn",), mark("Next picture")),
        Key("larger", ("+",), mark("Larger")),
        Key("smaller", ("-",), mark("Smaller")),
        Key("fit", ("0",), mark("Fit into the window")),
        Key("as_it_is", ("1",), mark("As large as it is")),
        Key("stop", ("Space",), mark("Let one that moves stand still, or go on")),
        Key("copy", ("Ctrl+C",), mark("Copy the picture")),
        Key("download", ("D",), mark("Download it")),
        Key("save", ("S",), mark("Save it in a place of your choice")),
        Key("folder", ("F",), mark("Show its folder")),
        Key("back", ("Esc",), mark("Back to the conversation")),
    ),
    "transfers": (
        Key("up", ("Up",), mark("Previous file")),
        Key("down", ("Down",), mark("Next file")),
        Key("page_up", ("PgUp",), mark("A page up")),
        Key("page_down", ("PgDn",), mark("A page down")),
        Key("act", ("Enter", "Space"), mark("Pause it, go on with it, or open it")),
        Key("drop", ("Del", "X"), mark("Give it up, or take it off the list")),
    ),
    "choosing": (
        Key("up", ("Up",), mark("Previous line")),
        Key("down", ("Down",), mark("Next line")),
        Key("page_up", ("PgUp",), mark("A page up")),
        Key("page_down", ("PgDn",), mark("A page down")),
        Key("choose", ("Enter",), mark("Choose it")),
    ),
    "emoji": (
        Key("left", ("Left",), mark("Previous emoji")),
        Key("right", ("Right",), mark("Next emoji")),
        Key("up", ("Up",), mark("A row up")),
        Key("down", ("Down",), mark("A row down")),
        Key("page_up", ("PgUp",), mark("A page up")),
        Key("page_down", ("PgDn",), mark("A page down")),
        Key("choose", ("Enter",), mark("Take it")),
    ),
}

_ON_MAC: Final = sys.platform == "darwin"
_CONTROL: Final = 0x8 if _ON_MAC else 0x4
_ALT: Final = {"darwin": 0x10, "win32": 0x20000}.get(sys.platform, 0x20008)
"""On X11 the first modifier, or what Tk says of events that it makes itself."""
_NAMES: Final = {
    "Return": "Enter", "KP_Enter": "Enter", "Escape": "Esc", "Prior": "PgUp", "Next": "PgDn", "Delete": "Del", "BackSpace": "Backspace",
    "space": "Space", "comma": ",", "period": ".", "slash": "/", "question": "/", "plus": "+", "equal": "+", "minus": "-", "underscore": "-",
    "KP_Add": "+", "KP_Subtract": "-", "KP_0": "0", "KP_1": "1", "KP_Up": "Up", "KP_Down": "Down", "KP_Left": "Left", "KP_Right": "Right",
    "KP_Home": "Home", "KP_End": "End", "KP_Prior": "PgUp", "KP_Next": "PgDn", "KP_Delete": "Del", "App": "Menu",
}  # fmt: skip
"""Tk's names of keys, where people have others."""
_SIGNS: Final = frozenset(",./+-0")
_SHOWN: Final = {"Up": "↑", "Down": "↓", "Left": "←", "Right": "→"}


def key_of(where: Where, act: str) -> str:
    """The first key that does *act* there, as the table writes it."""
    return next(key.keys[0] for key in TABLE[where] if key.act == act)


def pressed(event: tk.Event[tk.Misc]) -> str:
    """The key of *event*, as the table writes it."""
    return written(keys.letter(event.keysym, event.keycode), int(event.state))


def written(keysym: str, state: int) -> str:
    """The key of that Latin keysym with those modifiers, as the table writes it."""
    name = _NAMES.get(keysym, keysym.upper() if len(keysym) == 1 else keysym)
    shift = bool(state & keys.SHIFT) and name not in _SIGNS
    held = (("Ctrl", state & _CONTROL), ("Alt", state & _ALT), ("Shift", shift))
    return "".join(f"{modifier}+" for modifier, is_held in held if is_held) + name


def shown(key: str) -> str:
    """A key of the table, for people on this system."""
    for name, sign in _SHOWN.items():
        if key.endswith(name):
            key = key.removesuffix(name) + sign
    return key.replace("Ctrl", "⌘").replace("Alt", "⌥") if _ON_MAC else key


def bind(widget: tk.Misc, where: Where, acts: Mapping[str, Act]) -> None:
    """Let the keys of *where* do *acts* while *widget* (for ``window``: anything in it) has the keyboard.

    Raises:
        ValueError: there is an act too many or too few: then the list would not be true.
    """
    table = TABLE[where]
    if wrong := {key.act for key in table} ^ set(acts):
        raise ValueError(f"{where}: {', '.join(sorted(wrong))} must be both in the table and among the acts")
    by_key = {name: acts[key.act] for key in table for name in key.keys}

    def press(event: tk.Event[tk.Misc]) -> str | None:
        act = by_key.get(pressed(event))
        return None if act is None or act() is False else "break"

    widget.bind("<KeyPress>", press, add="+")
    if where == "window":
        for name in by_key:
            keys.take_from_fields(widget, name)
