"""What happens at a click on a link: where it leads is said first, then it is opened; a file is only ever shown in its folder."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import webbrowser
from collections.abc import Sequence
from pathlib import Path, PureWindowsPath
from typing import Final
from urllib.parse import quote

from desktop.locale import _
from desktop.screen import Choice, ChoiceKind, Question
from desktop.view.links import Address, Kind, other_place, warnings

OPEN: Final = "open"
COPY: Final = "copy"
_SHOWN: Final = 500
"""Characters of an address in the question: who must see more can copy it."""

_log = logging.getLogger(__name__)


def question(found: Address, texts: Sequence[str] = ()) -> Question:
    """Shows where a link really leads, with what is suspicious about it. *texts*: by which it is shown in its message."""
    whole = found.path if found.kind is Kind.PLACE else found.whole
    shown = whole if len(whole) <= _SHOWN else whole[:_SHOWN] + "…"
    parts = [shown]
    if found.kind is Kind.WEB:
        parts.append(_("Site: {host}").format(host=found.host))
    doubts = warnings(found)
    if named := next(filter(None, (other_place(found, text) for text in texts)), ""):
        doubts.append(_("Its text names another place: {place}").format(place=named))
    parts += doubts
    match found.kind:
        case Kind.PLACE:
            title, label = _("Show this folder?"), _("Show the folder")
            parts.append(_("Nothing is run: only the folder is shown."))
        case Kind.MAIL:
            title, label = _("Write to this address?"), _("Write")
        case _:
            title, label = _("Open this link?"), _("Open")
    kind = ChoiceKind.DANGER if doubts else ChoiceKind.PRIMARY
    return Question(
        title, "\n\n".join(parts), (Choice(OPEN, label, kind), Choice(COPY, _("Copy")), Choice("", _("Cancel")))
    )


def open_address(found: Address) -> None:
    """Hand it to the browser, the mail program or the file manager. Returns at once: a share may take long to answer."""
    threading.Thread(target=_open, args=(found,), name="open a link", daemon=True).start()


def _open(found: Address) -> None:
    try:
        if found.kind is not Kind.PLACE:
            webbrowser.open(found.whole)
            return
        arguments = folder_command(found.path, sys.platform)
        if arguments is not None:
            subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except OSError as error:
        _log.warning("a link could not be opened: %s", error)


def folder_command(path: str, platform: str) -> list[str] | str | None:
    """What shows the folder of *path* in the file manager, never the file itself; None: it has no place here."""
    if '"' in path or "\0" in path:
        return None
    if platform == "win32":
        # One string: Explorer has its own idea of quotes.
        return f'explorer.exe /select,"{PureWindowsPath(path)}"'
    if path.startswith("\\\\"):
        place = _share(path)
        return None if place is None else ["open" if platform == "darwin" else "xdg-open", place]
    if not path.startswith("/"):
        return None
    if platform == "darwin":
        return ["open", "-R", path]
    return ["xdg-open", str(_folder(Path(path)))]


def _share(path: str) -> str | None:
    """The folder that a Windows path on a server is in, as other systems name it."""
    parts = [part for part in path.split("\\") if part]
    if not parts or any(part in (".", "..") for part in parts):
        return None
    inside = parts[:-1] if len(parts) > 2 else parts
    return "smb://" + "/".join(quote(part, safe="") for part in inside) + "/"


def _folder(path: Path) -> Path:
    """*path* or the nearest folder above it that is there."""
    for place in (path, *path.parents):
        if place.is_dir():
            return place
    return Path("/")
