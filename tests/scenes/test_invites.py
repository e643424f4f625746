"""Invitations: codes that let people in, for so many uses and until a day; and links that carry them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from common.crypto.identity import parse_invitation
from common.ids import Millis, UserId
from common.protocol import limits
from relay.app import running
from relay.throttle import FREE_GUESSES_PER_ACCOUNT
from tests.people import PASSWORD, Json, Person, Stage, quiet_config, staged

HOUR_MS = 3_600_000


async def makes(owner: Person, *, private: bool = True) -> int:
    made = await owner.gets({"type": "create_group", "name": "склад", "private": private})
    return int(made["group"]["id"])


async def invites(person: Person, group: int | None = None, **more: Any) -> Json:
    where = {} if group is None else {"group": group}
    return await person.gets({"type": "create_invite", **where, **more})


async def good_ones(person: Person, group: int | None = None) -> list[Json]:
    where = {} if group is None else {"group": group}
    found: list[Json] = (await person.gets({"type": "list_invites", **where}))["invites"]
    return found


async def registers(stage: Stage, name: str, code: str) -> Json:
    return await stage.posts("register", {"username": name, "password": PASSWORD, "code": code})


async def owner_of(stage: Stage) -> Person:
    owner = await stage.registers("boss", code=stage.relay.owner_code)
    await owner.comes()
    return owner


# -- into a group ------------------------------------------------------------------------------------------------------


async def test_a_code_brings_somebody_into_a_private_group(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    group = await makes(anna)
    await anna.says("раньше", group)
    made = await invites(anna, group, uses=2)
    assert made["invite"] == {
        "id": made["invite"]["id"],
        "by": anna.id,
        "at": made["invite"]["at"],
        "group": group,
        "uses": 2,
    }
    joined = (await boris.gets({"type": "join_group", "code": made["code"].lower().replace("-", " ")}))["group"]
    assert (joined["id"], joined["role"], joined["private"]) == (group, "member", True)
    await anna.says("потом", group)
    await boris.hears_message("потом")
    assert [entry["kind"] for entry in await boris.reads(group)] == ["join", "message", "join", "message"]
    (left,) = await good_ones(anna, group)
    assert left["uses"] == 1


async def test_a_code_that_is_not_good_is_refused(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    group, other = await makes(anna), await makes(anna)
    code = (await invites(anna, group))["code"]
    for command in ({"code": "AAAA-BBBB-CCCC-DDDD"}, {"code": code, "group": other}, {"code": stage.relay.owner_code}):
        assert await boris.is_refused({"type": "join_group", **command}) == "invitation_needed"
    assert await boris.is_refused({"type": "join_group"}) == "bad_request"
    assert (await boris.gets({"type": "join_group", "code": code, "group": group}))["group"]["id"] == group


async def test_who_is_in_already_uses_nothing_up(stage: Stage):
    anna, boris, vera = await stage.enter("anna", "boris", "vera")
    group = await makes(anna)
    code = (await invites(anna, group, uses=2))["code"]
    for _ in range(3):
        await boris.gets({"type": "join_group", "code": code})
        await anna.gets({"type": "join_group", "code": code})
    await vera.gets({"type": "join_group", "code": code})
    assert [entry["kind"] for entry in await anna.reads(group)] == ["join", "join", "join"]
    assert await good_ones(anna, group) == []


async def test_the_last_use_is_had_by_one_of_two_who_come_at_once(stage: Stage):
    anna, boris, vera = await stage.enter("anna", "boris", "vera")
    group = await makes(anna)
    for uses in (1, 1, 1):
        code = (await invites(anna, group, uses=uses))["code"]
        coming = [who.begins({"type": "join_group", "code": code}) for who in (boris, vera)]
        answers = [await answer for answer in coming]
        assert sorted(answer["type"] for answer in answers) == ["error", "ok"]
        (refused,) = (answer for answer in answers if answer["type"] == "error")
        assert refused["code"] == "invitation_needed"
        in_it = boris if answers[0]["type"] == "ok" else vera
        await in_it.gets({"type": "leave_group", "group": group})


async def test_a_ban_is_stronger_than_an_invitation_and_removal_is_not(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    group = await makes(anna)
    code = (await invites(anna, group, uses=3))["code"]
    join = {"type": "join_group", "code": code}
    await boris.gets(join)
    await anna.gets({"type": "remove_member", "group": group, "user": boris.id})
    await boris.gets(join)
    await asyncio.gather(
        anna.posts("ban_member", group=group, user=boris.id), *(boris.posts("join_group", code=code) for _ in range(4))
    )
    assert await boris.is_refused(join) == "not_allowed"
    members = (await anna.gets({"type": "list_members", "group": group}))["members"]
    assert [member["user"]["id"] for member in members] == [anna.id]
    (left,) = await good_ones(anna, group)
    assert left["uses"] == 1, "who is refused uses nothing up"


async def test_what_somebody_gave_out_goes_with_their_office(stage: Stage):
    anna, boris, vera = await stage.enter("anna", "boris", "vera")
    group = await makes(anna)
    await anna.gets({"type": "add_member", "group": group, "user": boris.id})
    ends: list[Json] = [
        {"type": "set_role", "group": group, "user": boris.id, "role": "member"},
        {"type": "remove_member", "group": group, "user": boris.id},
        {"type": "ban_member", "group": group, "user": boris.id},
    ]
    for end in ends:
        await anna.gets({"type": "add_member", "group": group, "user": boris.id})
        await anna.gets({"type": "set_role", "group": group, "user": boris.id, "role": "admin"})
        own, his = (await invites(anna, group))["code"], (await invites(boris, group))["code"]
        await anna.gets(end)
        assert await vera.is_refused({"type": "join_group", "code": his}) == "invitation_needed"
        await vera.gets({"type": "join_group", "code": own})
        await vera.gets({"type": "leave_group", "group": group})


# -- onto the relay ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["open", "invite"])
async def test_a_code_lets_somebody_register_and_into_the_group_at_once(tmp_path: Path, policy: str):
    async with staged(quiet_config(tmp_path, registration=policy)) as stage:
        boss = await owner_of(stage)
        group = await makes(boss)
        await boss.says("добро пожаловать", group)
        made = await invites(boss, group, uses=1)
        anna = await stage.registers("anna", code=made["code"])
        welcome = await anna.comes()
        assert {each["id"]: each["role"] for each in welcome["groups"]} == {stage.general: "member", group: "member"}
        heard = await boss.hears(
            lambda event: event.get("kind") == "join" and event["group"] == group and event["seq"] > 1
        )
        assert (heard["sender"], heard["seq"]) == (anna.id, 3)
        told = await boss.hears(lambda event: event["type"] == "user")
        assert boss.heard.index(told) < boss.heard.index(heard), "who is meant is known before they come in"
        await boss.says("потом", group)
        await anna.hears_message("потом")
        assert (await registers(stage, "boris", made["code"]))["code"] == "invitation_needed"


async def test_a_code_of_the_relay_alone_lets_somebody_register_and_into_no_group(tmp_path: Path):
    async with staged(quiet_config(tmp_path, registration="invite")) as stage:
        boss = await owner_of(stage)
        made = await invites(boss)
        assert "group" not in made["invite"]
        anna = await stage.registers("anna", code=made["code"])
        assert [each["id"] for each in (await anna.comes())["groups"]] == [stage.general]
        assert await anna.is_refused({"type": "join_group", "code": made["code"]}) == "invitation_needed"
        assert (await registers(stage, "boris", ""))["code"] == "bad_request"
        code = stage.relay.invitation_code
        assert code is not None
        assert (await registers(stage, "boris", code))["type"] == "ok", "the standing code goes on to be good"


async def test_one_use_makes_one_account_of_two_that_are_made_at_once(tmp_path: Path):
    async with staged(quiet_config(tmp_path, registration="invite")) as stage:
        boss = await owner_of(stage)
        code = (await invites(boss, uses=1))["code"]
        answers = await asyncio.gather(*(registers(stage, name, code) for name in ("anna", "boris")))
        assert sorted(answer["type"] for answer in answers) == ["error", "ok"]
        (refused,) = (answer for answer in answers if answer["type"] == "error")
        assert refused["code"] == "invitation_needed"
        assert [entry["kind"] for entry in await boss.reads(1)] == ["join", "join"]


async def test_a_user_name_that_is_taken_uses_nothing_up(stage: Stage):
    boss = await owner_of(stage)
    code = (await invites(boss, uses=1))["code"]
    assert (await registers(stage, "boss", code))["code"] == "username_taken"
    assert (await registers(stage, "anna", code))["type"] == "ok"


async def test_a_closed_relay_takes_nobody_by_an_invitation_either(tmp_path: Path):
    async with staged(quiet_config(tmp_path, registration="closed")) as stage:
        boss = await owner_of(stage)
        code = (await invites(boss))["code"]
        assert (await registers(stage, "anna", code))["code"] == "registration_closed"


@pytest.mark.parametrize("inviters, answer", [("everybody", "ok"), ("admins", "error")])
async def test_whether_a_groups_invitation_makes_accounts_is_the_choice_of_who_runs_the_relay(
    tmp_path: Path, inviters: Any, answer: str
):
    async with staged(quiet_config(tmp_path, registration="invite", inviters=inviters)) as stage:
        boss = await owner_of(stage)
        anna = await stage.registers("anna", code=(await invites(boss))["code"])
        await anna.comes()
        group = await makes(anna)
        made = await invites(anna, group, uses=1)
        told = await registers(stage, "stranger", made["code"])
        assert told["type"] == answer
        if answer == "error":
            assert told["code"] == "invitation_needed"
            assert "people who have an account here" in told["message"]
            assert [each["uses"] for each in await good_ones(anna, group)] == [1], "it is not used up by that"
            vera = await stage.registers("vera", code=(await invites(boss))["code"])
            await vera.comes()
            assert (await vera.gets({"type": "join_group", "code": made["code"]}))["group"]["id"] == group


async def test_where_only_admins_invite_theirs_into_a_group_makes_accounts_as_long_as_they_are_admins(tmp_path: Path):
    async with staged(quiet_config(tmp_path, registration="invite", inviters="admins")) as stage:
        boss = await owner_of(stage)
        group = await makes(boss)
        code = (await invites(boss, group))["code"]
        assert (await registers(stage, "anna", code))["type"] == "ok"
        await stage.relay.parts.journal.change(lambda tx: tx.people.set_role(UserId(boss.id), "member"))
        assert (await registers(stage, "boris", code))["code"] == "invitation_needed"


async def test_where_everybody_may_register_nobody_is_kept_out_by_a_code(tmp_path: Path):
    async with staged(quiet_config(tmp_path, inviters="admins")) as stage:
        (anna,) = await stage.enter("anna")
        code = (await invites(anna, await makes(anna)))["code"]
        assert (await registers(stage, "boris", code))["type"] == "ok"


# -- how long, by whom -------------------------------------------------------------------------------------------------


async def test_it_is_good_until_its_time(tmp_path: Path):
    clock = [Millis(1_767_225_600_000)]
    async with staged(quiet_config(tmp_path), now=lambda: clock[0]) as stage:
        anna, boris = await stage.enter("anna", "boris")
        group = await makes(anna)
        assert await anna.is_refused({"type": "create_invite", "group": group, "expires": clock[0]}) == "bad_request"
        made = await invites(anna, group, expires=clock[0] + HOUR_MS)
        assert made["invite"]["expires"] == clock[0] + HOUR_MS
        clock[0] = Millis(clock[0] + HOUR_MS - 1)
        assert len(await good_ones(anna, group)) == 1
        clock[0] = Millis(clock[0] + 1)
        assert await good_ones(anna, group) == []
        assert await boris.is_refused({"type": "join_group", "code": made["code"]}) == "invitation_needed"


async def test_who_may_make_list_and_revoke(stage: Stage):
    boss = await owner_of(stage)
    anna, boris, vera, gleb = await stage.enter("anna", "boris", "vera", "gleb")
    group = await makes(anna)
    for person in (boris, vera):
        await anna.gets({"type": "add_member", "group": group, "user": person.id})
    await anna.gets({"type": "set_role", "group": group, "user": boris.id, "role": "admin"})
    for command in ("create_invite", "list_invites"):
        assert await anna.is_refused({"type": command}) == "not_allowed", "to the relay alone for those who run it"
        assert await vera.is_refused({"type": command, "group": group}) == "not_allowed"
        assert await gleb.is_refused({"type": command, "group": group}) == "unknown_group"
        assert await boss.is_refused({"type": command, "group": group}) == "unknown_group"
        assert await anna.is_refused({"type": command, "group": 4711}) == "unknown_group"
    of_anna, of_boris = await invites(anna, group), await invites(boris, group)
    of_boss = await invites(boss)
    assert [each["id"] for each in await good_ones(boris, group)] == [of_anna["invite"]["id"], of_boris["invite"]["id"]]
    assert [each["id"] for each in await good_ones(boss)] == [of_boss["invite"]["id"]]

    def revoke(made: Json) -> Json:
        return {"type": "revoke_invite", "invite": made["invite"]["id"]}

    for stranger in (vera, gleb, boss):
        assert await stranger.is_refused(revoke(of_anna)) == "not_allowed"
    assert await anna.is_refused(revoke(of_boss)) == "not_allowed"
    await boris.gets(revoke(of_anna))
    await boris.gets(revoke(of_anna))
    await anna.gets(revoke(of_boris))
    await stage.relay.parts.journal.change(lambda tx: tx.people.set_role(UserId(boss.id), "member"))
    assert (await boss.posts("create_invite"))["code"] == "not_allowed"
    assert (await boss.posts("revoke_invite", invite=of_boss["invite"]["id"]))["type"] == "ok", "it is still their own"
    await stage.relay.parts.journal.change(lambda tx: tx.people.set_role(UserId(boss.id), "owner"))
    assert await good_ones(boss) == []
    assert await good_ones(anna, group) == []
    assert await gleb.is_refused({"type": "join_group", "code": of_anna["code"]}) == "invitation_needed"
    assert await gleb.is_refused({"type": "join_group", "code": of_boris["code"]}) == "invitation_needed"


async def test_there_is_an_end_to_how_many(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "INVITES_MAX", 3)
    (anna,) = await stage.enter("anna")
    group, other = await makes(anna), await makes(anna)
    made = [await invites(anna, group) for _ in range(3)]
    assert await anna.is_refused({"type": "create_invite", "group": group}) == "not_allowed"
    await invites(anna, other)
    await anna.gets({"type": "revoke_invite", "invite": made[0]["invite"]["id"]})
    await invites(anna, group)


async def test_who_guesses_codes_has_to_wait(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    code = (await invites(anna, await makes(anna)))["code"]
    tries = [
        await boris.is_refused({"type": "join_group", "code": f"{n:016}"}) for n in range(FREE_GUESSES_PER_ACCOUNT)
    ]
    assert set(tries) == {"invitation_needed"}
    assert await boris.is_refused({"type": "join_group", "code": code}) == "too_many_attempts"


# -- the link ----------------------------------------------------------------------------------------------------------


async def test_a_link_leads_to_where_the_relay_was_reached(stage: Stage):
    (anna,) = await stage.enter("anna")
    group, port = await makes(anna), stage.relay.port
    made = await invites(anna, group)
    link = parse_invitation(made["link"])
    assert (link.port, link.relay_id, link.code) == (port, stage.relay.relay_id, made["code"])
    assert link.host == (stage.relay.addresses or ["127.0.0.1"])[0], "not to the loopback that Anna came by"
    for host, shown in (
        (f"relay.lan:{port}", ("relay.lan", port)),
        ("192.168.7.9:5005", ("192.168.7.9", 5005)),
        (f"<b>:{port}", (link.host, port)),
        (f"[fe80::5]:{port}", (link.host, port)),
    ):
        async with stage.http.post(
            stage.url("/api/create_invite"),
            json={"group": group},
            headers={"Authorization": f"Bearer {anna.token}", "Host": host},
        ) as response:
            by_name = parse_invitation((await response.json())["link"])
        assert (by_name.host, by_name.port) == shown


async def test_the_link_of_a_running_relay_goes_on_to_be_good(tmp_path: Path):
    config = quiet_config(tmp_path, registration="invite")
    async with running(config) as relay:
        link = parse_invitation(relay.invitation)
        assert (link.port, link.relay_id, link.code) == (relay.port, relay.relay_id, relay.invitation_code)
