"""Brings the window before all others when the person asked for it elsewhere: by a notification, or by the icon beside the clock.

Each system guards its foreground against programs that push themselves there. On X11 the window manager is asked as a pager asks it,
for a window that the person has chosen; Tk itself only takes the keyboard, which leaves the window where it is. Windows lets a window
up that is topmost for a moment.
"""

from __future__ import annotations

import ctypes
import logging
import re
import sys
import tkinter as tk
from typing import Any, Final

_CLIENT_MESSAGE: Final = 33
_FROM_A_PAGER: Final = 2
_EVERY_DESKTOP: Final = 0xFFFFFFFF
_TO_THE_MANAGER: Final = 1 << 19 | 1 << 20  # SubstructureNotifyMask, SubstructureRedirectMask
_TIME: Final = re.compile(r"_TIME(\d+)")

_log = logging.getLogger(__name__)


def come_to_front(root: tk.Tk, token: str = "") -> None:
    """From wherever it is: withdrawn, minimised, behind others, on another desktop. *token*: an activation token or startup id."""
    root.deiconify()
    root.lift()
    if sys.platform == "win32":
        root.attributes("-topmost", True)
        root.after_idle(root.attributes, "-topmost", False)
    (root.focus_lastfor() or root).focus_force()
    if root.tk.call("tk", "windowingsystem") == "x11":
        root.update_idletasks()  # what was withdrawn is mapped now
        found = _TIME.search(token)
        try:
            _ask_window_manager(root, int(found.group(1)) if found else 0)
        except OSError as error:
            _log.info("the window manager cannot be asked: %s", error)


class _ClientMessage(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("serial", ctypes.c_ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("window", ctypes.c_ulong),
        ("message_type", ctypes.c_ulong),
        ("format", ctypes.c_int),
        ("data", ctypes.c_long * 5),
    )


class _Event(ctypes.Union):
    _fields_ = (("client", _ClientMessage), ("pad", ctypes.c_long * 24))


def _ask_window_manager(root: tk.Tk, time: int) -> None:
    """Go to the virtual desktop of the window that Tk puts around this one, and have it activated there.

    Raises:
        OSError: libX11 or the display cannot be opened.
    """
    x11 = ctypes.CDLL("libX11.so.6")
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XInternAtom.restype = x11.XDefaultRootWindow.restype = ctypes.c_ulong
    opened = x11.XOpenDisplay(root.winfo_screen().encode())
    if not opened:
        raise OSError(f"display {root.winfo_screen()} cannot be opened")
    display = ctypes.c_void_p(opened)
    try:
        window, screen = _outer_window(x11, display, root.winfo_id()), x11.XDefaultRootWindow(display)
        here, there = (
            _number(x11, display, screen, b"_NET_CURRENT_DESKTOP"),
            _number(x11, display, window, b"_NET_WM_DESKTOP"),
        )
        if here is not None and there not in (None, here, _EVERY_DESKTOP):
            # Not every window manager goes there by itself.
            _send(x11, display, screen, b"_NET_CURRENT_DESKTOP", there or 0, time)
        _send(x11, display, window, b"_NET_ACTIVE_WINDOW", _FROM_A_PAGER, time)
        x11.XSync(display, False)
    finally:
        x11.XCloseDisplay(display)


def _send(x11: Any, display: ctypes.c_void_p, window: int, what: bytes, *numbers: int) -> None:
    """A message about *window* to the window manager."""
    event = _Event()
    event.client.type = _CLIENT_MESSAGE
    event.client.window = window
    event.client.message_type = x11.XInternAtom(display, what, False)
    event.client.format = 32
    for place, number in enumerate(numbers):
        event.client.data[place] = number
    screen = ctypes.c_ulong(x11.XDefaultRootWindow(display))
    x11.XSendEvent(display, screen, False, ctypes.c_long(_TO_THE_MANAGER), ctypes.byref(event))


def _number(x11: Any, display: ctypes.c_void_p, window: int, name: bytes) -> int | None:
    """A property of *window* that is a number; None: it has none."""
    kind, bits = ctypes.c_ulong(), ctypes.c_int()
    count, left = ctypes.c_ulong(), ctypes.c_ulong()
    found = ctypes.c_void_p()
    atom = ctypes.c_ulong(x11.XInternAtom(display, name, False))
    x11.XGetWindowProperty(
        display,
        ctypes.c_ulong(window),
        atom,
        ctypes.c_long(0),
        ctypes.c_long(1),
        False,
        ctypes.c_ulong(0),  # of any kind
        ctypes.byref(kind),
        ctypes.byref(bits),
        ctypes.byref(count),
        ctypes.byref(left),
        ctypes.byref(found),
    )
    if not found.value:
        return None
    number = ctypes.cast(found, ctypes.POINTER(ctypes.c_ulong))[0]
    x11.XFree(found)
    return int(number) if count.value == 1 else None


def _outer_window(x11: Any, display: ctypes.c_void_p, inner: int) -> int:
    """The one that the window manager knows: the parent of Tk's own."""
    root, parent, count = ctypes.c_ulong(), ctypes.c_ulong(), ctypes.c_uint()
    children = ctypes.c_void_p()
    x11.XQueryTree(
        display,
        ctypes.c_ulong(inner),
        ctypes.byref(root),
        ctypes.byref(parent),
        ctypes.byref(children),
        ctypes.byref(count),
    )
    if children.value:
        x11.XFree(children)
    return parent.value or inner
