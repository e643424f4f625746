"""File names from others, made safe for this computer's disk: a label, never a path, nothing that shows as what it is not."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Final

NAME_BYTES: Final = 200
"""Leaves room for a number and ".part" in the 255 bytes that file systems allow."""
PART: Final = ".part"
_FORBIDDEN: Final = frozenset('<>:"/\\|?*')
_RESERVED: Final = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$"}
    | {f"{device}{number}" for device in ("com", "lpt") for number in "0123456789¹²³"}
)
_NAMELESS: Final = "file"


def safe_name(name: str) -> str:
    """*name* as a file name that every system takes. Control characters, bidi overrides and other invisible signs are taken out: with
    them a program can look like a picture."""
    visible = "".join(sign for sign in unicodedata.normalize("NFC", name) if _is_harmless(sign))
    clean = "".join("_" if sign in _FORBIDDEN else sign for sign in visible)
    clean = clean.strip().rstrip(". ").lstrip(".")
    stem, dot, suffix = clean.rpartition(".")
    if not dot:
        stem, suffix = clean, ""
    if clean.partition(".")[0].strip().lower() in _RESERVED:
        stem = f"_{stem}"
    suffix = f".{_cut(suffix, 32)}" if suffix else ""
    stem = _cut(stem, NAME_BYTES - len(suffix.encode())).rstrip(". ")
    return f"{stem or _NAMELESS}{suffix}"


def free_path(folder: Path, name: str, is_taken: Callable[[Path], bool] = Path.exists) -> Path:
    """Where a file of that (safe) name can be put into *folder*: with a number where it, or its unfinished part, is there already."""
    stem, suffix = Path(name).stem, Path(name).suffix
    number = 1
    while True:
        path = folder / (name if number == 1 else f"{stem} ({number}){suffix}")
        if not is_taken(path) and not is_taken(part_of(path)):
            return path
        number += 1


def part_of(path: Path) -> Path:
    """Where the contents are until all of them have come and are right."""
    return path.with_name(path.name + PART)


def _is_harmless(sign: str) -> bool:
    return unicodedata.category(sign) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore")
