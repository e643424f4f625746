"""Registering, signing in and out, and who is let in."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from relay.throttle import FREE_GUESSES_PER_ACCOUNT
from tests.people import PASSWORD, Stage, quiet_config, staged


async def refused(stage: Stage, command: str, **fields: object) -> str:
    answer = await stage.posts(command, fields)
    assert answer["type"] == "error", answer
    return str(answer["code"])


async def test_whoever_registers_is_in_the_general_group_and_everybody_hears_of_them(stage: Stage):
    (anna,) = await stage.enter("anna")
    boris = await stage.registers("Борис", display_name="Боря")
    told = await anna.hears(lambda event: event["type"] == "user")
    assert told["user"] == {"id": boris.id, "username": "Борис", "display_name": "Боря", "role": "member"}
    joined = await anna.hears(lambda event: event["type"] == "entry" and event["sender"] == boris.id)
    assert (joined["kind"], joined["group"]) == ("join", 1)
    users = await anna.gets({"type": "list_users", "users": [boris.id, 99, anna.id, boris.id]})
    assert [user["username"] for user in users["users"]] == ["Борис", "anna"]


async def test_a_display_name_is_the_user_name_as_typed_unless_given(stage: Stage):
    anna = await stage.registers("Anna")
    assert anna.user["display_name"] == "Anna"


@pytest.mark.parametrize("twin", ["anna", "ANNA", "Ａｎｎａ"])
async def test_user_names_that_look_the_same_are_the_same(stage: Stage, twin: str):
    await stage.registers("Anna")
    assert await refused(stage, "register", username=twin, password=PASSWORD) == "username_taken"


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        " anna",
        "anna ",
        "an\u202ena",
        "an\u0000na",
        "an\u200bna",
        "a\nb",
        "\u3164",
        "a\u0301" * 1 + "\u0301" * 9,
    ],
)
async def test_a_name_that_cannot_be_seen_is_refused(stage: Stage, name: str):
    assert await refused(stage, "register", username=name, password=PASSWORD) in ("bad_name", "bad_request")
    display = {"username": "anna", "display_name": name, "password": PASSWORD}
    assert await refused(stage, "register", **display) in ("bad_name", "bad_request")


async def test_a_short_password_is_refused(stage: Stage):
    assert await refused(stage, "register", username="anna", password="1234567") == "bad_password"


async def test_the_owner_code_makes_one_owner(stage: Stage):
    code = stage.relay.owner_code
    assert code is not None
    anna = await stage.registers("anna", code=code.lower().replace("-", " "))
    assert anna.user["role"] == "owner"
    assert await refused(stage, "register", username="boris", password=PASSWORD, code=code) == "invitation_needed"


async def test_a_wrong_code_is_refused_even_where_none_is_needed(stage: Stage):
    fields = {"username": "anna", "password": PASSWORD, "code": "AAAA-BBBB-CCCC-DDDD"}
    assert await refused(stage, "register", **fields) == "invitation_needed"


async def test_by_invitation_only(tmp_path: Path):
    async with staged(quiet_config(tmp_path, registration="invite")) as stage:
        fields = {"username": "anna", "password": PASSWORD}
        assert await refused(stage, "register", **fields) == "invitation_needed"
        assert await refused(stage, "register", **fields, code="nonsense") == "invitation_needed"
        code = stage.relay.invitation_code
        assert code is not None
        assert f"?code={code}" in stage.relay.invitation
        assert (await stage.registers("anna", code=code)).user["role"] == "member"
        assert (await stage.registers("boris", code=code)).user["role"] == "member"


async def test_a_closed_relay_takes_its_owner_only(tmp_path: Path):
    async with staged(quiet_config(tmp_path, registration="closed")) as stage:
        fields = {"username": "boris", "password": PASSWORD}
        assert await refused(stage, "register", **fields) == "registration_closed"
        assert await refused(stage, "register", **fields, code="nonsense") == "registration_closed"
        assert (await stage.registers("anna", code=stage.relay.owner_code)).user["role"] == "owner"


async def test_signing_in_on_a_second_device(stage: Stage):
    anna = await stage.registers("anna")
    answer = await stage.posts("login", {"username": "ANNA", "password": PASSWORD, "device": "laptop"})
    assert answer["user"] == anna.user
    assert answer["token"] != anna.token
    assert await refused(stage, "login", username="anna", password="wrong password") == "wrong_credentials"
    assert await refused(stage, "login", username="nobody", password=PASSWORD) == "wrong_credentials"


async def test_signing_out_ends_the_links_of_that_device_and_its_token(stage: Stage):
    (anna,) = await stage.enter("anna")
    other = await stage.posts("login", {"username": "anna", "password": PASSWORD})
    assert (await anna.gets({"type": "logout"}))["type"] == "ok"
    assert await anna.is_cut_off() == 4001
    assert (await anna.posts("list_groups"))["code"] == "not_signed_in"
    assert (await stage.posts("list_groups", {}, other["token"]))["type"] == "ok"


async def test_signing_out_by_http_ends_the_link_too(stage: Stage):
    (anna,) = await stage.enter("anna")
    assert (await anna.posts("logout"))["type"] == "ok"
    assert await anna.is_cut_off() == 4001


async def test_wrong_passwords_slow_down_the_account_and_not_the_others(stage: Stage):
    await stage.registers("anna")
    await stage.registers("boris")
    wrong = {"username": "anna", "password": "wrong password"}
    codes = [await refused(stage, "login", **wrong) for _ in range(FREE_GUESSES_PER_ACCOUNT)]
    assert set(codes) == {"wrong_credentials"}
    answer = await stage.posts("login", {"username": "anna", "password": PASSWORD})
    assert (answer["code"], answer["retry_after"] > 0) == ("too_many_attempts", True)
    assert (await stage.posts("login", {"username": "boris", "password": PASSWORD}))["type"] == "ok"


async def test_many_sign_ins_at_once_wait_in_line(stage: Stage):
    for name in ("anna", "boris"):
        await stage.registers(name)
    tries = [stage.posts("login", {"username": name, "password": PASSWORD}) for name in ("anna", "boris") * 3]
    answers = await asyncio.gather(*tries)
    assert {answer["type"] for answer in answers} == {"ok"}


async def test_a_rate_limit_says_when_to_come_back(tmp_path: Path):
    async with staged(quiet_config(tmp_path, rate_limit=2)) as stage:
        (anna,) = await stage.enter("anna")
        posts = [anna.begins({"type": "post", "group": 1, "nonce": f"{n:032x}", "body": str(n)}) for n in range(12)]
        answers = [await post for post in posts]
        assert [answer["type"] for answer in answers[:10]] == ["ok"] * 10
        assert (answers[-1]["code"], 0 < answers[-1]["retry_after"] <= 0.5) == ("rate_limited", True)
