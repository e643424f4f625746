"""What readers see of a log whose records are damaged: never a text that was replaced."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.ids import Seq
from relay.handlers import sight
from relay.storage.entries import Draft
from relay.storage.transaction import Transaction
from tests.relay.stores import add_person, message, nonce_of, store_in, tamper

SPOIL = "UPDATE entries SET body = zeroblob(60) WHERE seq = ?"


@pytest.mark.parametrize("spoilt", [1, 2, 3, 4], ids=["the first text", "the second", "the newest", "another message"])
async def test_a_damaged_text_is_not_replaced_by_an_older_one(tmp_path: Path, spoilt: int):
    async with store_in(tmp_path) as store:
        anna = await add_person(store, "anna")

        def say(transaction: Transaction) -> None:
            group = store.general
            transaction.append(message(group, anna, "first text"))
            for text in ("second text", "third text"):
                entry = transaction.append(Draft(group, anna, "edit", text, nonce_of(text), Seq(1)))
                transaction.said.set_edit(group, Seq(1), entry.seq)
            transaction.append(message(group, anna, "another"))

        await store.write(say)
    assert tamper(tmp_path, SPOIL, spoilt) == 1
    async with store_in(tmp_path) as store:
        group = store.general
        entries = await store.read(lambda tables: sight.seen(tables, group, tables.entries.after(group, Seq(0), 10)))

    edited, superseded, newest, other = entries
    assert (edited.body, edited.damaged) == ((None, True) if spoilt == 3 else ("third text", False))
    assert edited.edited
    assert superseded.body is None
    assert newest.body == (None if spoilt == 3 else "third text")
    assert other.damaged == (spoilt == 4)
