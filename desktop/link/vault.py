"""Where this client keeps what must not lie around: the archive's key and the tokens of its device sessions.

The system's keyring when there is one that answers, else a file that only its owner can read. All secrets are one record, so that a
keyring which asks its owner asks once. Where there is a file, the file counts: it is written only when the keyring failed, and removed
as soon as the keyring holds the same. Where the keyring holds them, a mark without any secret says so: a keyring that is locked today
must not make the client believe that it is new, or it would begin with another key and an empty archive.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import stat
from pathlib import Path
from typing import Final

import msgspec

from common.errors import MessengerError
from common.ids import RelayId, UserId
from desktop.link.system_keyring import SERVICE, SystemKeyring
from desktop.locale import _

FILE_NAME: Final = "secrets.json"
MARK_NAME: Final = "secrets-in-keyring.txt"
IN_KEYRING: Final = "keyring"
KEYRING_S: Final = 5.0
"""A keyring that asks its owner for a password may take for ever; after this the file is used."""
_MARK: Final = (
    "The key of the archive and the tokens of this client are in the system's keyring, under the service {service}.\n"
)
_KEY_BYTES: Final = 32
_TOKENS_MAX: Final = 12
"""Windows keeps at most 2560 bytes in one record of its keyring."""
_UNSAID_MAX: Final = 4

_log = logging.getLogger(__name__)


class VaultDamaged(MessengerError):
    """The file of secrets cannot be read; the text says which and what to do."""


class VaultLocked(MessengerError):
    """The keyring has the secrets and does not give them. *is_asking*: it may yet, once its owner has answered it."""

    def __init__(self, message: str, is_asking: bool) -> None:
        """*message* for people."""
        super().__init__(message)
        self.is_asking = is_asking


class KeptToken(msgspec.Struct, frozen=True):
    """A device session: whose it is, where, and the token."""

    relay_id: RelayId
    user: UserId
    token: str

    def __repr__(self) -> str:
        return f"KeptToken({self.relay_id[:16]}, {self.user})"


class OwnerCode(msgspec.Struct, frozen=True):
    """What makes the first owner of the relay on this computer; kept until somebody has used it."""

    relay_id: RelayId
    code: str

    def __repr__(self) -> str:
        return f"OwnerCode({self.relay_id[:16]})"


class _Secrets(msgspec.Struct, frozen=True):
    """The one record. *tokens*: the most recently used one first; *signed_in*: whether to resume with it.

    *unsaid*: the person has signed out there, and the relay has not heard of it yet.
    """

    archive_key: str
    tokens: tuple[KeptToken, ...] = ()
    signed_in: bool = False
    owner_code: OwnerCode | None = None
    unsaid: tuple[KeptToken, ...] = ()


class Vault:
    """The secrets of one client folder."""

    def __init__(self, home: Path, keyring_s: float = KEYRING_S) -> None:
        """Nothing is read yet; *keyring_s* bounds each question to the keyring."""
        self._path = home / FILE_NAME
        self._mark = home / MARK_NAME
        self._keyring = SystemKeyring(str(home.absolute()), keyring_s)
        self._secrets: _Secrets | None = None
        self._changing = asyncio.Lock()
        self.is_new = False
        """No secrets were found, and a key was made just now."""
        self.kept_in = ""
        """``keyring`` or the path of the file; empty before `open`."""

    async def open(self) -> None:
        """Read what is kept; at the very first start, make the archive's key and keep it.

        Raises:
            VaultDamaged: file or record is there and cannot be read. It is left as it is.
            VaultLocked: the keyring has the secrets and does not answer; after `unlocked` it can be tried again.
            OSError: neither keyring nor file can be written.
        """
        if self._path.exists():
            self._secrets = await asyncio.to_thread(self._read_file)
            self.kept_in = str(self._path)
            return
        kept = await self._keyring.read()
        if kept is None and self._mark.exists():
            raise self._locked()
        if kept:
            try:
                self._secrets = _decoded(kept.encode())
            except ValueError as error:
                raise VaultDamaged(
                    _(
                        "What the system's keyring holds for {service} cannot be read ({reason}). Put it back from a backup, or "
                        "remove that record and sign in again."
                    ).format(service=SERVICE, reason=error)
                ) from error
            self.kept_in = IN_KEYRING
            await asyncio.to_thread(self._write_mark)
        else:
            await self._keep(_Secrets(secrets.token_hex(_KEY_BYTES)))
            self.is_new = True

    async def unlocked(self) -> None:
        """Wait until the keyring's owner has answered it, with the password or without."""
        await self._keyring.answer()

    async def settle(self) -> None:
        """Move the secrets from the file into the keyring as soon as it answers, however late; where there is none, return.

        Raises:
            OSError: the file cannot be removed.
        """
        if self.kept_in == IN_KEYRING:
            return
        answered = await (self._keyring.answer() if self._keyring.is_asking else self._keyring.read())
        if answered is None and self._keyring.is_asking:
            answered = await self._keyring.answer()
        if answered is None:
            return
        async with self._changing:
            if self.kept_in != IN_KEYRING:
                await self._keep(self._opened)

    def _locked(self) -> VaultLocked:
        if self._keyring.is_asking:
            return VaultLocked(
                _(
                    "The key to your conversations is in the system's keyring, which is locked. Unlock it to go on: it may be "
                    "asking for its password in a window of its own."
                ),
                is_asking=True,
            )
        return VaultLocked(
            _(
                "The key to your conversations is in the system's keyring, which is locked or not there. Unlock it and start "
                "this program again. If that keyring is gone for good, delete {path} and sign in again."
            ).format(path=self._mark),
            is_asking=False,
        )

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

    @property
    def owner_code(self) -> OwnerCode | None:
        """The owner code that nobody has used yet, if there is one."""
        return self._opened.owner_code

    async def keep_owner_code(self, kept: OwnerCode | None) -> None:
        """Keep an owner code in place of the one before; None: it is used.

        Raises:
            OSError: neither keyring nor file can be written.
        """
        async with self._changing:
            await self._change(msgspec.structs.replace(self._opened, owner_code=kept))

    async def remember(self, kept: KeptToken) -> None:
        """Keep a device session and make it the one to resume; one per relay.

        Raises:
            OSError: neither keyring nor file can be written.
        """
        async with self._changing:
            others = [one for one in self._opened.tokens if one.relay_id != kept.relay_id]
            tokens = (kept, *others)[:_TOKENS_MAX]
            await self._change(msgspec.structs.replace(self._opened, tokens=tokens, signed_in=True))

    async def leave(self) -> None:
        """Keep the tokens, but resume with none of them."""
        async with self._changing:
            await self._change(msgspec.structs.replace(self._opened, signed_in=False))

    @property
    def unsaid(self) -> tuple[KeptToken, ...]:
        """Tokens of which the person has signed out, and whose relays still take them."""
        return self._opened.unsaid

    async def sign_out(self, kept: KeptToken) -> None:
        """Resume with *kept* never more, and keep it only until its relay was told."""
        await self.forget(kept.relay_id, unsaid=kept)

    async def said(self, kept: KeptToken) -> None:
        """The relay takes *kept* no more."""
        async with self._changing:
            unsaid = tuple(one for one in self._opened.unsaid if one != kept)
            await self._change(msgspec.structs.replace(self._opened, unsaid=unsaid))

    async def forget(self, relay_id: RelayId, unsaid: KeptToken | None = None) -> None:
        """Drop every token for that relay but *unsaid*; if it was the current one, nothing is resumed."""
        async with self._changing:
            opened, current = self._opened, self.current
            owed = opened.unsaid if unsaid else tuple(one for one in opened.unsaid if one.relay_id != relay_id)
            if unsaid is not None:
                owed = (*owed, unsaid)[-_UNSAID_MAX:]
            tokens = tuple(kept for kept in opened.tokens if kept.relay_id != relay_id)
            stays = current is not None and current.relay_id != relay_id
            await self._change(msgspec.structs.replace(opened, tokens=tokens, signed_in=stays, unsaid=owed))

    @property
    def _opened(self) -> _Secrets:
        if self._secrets is None:
            raise RuntimeError("the vault is not open")
        return self._secrets

    async def _change(self, changed: _Secrets) -> None:
        if changed != self._secrets:
            await self._keep(changed)

    async def _keep(self, changed: _Secrets) -> None:
        record = msgspec.json.encode(changed)
        if await self._keyring.write(record.decode(), lambda there: _is_same_archive(there, changed)):
            await asyncio.to_thread(self._write_mark)
            await asyncio.to_thread(self._path.unlink, missing_ok=True)
            self.kept_in = IN_KEYRING
        else:
            await asyncio.to_thread(self._write_file, record)
            await asyncio.to_thread(self._mark.unlink, missing_ok=True)
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
                _(
                    "{path} cannot be read ({reason}). Put it back from a backup and start this program again. Or move it away and "
                    "sign in again: then what this computer had stored of your conversations cannot be opened any more."
                ).format(path=self._path, reason=error)
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

    def _write_mark(self) -> None:
        if not self._mark.exists():
            self._mark.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._mark.write_text(_MARK.format(service=SERVICE), encoding="utf-8")


def _decoded(record: bytes) -> _Secrets:
    """The secrets in *record*.

    Raises:
        ValueError: it does not hold them.
    """
    found = msgspec.json.decode(record, type=_Secrets)
    if len(bytes.fromhex(found.archive_key)) != _KEY_BYTES:
        raise ValueError("the archive's key has another length")
    return found


def _is_same_archive(there: str, ours: _Secrets) -> bool:
    """Whether the keyring's record may be written over.

    If it did not answer when this client began, another key was made. Written over, the other archive could never be opened.
    """
    try:
        is_same = _decoded(there.encode()).archive_key == ours.archive_key
    except ValueError:
        is_same = False
    if not is_same:
        _log.warning("the keyring holds the key of another archive, which is left there")
    return is_same
