"""The client's folder while it is in use: claimed for this process, with the vault and the archive that lie in it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

from common.errors import MessengerError
from common.ids import Millis
from desktop.events import LinkEvent
from desktop.events.link import CommandRefused, KeyMissing, WindowWanted
from desktop.events.relays import DiscoveryTrouble, OwnerCodeKept
from desktop.link.archive import Archive
from desktop.link.claim import Claim, FolderTaken
from desktop.link.vault import Vault, VaultLocked

STORAGE: Final = "storage_unavailable"
SETTLE_AFTER_S: Final = 3.0
"""When starting is over: only then the keyring is asked whether it takes what is in the file."""
_LOCKED: Final = "keyring_locked"
_TAKEN: Final = "folder_taken"
_CALLED: Final = "window_called"
CALLED_EVERY_S: Final = 0.25
"""How long somebody waits at most who starts the client a second time."""

_log = logging.getLogger(__name__)


class Home:
    """One folder. `open` it once; `close` it when nothing uses it any more."""

    def __init__(
        self,
        folder: Path,
        tell: Callable[[LinkEvent], None],
        now: Callable[[], Millis],
        spawn: Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]],
    ) -> None:
        """Nothing is opened yet. *spawn*: makes a task that somebody ends."""
        self.folder = folder
        self._tell = tell
        self._now = now
        self._spawn = spawn
        self.vault = Vault(folder)
        self._claim: Claim | None = None
        self._archive: Archive | None = None
        self.stopped = asyncio.Event()

    async def open(self) -> bool:
        """Open vault and archive. False: it cannot be, and why was told; or `stop` was called while the keyring was waited for."""
        try:
            self._claim = await Claim.take(self.folder)
            if not await self._open_vault():
                self._claim.release()
                return False
            self._archive = await Archive.open(self.folder, self.vault.archive_key, self._now)
        except FolderTaken as taken:
            self._tell(CommandRefused("start", _CALLED if taken.is_called else _TAKEN, str(taken)))
            return False
        except (MessengerError, OSError) as error:
            _log.error("the client cannot start: %s", error)
            self._tell(CommandRefused("start", STORAGE, str(error)))
            if self._claim is not None:
                self._claim.release()
            return False
        self._spawn(self._settle(), "settle")
        self._spawn(self._hear_calls(self._claim), "calls")
        if self.vault.is_new and await asyncio.to_thread(self._archive.has_older):
            self._tell(KeyMissing(str(self.folder)))
        if (kept := self.vault.owner_code) is not None:
            self._tell(OwnerCodeKept(kept.relay_id, kept.code))
        return True

    async def _open_vault(self) -> bool:
        """Open it, however long the keyring's owner takes for the password. False: `stop` was called meanwhile."""
        try:
            await self.vault.open()
        except VaultLocked as locked:
            if not locked.is_asking:
                raise
            self._tell(CommandRefused("start", _LOCKED, str(locked)))
            waits = [asyncio.create_task(wait) for wait in (self.vault.unlocked(), self._until_stopped())]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
            if self.stopped.is_set():
                return False
            await self.vault.open()
            self._tell(DiscoveryTrouble(""))
        return True

    async def _until_stopped(self) -> None:
        await self.stopped.wait()

    async def _hear_calls(self, claim: Claim) -> None:
        while True:
            if await asyncio.to_thread(claim.was_called):
                self._tell(WindowWanted())
            await asyncio.sleep(CALLED_EVERY_S)

    async def _settle(self) -> None:
        await asyncio.sleep(SETTLE_AFTER_S)
        await self.vault.settle()

    @property
    def archive(self) -> Archive:
        """What is kept of conversations."""
        assert self._archive is not None, "nothing is done before `open`"
        return self._archive

    def unsaid_damage(self) -> str:
        """What is to be said of the archive, once."""
        damage, self.archive.damage = self.archive.damage, ""
        return damage

    async def close(self) -> None:
        """Write what is to be written, and leave the folder to others."""
        if self._archive is not None:
            await self._archive.close()
        if self._claim is not None:
            self._claim.release()
