"""What besides text is in the clipboard: files that were copied, or a picture. X11 is asked for what there is; elsewhere Pillow looks."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tkinter as tk
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit

from msgspec import Struct

_PICTURES: Final = ("image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp")
"""Formats that the limited child can draw, the best first."""
_FILES: Final = "text/uri-list"
_TEXTS: Final = frozenset({"UTF8_STRING", "STRING", "TEXT", "text/plain", "text/plain;charset=utf-8"})
_BYTES: Final = {f"0x{number:x}": bytes([number]) for number in range(256)}
"""Tk gives what is no text as numbers."""
_WITHIN_S: Final = 3.0


class CopiedFiles(Struct, frozen=True):
    """Files, as a file manager copies them."""

    paths: tuple[Path, ...]


class CopiedPicture(Struct, frozen=True):
    """A picture without a file: the bytes of one as *mime* says; none where it cannot be read."""

    content: bytes
    mime: str


def copied(root: tk.Misc) -> CopiedFiles | CopiedPicture | None:
    """What can be attached of what was copied; None when there is text, which is then meant, or nothing."""
    if root.tk.call("tk", "windowingsystem") == "x11":
        return _of_x11(root)
    return _of_others(root)


def paths_of(uris: bytes) -> tuple[Path, ...]:
    """The files of this computer in a list of URIs (RFC 2483), one a line."""
    found = []
    for line in uris.replace(b"\r", b"\n").split(b"\n"):
        text = line.strip(b" \0").decode(errors="replace")
        if not text.lower().startswith("file:"):
            continue
        parts = urlsplit(text)
        if parts.netloc in ("", "localhost") and parts.path.startswith("/"):
            found.append(Path(os.fsdecode(unquote_to_bytes(parts.path))))
    return tuple(found)


def _of_x11(root: tk.Misc) -> CopiedFiles | CopiedPicture | None:
    if root.tk.call("selection", "own", "-displayof", str(root), "-selection", "CLIPBOARD"):
        return None  # what this program copies is text
    targets = _targets(root)
    if _FILES in targets and (paths := paths_of(_by_tk(root, _FILES))):
        return CopiedFiles(paths)
    if _TEXTS & targets:
        return None
    mime = next((mime for mime in _PICTURES if mime in targets), "")
    return CopiedPicture(_by_tool(mime) or _by_tk(root, mime), mime) if mime else None


def _targets(root: tk.Misc) -> frozenset[str]:
    """What the owner of the clipboard can give it as."""
    try:
        answer = root.tk.call(
            "selection", "get", "-displayof", str(root), "-selection", "CLIPBOARD", "-type", "TARGETS"
        )
    except tk.TclError:  # nobody has copied anything
        return frozenset()
    return frozenset(root.tk.splitlist(answer))


def _by_tk(root: tk.Misc, kind: str) -> bytes:
    """The clipboard as *kind*, as far as Tk can read it: it gives up where it is much at once."""
    try:
        answer = root.tk.call("selection", "get", "-displayof", str(root), "-selection", "CLIPBOARD", "-type", kind)
    except tk.TclError:
        return b""
    numbers = str(answer).split()
    if not all(number in _BYTES for number in numbers[:16]):
        return _as_it_was(str(answer), kind)
    return b"".join(map(_BYTES.__getitem__, numbers))


def _as_it_was(text: str, kind: str) -> bytes:
    """What Tk took for text: of a picture each character was a byte, names of files are UTF-8 or bytes that are none."""
    encoding = "latin-1" if kind.startswith("image/") else "utf-8"
    try:
        return text.encode(encoding, errors="surrogateescape")
    except UnicodeEncodeError:  # text it was: no picture
        return b""


def _by_tool(kind: str) -> bytes:
    """The same by one of the programs that many systems have; empty where there is none."""
    for tool in (["xclip", "-selection", "clipboard", "-target", kind, "-out"], ["wl-paste", "--type", kind]):
        if (program := shutil.which(tool[0])) is None:
            continue
        try:
            done = subprocess.run([program, *tool[1:]], capture_output=True, timeout=_WITHIN_S)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0 and done.stdout:
            return done.stdout
    return b""


def _of_others(root: tk.Misc) -> CopiedFiles | CopiedPicture | None:
    from PIL import ImageGrab

    try:
        found = ImageGrab.grabclipboard()
    except (OSError, NotImplementedError):
        return None
    if isinstance(found, list):
        paths = tuple(Path(name) for name in found if Path(name).is_absolute())
        return CopiedFiles(paths) if paths else None
    if found is None or _has_text(root):
        return None
    written = io.BytesIO()
    found.save(written, "PNG", compress_level=1)
    return CopiedPicture(written.getvalue(), "image/png")


def _has_text(root: tk.Misc) -> bool:
    try:
        return bool(root.clipboard_get())
    except tk.TclError:
        return False
