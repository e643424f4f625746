"""What is not well, judged from facts alone. Each trouble has a code for programs and words for people, which name the remedy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, get_args

from msgspec import Struct

from common.ids import Millis
from relay.sizes import size_text

Code = Literal[
    "storage",
    "reading",
    "damaged",
    "disk_low",
    "wal_large",
    "backup",
    "rotation",
    "search",
    "announcement",
    "clock",
    "key_file",
    "certificate",
]
CODES: Final[tuple[Code, ...]] = get_args(Code)

DISK_LOW_BYTES: Final = 512 * 1024**2
"""Twice what no file may take (`relay.files.uploads.RESERVE_BYTES`): told while there is still time."""
WAL_LARGE_BYTES: Final = 256 * 1024**2
"""Four times of what is left of the log after it was carried over (`relay.storage.connection.JOURNAL_SIZE_LIMIT`)."""
CLOCK_BACK_MS: Final = 60_000
"""A clock that is corrected by less is no reason to say anything."""
CERTIFICATE_SOON_MS: Final = 90 * 24 * 3600 * 1000


class Trouble(Struct, frozen=True):
    """Something that is not well."""

    code: Code
    words: str


class Measured(Struct, frozen=True):
    """What was found on the disk. Bytes; None: it cannot be told. *key_problem*: why the key file opens the data no more; empty
    while it does, or is not needed. *backup_free*: where the daily backups go, None without them."""

    free: int | None = None
    backup_free: int | None = None
    database: int | None = None
    wal: int | None = None
    key_problem: str = ""


class Clock(Struct, frozen=True):
    """*now*: what it says; *newest*: the latest that was ever seen of it, in the log too; the certificate holds *begins* to *ends*."""

    now: Millis
    newest: Millis
    begins: Millis
    ends: Millis


def of_disk(measured: Measured) -> Iterator[Trouble]:
    """The disk, the log, the key file."""
    if measured.free is not None and measured.free < DISK_LOW_BYTES:
        yield Trouble(
            "disk_low",
            f"The disk of the data folder is nearly full: {size_text(measured.free)} are free. Make room; files are refused first, then messages.",
        )
    if measured.wal is not None and measured.wal > WAL_LARGE_BYTES:
        yield Trouble(
            "wal_large",
            f"The database's write-ahead log has grown to {size_text(measured.wal)}: it cannot be carried over. Look at the relay's log; "
            "a restart carries it over.",
        )
    if measured.key_problem:
        yield Trouble(
            "key_file",
            "The key file does not open the data any more. Nothing is lost while the relay runs: look at `relay keys status` before you "
            "stop it.",
        )


def of_clock(clock: Clock) -> Iterator[Trouble]:
    """The clock, and the certificate that depends on it."""
    if clock.newest - clock.now > CLOCK_BACK_MS:
        yield Trouble(
            "clock",
            f"This computer's clock is {_time(clock.newest - clock.now)} behind what it has said before. Correct it (switch on network "
            "time): new messages carry wrong times until then.",
        )
    if clock.now < clock.begins:
        yield Trouble(
            "certificate",
            "The relay's certificate is not valid yet: this computer's clock is wrong. Correct it.",
        )
    elif clock.ends - clock.now < CERTIFICATE_SOON_MS:
        yield Trouble(
            "certificate",
            "The relay's certificate ends soon or has ended, unless the clock is wrong. Clients go by its identity and not by its date; "
            "other programs may refuse it.",
        )


def _time(ms: int) -> str:
    seconds = ms // 1000
    for unit, words in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds // unit} {words}"
    return f"{seconds} seconds"
