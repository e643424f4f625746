from __future__ import annotations

import os

import msgspec
import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from nacl.pwhash import argon2id

from common.crypto import keyslots
from common.crypto.keyslots import (
    KdfCost,
    MasterKey,
    Slot,
    slot_for_key_file,
    slot_for_passphrase,
    slot_for_recovery_code,
    unlock,
    unwrap,
    wrap,
)
from common.crypto.recovery import BadRecoveryCode, new_recovery_code
from common.crypto.sealing import SealKey, associated_data
from common.errors import KeyUnavailable, SealError
from common.ids import Millis

NOW = Millis(1_700_000_000_000)
CHEAP = KdfCost(argon2id.OPSLIMIT_MIN, argon2id.MEMLIMIT_MIN)
FILE_SECRET = bytes(range(32))
PASSPHRASE = "чайник вскипел в полночь"
CODE = new_recovery_code()
MASTER = MasterKey.random()
FILE = slot_for_key_file(MASTER, FILE_SECRET, NOW)
PHRASE = slot_for_passphrase(MASTER, PASSPHRASE, NOW, CHEAP)
PAPER = slot_for_recovery_code(MASTER, CODE, NOW)
ALL = [PHRASE, PAPER, FILE]

KEYS = {
    "key file": {"key_file": FILE_SECRET},
    "passphrase": {"passphrase": PASSPHRASE},
    "recovery code": {"recovery_code": CODE.lower().replace("-", " ")},
}


def refusal(slots: list[Slot], **keys) -> str:
    with pytest.raises(KeyUnavailable) as raised:
        unlock(slots, **keys)
    return str(raised.value)


@pytest.mark.parametrize("keys", KEYS.values(), ids=KEYS)
def test_any_one_slot_opens_the_same_master_key(keys):
    assert unlock(ALL, **keys) == MASTER


def test_a_slot_survives_being_stored():
    for slot in ALL:
        stored = msgspec.msgpack.encode(slot)
        assert msgspec.msgpack.decode(stored, type=Slot) == slot


def test_two_slots_of_a_kind_open_by_either_secret():
    second = slot_for_passphrase(MASTER, "another", NOW, CHEAP)
    assert unlock([PHRASE, second], passphrase="another") == unlock([PHRASE, second], passphrase=PASSPHRASE) == MASTER


def test_a_passphrase_counts_the_same_however_the_keyboard_composes_it():
    slot = slot_for_passphrase(MASTER, "\u0439", NOW, CHEAP)
    assert unlock([slot], passphrase="\u0438\u0306") == MASTER


def test_a_lost_key_file_is_no_reason_to_stop_when_the_passphrase_opens():
    assert unlock(ALL, key_file=KeyUnavailable("gone"), passphrase=PASSPHRASE) == MASTER


def test_a_wrong_passphrase_is_told_apart_from_none():
    assert "passphrase is wrong" in refusal([PHRASE], passphrase="x")
    none_given = refusal([PHRASE])
    assert "none was given" in none_given
    assert "RELAY_PASSPHRASE" in none_given
    assert "wrong" not in none_given


def test_every_slot_that_was_tried_is_named_with_its_reason():
    text = refusal(ALL, key_file=KeyUnavailable("The key file /x is missing."), passphrase="x", recovery_code="AAAA")
    for part in ("/x is missing", "passphrase is wrong", "4 characters instead of 32", "Nothing was changed"):
        assert part in text


def test_a_key_file_of_another_database_is_said_to_be_that():
    assert "belongs to another database" in refusal([FILE], key_file=bytes(32))


def test_a_code_of_another_relay_is_told_apart_from_a_slip():
    assert "belongs to another relay" in refusal([PAPER], recovery_code=new_recovery_code())
    slip = CODE[:-1] + ("0" if CODE[-1] != "0" else "1")
    assert "not copied exactly" in refusal([PAPER], recovery_code=slip)


def test_a_secret_without_a_slot_for_it_is_said():
    assert "passphrase: one was given, but this database has no slot" in refusal([FILE], passphrase="x")


def test_a_database_without_slots_is_said_to_be_damaged():
    assert "no key slot at all" in refusal([], key_file=FILE_SECRET, passphrase=PASSPHRASE)


def test_a_slot_of_a_later_version_does_not_keep_the_others_from_opening():
    later = msgspec.structs.replace(FILE, kind="keyring")
    assert unlock([later, PAPER], recovery_code=CODE) == MASTER
    assert "does not know" in refusal([later])


CHANGES = {
    "salt": {"salt": bytes(16)},
    "cost": {"ops": CHEAP.ops + 1},
    "memory": {"mem": CHEAP.mem + 1024},
    "time": {"created_ms": NOW + 1},
    "key": {"wrapped": bytes(72)},
    "cut key": {"wrapped": b""},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("slot, keys", list(zip((FILE, PHRASE, PAPER), KEYS.values(), strict=True)), ids=KEYS)
def test_an_altered_slot_stays_closed(slot, keys, change):
    assert "none of its key slots opens" in refusal([msgspec.structs.replace(slot, **change)], **keys)


@pytest.mark.parametrize("change", [{"mem": 2**50}, {"ops": 2**31}, {"mem": 0}, {"ops": 0}, {"salt": b""}])
def test_a_damaged_cost_is_refused_before_it_is_paid(change):
    assert "was damaged" in refusal([msgspec.structs.replace(PHRASE, **change)], passphrase=PASSPHRASE)


def test_the_secret_of_one_kind_of_slot_does_not_open_another():
    as_paper = msgspec.structs.replace(FILE, kind="recovery")
    assert "none of its key slots opens" in refusal([as_paper], key_file=FILE_SECRET, recovery_code=CODE)


def test_the_passphrase_costs_what_the_slot_says():
    assert (PHRASE.ops, PHRASE.mem) == (CHEAP.ops, CHEAP.mem)
    assert (FILE.ops, FILE.mem, PAPER.ops, PAPER.mem) == (0, 0, 0, 0)
    assert (keyslots.MODERATE.ops, keyslots.MODERATE.mem) == (3, 256 * 1024**2)


def test_the_key_of_a_passphrase_is_argon2id_as_another_implementation_computes_it():
    salt = os.urandom(16)
    other = Argon2id(salt=salt, length=32, iterations=2, lanes=1, memory_cost=1024)
    ours = keyslots._key_of_passphrase(PASSPHRASE, salt, KdfCost(2, 1024 * 1024))
    assert ours.secret == other.derive(PASSPHRASE.encode())


def test_no_secret_shows_in_a_repr_or_in_the_slots():
    assert repr(MASTER) == "MasterKey()"
    stored = b"".join(msgspec.msgpack.encode(slot) for slot in ALL)
    for secret in (MASTER.secret, FILE_SECRET, PASSPHRASE.encode(), CODE.encode()):
        assert secret not in stored


def test_a_text_that_is_no_recovery_code_gets_no_slot():
    with pytest.raises(BadRecoveryCode):
        slot_for_recovery_code(MASTER, "AAAA", NOW)


ROW = associated_data("data_keys", "A" * 52, 7)


def test_a_wrapped_data_key_is_unwrapped_in_its_place():
    key = SealKey.random(3)
    wrapped = wrap(MASTER, key, ROW)
    assert key.secret not in wrapped
    assert unwrap(MASTER, wrapped, 3, ROW) == key


@pytest.mark.parametrize(
    "master, key_id, row",
    [(MasterKey.random(), 3, ROW), (MASTER, 4, ROW), (MASTER, 3, associated_data("data_keys", "A" * 52, 8))],
    ids=["another master key", "another id", "another group"],
)
def test_a_wrapped_data_key_does_not_unwrap_elsewhere(master, key_id, row):
    wrapped = wrap(MASTER, SealKey.random(3), ROW)
    with pytest.raises(SealError):
        unwrap(master, wrapped, key_id, row)
