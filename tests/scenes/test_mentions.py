"""Who is called by a message sees it counted apart, until it is read."""

from __future__ import annotations

import secrets
from typing import Any

from common.protocol import limits
from tests.people import Json, Person, Stage
from tests.scenes.test_edits import edit, group_of

EVERYBODY = 0


def post(person: Person, body: str, **more: Any) -> Json:
    return {"type": "post", "group": person.group, "nonce": secrets.token_hex(16), "body": body, **more}


async def calls(person: Person) -> int:
    return int((await group_of(person)).get("mentions", 0))


async def test_who_is_called_hears_of_it_and_sees_it_counted(stage: Stage):
    anna, boris, clara = await stage.enter("anna", "boris", "clara", group="склад")
    seq = await anna.says("@boris come", mentions=[boris.id])
    await anna.says("nobody in particular")
    heard = await boris.hears_message("@boris come")
    assert heard["mentions"] == [boris.id]
    assert (await boris.reads())[seq - 1]["mentions"] == [boris.id]
    assert [await calls(person) for person in (anna, boris, clara)] == [0, 1, 0]
    await boris.goes()
    welcome = await boris.comes()
    (group,) = (each for each in welcome["groups"] if each["id"] == boris.group)
    assert (group["unread"], group["mentions"]) == (2, 1)
    await boris.gets({"type": "mark_read", "group": boris.group, "seq": seq})
    assert await calls(boris) == 0
    await boris.gets({"type": "unread", "group": boris.group, "seq": seq})
    assert await calls(boris) == 1


async def test_everybody_is_called_but_the_caller(stage: Stage):
    anna, boris, clara = await stage.enter("anna", "boris", "clara", group="склад")
    await anna.says("@all come, @boris too", mentions=[EVERYBODY, boris.id])
    assert [await calls(person) for person in (anna, boris, clara)] == [0, 1, 1]


async def test_each_is_called_once_however_often_they_are_named(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    await anna.says("@boris @boris", mentions=[boris.id, boris.id])
    assert (await boris.hears_message("@boris @boris"))["mentions"] == [boris.id]
    assert await calls(boris) == 1


async def test_an_edit_calls_others(stage: Stage):
    anna, boris, clara = await stage.enter("anna", "boris", "clara", group="склад")
    seq = await anna.says("@boris come", mentions=[boris.id])
    await anna.gets(edit(anna, seq, "@clara come", mentions=[clara.id]))
    assert [await calls(person) for person in (boris, clara)] == [0, 1]
    shown = (await boris.reads())[seq - 1 :]
    assert [entry.get("mentions") for entry in shown] == [[clara.id], [clara.id]]
    await anna.gets(edit(anna, seq, "nobody has to come"))
    assert [await calls(person) for person in (boris, clara)] == [0, 0]
    assert "mentions" not in (await boris.reads())[seq - 1]


async def test_nobody_from_elsewhere_can_be_called(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    stranger = await stage.registers("clara")
    seq = await anna.says("one")
    length = len(await anna.reads())
    for user in (stranger.id, 999):
        assert await anna.is_refused(post(anna, "come", mentions=[boris.id, user])) == "unknown_user"
        assert await anna.is_refused(edit(anna, seq, "come", mentions=[user])) == "unknown_user"
    for wrong in ([-1], ["boris"], [EVERYBODY] * (limits.MENTIONS_MAX + 1), boris.id):
        assert await anna.is_refused(post(anna, "come", mentions=wrong)) == "bad_request"
    assert len(await anna.reads()) == length


async def test_what_was_stored_is_answered_again_when_the_one_it_calls_has_left(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    called = post(anna, "@boris come", mentions=[boris.id])
    seq = (await anna.gets(called))["seq"]
    changed = edit(anna, seq, "@boris come now", mentions=[boris.id])
    edited = (await anna.gets(changed))["seq"]
    await boris.gets({"type": "leave_group", "group": boris.group})
    assert (await anna.gets(called))["seq"] == seq
    assert (await anna.gets(changed))["seq"] == edited
    assert await anna.is_refused({**called, "mentions": [999]}) == "nonce_reused"


async def test_posts_that_call_somebody_are_pipelined_like_others(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    first = len(await anna.reads())
    answers = [
        anna.begins(post(anna, str(number), **({"mentions": [boris.id]} if number % 3 else {}))) for number in range(60)
    ]
    seqs = [(await answer)["seq"] for answer in answers]
    assert seqs == list(range(first + 1, first + 61))
    assert await calls(boris) == 40
