"""Owners and admins of the relay act on people with their clients, as far as their rank goes, by the rules of the command line."""

from __future__ import annotations

from typing import Any

import pytest

from common.errors import NotAllowed, NotSignedIn
from common.ids import SessionId, UserId
from common.protocol.messages import User
from relay.control.words import (
    DisablePerson,
    ListPeople,
    ListSessions,
    MakeBackup,
    NewRecoveryCode,
    Promote,
    RemoveSlot,
    ResetPassword,
    StopRelay,
)
from relay.handlers.parts import SignedIn
from tests.people import PASSWORD, Json, Person, Stage

SIGNED_OUT, COME_BACK = 4001, 1012


async def ranks(stage: Stage) -> dict[str, Person]:
    """An owner, an admin and two members, all there."""
    people = {"anna": await stage.registers("anna", code=stage.relay.owner_code, display_name="Анна")}
    await people["anna"].comes()
    for name in ("adam", "boris", "clara"):
        people[name] = await stage.registers(name)
        await people[name].comes()
    await people["anna"].gets({"type": "promote", "user": people["adam"].id, "role": "admin"})
    await comes_back(people["adam"])
    return people


async def comes_back(person: Person) -> None:
    assert await person.is_cut_off() == COME_BACK
    await person.goes()
    await person.comes()


async def signs_in(stage: Stage, name: str, password: str = PASSWORD) -> str:
    """Its answer's code, or ok."""
    answer = await stage.posts("login", {"username": name, "password": password})
    return str(answer.get("code", "ok"))


async def accounts(person: Person) -> dict[str, Json]:
    return {each["user"]["username"]: each for each in (await person.gets({"type": "list_accounts"}))["accounts"]}


async def acts(person: Person) -> list[tuple[str, str, str, str]]:
    entries = (await person.gets({"type": "list_audit"}))["entries"]
    return [(each["act"], each.get("by", ""), each.get("whom", ""), each.get("detail", "")) for each in entries]


async def test_everybody_is_listed_with_role_devices_and_when_they_were_here_last(stage: Stage):
    people = await ranks(stage)
    await stage.posts("login", {"username": "boris", "password": PASSWORD, "device": "phone"})
    await people["clara"].goes()
    await people["anna"].hears(lambda event: event["type"] == "presence" and event["state"] == "offline")
    found = await accounts(people["anna"])
    assert [(name, each["user"]["role"]) for name, each in found.items()] == [
        ("anna", "owner"),
        ("adam", "admin"),
        ("boris", "member"),
        ("clara", "member"),
    ]
    assert found["anna"]["user"]["display_name"] == "Анна"
    assert (found["boris"]["devices"], found["boris"]["online"]) == (2, True)
    assert "online" not in found["clara"]
    assert found["clara"]["seen"] >= found["clara"]["at"] > 1_600_000_000_000
    assert set(await accounts(people["adam"])) == set(found)


async def test_who_is_shut_out_is_cut_off_at_once_and_comes_in_only_when_let_in_again(stage: Stage):
    people = await ranks(stage)
    anna, boris = people["anna"], people["boris"]
    await anna.gets({"type": "disable_user", "user": boris.id})
    assert await boris.is_cut_off() == SIGNED_OUT
    assert await signs_in(stage, "boris") == "wrong_credentials"
    found = (await accounts(anna))["boris"]
    assert (found["disabled"], "devices" in found, "seen" in found) == (True, False, False)
    await anna.gets({"type": "disable_user", "user": boris.id, "on": False})
    assert await signs_in(stage, "boris") == "ok"
    assert (await acts(anna))[:2] == [
        ("account_enabled", "anna", "boris", ""),
        ("account_disabled", "anna", "boris", ""),
    ]


async def test_a_forgotten_password_is_replaced_by_one_that_is_told_once(stage: Stage):
    people = await ranks(stage)
    adam, boris = people["adam"], people["boris"]
    password = (await adam.gets({"type": "reset_password", "user": boris.id}))["password"]
    assert await boris.is_cut_off() == SIGNED_OUT
    assert await signs_in(stage, "boris") == "wrong_credentials"
    assert await signs_in(stage, "boris", password) == "ok"
    told = await acts(people["anna"])
    assert told[0] == ("password_reset", "adam", "boris", "")
    assert not any(password in part for entry in told for part in entry)


async def test_who_is_promoted_comes_back_as_that_and_may_do_it(stage: Stage):
    people = await ranks(stage)
    anna, boris = people["anna"], people["boris"]
    assert await boris.is_refused({"type": "list_accounts"}) == "not_allowed"
    await anna.gets({"type": "promote", "user": boris.id, "role": "owner"})
    await comes_back(boris)
    assert boris.welcome["user"]["role"] == "owner"
    await boris.gets({"type": "promote", "user": anna.id, "role": "member"})
    await comes_back(anna)
    assert await anna.is_refused({"type": "list_accounts"}) == "not_allowed"
    assert (await acts(boris))[:2] == [
        ("role_changed", "boris", "anna", "member"),
        ("role_changed", "anna", "boris", "owner"),
    ]


async def test_who_is_no_admin_any_more_keeps_what_they_gave_out_for_groups_of_their_own(stage: Stage):
    people = await ranks(stage)
    anna, adam, boris = people["anna"], people["adam"], people["boris"]
    theirs = (await boris.gets({"type": "create_group", "name": "шахматы"}))["group"]["id"]
    own = (await adam.gets({"type": "create_group", "name": "кухня"}))["group"]["id"]
    await adam.gets({"type": "join_group", "group": theirs})
    gave = [{"group": theirs}, {"group": own}, {}]
    codes = [(await adam.gets({"type": "create_invite", **where}))["code"] for where in gave]
    hooks = [
        (await adam.gets({"type": "create_webhook", "group": group, "name": "x"}))["path"].removeprefix("/api/")
        for group in (theirs, own)
    ]
    await anna.gets({"type": "promote", "user": adam.id, "role": "member"})
    await comes_back(adam)
    clara = people["clara"]
    assert await clara.is_refused({"type": "join_group", "code": codes[0]}) == "invitation_needed"
    assert (await clara.gets({"type": "join_group", "code": codes[1]}))["group"]["id"] == own
    new = {"username": "dora", "password": PASSWORD, "code": codes[2]}
    assert (await stage.posts("register", new))["code"] == "invitation_needed"
    assert [(await stage.posts(hook, {"text": "still here"})).get("code") for hook in hooks] == [
        "unknown_webhook",
        None,
    ]


async def test_somebody_is_signed_out_of_one_device_or_of_all(stage: Stage):
    people = await ranks(stage)
    adam, boris = people["adam"], people["boris"]
    phone = await stage.posts("login", {"username": "boris", "password": PASSWORD, "device": "phone"})
    sessions = (await adam.gets({"type": "list_sessions", "user": boris.id}))["sessions"]
    assert [each["device"] for each in sessions][1:] == ["phone"]
    assert not any("own" in each for each in sessions)
    await adam.gets({"type": "revoke_sessions", "user": boris.id, "session": sessions[1]["id"]})
    assert (await stage.posts("list_groups", {}, phone["token"]))["code"] == "not_signed_in"
    await boris.says("still here")
    again = {"type": "revoke_sessions", "user": boris.id, "session": sessions[1]["id"]}
    assert await adam.is_refused(again) == "not_allowed"
    await adam.gets({"type": "revoke_sessions", "user": boris.id})
    assert await boris.is_cut_off() == SIGNED_OUT
    assert (await acts(people["anna"]))[:2] == [
        ("sessions_revoked", "adam", "boris", "1"),
        ("sessions_revoked", "adam", "boris", "1"),
    ]


async def test_everybody_sees_and_ends_their_own_sessions(stage: Stage):
    (boris,) = await stage.enter("boris")
    phone = await stage.posts("login", {"username": "boris", "password": PASSWORD, "device": "phone"})
    made = await boris.gets({"type": "create_token", "name": "script", "scopes": ["write"]})
    sessions = (await boris.gets({"type": "list_sessions", "user": boris.id}))["sessions"]
    assert [(each["device"], each.get("own", False), each.get("scopes")) for each in sessions][1:] == [
        ("phone", False, None),
        ("script", False, ["write"]),
    ]
    assert sessions[0]["own"]
    await boris.gets({"type": "revoke_sessions", "user": boris.id, "session": sessions[1]["id"]})
    assert (await stage.posts("list_groups", {}, phone["token"]))["code"] == "not_signed_in"
    await boris.gets({"type": "revoke_sessions", "user": boris.id, "session": sessions[2]["id"]})
    assert (await stage.posts("list_groups", {}, made["secret"]))["code"] == "not_signed_in"
    await boris.says("still here")


ON_PEOPLE: dict[str, dict[str, Any]] = {
    "disable_user": {},
    "reset_password": {},
    "promote": {"role": "member"},
    "list_sessions": {},
    "revoke_sessions": {},
}


@pytest.mark.parametrize("command", ON_PEOPLE)
async def test_an_admin_does_nothing_to_owners_and_other_admins_and_a_member_nothing_to_anybody(
    stage: Stage, command: str
):
    people = await ranks(stage)
    other = await stage.registers("alma")
    await people["anna"].gets({"type": "promote", "user": other.id, "role": "admin"})
    before = await accounts(people["anna"])
    for by, whom in (("adam", "anna"), ("adam", "alma"), ("boris", "anna"), ("boris", "adam"), ("boris", "clara")):
        user = other.id if whom == "alma" else people[whom].id
        refused = await people[by].is_refused({"type": command, "user": user, **ON_PEOPLE[command]})
        assert refused == "not_allowed", (by, whom)
    if command == "promote":
        promoted = {"type": "promote", "user": people["boris"].id, "role": "owner"}
        assert await people["adam"].is_refused(promoted) == "not_allowed"
    assert await accounts(people["anna"]) == before


async def test_the_last_owner_stays_and_nobody_shuts_themselves_out(stage: Stage):
    people = await ranks(stage)
    anna, boris = people["anna"], people["boris"]
    assert await anna.is_refused({"type": "promote", "user": anna.id, "role": "admin"}) == "last_owner"
    for command in ("disable_user", "reset_password"):
        assert await anna.is_refused({"type": command, "user": anna.id}) == "not_allowed"
    await anna.gets({"type": "promote", "user": boris.id, "role": "owner"})
    await comes_back(boris)
    await boris.gets({"type": "disable_user", "user": anna.id})
    assert await anna.is_cut_off() == SIGNED_OUT
    assert await boris.is_refused({"type": "promote", "user": boris.id, "role": "member"}) == "last_owner"


@pytest.mark.parametrize("command", ON_PEOPLE)
async def test_somebody_who_is_not_there_is_said_not_to_be(stage: Stage, command: str):
    people = await ranks(stage)
    asked = {"type": command, "user": 4711, **ON_PEOPLE[command]}
    assert await people["anna"].is_refused(asked) == "unknown_user"


@pytest.mark.parametrize("command", [*ON_PEOPLE, "list_accounts"])
async def test_no_script_may_do_it_however_wide_its_token(stage: Stage, command: str):
    people = await ranks(stage)
    token = await people["anna"].gets({"type": "create_token", "name": "script", "scopes": ["manage"]})
    fields = {} if command == "list_accounts" else {"user": people["boris"].id, **ON_PEOPLE[command]}
    assert (await stage.posts(command, fields, token["secret"]))["code"] == "scope_needed"


async def test_what_is_stored_counts_and_not_what_was_true_at_the_door(stage: Stage):
    people = await ranks(stage)
    anna, adam = people["anna"], people["adam"]
    session = (await adam.gets({"type": "list_sessions", "user": adam.id}))["sessions"][0]["id"]
    at_the_door = SignedIn(User(UserId(adam.id), "adam", "adam", "owner"), SessionId(session), "127.0.0.1")
    with pytest.raises(NotAllowed):
        await stage.relay.parts.obey(Promote("adam", "owner"), at_the_door)
    await anna.gets({"type": "promote", "user": adam.id, "role": "member"})
    for order in (DisablePerson("boris"), ResetPassword("boris"), ListPeople(), ListSessions("boris")):
        with pytest.raises(NotAllowed):
            await stage.relay.parts.obey(order, at_the_door)
    await anna.gets({"type": "promote", "user": adam.id, "role": "owner"})
    await anna.gets({"type": "revoke_sessions", "user": adam.id})
    with pytest.raises(NotSignedIn):
        await stage.relay.parts.obey(DisablePerson("boris"), at_the_door)
    assert "disabled" not in (await accounts(anna))["boris"]


async def test_what_is_for_the_relays_own_machine_cannot_be_ordered_by_anybody_else(stage: Stage):
    anna = (await ranks(stage))["anna"]
    session = (await anna.gets({"type": "list_sessions", "user": anna.id}))["sessions"][0]["id"]
    owner = SignedIn(User(UserId(anna.id), "anna", "anna", "owner"), SessionId(session), "127.0.0.1")
    for order in (StopRelay(), RemoveSlot("file"), NewRecoveryCode(), MakeBackup("/somewhere/relay.backup")):
        with pytest.raises(NotAllowed):
            await stage.relay.parts.obey(order, owner)
