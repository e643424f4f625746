"""The master key and its slots, as LUKS has them: any one slot opens the same key, and slots come and go without touching the data.

    key file      secret in the user's config folder      ──┐
    passphrase    argon2id                                ──┼─>  master key  ──wraps──>  data keys  ──seal──>  records
    recovery code on paper, 140 random bits               ──┘

The master key is random and stands nowhere but in the slots, wrapped there. Data keys are random too and are stored wrapped by the
master key: whoever destroys a data key's row has destroyed what it sealed.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final, Literal

import msgspec
from msgspec import Struct
from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id

from common.crypto.recovery import BadRecoveryCode, parse_recovery_code
from common.crypto.sealing import KEY_BYTES, SealKey, associated_data, derive, open_sealed, seal
from common.errors import KeyUnavailable, SealError
from common.ids import Millis

SALT_BYTES: Final = 16
SlotKind = Literal["file", "passphrase", "recovery"]


class KdfCost(Struct, frozen=True):
    """What one guess at a passphrase costs: *ops* passes over *mem* bytes (argon2id)."""

    ops: int
    mem: int


MODERATE: Final = KdfCost(argon2id.OPSLIMIT_MODERATE, argon2id.MEMLIMIT_MODERATE)
"""256 MiB and about half a second; a machine with less memory takes `INTERACTIVE`."""
INTERACTIVE: Final = KdfCost(argon2id.OPSLIMIT_INTERACTIVE, argon2id.MEMLIMIT_INTERACTIVE)

_NO_COST: Final = KdfCost(0, 0)
# A slot that asks for more than this was damaged: no machine of a LAN should be brought to its knees by one row.
_MOST: Final = KdfCost(64, 4 * 1024**3)


@dataclass(frozen=True, slots=True)
class MasterKey:
    """Wraps the data keys. Its secret never shows in a repr."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != KEY_BYTES:
            raise ValueError(f"a master key has {KEY_BYTES} bytes, not {len(self.secret)}")

    @classmethod
    def random(cls) -> MasterKey:
        """A new one, for a new database and for nothing else."""
        return cls(os.urandom(KEY_BYTES))


class Slot(msgspec.Struct, frozen=True):
    """One way to the master key, as it is stored. Nothing in it is secret without what opens it."""

    kind: SlotKind
    salt: bytes
    ops: int
    """Cost of argon2id; 0 for kinds whose secret is random already."""
    mem: int
    """Bytes."""
    wrapped: bytes
    """The master key, sealed; the associated data is everything else in the slot."""
    created_ms: Millis


# -- making slots ------------------------------------------------------------------------------------------------------


def slot_for_key_file(master: MasterKey, key_file_secret: bytes, now: Millis) -> Slot:
    """A slot that the secret of a key file opens (`common.crypto.keyfile`)."""
    salt = os.urandom(SALT_BYTES)
    return _slot(master, "file", salt, _NO_COST, _key_of_file(key_file_secret, salt), now)


def slot_for_passphrase(master: MasterKey, passphrase: str, now: Millis, cost: KdfCost = MODERATE) -> Slot:
    """A slot that *passphrase* opens. Takes about half a second at the default *cost*: call it in a thread.

    Raises:
        KeyUnavailable: this machine has not enough memory for *cost*.
    """
    salt = os.urandom(SALT_BYTES)
    try:
        key = _key_of_passphrase(passphrase, salt, cost)
    except CryptoError as error:
        raise KeyUnavailable(_needs_memory(cost)) from error
    return _slot(master, "passphrase", salt, cost, key, now)


def slot_for_recovery_code(master: MasterKey, code: str, now: Millis) -> Slot:
    """A slot that a recovery code opens (`common.crypto.recovery`).

    Raises:
        BadRecoveryCode: *code* is none.
    """
    salt = os.urandom(SALT_BYTES)
    return _slot(master, "recovery", salt, _NO_COST, _key_of_recovery_code(parse_recovery_code(code), salt), now)


def _slot(master: MasterKey, kind: SlotKind, salt: bytes, cost: KdfCost, key: SealKey, now: Millis) -> Slot:
    wrapped = seal(key, master.secret, _place_of_slot(kind, salt, cost, now))
    return Slot(kind, salt, cost.ops, cost.mem, wrapped, now)


def _place_of_slot(kind: str, salt: bytes, cost: KdfCost, created_ms: int) -> bytes:
    return associated_data("key slot", kind, salt, cost.ops, cost.mem, created_ms)


# -- opening slots -----------------------------------------------------------------------------------------------------


def unlock(
    slots: Sequence[Slot],
    *,
    key_file: bytes | KeyUnavailable | None = None,
    passphrase: str | None = None,
    recovery_code: str | None = None,
    what: str = "The database",
) -> MasterKey:
    """The master key, by the first slot that opens: key files first, then recovery codes, then passphrases, which take long.

    *key_file* is its secret, or the error by which it could not be read, which then is among the reasons. *what* they open.

    Raises:
        KeyUnavailable: none opens; the text says for each why, and what to do.
    """
    if not slots:
        raise KeyUnavailable(
            f"{what} has no key slot at all, so nothing can open it: of the ways in that there can be (key file, passphrase, recovery code) "
            "none is left. Nothing was changed."
        )
    known = sorted((slot for slot in slots if slot.kind in _ORDER), key=lambda slot: _ORDER[slot.kind])
    reasons = [
        f"{slot.kind}: a kind of slot that this version does not know." for slot in slots if slot.kind not in _ORDER
    ]
    for slot in known:
        try:
            match slot.kind:
                case "file":
                    return _open(slot, _given_key_file(slot, key_file))
                case "recovery":
                    return _open(slot, _given_recovery_code(slot, recovery_code))
                case "passphrase":
                    return _open(slot, _given_passphrase(slot, passphrase))
        except _StaysClosed as closed:
            reasons.append(f"{NAMES[slot.kind]}: {closed}")
    reasons += _given_without_slot(slots, key_file, passphrase, recovery_code)
    raise KeyUnavailable(
        f"{what} cannot be opened: none of its key slots opens. Nothing was changed.\n"
        + "\n".join(f"  - {reason}" for reason in dict.fromkeys(reasons))
    )


def unlock_by_code(slots: Sequence[Slot], recovery_code: str, what: str = "The database") -> MasterKey:
    """The master key, by the recovery code alone: who gives it wants to know whether it is right.

    Raises:
        KeyUnavailable: it opens nothing; the text says why.
    """
    codes = [slot for slot in slots if slot.kind == "recovery"]
    if slots and not codes:
        raise KeyUnavailable(
            f"{what} has no recovery code, so none opens it. Leave --recovery-code out. Nothing was changed."
        )
    return unlock(codes, recovery_code=recovery_code, what=what)


class _StaysClosed(Exception):
    """This slot does not open; the text says why and what to do."""


_ORDER: Final[dict[str, int]] = {"file": 0, "recovery": 1, "passphrase": 2}
NAMES: Final[dict[str, str]] = {"file": "key file", "recovery": "recovery code", "passphrase": "passphrase"}
"""The kinds of slots, in words."""

_WRONG: Final[dict[str, str]] = {
    "file": "the key file is in order, but it belongs to another database, or this slot was altered. "
    "Name the right one with RELAY_KEY_FILE.",
    "recovery": "the code was typed without a slip, but it belongs to another relay, or was replaced by a newer one.",
    "passphrase": "the passphrase is wrong, or this slot was altered. "
    "Mind capital letters and the keyboard's language, and try again.",
}
_DAMAGED: Final = "this slot was damaged. Use another one, or restore the data folder from a backup."


def _open(slot: Slot, key: SealKey) -> MasterKey:
    place = _place_of_slot(slot.kind, slot.salt, KdfCost(slot.ops, slot.mem), slot.created_ms)
    try:
        return MasterKey(open_sealed(key, slot.wrapped, place))
    except SealError:
        raise _StaysClosed(_WRONG[slot.kind]) from None


def _given_key_file(slot: Slot, key_file: bytes | KeyUnavailable | None) -> SealKey:
    if isinstance(key_file, KeyUnavailable):
        raise _StaysClosed(str(key_file))
    if key_file is None:
        raise _StaysClosed("no key file was given. Name it with RELAY_KEY_FILE.")
    return _key_of_file(key_file, slot.salt)


def _given_recovery_code(slot: Slot, code: str | None) -> SealKey:
    if code is None:
        raise _StaysClosed(
            "it was not given. Start once with --recovery-code; the code was shown when this relay first started."
        )
    try:
        return _key_of_recovery_code(parse_recovery_code(code), slot.salt)
    except BadRecoveryCode as error:
        raise _StaysClosed(str(error)) from None


def _given_passphrase(slot: Slot, passphrase: str | None) -> SealKey:
    if passphrase is None:
        raise _StaysClosed("none was given. Set RELAY_PASSPHRASE, or RELAY_PASSPHRASE_FILE to the file that holds it.")
    cost = KdfCost(slot.ops, slot.mem)
    if (
        len(slot.salt) != SALT_BYTES
        or not 1 <= cost.ops <= _MOST.ops
        or not argon2id.MEMLIMIT_MIN <= cost.mem <= _MOST.mem
    ):
        raise _StaysClosed(_DAMAGED)
    try:
        return _key_of_passphrase(passphrase, slot.salt, cost)
    except CryptoError:
        raise _StaysClosed(_needs_memory(cost)) from None


def _given_without_slot(
    slots: Sequence[Slot], key_file: bytes | KeyUnavailable | None, passphrase: str | None, recovery_code: str | None
) -> list[str]:
    there = {slot.kind for slot in slots}
    given: dict[str, bool] = {
        "file": isinstance(key_file, bytes),
        "passphrase": passphrase is not None,
        "recovery": recovery_code is not None,
    }
    return [
        f"{NAMES[kind]}: one was given, but this database has no slot for it."
        for kind, is_given in given.items()
        if is_given and kind not in there
    ]


def _needs_memory(cost: KdfCost) -> str:
    return f"this machine has not the {cost.mem // 2**20} MiB of free memory that checking the passphrase takes. Free some and try again."


# -- what opens them ---------------------------------------------------------------------------------------------------


def _key_of_file(secret: bytes, salt: bytes) -> SealKey:
    return _key_of_random(secret, salt, b"pymessenger-slkf")


def _key_of_recovery_code(code: str, salt: bytes) -> SealKey:
    return _key_of_random(code.encode("ascii"), salt, b"pymessenger-slrc")


def _key_of_random(secret: bytes, salt: bytes, purpose: bytes) -> SealKey:
    # The secret has at least 140 random bits: no guessing at it, so nothing needs to make guesses slow.
    return SealKey(0, blake2b(salt, digest_size=KEY_BYTES, key=secret, person=purpose).digest())


def _key_of_passphrase(passphrase: str, salt: bytes, cost: KdfCost) -> SealKey:
    normalised = unicodedata.normalize("NFC", passphrase).encode()
    return SealKey(0, argon2id.kdf(KEY_BYTES, normalised, salt, opslimit=cost.ops, memlimit=cost.mem))


# -- data keys ---------------------------------------------------------------------------------------------------------


def wrap(master: MasterKey, data_key: SealKey, context: bytes) -> bytes:
    """*data_key* as it is stored: sealed under *master* and bound to its id and to *context* (`associated_data` of its row)."""
    return seal(derive(master, "wrap data keys"), data_key.secret, _place_of_data_key(data_key.key_id, context))


def unwrap(master: MasterKey, wrapped: bytes, key_id: int, context: bytes) -> SealKey:
    """The data key that was wrapped with this id and *context*.

    Raises:
        SealError: another master key, another id or place, or altered.
    """
    return SealKey(key_id, open_sealed(derive(master, "wrap data keys"), wrapped, _place_of_data_key(key_id, context)))


def _place_of_data_key(key_id: int, context: bytes) -> bytes:
    return associated_data("data key", key_id, context)
