"""What to say when nothing that was given opens the data of a relay, or a backup: which ways in there are, and what can still be done."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from common.crypto.keyfile import is_key_file_of, peek_key_file
from common.crypto.keyfile_leftovers import leftovers
from common.crypto.keyfile_renewal import new_of
from common.crypto.keyslots import NAMES, Slot, unlock
from common.errors import KeyUnavailable

_BACKUP: Final = (
    "A backup brings the relay back, with the ways in of its own time: `python -m relay restore FILE --replace` (in Docker as in "
    "docs/operations.md). What stands here is then kept beside it. The copies of an upgrade (relay.db.before-…) have their ways in, too."
)


def other_key_files(path: Path, slots: list[Slot]) -> list[Path]:
    """The key files beside *path* that open one of *slots*: that of before a rotation, one that waits, or one that a kill has left."""
    kept = (each for each in path.parent.glob(f"{path.name}.before-*") if each.is_file())
    return [each for each in (*sorted(kept), new_of(path), *leftovers(path)) if _opens(each, slots)]


def said_of_data(why: KeyUnavailable, slots: list[Slot], key_file: Path, relay: str, confirmed: bytes | None) -> str:
    """In words, of the data of *relay*, of which *confirmed* tells that its recovery code was typed back; *why* it stays closed comes first."""
    others = other_key_files(key_file, slots)
    ways = said_of_slots(slots) if slots else _said_of_traces(key_file, relay, confirmed)
    return "\n".join([str(why), ways, *(_remedy(each) for each in others), _BACKUP])


def said_of_backup(why: KeyUnavailable, slots: list[Slot], key_file: Path) -> str:
    """In words, of a backup."""
    others = other_key_files(key_file, slots)
    more = [
        f"{each}, the key file of that time, opens it: give --key-file '{each}', and after a `restore` to the next start, too."
        for each in others
    ]
    return "\n".join([str(why), said_of_slots(slots), *more])


def said_of_slots(slots: list[Slot]) -> str:
    """Which ways in there are, and since when; nothing without any."""
    ways = [f"{NAMES.get(slot.kind, slot.kind)} (since {_day(slot.created_ms)})" for slot in slots]
    return f"Its ways in: {', '.join(ways)}. Any one of them is enough." if ways else ""


def _said_of_traces(key_file: Path, relay: str, confirmed: bytes | None) -> str:
    traces = []
    if is_key_file_of(key_file, relay):
        traces.append(f"the key file {key_file}, which was made for this relay")
    if confirmed is not None:
        traces.append("a recovery code, which somebody typed back")
    if not traces:
        return "Which of them there were is not known any more."
    return f"There was {', and '.join(traces)}: without the slot it opens nothing."


def _remedy(place: Path) -> str:
    return f"{place} opens it: give --key-file '{place}'."


def _opens(place: Path, slots: list[Slot]) -> bool:
    try:
        unlock([slot for slot in slots if slot.kind == "file"], key_file=peek_key_file(place))
    except KeyUnavailable:
        return False
    return True


def _day(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d}"
