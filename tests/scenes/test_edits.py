"""A message gets another text: everybody reads the newest one, and only its author the ones before."""

from __future__ import annotations

import secrets

import pytest

from common.protocol import limits
from tests.people import Json, Person, Stage


def edit(person: Person, target: int, body: str, nonce: str | None = None, **more: object) -> Json:
    nonce = nonce or secrets.token_hex(16)
    return {"type": "edit", "group": person.group, "nonce": nonce, "target": target, "body": body, **more}


async def group_of(person: Person) -> Json:
    groups = (await person.gets({"type": "list_groups"}))["groups"]
    return next(each for each in groups if each["id"] == person.group)


async def test_an_edit_is_heard_as_an_entry_of_its_own(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    seq = await anna.says("На столе у двери")
    answer = await anna.gets(edit(anna, seq, "На столе у окна"))
    heard = await boris.hears(lambda event: event.get("kind") == "edit")
    assert (heard["seq"], heard["at"], heard["target"]) == (answer["seq"], answer["at"], seq)
    assert (heard["body"], heard["sender"]) == ("На столе у окна", anna.id)


async def test_who_reads_later_gets_the_newest_text_and_no_superseded_one(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    await boris.goes()
    seq = await anna.says("first text")
    for body in ("second text", "third text"):
        await anna.gets(edit(anna, seq, body))
    boris.heard.clear()
    await boris.comes(boris.welcome["epoch"], {boris.group: seq - 1})
    await anna.says("over")
    await boris.hears_message("over")
    page = (await boris.gets({"type": "history", "group": boris.group, "after": seq - 1}))["entries"]
    told = [
        boris.entries(),
        page,
        (await anna.gets({"type": "history", "group": anna.group, "after": seq - 1}))["entries"],
    ]
    for message, superseded, newest, *_ in told:
        assert (message["body"], message["edited"]) == ("third text", True)
        assert "body" not in superseded
        assert (newest["body"], newest["target"]) == ("third text", seq)
    assert "first text" not in str(boris.heard)
    assert "second text" not in str(boris.heard)


async def test_a_page_that_ends_before_the_edit_shows_it_all_the_same(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    seq = await anna.says("first text")
    for number in range(5):
        await anna.says(str(number))
    await anna.gets(edit(anna, seq, "second text"))
    newest = await anna.gets(edit(anna, seq, "third text"))
    page = await boris.gets({"type": "history", "group": boris.group, "before": seq + 3})
    assert next(entry for entry in page["entries"] if entry["seq"] == seq)["body"] == "third text"
    assert [(entry["seq"], entry["body"]) for entry in page["related"]] == [(newest["seq"], "third text")]
    # And a page that begins after the message, where the edits stand, gives away only the newest.
    later = await boris.gets({"type": "history", "group": boris.group, "after": seq + 5})
    assert [entry.get("body") for entry in later["entries"]] == [None, "third text"]
    assert later["related"] == []


async def test_the_list_of_groups_shows_the_newest_text(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    seq = await anna.says("first text")
    await anna.gets(edit(anna, seq, "second text"))
    last = (await group_of(boris))["last"]
    assert (last["seq"], last["body"], last["edited"]) == (seq, "second text", True)


async def test_only_the_author_sees_what_a_message_said_before(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    seq = await anna.says("first text")
    for body in ("second text", "third text"):
        await anna.gets(edit(anna, seq, body))
    listed = {"type": "list_edits", "group": anna.group, "target": seq}
    texts = (await anna.gets(listed))["entries"]
    assert [(entry["kind"], entry["body"]) for entry in texts] == [
        ("message", "first text"),
        ("edit", "second text"),
        ("edit", "third text"),
    ]
    assert await boris.is_refused(listed) == "not_allowed"
    await anna.gets({"type": "redact", "group": anna.group, "nonce": secrets.token_hex(16), "target": seq})
    assert await anna.is_refused(listed) == "unknown_target"


async def test_of_very_many_texts_the_newest_fit_into_the_answer(stage: Stage):
    (anna,) = await stage.enter("anna", group="склад")
    seq = await anna.says("ж" * 16_384)
    for number in range(12):
        await anna.gets(edit(anna, seq, f"{number} " + "ж" * 16_000))
    texts = (await anna.gets({"type": "list_edits", "group": anna.group, "target": seq}))["entries"]
    assert 1 < len(texts) < 13
    assert texts[-1]["body"].startswith("11 ")
    assert [entry["seq"] for entry in texts] == sorted(entry["seq"] for entry in texts)


async def test_a_message_is_edited_only_so_often(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "EDITS_PER_MESSAGE", 3)
    (anna,) = await stage.enter("anna", group="склад")
    first, second = await anna.says("one"), await anna.says("two")
    for number in range(3):
        await anna.gets(edit(anna, first, str(number)))
    assert await anna.is_refused(edit(anna, first, "once more")) == "not_allowed"
    await anna.gets(edit(anna, second, "another"))
    await anna.gets({"type": "redact", "group": anna.group, "nonce": secrets.token_hex(16), "target": first})


async def test_a_repeated_edit_gets_the_first_answer_whatever_came_after(stage: Stage):
    (anna,) = await stage.enter("anna", group="склад")
    seq = await anna.says("one")
    nonce = secrets.token_hex(16)
    first = await anna.gets(edit(anna, seq, "two", nonce))
    await anna.gets(edit(anna, seq, "three"))
    assert (await anna.gets(edit(anna, seq, "two", nonce)))["seq"] == first["seq"]
    assert await anna.is_refused(edit(anna, seq, "other", nonce)) == "nonce_reused"
    assert (await anna.reads())[seq - 1]["body"] == "three"
    await anna.gets({"type": "redact", "group": anna.group, "nonce": secrets.token_hex(16), "target": seq})
    assert (await anna.gets(edit(anna, seq, "two", nonce)))["seq"] == first["seq"]


async def test_nobody_edits_what_others_said(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")  # it is Anna's group
    seq = await boris.says("mine")
    assert await anna.is_refused(edit(anna, seq, "forged")) == "not_allowed"
    assert (await anna.reads())[seq - 1]["body"] == "mine"


async def test_only_messages_can_be_edited(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    elsewhere = max([await anna.says("of another group", group=stage.general) for _ in range(5)])
    seq = await anna.says("one")
    edited = (await anna.gets(edit(anna, seq, "two")))["seq"]
    for target in (1, edited, elsewhere, 999):
        assert await anna.is_refused(edit(anna, target, "forged")) == "unknown_target"
    await boris.gets({"type": "leave_group", "group": boris.group})
    assert await boris.is_refused(edit(boris, seq, "forged")) == "not_a_member"


async def test_who_was_taken_out_does_nothing_more_to_what_they_said(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    made = await anna.gets({"type": "create_group", "name": "тайна", "private": True})
    anna.group = boris.group = made["group"]["id"]
    await anna.gets({"type": "add_member", "group": anna.group, "user": boris.id})
    seq = await boris.says("mine")
    await anna.gets({"type": "remove_member", "group": anna.group, "user": boris.id})
    act = {"group": boris.group, "nonce": secrets.token_hex(16), "target": seq}
    for command in (
        edit(boris, seq, "other"),
        {"type": "redact", **act},
        {"type": "react", **act, "emoji": "👍"},
        {"type": "pin", **act},
        {"type": "list_edits", "group": boris.group, "target": seq},
        {"type": "list_pins", "group": boris.group},
        {"type": "list_readers", "group": boris.group, "seq": seq},
        {"type": "unread", "group": boris.group, "seq": seq},
        {"type": "typing", "group": boris.group},
        {**forward(boris, boris.group, seq), "group": stage.general},
    ):
        assert await boris.is_refused(command) == "unknown_group", command
    assert (await anna.reads())[seq - 1]["body"] == "mine"


async def test_an_edit_is_no_new_message_for_anybody(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    seq = await anna.says("one")
    await boris.gets({"type": "mark_read", "group": boris.group, "seq": seq})
    await anna.gets(edit(anna, seq, "two"))
    assert "unread" not in await group_of(boris)


async def test_a_script_does_all_this_by_plain_https(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    seq = await anna.says("one")
    act = {"group": anna.group, "target": seq}

    def nonce() -> str:
        return secrets.token_hex(16)

    assert (await anna.posts("edit", **act, nonce=nonce(), body="two"))["seq"] == seq + 1
    assert (await boris.posts("react", **act, nonce=nonce(), emoji="👍"))["seq"] == seq + 2
    assert (await boris.posts("pin", **act, nonce=nonce()))["seq"] == seq + 3
    assert len((await anna.posts("list_edits", **act))["entries"]) == 2
    assert [entry["body"] for entry in (await anna.posts("list_pins", group=anna.group))["entries"]] == ["two"]
    assert (await boris.posts("redact", **act, nonce=nonce()))["code"] == "not_allowed"
    assert (await anna.posts("redact", **act, nonce=nonce()))["seq"] == seq + 4
    assert (await boris.posts("edit", **act, nonce=nonce(), body="three"))["code"] == "unknown_target"
    assert (await boris.posts("typing", group=boris.group))["type"] == "ok"
    assert (await anna.hears(lambda event: event["type"] == "typing"))["user"] == boris.id


# -- said again elsewhere ----------------------------------------------------------------------------------------------


def forward(person: Person, group: int, seq: int, nonce: str | None = None, **more: object) -> Json:
    nonce = nonce or secrets.token_hex(16)
    return {"type": "post", "group": person.group, "nonce": nonce, "forward": {"group": group, "seq": seq}, **more}


async def test_a_forward_says_who_said_it_first_and_what_it_says_now(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    seq = await anna.says("first text", group=stage.general)
    await anna.gets({**edit(anna, seq, "second text"), "group": stage.general})
    there = (await boris.gets(forward(boris, stage.general, seq)))["seq"]
    heard = await anna.hears(lambda event: "forwarded" in event)
    assert (heard["group"], heard["sender"], heard["forwarded"]) == (boris.group, boris.id, anna.id)
    assert (heard["body"], heard.get("edited")) == ("second text", None)
    again = (await anna.gets(forward(anna, anna.group, there)))["seq"]
    assert (await boris.reads())[again - 1]["forwarded"] == anna.id


async def test_a_forward_stays_as_it_was_said(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    seq = await anna.says("what Anna said")
    forged = forward(boris, boris.group, seq, body="what Anna never said")
    assert await boris.is_refused(forged) == "bad_request"
    there = (await boris.gets(forward(boris, boris.group, seq, body="what Anna said")))["seq"]
    assert await boris.is_refused(edit(boris, there, "what Anna never said")) == "not_allowed"


async def test_only_what_one_can_read_can_be_forwarded(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    secret = (await anna.gets({"type": "create_group", "name": "тайна", "private": True}))["group"]["id"]
    open_one = (await anna.gets({"type": "create_group", "name": "все"}))["group"]["id"]
    hidden, seen = await anna.says("hidden", group=secret), await anna.says("seen", group=open_one)
    assert await boris.is_refused(forward(boris, secret, hidden)) == "unknown_group"
    assert await boris.is_refused(forward(boris, open_one, seen)) == "not_a_member"
    assert await boris.is_refused(forward(boris, 999, 1)) == "unknown_group"
    for target in (1, 999):
        assert await boris.is_refused(forward(boris, stage.general, target)) == "unknown_target"
    assert await boris.is_refused({"type": "post", "group": 1, "nonce": secrets.token_hex(16)}) == "bad_request"


async def test_a_repeated_forward_gets_the_first_answer_whatever_became_of_the_original(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    seq = await anna.says("one")
    nonce = secrets.token_hex(16)
    first = await boris.gets(forward(boris, boris.group, seq, nonce))
    await anna.gets({"type": "redact", "group": anna.group, "nonce": secrets.token_hex(16), "target": seq})
    assert (await boris.gets(forward(boris, boris.group, seq, nonce)))["seq"] == first["seq"]
    assert await boris.is_refused(forward(boris, boris.group, seq)) == "unknown_target"
    own = secrets.token_hex(16)
    await boris.says("own words", nonce=own)
    assert await boris.is_refused(forward(boris, boris.group, first["seq"], own)) == "nonce_reused"
