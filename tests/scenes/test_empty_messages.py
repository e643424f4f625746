"""What would show nothing is no message: by whatever door it comes, it is refused in words and nothing is stored."""

from __future__ import annotations

import secrets

import pytest

from relay.storage.entries import Draft
from relay.storage.transaction import Transaction
from tests.files import Courier
from tests.people import Json, Stage

NOTHING = [" ", "\n\t ", "\u200b", "\u2060\ufeff \u200d", "\x00\x07", "\u202e\u00a0", "\u3164\u2800"]


def post(group: int, body: str, **more: object) -> Json:
    return {"type": "post", "group": group, "nonce": secrets.token_hex(16), "body": body, **more}


def edit(group: int, target: int, body: str) -> Json:
    return {"type": "edit", "group": group, "nonce": secrets.token_hex(16), "target": target, "body": body}


@pytest.mark.parametrize("body", NOTHING)
async def test_a_message_that_shows_nothing_is_refused(stage: Stage, body: str):
    (anna,) = await stage.enter("anna", group="склад")
    before = await anna.reads()
    answer = await anna.asks(post(anna.group, body))
    assert answer["code"] == "empty_message"
    assert "nothing to be seen" in answer["message"]
    assert await anna.reads() == before


async def test_calling_somebody_does_not_make_it_a_message(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    assert await anna.is_refused(post(anna.group, "\u200b", mentions=[boris.id])) == "empty_message"


async def test_a_script_is_refused_by_plain_https_as_well(stage: Stage):
    (anna,) = await stage.enter("anna", group="склад")
    made = await anna.gets({"type": "create_token", "name": "printer", "scopes": ["write"]})
    async with stage.http.post(
        stage.url("/api/post"),
        json=post(anna.group, "\u200b"),
        headers={"Authorization": f"Bearer {made['secret']}"},
    ) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, "empty_message")


@pytest.mark.parametrize("body", NOTHING)
async def test_no_edit_empties_a_message(stage: Stage, body: str):
    (anna,) = await stage.enter("anna", group="склад")
    seq = await anna.says("На столе у двери")
    assert await anna.is_refused(edit(anna.group, seq, body)) == "empty_message"
    assert (await anna.reads())[-1]["body"] == "На столе у двери"


async def test_a_message_with_a_file_needs_no_words_and_may_lose_them(stage: Stage):
    (anna,) = await stage.enter("anna", group="склад")
    sender = Courier(anna)
    silent = await sender.posts(await sender.sends(b"steam"), body=" ")
    spoken = await sender.posts(await sender.sends(b"steam"), body="Чертёж")
    assert (silent["type"], spoken["type"]) == ("ok", "ok")
    await anna.gets(edit(anna.group, spoken["seq"], " "))
    assert [each["body"] for each in await anna.reads() if each["seq"] == spoken["seq"]] == [" "]


async def test_what_was_stored_by_an_earlier_relay_is_still_answered_but_not_passed_on(stage: Stage):
    """It took such messages. A client that missed the answer then repeats it, and must not take the message for lost."""
    (anna,) = await stage.enter("anna", group="склад")
    command = post(anna.group, "\u200b")

    def add(transaction: Transaction) -> int:
        return transaction.append(Draft(anna.group, anna.id, "message", command["body"], command["nonce"])).seq

    seq = await stage.relay.parts.journal.change(add)
    assert (await anna.gets(command))["seq"] == seq
    forward = {"type": "post", "group": anna.group, "nonce": secrets.token_hex(16)}
    assert await anna.is_refused({**forward, "forward": {"group": anna.group, "seq": seq}}) == "empty_message"
