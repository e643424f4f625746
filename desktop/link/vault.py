"""Where this client keeps what must not lie around: the archive's key and the tokens of its device sessions.

The system's keyring when there is one that answers, else a file that only its owner can read. All secrets are one record, so that a
keyring which asks its owner asks once. Where there is a file, the file counts: it is written only when the keyring failed, and removed
as soon as the keyring holds the same.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from common.errors import MessengerError
from common.ids import RelayId, UserId

FILE_NAME: Final = "secrets.json"
IN_KEYRING: Final = "keyring"
KEYRING_S: Final = 5.0
"""A keyring that asks its owner for a password may take for ever; after this the file is used."""
_SERVICE: Final = "pymessenger"
_KEY_BYTES: Final = 32
_TOKENS_MAX: Final = 12
"""Windows keeps at most 2560 bytes in one record of its keyring."""

_log = logging.getLogger(__name__)


class VaultDamaged(MessengerError):
    """The file of secrets cannot be read; the text says which and what to do."""


class KeptToken(msgspec.Struct, frozen=True):
    """A device session: whose it is, where, and the token."""

    relay_id: RelayId
    user: UserId
    token: str

    def __repr__(self) -> str:
        return f"KeptToken({self.relay_id[:16]}, {self.user})"


class _Secrets(msgspec.Struct, frozen=True):
    """The one record. *tokens*: the most recently used one first; *signed_in*: whether to resume with it."""

    archive_key: str
    tokens: tuple[KeptToken, ...] = ()
    signed_in: bool = False


class Vault:
    """The secrets of one client folder."""

    def __init__(self, home: Path, keyring_s: float = KEYRING_S) -> None:
        """Nothing is read yet; *keyring_s* bounds each question to the keyring."""
        self._path = home / FILE_NAME
        self._account = str(home.absolute())
        self._keyring_s = keyring_s
        self._secrets: _Secrets | None = None
        self._changing = asyncio.Lock()
        self.kept_in = ""
        """``keyring`` or the path of the file; empty before `open`."""

    async def open(self) -> None:
        """Read what is kept; at the very first start, make the archive's key and keep it.

        Raises:
            VaultDamaged: file or record is there and cannot be read. It is left as it is.
            OSError: neither keyring nor file can be written.
        """
        if self._path.exists():
            self._secrets = await asyncio.to_thread(self._read_file)
            self.kept_in = str(self._path)
            return
        kept = await self._ask_keyring(self._read_keyring)
        if kept:
            try:
                self._secrets = _decoded(kept.encode())
            except ValueError as error:
                raise VaultDamaged(
                    f"What the system's keyring holds for {_SERVICE} cannot be read ({error}). Put it back from a backup, or "
                    "remove that record and sign in again."
                ) from error
            self.kept_in = IN_KEYRING
        else:
            await self._keep(_Secrets(secrets.token_hex(_KEY_BYTES)))

    @property
    def archive_key(self) -> bytes:
        """The 32 bytes that the archive is sealed with."""
        return bytes.fromhex(self._opened.archive_key)

    @property
    def current(self) -> KeptToken | None:
        """The device session to resume, None when the person signed out."""
        return self._opened.tokens[0] if self._opened.signed_in and self._opened.tokens else None

    def token_of(self, relay_id: RelayId) -> KeptToken | None:
        """The device session at that relay, if there is one."""
        return next((kept for kept in self._opened.tokens if kept.relay_id == relay_id), None)

    async def remember(self, kept: KeptToken) -> None:
        """Keep a device session and make it the one to resume; one per relay.

        Raises:
            OSError: neither keyring nor file can be written.
        """
        async with self._changing:
            others = [one for one in self._opened.tokens if one.relay_id != kept.relay_id]
            tokens = (kept, *others)[:_TOKENS_MAX]
            await self._keep(msgspec.structs.replace(self._opened, tokens=tokens, signed_in=True))

    async def leave(self) -> None:
        """Keep the tokens, but resume with none of them."""
        async with self._changing:
            await self._keep(msgspec.structs.replace(self._opened, signed_in=False))

    async def forget(self, relay_id: RelayId) -> None:
        """Drop the token for that relay; if it was the current one, nothing is resumed."""
        async with self._changing:
            opened, current = self._opened, self.current
            tokens = tuple(kept for kept in opened.tokens if kept.relay_id != relay_id)
            stays = current is not None and current.relay_id != relay_id
            await self._keep(msgspec.structs.replace(opened, tokens=tokens, signed_in=stays))

    @property
    def _opened(self) -> _Secrets:
        if self._secrets is None:
            raise RuntimeError("the vault is not open")
        return self._secrets

    async def _keep(self, changed: _Secrets) -> None:
        if changed == self._secrets:
            return
        record = msgspec.json.encode(changed)
        if await self._ask_keyring(lambda: self._write_keyring(record.decode())):
            await asyncio.to_thread(self._path.unlink, missing_ok=True)
            self.kept_in = IN_KEYRING
        else:
            await asyncio.to_thread(self._write_file, record)
            self.kept_in = str(self._path)
        self._secrets = changed

    # -- the file ------------------------------------------------------------------------------------------------------

    def _read_file(self) -> _Secrets:
        try:
            if os.name == "posix" and stat.S_IMODE(self._path.stat().st_mode) & 0o077:
                self._path.chmod(0o600)  # a copied home folder; what others could read once cannot be helped any more
            return _decoded(self._path.read_bytes())
        except (OSError, ValueError) as error:
            raise VaultDamaged(
                f"{self._path} cannot be read ({error}). Put it back from a backup, or move it away and sign in again."
            ) from error

    def _write_file(self, record: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = self._path.with_suffix(f".{os.getpid()}.new")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(record)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._path)
        finally:
            beside.unlink(missing_ok=True)

    # -- the keyring ---------------------------------------------------------------------------------------------------

    def _read_keyring(self) -> str:
        import keyring  # slow to import, and needed only here

        return keyring.get_password(_SERVICE, self._account) or ""

    def _write_keyring(self, record: str) -> str:
        import keyring

        there = keyring.get_password(_SERVICE, self._account) or ""
        if there and not _is_same_archive(there, record):
            # It did not answer when this client began, and another key was made. Written over, that archive could never be opened.
            _log.warning("the keyring holds the key of another archive, which is left there")
            return ""
        keyring.set_password(_SERVICE, self._account, record)
        # Some backends take a secret and keep nothing.
        return record if keyring.get_password(_SERVICE, self._account) == record else ""

    async def _ask_keyring(self, question: Callable[[], str]) -> str:
        """The keyring's answer, or nothing when there is no keyring, it fails, or it takes too long."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[str] = loop.create_future()

        def settle(text: str) -> None:
            if not answer.done():
                answer.set_result(text)

        def ask() -> None:
            try:
                text = question()
            except Exception as error:  # each backend raises its own kinds; whatever it is, the file is the way out
                _log.info("no keyring: %s", type(error).__name__)
                text = ""
            try:
                loop.call_soon_threadsafe(settle, text)
            except RuntimeError:
                pass  # it answered after the client had ended

        # A daemon, not the executor: a keyring that never answers must not keep the program from ending.
        threading.Thread(target=ask, name="keyring", daemon=True).start()
        try:
            return await asyncio.wait_for(answer, self._keyring_s)
        except TimeoutError:
            _log.warning("the keyring did not answer within %s s", self._keyring_s)
            return ""


def _decoded(record: bytes) -> _Secrets:
    """The secrets in *record*.

    Raises:
        ValueError: it does not hold them.
    """
    found = msgspec.json.decode(record, type=_Secrets)
    if len(bytes.fromhex(found.archive_key)) != _KEY_BYTES:
        raise ValueError("the archive's key has another length")
    return found


def _is_same_archive(one: str, other: str) -> bool:
    try:
        return _decoded(one.encode()).archive_key == _decoded(other.encode()).archive_key
    except ValueError:
        return False
