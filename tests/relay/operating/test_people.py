"""Whoever runs the relay helps people who forgot their password, and shuts out who must go, at once and for their links too."""

from __future__ import annotations

import asyncio
from typing import TypeVar

import pytest

from relay.control.asking import OrderRefused, order
from relay.control.words import (
    DisablePerson,
    Done,
    EnablePerson,
    ListPeople,
    ListSessions,
    Order,
    Outcome,
    PasswordReset,
    People,
    Promote,
    ResetPassword,
    RevokeSessions,
    Sessions,
)
from tests.people import PASSWORD, Stage
from tests.scenes.conftest import stage

__all__ = ["stage"]

T = TypeVar("T", bound=Outcome)
SIGNED_OUT, COME_BACK = 4001, 1012


async def ordered(stage: Stage, what: Order, expected: type[T]) -> T:
    return await asyncio.to_thread(order, stage.relay.config.data_dir, what, expected)


async def is_refused(stage: Stage, what: Order) -> str:
    with pytest.raises(OrderRefused) as refused:
        await ordered(stage, what, Done)
    return refused.value.code


async def signs_in(stage: Stage, name: str, password: str = PASSWORD) -> str:
    """Its answer's code, or ok."""
    answer = await stage.posts("login", {"username": name, "password": password})
    return str(answer.get("code", "ok"))


async def test_everybody_is_listed_with_their_role_and_whether_they_are_here(stage: Stage):
    await stage.registers("anna", code=stage.relay.owner_code, display_name="Анна")
    (boris,) = await stage.enter("борис")
    people = (await ordered(stage, ListPeople(), People)).people
    assert [(each.username, each.display_name, each.role, each.is_online, each.sessions) for each in people] == [
        ("anna", "Анна", "owner", False, 1),
        ("борис", "борис", "member", True, 1),
    ]
    assert people[1].id == boris.id


async def test_who_is_shut_out_loses_links_and_tokens_and_comes_in_only_when_let_in_again(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    made = await boris.gets({"type": "create_token", "name": "script", "scopes": ["write"]})
    await ordered(stage, DisablePerson("Boris"), Done)
    assert await boris.is_cut_off() == SIGNED_OUT
    for token in (boris.token, made["secret"]):
        assert (await stage.posts("list_groups", {}, token))["code"] == "not_signed_in"
    assert await signs_in(stage, "boris") == "wrong_credentials"
    assert await anna.says("she goes on") > 0
    assert (await ordered(stage, ListPeople(), People)).people[1].is_disabled
    await ordered(stage, EnablePerson("boris"), Done)
    assert await signs_in(stage, "boris") == "ok"


async def test_a_forgotten_password_is_replaced_and_the_devices_of_before_are_signed_out(stage: Stage):
    (boris,) = await stage.enter("boris")
    made_up = (await ordered(stage, ResetPassword("boris"), PasswordReset)).password
    assert await boris.is_cut_off() == SIGNED_OUT
    assert await signs_in(stage, "boris") == "wrong_credentials"
    assert await signs_in(stage, "boris", made_up) == "ok"
    assert (await ordered(stage, ResetPassword("boris", "chosen by hand"), PasswordReset)).password == ""
    assert await signs_in(stage, "boris", "chosen by hand") == "ok"
    assert await is_refused(stage, ResetPassword("boris", "short")) == "bad_password"


async def test_who_is_promoted_comes_back_as_that(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    assert await boris.is_refused({"type": "create_invite"}) == "not_allowed"
    await ordered(stage, Promote("boris", "owner"), Done)
    await anna.hears(lambda event: event["type"] == "user" and event["user"]["role"] == "owner")
    assert await boris.is_cut_off() == COME_BACK
    await boris.goes()
    await boris.comes()
    await boris.gets({"type": "create_invite"})
    members = await anna.gets({"type": "list_members", "group": stage.general})
    assert {each["user"]["id"]: each["role"] for each in members["members"]} == {anna.id: "member", boris.id: "owner"}


async def test_the_last_owner_is_neither_shut_out_nor_made_less(stage: Stage):
    await stage.registers("anna", code=stage.relay.owner_code)
    await stage.registers("boris")
    assert await is_refused(stage, DisablePerson("anna")) == "last_owner"
    assert await is_refused(stage, Promote("anna", "member")) == "last_owner"
    await ordered(stage, Promote("boris", "owner"), Done)
    await ordered(stage, DisablePerson("anna"), Done)
    assert await is_refused(stage, Promote("boris", "admin")) == "last_owner"


async def test_one_device_is_signed_out_and_the_others_stay(stage: Stage):
    (boris,) = await stage.enter("boris")
    other = await stage.posts("login", {"username": "boris", "password": PASSWORD, "device": "phone"})
    sessions = (await ordered(stage, ListSessions("boris"), Sessions)).sessions
    assert [each.device for each in sessions][1] == "phone"
    await ordered(stage, RevokeSessions("boris", sessions[1].id), Done)
    assert (await stage.posts("list_groups", {}, other["token"]))["code"] == "not_signed_in"
    await boris.says("still here")
    assert await is_refused(stage, RevokeSessions("boris", sessions[1].id)) == "not_allowed"
    await ordered(stage, RevokeSessions("boris"), Done)
    assert await boris.is_cut_off() == SIGNED_OUT


@pytest.mark.parametrize(
    "what", [DisablePerson("nobody"), EnablePerson("nobody"), Promote("nobody", "admin"), RevokeSessions("nobody")]
)
async def test_somebody_who_is_not_there_is_said_not_to_be(stage: Stage, what: Order):
    assert await is_refused(stage, what) == "unknown_user"


async def test_who_is_an_owner_no_more_may_no_more_what_owners_may(stage: Stage):
    anna = await stage.registers("anna", code=stage.relay.owner_code)
    (boris,) = await stage.enter("boris")
    await ordered(stage, Promote("boris", "owner"), Done)
    assert await boris.is_cut_off() == COME_BACK
    await ordered(stage, Promote("anna", "member"), Done)
    await boris.goes()
    for person in (anna, boris):
        await person.comes()
    said = await boris.says("hers to take back no more")
    redact = {"type": "redact", "group": stage.general, "target": said, "nonce": "0" * 32}
    assert await anna.is_refused(redact) == "not_allowed"
    assert await anna.is_refused({"type": "rename_group", "group": stage.general, "name": "Mine"}) == "not_allowed"
