"""The ways to the master key: shown, confirmed, added, exchanged, taken away. The last one is never taken away.

Each check is made again in the transaction that changes something: two orders may come at once.
"""

from __future__ import annotations

import asyncio
from typing import Final

from common.crypto.keyfile import read_key_file
from common.crypto.keyslots import Slot, SlotKind, slot_for_passphrase, slot_for_recovery_code, unlock
from common.crypto.recovery import BadRecoveryCode, parse_recovery_code
from common.crypto.recovery import new_recovery_code as make_code
from common.errors import BadRequest, KeyUnavailable, NotAllowed
from common.protocol import limits
from relay.control.words import (
    AddPassphrase,
    ChangePassphrase,
    ConfirmCode,
    Done,
    Keys,
    KeySlot,
    NewRecoveryCode,
    RecoveryCode,
    RemoveSlot,
    Rotation,
    ShowKeys,
)
from relay.operating.operator import Operator
from relay.storage.transaction import Transaction

_NEXT_START: Final = (
    "From the next start on the relay needs the passphrase: set RELAY_PASSPHRASE_FILE (or RELAY_PASSPHRASE) before it."
)
_REPLACED: Final = "This code was typed without a slip, but it does not open this relay's data: it belongs to another relay, or was replaced."
_NAMES: Final[dict[SlotKind, str]] = {"file": "key file", "passphrase": "passphrase", "recovery": "recovery code"}


async def show_keys(operator: Operator, order: ShowKeys) -> Keys:
    """The slots as they are, and what should be mended."""
    slots, confirmed, state = await operator.parts.store.read(
        lambda tables: (tables.slots.all(), tables.meta.confirmed_slot(), tables.resealing.state())
    )
    shown = [await asyncio.to_thread(_shown, operator, slot, confirmed) for slot in slots]
    return Keys(
        shown,
        str(operator.config.key_file),
        list(_advice(operator, shown)),
        knows_passphrase=operator.config.passphrase is not None,
        rotation=None if state is None else Rotation(state.began_at, state.reached, state.last),
    )


def _shown(operator: Operator, slot: Slot, confirmed: bytes | None) -> KeySlot:
    match slot.kind:
        case "file":
            try:
                unlock([slot], key_file=read_key_file(operator.config.key_file))
            except KeyUnavailable as reason:
                return KeySlot(slot.kind, slot.created_ms, opens=False, problem=str(reason))
            return KeySlot(slot.kind, slot.created_ms, opens=True)
        case "recovery":
            return KeySlot(slot.kind, slot.created_ms, is_confirmed=slot.salt == confirmed)
        case "passphrase":
            return KeySlot(slot.kind, slot.created_ms)


def _advice(operator: Operator, slots: list[KeySlot]) -> list[str]:
    kinds = {slot.kind for slot in slots}
    advice = []
    if any(slot.opens is False for slot in slots):
        advice.append(
            "The key file does not open the data any more. While the relay runs nothing is lost: start it once with "
            "`relay run --recovery-code`, or add a passphrase now."
        )
    if "file" not in kinds and operator.config.passphrase is None:
        advice.append(_NEXT_START)
    if "recovery" not in kinds:
        advice.append(
            "There is no recovery code. When the key file or the passphrase is lost, every message is lost for good: make one "
            "with `relay keys new-recovery-code`."
        )
    elif not any(slot.is_confirmed for slot in slots):
        advice.append(
            "Nobody has typed the recovery code back yet. Do it with `relay keys confirm`, so that you know that what you have "
            "written down is right; if it is lost, `relay keys new-recovery-code` makes another."
        )
    return advice


async def confirm_code(operator: Operator, order: ConfirmCode) -> Done:
    """It was typed back: whoever runs the relay has it. Only now a code that it replaces opens nothing any more."""
    slots = await operator.parts.store.read(lambda tables: tables.slots.all())
    slot = await asyncio.to_thread(_opened_by_code, slots, order.code)

    def note(transaction: Transaction) -> bool:
        recovery = [each for each in transaction.slots.all() if each.kind == "recovery"]
        if slot not in recovery:
            raise NotAllowed(_REPLACED)
        older = recovery[: recovery.index(slot)]
        for each in older:
            transaction.slots.remove(each)
        transaction.has_destroyed |= bool(older)
        transaction.meta.set_confirmed_slot(slot.salt)
        operator.note(transaction, "recovery_code_confirmed")
        return bool(older)

    has_replaced = await operator.parts.journal.change(note)
    words = " The one before opens nothing any more." if has_replaced else ""
    return Done(f"The recovery code is right.{words} Keep it apart from this computer.")


def _opened_by_code(slots: list[Slot], code: str) -> Slot:
    try:
        parse_recovery_code(code)
    except BadRecoveryCode as error:
        raise BadRequest(str(error)) from error
    for slot in slots:
        if slot.kind == "recovery":
            try:
                unlock([slot], recovery_code=code)
            except KeyUnavailable:
                continue
            return slot
    raise NotAllowed(_REPLACED)


async def add_passphrase(operator: Operator, order: AddPassphrase) -> Done:
    """One more way in: whoever knows it opens the data."""
    _check_passphrase(order.passphrase)
    slot = await _passphrase_slot(operator, order.passphrase)

    def add(transaction: Transaction) -> bool:
        kinds = {each.kind for each in transaction.slots.all()}
        if "passphrase" in kinds:
            raise NotAllowed("There is a passphrase already. Change it with `relay keys change-passphrase`.")
        transaction.slots.add(slot)
        operator.note(transaction, "passphrase_added")
        return "file" in kinds

    has_key_file = await operator.parts.journal.change(add)
    return Done(
        "The passphrase opens the data from now on. The key file still does too: take it away with `relay keys remove-slot file`, "
        "if the passphrase is to protect against who has this computer."
        if has_key_file
        else f"The passphrase opens the data from now on. {_NEXT_START}"
    )


async def change_passphrase(operator: Operator, order: ChangePassphrase) -> Done:
    """Another passphrase in place of the one before, which must be known."""
    _check_passphrase(order.passphrase)
    slots = await operator.parts.store.read(lambda tables: tables.slots.all())
    before = [slot for slot in slots if slot.kind == "passphrase"]
    if not before:
        raise NotAllowed("There is no passphrase yet. Add one with `relay keys add-passphrase`.")
    try:
        await asyncio.to_thread(unlock, before, passphrase=order.before)
    except KeyUnavailable as error:
        raise NotAllowed("The passphrase until now is another one. Nothing was changed.") from error
    slot = await _passphrase_slot(operator, order.passphrase)

    def change(transaction: Transaction) -> None:
        if [each for each in transaction.slots.all() if each.kind == "passphrase"] != before:
            raise NotAllowed("The passphrase was changed by somebody else meanwhile. Look at it again.")
        for each in before:
            transaction.slots.remove(each)
        transaction.slots.add(slot)
        transaction.has_destroyed = True
        operator.note(transaction, "passphrase_changed")

    await operator.parts.journal.change(change)
    return Done(f"The new passphrase opens the data, the one before does not any more. {_NEXT_START}")


async def new_recovery_code(operator: Operator, order: NewRecoveryCode) -> RecoveryCode:
    """Another code. The one before opens the data until this one was typed back: who never saw it loses nothing."""
    code, now = make_code(), operator.parts.now()
    slot = operator.make_slot(lambda master: slot_for_recovery_code(master, code, now))

    def change(transaction: Transaction) -> None:
        for unseen in [each for each in transaction.slots.all() if each.kind == "recovery"][1:]:
            transaction.slots.remove(unseen)
        transaction.slots.add(slot)
        operator.note(transaction, "recovery_code_made")

    await operator.parts.journal.change(change)
    return RecoveryCode(code)


async def remove_slot(operator: Operator, order: RemoveSlot) -> Done:
    """One way less. What is left must open the data, and be in somebody's hands."""
    before = await operator.parts.store.read(lambda tables: tables.slots.all())
    shut = await asyncio.to_thread(_shut, operator, before)

    def remove(transaction: Transaction) -> set[SlotKind]:
        slots = transaction.slots.all()
        left = {slot.kind for slot in slots if slot not in shut} - {order.kind}
        if not any(slot.kind == order.kind for slot in slots):
            raise NotAllowed(f"There is no {_NAMES[order.kind]}. Look at `relay keys status`.")
        if not left and order.kind != "file" and any(slot in shut for slot in slots):
            raise NotAllowed(
                f"The key file does not open the data any more, so the {_NAMES[order.kind]} is the only way to open it. Without it every "
                "message would be lost for good, and nobody could bring it back. Put the key file back or add another way first."
            )
        if not left:
            raise NotAllowed(
                f"The {_NAMES[order.kind]} is the only way to open the data. Without it every message would be lost for good, and "
                "nobody could bring it back. Add another way first."
            )
        confirmed = transaction.meta.confirmed_slot()
        if left == {"recovery"} and not any(slot.kind == "recovery" and slot.salt == confirmed for slot in slots):
            raise NotAllowed(
                "Only the recovery code would be left, and nobody has typed it back yet. Confirm it first with `relay keys confirm`."
            )
        for slot in slots:
            if slot.kind == order.kind:
                transaction.slots.remove(slot)
        transaction.has_destroyed = True
        operator.note(transaction, "slot_removed", detail=order.kind)
        return left

    left = await operator.parts.journal.change(remove)
    if left == {"recovery"}:
        return Done("Only the recovery code opens the data now: start the relay with `relay run --recovery-code`.")
    if "file" not in left and operator.config.passphrase is None:
        return Done(_NEXT_START)
    return Done()


def _shut(operator: Operator, slots: list[Slot]) -> list[Slot]:
    """Those of the key file, where it is gone or another one: they open nothing, so nobody is left with them alone."""
    files = [slot for slot in slots if slot.kind == "file"]
    try:
        unlock(files, key_file=read_key_file(operator.config.key_file))
    except KeyUnavailable:
        return files
    return []


def _check_passphrase(passphrase: str) -> None:
    if not limits.PASSWORD_MIN <= len(passphrase) <= limits.PASSWORD_MAX:
        raise BadRequest(f"A passphrase has {limits.PASSWORD_MIN} to {limits.PASSWORD_MAX:,} characters.")
    if any(character in passphrase for character in "\r\n\0"):
        raise BadRequest("A passphrase is one line of text.")


async def _passphrase_slot(operator: Operator, passphrase: str) -> Slot:
    now = operator.parts.now()
    make = lambda master: slot_for_passphrase(master, passphrase, now)  # noqa: E731
    return await asyncio.to_thread(operator.make_slot, make)
