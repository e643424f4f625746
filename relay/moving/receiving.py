"""Takes a relay over: fetches it while it runs, once more what it stored since while it holds still, and then has it handed over.

    fetched ─> held there ─> the rest fetched ─> seen to be whole ─> key slot of this machine ─> marked ─> handed over there ─> in its place

Up to the mark everything is in a folder beside the data folder that the next attempt clears away, and the relay that is left goes on whatever
happens here. From the mark on it may have been handed over, so the folder stays until the other computer has said whether it was. Blocks.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Final

from msgspec import Struct

from common.crypto.keyfile import read_key_file, renew_key_file
from common.crypto.keyslots import MasterKey, Slot, slot_for_key_file, slot_for_passphrase, unlock
from common.errors import CopyUnderWay, KeyUnavailable, MessengerError, MoveOver, SealError, StartupError, WireError
from common.ids import Millis, RelayId
from common.moving import MoveLink
from common.protocol.messages import FileId
from relay.backup.container import DATABASE, NoBackup
from relay.backup.reading import read_from
from relay.config import KEPT, MOVED_SETTINGS, Config
from relay.files.blobs import FOLDER
from relay.moving.asking import Leaving, NotThatRelay, Refusal, Unreachable
from relay.moving.marks import (
    MOVED,
    Receiving,
    read_moved,
    read_receiving,
    receiving_folder,
    write_mark,
)
from relay.moving.ticket import new_claim, open_master, proof_of
from relay.moving.words import Begun
from relay.sizes import size_text
from relay.storage import folder as folders
from relay.storage import in_place, meta
from relay.storage.copying import look_at_copy
from relay.storage.folder import keep_names
from relay.storage.migrate import migrations
from relay.storage.slots import Slots, add_slot

_log = logging.getLogger(__name__)

AGAIN_S: Final = 45.0
"""For so long a copy is tried again when the network breaks; the other computer waits a little longer."""
COMMIT_S: Final = 30.0
"""For so long is asked whether it was handed over."""
ALIVE_S: Final = 2.0
PAUSE_S: Final = 0.5
_ROOM: Final = 16 * 1024 * 1024


class Stage(Enum):
    """What is done. Up to `FINISHING` it can be given up."""

    COPYING = "copying"
    """While people go on talking."""
    HOLDING = "holding"
    """Nobody can write."""
    FINISHING = "finishing"
    """It may be handed over already."""


Told = Callable[[Stage, int, int], None]
"""Called with the bytes that are done and those in all, of this stage."""


class NoMove(MessengerError):
    """Nothing was handed over, and nothing of it is left here; the text says why. *reason*: for programs, empty where there is no word for it."""

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class InDoubt(MessengerError):
    """All of it is here, and the other computer does not say whether it was handed over."""


class GivenUp(Exception):
    """It was asked to stop."""


class Received(Struct, frozen=True):
    """The relay is in *folder* and can be run. *held_s*: for how long nobody could write. *moved*: where older data of it is now."""

    relay_id: RelayId
    name: str
    folder: Path
    held_s: float
    moved: Path | None = None


def receive(link: MoveLink, config: Config, now: Callable[[], Millis], told: Told, stop: threading.Event) -> Received:
    """Take over the relay that *link* leads to, into the data folder of *config*.

    Raises:
        NoMove: it was not handed over.
        InDoubt: `finish` it later.
        GivenUp: *stop* was set.
    """
    folder = config.data_dir
    in_place.settle(folder)
    beside = receiving_folder(folder)
    _refuse_what_is_there(folder, beside, link.relay_id)
    leaving = Leaving(link.host, link.port, link.relay_id, new_claim())
    try:
        if beside.exists():
            folders.lock_folder(beside).release()  # who is at it already
            shutil.rmtree(beside)
        beside.mkdir(parents=True, mode=0o700)
        with _locked(beside) as lock:
            return _Receiving(config, leaving, now, told, stop).all(link.ticket, lock)
    except StartupError as error:
        raise NoMove(str(error)) from error
    except OSError as error:
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise NoMove(_in_words(folder, error), "disk_full" if is_full else "") from error


def finish(config: Config, told: Told) -> Received:
    """Go on where `receive` was in doubt.

    Raises:
        NoMove: it was not handed over; what was fetched is gone.
        InDoubt: still.
    """
    folder = config.data_dir
    in_place.settle(folder)
    beside = receiving_folder(folder)
    mark = read_receiving(beside)
    if mark is None:
        if (here := read_receiving(folder)) is not None:
            return Received(here.relay_id, "", folder, 0.0)
        raise NoMove("No move to this computer was broken off here.")
    with _locked(beside) as lock:
        return _hand_over(config, mark, told, time.monotonic(), lock)


def give_up(config: Config) -> None:
    """Delete what was fetched, whether it was handed over or not. The relay that was left can be taken back there, on purpose.

    Raises:
        NoMove: it cannot be deleted; the text says why.
        StartupError: another program finishes the move at this moment.
    """
    beside = receiving_folder(config.data_dir)
    folders.lock_folder(beside).release()
    try:
        shutil.rmtree(beside)
    except OSError as error:
        raise NoMove(f"What was fetched to {beside} cannot be deleted ({error.strerror or error}).") from error


# -- the steps ---------------------------------------------------------------------------------------------------------


class _Receiving:
    """One attempt."""

    def __init__(
        self, config: Config, leaving: Leaving, now: Callable[[], Millis], told: Told, stop: threading.Event
    ) -> None:
        self._config = config
        self._beside = receiving_folder(config.data_dir)
        self._leaving = leaving
        self._now = now
        self._told = told
        self._stop = stop
        self._came_at = 0.0

    def all(self, ticket: str, lock: folders.FolderLock) -> Received:
        """Every step, with the folder that is filled locked."""
        is_marked = False
        try:
            begun = self._begin(ticket)
            master = open_master(ticket, begun.master, begun.relay_id)
            self._check_room(begun)
            self._again(lambda: self._fetch(master, Stage.COPYING))
            held_at = time.monotonic()
            with self._held() as move:
                self._again(lambda: self._fetch(master, Stage.HOLDING))
                self._see_that_it_is_whole(master, begun)
                mark = self._mark(move)
                is_marked = True
                return _hand_over(self._config, mark, self._told, held_at, lock, begun.name)
        except (
            Refusal,
            Unreachable,
            NotThatRelay,
            NoBackup,
            SealError,
            sqlite3.Error,
            StartupError,
            MoveOver,
        ) as error:
            raise NoMove(str(error), _reason(error)) from error
        finally:
            if not is_marked:
                with contextlib.suppress(MessengerError):  # it notices by itself
                    self._leaving.give_up()
                shutil.rmtree(self._beside, ignore_errors=True)

    def _begin(self, ticket: str) -> Begun:
        begun = self._leaving.begin(proof_of(ticket))
        if begun.relay_id != self._leaving.relay_id:
            raise NoMove("That is another relay than the link names.")
        if begun.schema > max(migrations()):
            raise NoMove(
                "A later version of this program runs there. Update the one on this computer first.", "too_new"
            )
        return begun

    def _check_room(self, begun: Begun) -> None:
        free = shutil.disk_usage(self._beside).free
        if free < begun.size + _ROOM:
            raise NoMove(
                f"The relay takes {size_text(begun.size)}, and {self._beside.parent} has {size_text(free)} free. Make room, or choose "
                "another folder with RELAY_DATA_DIR.",
                "no_room",
            )

    def _fetch(self, master: MasterKey, stage: Stage) -> None:
        has_database = stage is Stage.HOLDING
        (self._beside / DATABASE).unlink(missing_ok=True)
        have = [FileId(path.name) for path in (self._beside / FOLDER).glob("??/*")]

        def told(done: int, total: int) -> None:
            if self._stop.is_set():
                raise GivenUp
            if done:
                self._came_at = time.monotonic()
            self._told(stage, min(done, total), total)

        told(0, 0)
        with self._leaving.copy(have) as heard:
            read_from(heard, heard.bytes, master, self._beside, told, has_database=has_database)

    def _again(self, fetch: Callable[[], None]) -> None:
        """*fetch*, until it was done; what has come stays when the network breaks."""
        self._came_at = time.monotonic()
        while True:
            try:
                return fetch()
            except (Unreachable, Refusal) as error:
                is_theirs = (
                    isinstance(error, Refusal) and error.code != CopyUnderWay.code
                )  # else one that broke off is still sent
                if is_theirs or time.monotonic() - self._came_at > AGAIN_S:
                    raise
                _log.warning("%s It is tried again.", error)
                if self._stop.wait(PAUSE_S):
                    raise GivenUp from None

    @contextlib.contextmanager
    def _held(self) -> Iterator[str]:
        move = self._leaving.hold()
        over = threading.Event()

        def say_so() -> None:
            while not over.wait(ALIVE_S):
                with contextlib.suppress(Unreachable, Refusal, NotThatRelay):  # whoever needs an answer asks, too
                    self._leaving.alive()

        thread = threading.Thread(target=say_so, name="alive", daemon=True)
        thread.start()
        try:
            yield move
        finally:
            over.set()

    def _see_that_it_is_whole(self, master: MasterKey, begun: Begun) -> None:
        database = self._beside / DATABASE
        named = set(look_at_copy(database).files)
        here = {FileId(path.name): path for path in (self._beside / FOLDER).glob("??/*")}
        for gone in here.keys() - named:
            here[gone].unlink()
        if missing := named - here.keys():
            _log.warning("%s files were lost over there before: their contents are not here either.", len(missing))
        with closing(sqlite3.connect(database, isolation_level=None)) as conn:
            meta.read_identity(conn, master, begun.relay_id)
            self._open_it_here(conn, master, begun.relay_id)
        _write_settings(self._beside, begun.settings)
        _keep_all(self._beside)

    def _open_it_here(self, conn: sqlite3.Connection, master: MasterKey, relay_id: RelayId) -> None:
        """A key slot for this machine; recovery code and passphrase open it as before."""
        slots = Slots(conn).all()
        if _opens(slots, self._config, master):
            return
        if self._config.passphrase is not None:
            slot = slot_for_passphrase(master, self._config.passphrase, self._now())
        else:
            slot = slot_for_key_file(master, renew_key_file(self._config.key_file, relay_id), self._now())
        add_slot(conn, slot)

    def _mark(self, move: str) -> Receiving:
        if self._stop.is_set():
            raise GivenUp
        leaving = self._leaving
        mark = Receiving(leaving.relay_id, leaving.host, leaving.port, leaving.claim, move, self._now())
        write_mark(self._beside, mark)
        return mark


def _hand_over(
    config: Config, mark: Receiving, told: Told, held_at: float, lock: folders.FolderLock, name: str = ""
) -> Received:
    """The step that decides."""
    told(Stage.FINISHING, 0, 0)
    leaving = Leaving(mark.host, mark.port, mark.relay_id, mark.claim)
    until = time.monotonic() + COMMIT_S
    while True:
        try:
            leaving.commit(mark.move)
            break
        except Refusal as refusal:
            if refusal.code == MoveOver.code:
                shutil.rmtree(receiving_folder(config.data_dir), ignore_errors=True)
                raise NoMove(str(refusal), refusal.code) from refusal
            reason = str(refusal)
        except (Unreachable, NotThatRelay) as error:
            reason = str(error)
        if time.monotonic() > until:
            raise InDoubt(
                f"All of the relay is here, but it is not known whether it was handed over. {reason} Start the relay over there, and finish "
                "the move here: then one of the two goes on. Until then neither is lost."
            )
        time.sleep(PAUSE_S)  # nobody tells when it answers again
    lock.release()  # it lies in what is renamed
    try:
        moved = _put_in_place(config.data_dir, mark.at)
    except (OSError, StartupError) as error:
        raise InDoubt(
            f"The relay was handed over and all of it is here, but it cannot be put in its place. {error} Mend that, and finish the move."
        ) from error
    return Received(mark.relay_id, name, config.data_dir, time.monotonic() - held_at, moved)


# -- the folder --------------------------------------------------------------------------------------------------------


def _refuse_what_is_there(folder: Path, beside: Path, relay_id: RelayId) -> None:
    if read_receiving(beside) is not None:
        raise NoMove(
            "A move to this computer was broken off at its last step. Finish it first with `python -m relay move finish`, or give it up with "
            "`python -m relay move give-up`.",
            "unfinished",
        )
    if not folder.exists():
        return
    folders.lock_folder(folder).release()
    moved = read_moved(folder)
    if moved is not None and (moved.is_there or moved.relay_id == relay_id):
        return  # an older state, of a relay that left this computer before: it is moved aside
    remains = [name for name in (DATABASE, *folders.REMAINS) if (folder / name).exists()]
    if remains:
        raise NoMove(
            f"There is a relay's data on this computer already, in {folder.resolve()}. Two relays do not fit into one folder: stop that one and move "
            "the folder away (it is not deleted), or choose another with RELAY_DATA_DIR.",
            "occupied",
        )


def _put_in_place(folder: Path, at: Millis) -> Path | None:
    """*folder* is what was fetched; older data of it is moved aside. May be done again after it was broken off."""
    beside, moved = receiving_folder(folder), None
    if beside.parent == folder:
        with _locked(folder):
            return in_place.arrive(beside, folder, _kept_as(at) if (folder / MOVED).exists() else None)
    if folder.exists():
        folders.lock_folder(folder).release()
        if (folder / MOVED).exists():
            moved = _aside(folder, at)
            folder.rename(moved)
        else:
            # A mark for git, a lock, what a person keeps there: nothing of a relay's.
            folders.carry_over(folder, beside)
    beside.rename(folder)
    keep_names(folder.parent)
    return moved


def _aside(folder: Path, at: Millis) -> Path:
    return folder.with_name(f"{folder.name}.{_kept_as(at)}")


def _kept_as(at: Millis) -> str:
    return f"before-move-{datetime.fromtimestamp(at / 1000, UTC).strftime('%Y%m%d-%H%M%S')}"


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[folders.FolderLock]:
    lock = folders.lock_folder(folder)
    try:
        yield lock
    finally:
        lock.release()


def _write_settings(folder: Path, settings: dict[str, str]) -> None:
    lines = [
        f'{name}="{_escaped(value)}"\n' for name, value in settings.items() if name in KEPT and value.isprintable()
    ]
    (folder / MOVED_SETTINGS).write_text("".join(lines), encoding="utf-8")


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


def _keep_all(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    for inner in (folder, folder / FOLDER, *(folder / FOLDER).glob("??")):
        if inner.is_dir():
            keep_names(inner)


def _opens(slots: list[Slot], config: Config, master: MasterKey) -> bool:
    key_file: bytes | KeyUnavailable
    try:
        key_file = read_key_file(config.key_file)
    except KeyUnavailable as reason:
        key_file = reason
    try:
        return unlock(slots, key_file=key_file, passphrase=config.passphrase) == master
    except KeyUnavailable:
        return False


def _reason(error: Exception) -> str:
    match error:
        case Refusal(code=code) | WireError(code=code):
            return code
        case Unreachable():
            return "unreachable"
        case _:
            return ""


def _in_words(folder: Path, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk of {folder.parent.resolve()} became full. Make room, or choose another folder with RELAY_DATA_DIR."
    return f"The relay cannot be written to {folder.resolve()} ({error.strerror or error})."
