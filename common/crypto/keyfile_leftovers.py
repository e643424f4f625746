"""What a program that was killed has left of writing a key file: temporary files beside it, with a key in them that nobody looks for there.

They go only when the key file itself opens the database: then none of them can be the last one that does. What another relay
may have left, or may be writing at this moment, stays.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from common.crypto.keyfile import is_key_file_of, may_be_exchanged, peek_key_file, sync_folder
from common.errors import KeyUnavailable
from common.ids import Millis

_log = logging.getLogger(__name__)

_KINDS: Final = r"(\.new)?(\.copy)?|\.before-\d{8}-\d{6}(-copy)?"
"""What is written beside a key file, by the end of its name."""
_RANDOM: Final = r"\.[a-z0-9_]{8}"
_WRITTEN_WITHIN_MS: Final = 60_000
"""So long one that is not whole may still be another relay's that is being written."""


def leftovers(path: Path) -> list[Path]:
    """The temporary files of the key file *path*, whoever has left them; none where its folder cannot be read."""
    pattern = re.compile(rf"\.{re.escape(path.name)}({_KINDS}){_RANDOM}")
    try:
        return sorted(each for each in path.parent.iterdir() if pattern.fullmatch(each.name))
    except OSError:
        return []


def remove_leftovers(path: Path, relay: str, opens: Callable[[bytes], bool], now: Millis) -> None:
    """Take away what was left of writing the key file *path* of *relay*, unless that one does not open the database itself (*opens*)."""
    found = [each for each in leftovers(path) if _is_of_no_use(each, relay, now)]
    if not found or not _is_open(path, opens):
        return
    try:
        for each in found:
            each.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        _log.warning("What was left of writing the key file %s could not be removed: %s", path, error.strerror or error)
    else:
        _log.info("Removed what a relay that was killed had left of writing the key file %s (%d).", path, len(found))


def _is_of_no_use(place: Path, relay: str, now: Millis) -> bool:
    if is_key_file_of(place, relay):
        return True
    try:
        age_ms = now - place.stat().st_mtime * 1000
    except OSError:
        return False
    return age_ms > _WRITTEN_WITHIN_MS and may_be_exchanged(place, relay)


def _is_open(path: Path, opens: Callable[[bytes], bool]) -> bool:
    try:
        return opens(peek_key_file(path))
    except KeyUnavailable:
        return False
