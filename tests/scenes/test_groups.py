"""Groups: made, joined, left, renamed, and who may."""

from __future__ import annotations

import asyncio
import secrets

from tests.people import Json, Person, Stage


def groups_of(answer: Json) -> dict[str, Json]:
    return {group["name"]: group for group in answer["groups"]}


async def test_an_open_group_is_seen_by_everybody_and_joined_by_who_wants(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    made = await anna.gets({"type": "create_group", "name": "склад", "topic": "Что где лежит"})
    told = await boris.hears(lambda event: event["type"] == "group")
    assert (told["group"]["name"], told["group"].get("role")) == ("склад", None)
    group = made["group"]["id"]
    assert (made["group"]["role"], made["group"]["last_seq"]) == ("owner", 1)
    await anna.says("before", group)
    joined = await boris.gets({"type": "join_group", "group": group})
    assert (joined["group"]["role"], joined["group"]["topic"], joined["group"]["last_seq"]) == (
        "member",
        "Что где лежит",
        3,
    )
    await anna.says("after", group)
    await boris.hears_message("after")
    assert [entry["kind"] for entry in await boris.reads(group)] == ["join", "message", "join", "message"]


async def test_joining_twice_changes_nothing(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    group = (await anna.gets({"type": "create_group", "name": "склад"}))["group"]["id"]
    both = [boris.begins({"type": "join_group", "group": group}) for _ in range(2)]
    seqs = [(await answer)["group"]["last_seq"] for answer in both]
    assert seqs == [2, 2]
    by_http = await asyncio.gather(*(boris.posts("join_group", group=group) for _ in range(3)))
    assert [answer["group"]["last_seq"] for answer in by_http] == [2, 2, 2]


async def test_a_private_group_does_not_exist_for_others(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    group = (await anna.gets({"type": "create_group", "name": "secret", "private": True}))["group"]["id"]
    assert "secret" not in groups_of(await boris.gets({"type": "list_groups"}))
    for command in ("join_group", "leave_group", "list_members"):
        assert await boris.is_refused({"type": command, "group": group}) == "unknown_group"
    assert await boris.is_refused({"type": "history", "group": group}) == "unknown_group"
    assert "secret" in groups_of(await anna.gets({"type": "list_groups"}))
    assert [e for e in boris.heard if e["type"] in ("group", "entry") and e.get("group") not in (1,)] == []


async def test_who_is_not_a_member_reads_and_posts_nothing(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    group = (await anna.gets({"type": "create_group", "name": "склад"}))["group"]["id"]
    await anna.says("only for members", group)
    post = {"type": "post", "group": group, "nonce": secrets.token_hex(16), "body": "x"}
    commands = [post, *({"type": kind, "group": group} for kind in ("history", "list_members"))]
    for command in [*commands, {"type": "mark_read", "group": group, "seq": 1}]:
        assert await boris.is_refused(command) == "not_a_member"
    listed = groups_of(await boris.gets({"type": "list_groups"}))["склад"]
    assert "last" not in listed
    assert boris.entries(group) == []


async def test_who_left_hears_nothing_more(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    await boris.gets({"type": "leave_group", "group": boris.group})
    await anna.says("alone")
    await boris.says("in general", 1)
    await anna.hears_message("in general")
    assert [entry["kind"] for entry in boris.entries()] == ["leave"]
    assert await boris.is_refused({"type": "leave_group", "group": boris.group}) == "not_a_member"


async def test_nobody_leaves_the_general_group(stage: Stage):
    (anna,) = await stage.enter("anna")
    assert await anna.is_refused({"type": "leave_group", "group": 1}) == "not_allowed"


async def test_renaming_is_an_entry_and_for_admins(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    rename = {"type": "rename_group", "group": anna.group, "name": "кладовка"}
    assert await boris.is_refused(rename) == "not_allowed"
    sent = await anna.gets(rename)
    heard = await boris.hears(lambda event: event["type"] == "entry" and event["kind"] == "rename")
    assert (heard["seq"], heard["body"]) == (sent["seq"], "кладовка")
    told = await boris.hears(lambda event: event["type"] == "group" and event["group"]["name"] == "кладовка")
    assert told["group"]["role"] == "member"
    assert await anna.is_refused({**rename, "name": "\u202eabc"}) == "bad_name"
    assert await anna.is_refused({**rename, "group": 1}) == "not_allowed"


async def test_the_owner_of_the_relay_may_rename_the_general_group(stage: Stage):
    owner = await stage.registers("owner", code=stage.relay.owner_code)
    await owner.comes()
    await owner.gets({"type": "rename_group", "group": 1, "name": "Everybody"})
    assert "Everybody" in groups_of(await owner.gets({"type": "list_groups"}))


async def test_every_device_of_a_person_hears_of_a_new_group(stage: Stage):
    (anna,) = await stage.enter("anna")
    tablet = Person(
        stage,
        "anna",
        (await stage.posts("login", {"username": "anna", "password": "correct horse"}))["token"],
        anna.user,
    )
    await tablet.comes()
    group = (await anna.gets({"type": "create_group", "name": "склад", "private": True}))["group"]["id"]
    await tablet.hears(lambda event: event["type"] == "group" and event["group"]["id"] == group)
    await anna.says("here too", group)
    await tablet.hears_message("here too")
    await tablet.goes()
