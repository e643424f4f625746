"""What a file is, as far as its name and what its sender said of it tell. Pure; nothing of it is to be trusted."""

from __future__ import annotations

from pathlib import PurePath
from typing import Final, Protocol

from desktop.view.fonts import Measure

SHOWN_TYPES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp", "image/x-ms-bmp"})
"""What the limited child can decode."""
AUTO_BYTES: Final = 12 * 1024**2
"""Pictures up to this size are shown by themselves, larger ones at a click."""
PIXELS_MAX: Final = 80_000_000
"""What claims to be larger is not even asked for: the limited child would refuse it."""

_BY_TYPE: Final = {"image": "picture", "video": "film", "audio": "sound"}
_BY_ENDING: Final = {
    **dict.fromkeys(("zip", "7z", "rar", "tar", "gz", "xz", "bz2", "zst", "tgz", "iso"), "box"),
    **dict.fromkeys(("png", "jpg", "jpeg", "gif", "webp", "bmp", "svg", "tif", "tiff", "heic"), "picture"),
    **dict.fromkeys(("mp4", "mkv", "webm", "avi", "mov"), "film"),
    **dict.fromkeys(("mp3", "flac", "ogg", "opus", "wav", "m4a"), "sound"),
}
_PROGRAMS: Final = (
    # Windows
    "exe com scr pif bat cmd msi msp msix appx ps1 psm1 vbs vbe js jse wsf wsh hta cpl reg lnk url scf inf gadget jar chm dll sys "
    "application appref-ms settingcontent-ms library-ms search-ms diagcab "
    # Linux, macOS
    "sh bash zsh fish csh run bin desktop appimage deb rpm flatpakref snap command tool app pkg dmg workflow action terminal webloc "
    # run by an interpreter or within an office program
    "py pyw pyc pyz rb pl php lua tcl docm dotm xlsm xltm xlam pptm potm ppam ppsm sldm xll wll xlsb ade mde accde "
    # shown by a browser, with scripts of their own
    "html htm xhtml mht mhtml svg"
)
_RUN: Final = frozenset(_PROGRAMS.split())


class NamedFile(Protocol):
    """A file of a message, with the relay or on its way."""

    @property
    def name(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def mime(self) -> str: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...


def ending(name: str) -> str:
    """The last extension, in small letters; empty without one."""
    stem, dot, last = name.strip().rstrip(". ").rpartition(".")
    return last.lower() if dot and stem else ""


def runs(name: str) -> bool:
    """Whether opening a file of that name may run it."""
    return ending(name) in _RUN


def icon(name: str, mime: str) -> str:
    """One of `icons.ICONS`."""
    if runs(name):
        return "program"
    return _BY_ENDING.get(ending(name)) or _BY_TYPE.get(mime.partition("/")[0], "file")


def is_picture(file: NamedFile) -> bool:
    """Whether it can be looked at here: a picture of a kind that is decoded, of a size that may be."""
    return file.mime.lower() in SHOWN_TYPES and file.width * file.height <= PIXELS_MAX


def is_shown(file: NamedFile) -> bool:
    """Whether it stands in its message as a picture: room can only be kept for one of which the size is said."""
    return is_picture(file) and file.width > 0 and file.height > 0


def fit_name(measure: Measure, font: str, name: str, width: int) -> str:
    """*name*, or as much of it as fits with an ellipsis in its middle; its ending is kept."""
    if measure.width(font, name) <= width:
        return name
    suffix = PurePath(name).suffix
    tail = suffix if 1 < len(suffix) <= 12 else ""
    stem = name[: len(name) - len(tail)] if tail else name
    low, high = 0, len(stem)
    while low < high:
        middle = (low + high + 1) // 2
        if measure.width(font, _cut(stem, middle) + tail) <= width:
            low = middle
        else:
            high = middle - 1
    return _cut(stem, low) + tail


def _cut(stem: str, letters: int) -> str:
    """The stem with so many letters: two thirds of them at its beginning, the others at its end."""
    back = letters // 3
    return f"{stem[: letters - back].rstrip()}…{stem[len(stem) - back :].lstrip() if back else ''}"
