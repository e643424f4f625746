"""The user's choices: a small JSON file in the client's folder, written atomically.

Nothing secret and nothing that anybody typed to somebody: only how the window looks and behaves. A file that cannot be read or
holds nonsense never keeps the client from starting: the choices that make sense are kept, the others become the defaults, and
`Kept.problem` says so.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import asdict, fields, replace

FILE_NAME: Final = "settings.json"
THEMES: Final = ("system", "light", "dark")
PRIVACIES: Final = ("text", "name", "nothing")
SCALE_MIN: Final = 85
SCALE_MAX: Final = 300
TEXT_MIN: Final = 85
TEXT_MAX: Final = 300
_GEOMETRY: Final = re.compile(r"\d{2,5}x\d{2,5}([+-]-?\d{1,5}){0,2}", re.ASCII)
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?|", re.ASCII)
_RELAY_ID: Final = re.compile(r"([A-Z2-7]{52})?", re.ASCII)
_PANE_MIN: Final = 120
_PANE_MAX: Final = 2000
_EMOJI_MAX: Final = 200
_RECENT_MAX: Final = 600
_PATH_MAX: Final = 4096


class Settings(Struct, frozen=True):
    """What the person chose.

    *language*: a code of `desktop.locale.languages()`, or empty for the system's. *scale*: the whole interface in percent, on top of
    the system's own. *text*: the same for text alone, on top of *scale*. *geometry*: as Tk writes it (``1100x720+80+60``), empty until the window was moved. *rail_width*: logical
    pixels. *show_members*: whether the members pane is open. *stay_hosting*: what the person last answered when asked
    whether the own relay stays after the window closes; None: not asked yet. *emoji*: what the window found out about this
    system's emoji, in its own words. *own_relay*: id of the relay that this client runs on this computer, empty while it has none.
    *recent_emoji*: those chosen last, the last one first, with blanks between. *notify*: the system tells of messages, and says
    as much as *notify_privacy* lets it, with a *notify_sound*; *notify_calls_in_dnd*: it tells of calls by name even when the person
    does not want to be disturbed. *tray*: closing the window leaves an icon beside the clock, where there is a place for one.
    *downloads*: the folder for files that are fetched, whole
    from its root; empty for the system's own.
    """

    language: str = ""
    theme: str = "system"
    scale: int = 100
    geometry: str = ""
    maximized: bool = False
    rail_width: int = 300
    show_members: bool = True
    stay_hosting: bool | None = None
    emoji: str = ""
    own_relay: str = ""
    recent_emoji: str = ""
    notify: bool = True
    notify_privacy: str = "name"
    notify_sound: bool = True
    notify_calls_in_dnd: bool = False
    tray: bool = False
    text: int = 100
    reactions_told: bool = True
    downloads: str = ""


class Kept(Struct, frozen=True):
    """What a file held. *problem*: empty, or in words what could not be used."""

    settings: Settings = field(default_factory=Settings)
    problem: str = ""


def load(folder: Path) -> Kept:
    """The choices kept in *folder*; defaults where there is no file or a value cannot be used."""
    path = folder / FILE_NAME
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Kept()
    except (OSError, ValueError, RecursionError) as error:
        return Kept(problem=f"{path} cannot be read ({error}); the standard settings are used.")
    if not isinstance(found, dict):
        return Kept(problem=f"{path} does not hold settings; the standard settings are used.")
    usable = {one.name: found[one.name] for one in fields(Settings) if _fits(one.name, found.get(one.name, _MISSING))}
    unusable = sorted(one.name for one in fields(Settings) if one.name in found and one.name not in usable)
    problem = f"{path}: {', '.join(unusable)} cannot be used; the standard is taken instead." if unusable else ""
    return Kept(Settings(**usable), problem)


def save(folder: Path, settings: Settings) -> None:
    """Keep *settings* in *folder*: the old file stays whole until the new one is.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE_NAME
    beside = path.with_suffix(f".{os.getpid()}.new")
    try:
        with beside.open("w", encoding="utf-8") as file:
            json.dump(asdict(settings), file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


class SettingsFile:
    """The present choices and the file that keeps them."""

    def __init__(self, folder: Path) -> None:
        """Read what is kept in *folder*; `problem` says what could not be used."""
        kept = load(folder)
        self.folder: Final = folder
        self.settings = kept.settings
        self.problem = kept.problem

    def change(self, **changes: Any) -> Settings:
        """Replace the named choices and keep them.

        A disk that cannot be written is told in `problem`; the choice holds until the client ends.

        Raises:
            ValueError: there is no such choice, or it cannot have that value.
        """
        for name, value in changes.items():
            if not _fits(name, value):
                raise ValueError(f"{name} cannot be {value!r}")
        changed = replace(self.settings, **changes)
        if changed != self.settings:
            self.settings = changed
            self._keep()
        return changed

    def _keep(self) -> None:
        try:
            save(self.folder, self.settings)
            self.problem = ""
        except OSError as error:
            self.problem = f"Your settings cannot be kept: {error}"


def downloads_folder(settings: Settings) -> Path:
    """Where files go that are fetched without asking where to."""
    if settings.downloads:
        return Path(settings.downloads)
    from platformdirs import user_downloads_path  # it asks the system, which nobody needs before the first download

    return user_downloads_path()


_MISSING: Final = object()


def _fits(name: str, value: object) -> bool:
    match name:
        case "language":
            return isinstance(value, str) and _LANGUAGE.fullmatch(value) is not None
        case "theme":
            return value in THEMES
        case "scale":
            return _whole(value, SCALE_MIN, SCALE_MAX)
        case "text":
            return _whole(value, TEXT_MIN, TEXT_MAX)
        case "geometry":
            return value == "" or (isinstance(value, str) and _GEOMETRY.fullmatch(value) is not None)
        case "emoji":
            return isinstance(value, str) and len(value) <= _EMOJI_MAX
        case "downloads":
            return value == "" or (isinstance(value, str) and len(value) <= _PATH_MAX and Path(value).is_absolute())
        case "recent_emoji":
            return isinstance(value, str) and len(value) <= _RECENT_MAX
        case "rail_width":
            return _whole(value, _PANE_MIN, _PANE_MAX)
        case "notify_privacy":
            return value in PRIVACIES
        case (
            "reactions_told" | "maximized" | "show_members" | "notify" | "notify_sound" | "notify_calls_in_dnd" | "tray"
        ):
            return isinstance(value, bool)
        case "stay_hosting":
            return value is None or isinstance(value, bool)
        case "own_relay":
            return isinstance(value, str) and _RELAY_ID.fullmatch(value) is not None
        case _:
            return False


def _whole(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
