"""Direct conversations: one for any two people, seen by them alone."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from pathlib import Path

from tests.people import Json, Person, Stage, quiet_config, staged


async def opens(person: Person, user: int) -> Json:
    group: Json = (await person.gets({"type": "open_direct", "user": user}))["group"]
    return group


def is_group(group: int) -> Callable[[Json], bool]:
    return lambda event: event["type"] == "group" and event["group"]["id"] == group


async def test_two_talk_and_nobody_else_knows(stage: Stage):
    anna, boris, vera = await stage.enter("anna", "boris", "vera")
    group = await opens(anna, boris.id)
    assert group == {
        "id": group["id"],
        "kind": "direct",
        "name": "",
        "private": True,
        "role": "member",
        "peer": boris.id,
    }
    told = await boris.hears(lambda event: event["type"] == "group")
    assert told["group"] == {**group, "peer": anna.id}
    await anna.says("Чайник вскипел", group["id"])
    await boris.hears_message("Чайник вскипел")
    await boris.says("Иду", group["id"])
    await anna.hears_message("Иду")
    (seen,) = (each for each in (await boris.gets({"type": "list_groups"}))["groups"] if each["kind"] == "direct")
    assert (seen["peer"], seen["last_seq"], seen["unread"], seen["last"]["body"]) == (anna.id, 2, 1, "Иду")

    await anna.says("in general", 1)
    await vera.hears_message("in general")
    assert [event for event in vera.heard if event["type"] == "group"] == []
    assert {event["group"] for event in vera.heard if event["type"] == "entry"} == {1}
    assert [each["kind"] for each in (await vera.gets({"type": "list_groups"}))["groups"]] == ["general"]
    for command in (
        {"type": "history"},
        {"type": "join_group"},
        {"type": "list_members"},
        {"type": "post", "nonce": secrets.token_hex(16), "body": "x"},
        {"type": "add_member", "user": vera.id},
        {"type": "list_invites"},
    ):
        assert await vera.is_refused({**command, "group": group["id"]}) == "unknown_group"


async def test_it_is_the_same_whoever_begins_and_however_often(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    group = await opens(anna, boris.id)
    await anna.says("раз", group["id"])
    again = await opens(boris, anna.id)
    assert (again["id"], again["last_seq"], again["unread"], again["peer"]) == (group["id"], 1, 1, anna.id)
    assert (await opens(anna, boris.id))["id"] == group["id"]
    told = [event for event in boris.heard if event["type"] == "group"]
    assert len(told) == 1, "who opens it again changes nothing for the other one"


async def test_both_at_once_get_one_conversation(stage: Stage):
    people = await stage.enter("anna", "boris")
    anna, boris = people
    asked = [
        person.begins({"type": "open_direct", "user": peer.id})
        for _ in range(5)
        for person, peer in ((anna, boris), (boris, anna))
    ]
    by_http = [anna.posts("open_direct", user=boris.id), boris.posts("open_direct", user=anna.id)]
    answers = await asyncio.gather(*asked, *by_http)
    assert len({answer["group"]["id"] for answer in answers}) == 1
    group = answers[0]["group"]["id"]
    await asyncio.gather(anna.says("от Анны", group), boris.says("от Бориса", group))
    for person in people:
        await person.hears_message("от Анны")
        await person.hears_message("от Бориса")
        assert [entry["seq"] for entry in person.entries(group)] == [1, 2]


async def test_notes_to_oneself(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    group = await opens(anna, anna.id)
    assert group["peer"] == anna.id
    await anna.says("купить чай", group["id"])
    await anna.hears_message("купить чай")
    assert (await opens(anna, anna.id))["id"] == group["id"]
    members = await anna.gets({"type": "list_members", "group": group["id"]})
    assert [member["user"]["id"] for member in members["members"]] == [anna.id]
    assert await boris.is_refused({"type": "history", "group": group["id"]}) == "unknown_group"
    assert (await opens(anna, boris.id))["id"] != group["id"]


async def test_nobody_comes_in_or_goes_not_even_by_the_owner_of_the_relay(stage: Stage):
    owner = await stage.registers("owner", code=stage.relay.owner_code)
    await owner.comes()
    boris, vera = await stage.enter("boris", "vera")
    group = (await opens(owner, boris.id))["id"]
    for command in (
        {"type": "leave_group"},
        {"type": "rename_group", "name": "ours"},
        {"type": "set_topic", "topic": "tea"},
        {"type": "add_member", "user": vera.id},
        {"type": "remove_member", "user": boris.id},
        {"type": "ban_member", "user": boris.id},
        {"type": "set_role", "user": boris.id, "role": "admin"},
        {"type": "create_invite"},
        {"type": "list_invites"},
    ):
        assert await owner.is_refused({**command, "group": group}) == "not_allowed", command
    assert await owner.reads(group) == []


async def test_with_nobody_there_is_none(stage: Stage):
    (anna,) = await stage.enter("anna")
    assert await anna.is_refused({"type": "open_direct", "user": 4711}) == "unknown_user"


async def test_who_was_away_finds_it_after_coming_back_and_after_a_restart(tmp_path: Path):
    config = quiet_config(tmp_path)
    async with staged(config) as stage:
        anna, boris = await stage.enter("anna", "boris")
        await boris.goes()
        group = (await opens(anna, boris.id))["id"]
        await anna.says("Перезвони", group)
        welcome = await boris.comes()
        (seen,) = (each for each in welcome["groups"] if each["id"] == group)
        assert (seen["peer"], seen["unread"], seen["last"]["body"]) == (anna.id, 1, "Перезвони")
        await boris.says("Сейчас", group)
        await anna.hears_message("Сейчас")
        names, tokens = (anna, boris), (anna.token, boris.token)
    async with staged(config) as stage:
        anna, boris = (
            stage._with(Person(stage, who.name, token, who.user)) for who, token in zip(names, tokens, strict=True)
        )
        for person, peer in ((anna, boris), (boris, anna)):
            (seen,) = (each for each in (await person.comes())["groups"] if each["id"] == group)
            assert (seen["kind"], seen["peer"]) == ("direct", peer.id)
        assert (await opens(boris, anna.id))["id"] == group


async def test_every_device_of_both_learns_of_it(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    signed_in = await stage.posts("login", {"username": "boris", "password": "correct horse"})
    tablet = stage._with(Person(stage, "boris", signed_in["token"], boris.user))
    await tablet.comes()
    group = (await opens(anna, boris.id))["id"]
    await tablet.hears(is_group(group))
    await anna.says("везде", group)
    await tablet.hears_message("везде")
    await boris.hears_message("везде")
