"""A picture on the clipboard, for other programs to paste. Only X11 lets Tk hand over bytes; elsewhere it is not offered."""

from __future__ import annotations

import base64
import io
import queue
import threading
import tkinter as tk
from collections.abc import Callable
from typing import Final

from PIL import Image

PIXELS_MAX: Final = 20_000_000
"""A larger picture would take the other program too long."""
_POLL_MS: Final = 30
_COPIED: Final = "::pymessenger_copied"


def can_copy(widget: tk.Misc) -> bool:
    """Whether there is a way on this system."""
    return str(widget.tk.call("tk", "windowingsystem")) == "x11"


def copy(widget: tk.Misc, picture: Image.Image, on_copied: Callable[[], None]) -> None:
    """Put *picture* on the clipboard as PNG, made on a thread of its own; *on_copied* is called in this one."""
    done: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def make() -> None:
        small = picture
        if picture.width * picture.height > PIXELS_MAX:
            small = picture.copy()
            share = (PIXELS_MAX / (picture.width * picture.height)) ** 0.5
            small.thumbnail((round(picture.width * share), round(picture.height * share)))
        written = io.BytesIO()
        small.save(written, "PNG", compress_level=1)
        done.put(written.getvalue())

    def look() -> None:
        if not widget.winfo_exists():
            return
        if done.empty():
            widget.after(_POLL_MS, look)
            return
        _put(widget, done.get())
        on_copied()

    threading.Thread(target=make, name="copy a picture", daemon=True).start()
    widget.after(_POLL_MS, look)


def _put(widget: tk.Misc, png: bytes) -> None:
    """As Latin-1, where each byte is one sign, X gets the bytes as they are.

    The text is made within Tcl: one that comes from Python ends at its first zero there.
    """
    call = widget.tk.call
    widget.clipboard_clear()
    call("set", _COPIED, base64.b64encode(png).decode())
    widget.tk.eval(
        f"clipboard append -displayof {widget} -type image/png -format STRING -- "
        f"[encoding convertfrom iso8859-1 [binary decode base64 ${_COPIED}]]"
    )
    call("unset", _COPIED)
