from __future__ import annotations

import hashlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from nacl.bindings import crypto_generichash_blake2b_salt_personal

from common.crypto.sealing import (
    OVERHEAD_BYTES,
    EntryPlaces,
    Field,
    SealKey,
    associated_data,
    derive,
    lookup_hash,
    open_sealed,
    seal,
)
from common.errors import SealError
from common.ids import RelayId
from tests import vectors

RELAY = RelayId("A" * 52)
PLACE = associated_data("entries", RELAY, 1, 2, "message")
INT64 = st.integers(-(2**63), 2**63 - 1)
FIELDS = st.lists(st.one_of(INT64, st.text(), st.binary(), st.none()), max_size=6)

fromhex = bytes.fromhex


def test_the_published_xchacha20_poly1305_vector_opens():
    known = vectors.load("xchacha20poly1305")
    sealed = fromhex(known["nonce"] + known["ciphertext"] + known["tag"])
    key = SealKey(1, fromhex(known["key"]))
    assert open_sealed(key, sealed, fromhex(known["associated"])) == known["plaintext"].encode()


@pytest.mark.parametrize("name", ["keyed", "unkeyed"])
def test_both_implementations_of_blake2b_give_the_published_digests(name):
    known = vectors.load("blake2b")[name]
    message, key, digest = (fromhex(known[part]) for part in ("input", "key", "digest"))
    assert hashlib.blake2b(message, key=key).digest() == digest
    assert crypto_generichash_blake2b_salt_personal(message, 64, key, b"", b"") == digest


@given(plaintext=st.binary(max_size=2000), place=st.binary(max_size=200))
def test_what_was_sealed_opens_in_its_place(plaintext, place):
    key = SealKey.random(7)
    sealed = seal(key, plaintext, place)
    assert len(sealed) == len(plaintext) + OVERHEAD_BYTES
    assert open_sealed(key, sealed, place) == plaintext


def test_sealing_twice_never_gives_the_same_bytes():
    key = SealKey.random(1)
    assert len({seal(key, b"same", PLACE) for _ in range(100)}) == 100


def test_a_flipped_bit_anywhere_is_noticed():
    key = SealKey.random(1)
    sealed = seal(key, "Чайник вскипел".encode(), PLACE)
    for bit in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SealError):
            open_sealed(key, bytes(changed), PLACE)


def test_a_record_cut_at_any_place_is_noticed():
    key = SealKey.random(1)
    sealed = seal(key, b"some text", PLACE)
    for length in range(len(sealed)):
        with pytest.raises(SealError):
            open_sealed(key, sealed[:length], PLACE)


def test_another_key_does_not_open_it():
    sealed = seal(SealKey.random(1), b"text", PLACE)
    with pytest.raises(SealError):
        open_sealed(SealKey.random(1), sealed, PLACE)


MOVED = {
    "group": (9, 2, "message", 3, 4, 5, 6),
    "seq": (1, 9, "message", 3, 4, 5, 6),
    "kind": (1, 2, "edit", 3, 4, 5, 6),
    "sender": (1, 2, "message", 9, 4, 5, 6),
    "time": (1, 2, "message", 3, 9, 5, 6),
    "target": (1, 2, "message", 3, 4, 9, 6),
    "no target": (1, 2, "message", 3, 4, None, 6),
    "key id": (1, 2, "message", 3, 4, 5, 9),
}


@pytest.mark.parametrize("fields", MOVED.values(), ids=MOVED)
def test_an_entry_does_not_open_in_another_place(fields):
    key, places = SealKey.random(6), EntryPlaces("entries", RELAY)
    sealed = seal(key, b"text", places.associated(1, 2, "message", 3, 4, 5, 6))
    with pytest.raises(SealError):
        open_sealed(key, sealed, places.associated(*fields))


@pytest.mark.parametrize("table, relay", [("outbox", RELAY), ("entries", RelayId("B" * 52))])
def test_an_entry_does_not_open_in_another_table_or_relay(table, relay):
    key = SealKey.random(6)
    sealed = seal(key, b"text", EntryPlaces("entries", RELAY).associated(1, 2, "message", 3, 4, 5, 6))
    with pytest.raises(SealError):
        open_sealed(key, sealed, EntryPlaces(table, relay).associated(1, 2, "message", 3, 4, 5, 6))


@given(one=FIELDS, other=FIELDS)
@example(one=["ab", "c"], other=["a", "bc"])
@example(one=[1], other=["\0\0\0\0\0\0\0\1"])
@example(one=["a"], other=[b"a"])
@example(one=[None], other=[])
@example(one=["", ""], other=[""])
@example(one=[ord("n")], other=[None])
def test_different_fields_never_give_the_same_associated_data(one: list[Field], other: list[Field]):
    same = associated_data("t", *one) == associated_data("t", *other)
    assert same == (one == other)


@given(label=st.text(), first=st.text(), other_label=st.text(), other_first=st.text())
@example(label="a", first="b", other_label="ab", other_first="")
def test_the_label_is_kept_apart_from_the_fields(label, first, other_label, other_first):
    same = associated_data(label, first) == associated_data(other_label, other_first)
    assert same == ((label, first) == (other_label, other_first))


@given(numbers=st.tuples(INT64, INT64, INT64, INT64, INT64), kind=st.text(), target=st.none() | INT64, table=st.text())
def test_the_fast_place_of_an_entry_is_the_general_one(numbers, kind, target, table):
    group, seq, sender, at, key_id = numbers
    fast = EntryPlaces(table, RELAY).associated(group, seq, kind, sender, at, target, key_id)
    assert fast == associated_data(table, RELAY, group, seq, kind, sender, at, target, key_id)


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1])
def test_an_integer_over_64_bits_is_refused(number):
    with pytest.raises(ValueError, match="64 bits"):
        associated_data("t", number)


def test_formats_that_are_on_disk_stay_what_they_are():
    known = vectors.load("formats")
    key = SealKey(1, fromhex(known["secret"]))
    assert derive(key, known["derived"]["purpose"]).secret == fromhex(known["derived"]["secret"])
    assert lookup_hash(key, known["lookup"]["text"]) == fromhex(known["lookup"]["hash"])
    for place in known["places"]:
        assert EntryPlaces("entries", RELAY).associated(*place["fields"]) == fromhex(place["bytes"])


def test_keys_for_different_purposes_differ():
    key = SealKey.random(1)
    secrets = {derive(key, purpose).secret for purpose in ("names", "search", "name", "")}
    assert len(secrets | {key.secret}) == 5
    assert derive(key, "names", key_id=4) == derive(key, "names", key_id=4)
    assert derive(key, "names").secret != derive(SealKey.random(1), "names").secret


def test_names_hash_equal_under_one_key_only():
    key, other = SealKey.random(1), SealKey.random(1)
    assert lookup_hash(key, "анна") == lookup_hash(key, "анна")
    assert lookup_hash(key, "анна") != lookup_hash(key, "анна ")
    assert lookup_hash(key, "анна") != lookup_hash(other, "анна")


def test_a_derived_key_and_a_lookup_hash_of_the_same_text_differ():
    key = SealKey.random(1)
    assert derive(key, "names").secret != lookup_hash(key, "names")


def test_a_key_shows_its_id_but_not_its_secret():
    key = SealKey(42, b"S" * 32)
    assert repr(key) == str(key) == "SealKey(key_id=42)"


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_key_of_another_length_is_refused(length):
    with pytest.raises(ValueError, match="32 bytes"):
        SealKey(1, bytes(length))
