"""Access tokens: what a script with one may, until when, and what becomes of its links."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from common.ids import Millis
from common.protocol import limits
from tests.people import Json, Person, Stage, quiet_config, staged

MADE_BY_NONE = ["create_token", "list_tokens", "revoke_token"]


async def makes_token(person: Person, *scopes: str, **more: object) -> Json:
    return await person.gets({"type": "create_token", "name": "printer", "scopes": scopes, **more})


def script_of(person: Person, made: Json) -> Person:
    """A script that signs in with the token."""
    script = Person(person.stage, f"{person.name}'s script", made["secret"], person.user)
    person.stage.people.append(script)
    return script


async def does(script: Person, command: str, **fields: object) -> str:
    """The code that *command* is refused with by plain HTTPS, or "ok"."""
    answer = await script.posts(command, **fields)
    return str(answer.get("code", answer["type"]))


def message(group: int) -> Json:
    return {"group": group, "nonce": secrets.token_hex(16), "body": "Бумага кончилась"}


async def test_a_scope_holds_those_before_it_and_nothing_beyond(stage: Stage):
    (anna,) = await stage.enter("anna")
    may: dict[str, list[bool]] = {}
    for scope in ("read", "write", "manage"):
        script = script_of(anna, await makes_token(anna, scope))
        codes = [
            await does(script, "history", group=anna.group),
            await does(script, "post", **message(anna.group)),
            await does(script, "create_group", name="склад"),
        ]
        assert set(codes) <= {"ok", "scope_needed"}
        may[scope] = [code == "ok" for code in codes]
    assert may == {"read": [True, False, False], "write": [True, True, False], "manage": [True, True, True]}


async def test_on_a_link_the_scope_counts_as_well(stage: Stage):
    (anna,) = await stage.enter("anna")
    script = script_of(anna, await makes_token(anna, "read"))
    await script.comes()
    assert await script.is_refused({"type": "post", **message(anna.group)}) == "scope_needed"
    assert await script.is_refused({"type": "create_group", "name": "склад"}) == "scope_needed"
    await anna.says("Чайник вскипел")
    await script.hears_message("Чайник вскипел")


async def test_several_scopes_count_as_the_widest(stage: Stage):
    (anna,) = await stage.enter("anna")
    made = await makes_token(anna, "write", "read", "write")
    assert made["token"]["scopes"] == ["write", "read"]
    assert await does(script_of(anna, made), "post", **message(anna.group)) == "ok"


@pytest.mark.parametrize("command", MADE_BY_NONE)
async def test_no_token_has_to_do_with_tokens(stage: Stage, command: str):
    (anna,) = await stage.enter("anna")
    made = await makes_token(anna, "read", "write", "manage")
    fields = {"create_token": {"name": "more", "scopes": ["read"]}, "revoke_token": {"token": made["token"]["id"]}}
    assert await does(script_of(anna, made), command, **fields.get(command, {})) == "scope_needed"
    assert len((await anna.gets({"type": "list_tokens"}))["tokens"]) == 1


async def test_a_token_is_listed_without_its_secret(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    made = await makes_token(anna, "write", expires=4_000_000_000_000)
    assert (await anna.gets({"type": "list_tokens"}))["tokens"] == [made["token"]]
    assert made["token"]["expires"] == 4_000_000_000_000
    assert made["secret"] not in str(made["token"])
    assert (await boris.gets({"type": "list_tokens"}))["tokens"] == []


async def test_a_revoked_token_is_worth_nothing_and_its_links_close(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    made = await makes_token(anna, "write")
    script = script_of(anna, made)
    await script.comes()
    await boris.gets({"type": "revoke_token", "token": made["token"]["id"]})
    assert await does(script, "list_groups") == "ok", "it is not his"
    await anna.gets({"type": "revoke_token", "token": made["token"]["id"]})
    assert await script.is_cut_off() == limits.SIGNED_OUT
    assert await does(script, "list_groups") == "not_signed_in"
    assert (await anna.gets({"type": "list_tokens"}))["tokens"] == []
    await anna.gets({"type": "revoke_token", "token": made["token"]["id"]})


async def test_a_link_that_has_not_said_hello_yet_gains_nothing_by_that(stage: Stage):
    (anna,) = await stage.enter("anna")
    made = await makes_token(anna, "read")
    script = script_of(anna, made)
    await script.connects()
    await anna.gets({"type": "revoke_token", "token": made["token"]["id"]})
    script.begins({"type": "hello", "client": "late"})
    assert await script.is_cut_off() == limits.SIGNED_OUT
    assert script.heard == []


async def test_revoking_ends_no_device_session(stage: Stage):
    (anna,) = await stage.enter("anna")
    await anna.gets({"type": "revoke_token", "token": 1})
    await anna.gets({"type": "list_groups"})


@pytest.fixture
def clock() -> list[int]:
    return [1_767_225_600_000]


async def test_an_expired_token_is_worth_nothing_and_its_links_close(tmp_path: Path, clock: list[int]):
    async with staged(quiet_config(tmp_path), now=lambda: Millis(clock[0])) as stage:
        (anna,) = await stage.enter("anna")
        made = await makes_token(anna, "write", expires=clock[0] + 60_000)
        script = script_of(anna, made)
        await script.comes()
        clock[0] += 59_999
        assert await does(script, "list_groups") == "ok"
        clock[0] += 1
        assert await script.is_cut_off() == limits.SIGNED_OUT
        assert await does(script, "list_groups") == "not_signed_in"
        assert (await anna.gets({"type": "list_tokens"}))["tokens"] == []
        assert await anna.is_refused({"type": "create_token", "name": "old", "scopes": ["read"], "expires": clock[0]})


async def test_when_a_script_was_last_here_is_told_to_the_minute(tmp_path: Path, clock: list[int]):
    async with staged(quiet_config(tmp_path), now=lambda: Millis(clock[0])) as stage:
        (anna,) = await stage.enter("anna")
        script = script_of(anna, made := await makes_token(anna, "read"))
        clock[0] += 60_000
        assert await does(script, "list_groups") == "ok"
        await anna.says("Чайник вскипел")  # stored after what was noted of the script
        (token,) = (await anna.gets({"type": "list_tokens"}))["tokens"]
        assert token["seen"] == clock[0] > made["token"]["seen"]


async def test_there_is_an_end_to_how_many(stage: Stage):
    stage.relay.parts.limits.put("tokens", None, 2)
    (anna,) = await stage.enter("anna")
    await makes_token(anna, "read")
    second = await makes_token(anna, "read")
    assert await anna.is_refused({"type": "create_token", "name": "third", "scopes": ["read"]}) == "limit_reached"
    await anna.gets({"type": "revoke_token", "token": second["token"]["id"]})
    await makes_token(anna, "read")


@pytest.mark.parametrize(
    "wrong", [{"scopes": []}, {"scopes": ["all"]}, {"scopes": ["read"], "name": ""}, {"scopes": ["read"], "expires": 1}]
)
async def test_what_makes_no_token_is_refused(stage: Stage, wrong: Json):
    (anna,) = await stage.enter("anna")
    assert await anna.is_refused({"type": "create_token", "name": "printer", **wrong}) == "bad_request"


async def test_with_a_reading_token_files_come_down_and_none_goes_up(stage: Stage):
    (anna,) = await stage.enter("anna")
    for scope, status in (("read", 403), ("write", 201)):
        made = await makes_token(anna, scope)
        headers = {"Authorization": f"Bearer {made['secret']}", "Tus-Resumable": "1.0.0", "Upload-Length": "3"}
        async with stage.http.post(stage.url("/api/files"), headers=headers) as answer:
            assert answer.status == status
