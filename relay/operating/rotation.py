"""A new master key in place of the one before. What opened the data before opens only older copies of it from then on.

The ways to it stay as many as they were: the key file gets another secret, the passphrase stays and so must be known, and in place of the
recovery code there is the one that somebody has just typed. Nothing is changed before all of them are at hand.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from functools import partial
from typing import Any, Final

from common.crypto import keyfile_renewal
from common.crypto.keyfile import read_key_file
from common.crypto.keyslots import (
    MasterKey,
    Slot,
    slot_for_key_file,
    slot_for_passphrase,
    slot_for_recovery_code,
    unlock,
)
from common.crypto.recovery import BadRecoveryCode, parse_recovery_code
from common.errors import BadRequest, KeyUnavailable, NotAllowed, StartupError
from relay.control.words import Done, FollowRotation, Rotated, RotateKeys
from relay.opening import settle_key_file
from relay.operating.operator import Operator
from relay.operating.renewal import REST
from relay.storage import folder as folders
from relay.storage.exchange import RECORDS, Exchange
from relay.storage.transaction import Transaction

_log = logging.getLogger(__name__)

_AT_WORK: Final = "The keys are being rotated already. Look at `relay keys status`, and wait until that is done."


async def follow_rotation(operator: Operator, order: FollowRotation) -> Done:
    """Answered when everything is sealed anew, at once when it is."""
    await operator.renewal.follow(operator.tell)
    return Done("Everything is sealed with the new keys; the keys of before are destroyed.")


async def rotate_keys(operator: Operator, order: RotateKeys) -> Rotated:
    """Exchange the master key at once, and begin to seal older entries anew."""
    if operator.renewal.alone.locked():
        raise NotAllowed(_AT_WORK)
    async with operator.renewal.alone:
        slots, state = await operator.store.read(lambda tables: (tables.slots.all(), tables.resealing.state()))
        if state is not None:
            raise NotAllowed(_AT_WORK)
        await asyncio.to_thread(_check, operator, slots, order)
        master, vault = MasterKey.random(), operator.store.vault
        exchange = Exchange(vault, vault.successor(master))
        await _prepare(operator, exchange)
        await _exchange(operator, order, exchange, slots, master)
    operator.renewal.begin()
    try:
        await operator.parts.search.renew_snapshot()
    except OSError as error:  # the next start throws it away
        _log.warning("The snapshot of the search could not be removed (%s).", error.strerror or error)
    entries = await operator.store.read(lambda tables: tables.log.last_number())
    return Rotated(entries, await asyncio.to_thread(_older_copies, operator))


def _check(operator: Operator, slots: list[Slot], order: RotateKeys) -> None:
    """Whether there is what every slot needs, before anything is made."""
    kinds = {slot.kind for slot in slots}
    if "passphrase" in kinds:
        _check_passphrase(slots, order.passphrase or operator.config.passphrase)
    if order.recovery_code:
        try:
            parse_recovery_code(order.recovery_code)
        except BadRecoveryCode as error:
            raise BadRequest(str(error)) from error
    elif "recovery" in kinds and not order.without_code:
        raise BadRequest(
            "There is a recovery code, which opens nothing afterwards. Give another one or the same again, or say that there shall be none."
        )
    elif kinds == {"recovery"}:
        raise NotAllowed(
            "The recovery code is the only way to open the data. Without it every message would be lost for good, and nobody could bring it "
            "back. Add another way first."
        )


def _check_passphrase(slots: list[Slot], passphrase: str | None) -> None:
    if passphrase is None:
        raise BadRequest(
            "The passphrase opens the data, so it is needed to open it afterwards too. Give it, or take it away first with "
            "`relay keys remove-slot passphrase`."
        )
    try:
        unlock([slot for slot in slots if slot.kind == "passphrase"], passphrase=passphrase)
    except KeyUnavailable as error:
        raise NotAllowed("The passphrase is another one. Nothing was changed.") from error


async def _prepare(operator: Operator, exchange: Exchange) -> None:
    """Seal anew what there is, so that the exchange itself, for which everybody waits, has little left to do."""
    loop = asyncio.get_running_loop()
    for records in RECORDS:
        above: int | str | None = records.lowest
        while above is not None:
            began = loop.time()
            prepare = partial(exchange.prepare, records=records, above=above)
            above = await operator.store.read(lambda tables, prepare=prepare: tables.resealing.on_connection(prepare))  # type: ignore[misc]
            await asyncio.sleep((loop.time() - began) * REST)


async def _exchange(
    operator: Operator, order: RotateKeys, exchange: Exchange, before: list[Slot], master: MasterKey
) -> None:
    settle = partial(_settle, operator)
    await settle()
    try:
        slots = await asyncio.to_thread(_new_slots, operator, order, before, master)

        def exchange_all(transaction: Transaction) -> None:
            if transaction.slots.all() != before:
                raise NotAllowed(
                    "What opens the data was changed by somebody else meanwhile. Look at it again; nothing was rotated."
                )
            operator.note(transaction, "keys_rotated")  # before it, so that it is sealed anew with the rest
            transaction.exchange(exchange, slots)
            for slot in slots:
                if slot.kind == "recovery":
                    transaction.meta.set_confirmed_slot(slot.salt)

        await _to_its_end(operator.store.write(exchange_all))
    finally:
        await settle()


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """*work*, which goes on when who waits for it is cancelled: only when it has ended is known which key file opens the data."""
    doing = asyncio.ensure_future(work)
    try:
        await asyncio.shield(doing)
    except asyncio.CancelledError:
        while not doing.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([doing])
        if not doing.cancelled() and (error := doing.exception()) is not None:
            _log.info("Nobody waited for the exchange of the keys, which was not done (%s).", error)
        raise


async def _settle(operator: Operator) -> None:
    """Let the key file be the one that the database has a slot for; what cannot be done now the next start does."""
    slots = await operator.store.read(lambda tables: tables.slots.all())
    try:
        await asyncio.to_thread(
            settle_key_file, operator.config.key_file, operator.parts.relay_id, slots, operator.parts.now()
        )
    except StartupError as error:
        _log.error("%s", error)


def _new_slots(operator: Operator, order: RotateKeys, before: list[Slot], master: MasterKey) -> list[Slot]:
    """A slot of each kind that there was. The new key file waits beside the old one."""
    now, path = operator.parts.now(), operator.config.key_file
    kinds = {slot.kind for slot in before}
    slots = []
    if "file" in kinds:
        keep = order.keep_key_file
        secret = read_key_file(path) if keep else keyfile_renewal.begin(path, operator.parts.relay_id)
        slots.append(slot_for_key_file(master, secret, now))
    if "passphrase" in kinds:
        slots.append(slot_for_passphrase(master, order.passphrase or operator.config.passphrase or "", now))
    if order.recovery_code:
        slots.append(slot_for_recovery_code(master, order.recovery_code, now))
    return slots


def _older_copies(operator: Operator) -> list[str]:
    """What lies about and still opens as before."""
    key_file, data = operator.config.key_file, operator.config.data_dir
    found = [*data.glob(f"{folders.DATABASE}.before-*"), *key_file.parent.glob(f"{key_file.name}.before-*")]
    return sorted(str(path) for path in found)
