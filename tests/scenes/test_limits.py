"""How much one person may: what is set counts at once, for everybody or for one alone, and what it refuses says the limit."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from common.protocol.messages import LimitName
from relay.control.asking import OrderRefused, order
from relay.control.words import Done, LimitsShown, Order, Promote, SetLimit, ShowLimits
from tests.people import PASSWORD, Json, Person, Stage, quiet_config, staged
from tests.scenes.test_muting import Clock
from tests.scenes.test_webhooks import posts

TUS = {"Tus-Resumable": "1.0.0"}
DAY_S = 24 * 3600


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def stage(tmp_path: Path, clock: Clock) -> AsyncIterator[Stage]:
    async with staged(quiet_config(tmp_path), now=clock) as made:
        yield made


async def ordered(stage: Stage, what: Order, expected: type[Any] = Done) -> Any:
    return await asyncio.to_thread(order, stage.relay.config.data_dir, what, expected)


async def limit(stage: Stage, name: LimitName, value: int | None, username: str = "") -> None:
    await ordered(stage, SetLimit(name, value, username))


def told(answer: Json) -> tuple[Any, ...]:
    return answer.get("code"), answer.get("limit"), answer.get("most")


async def begins_upload(person: Person, size: int) -> Json:
    headers = {**TUS, "Authorization": f"Bearer {person.token}", "Upload-Length": str(size)}
    async with person.stage.http.post(person.stage.url("/api/files"), headers=headers) as response:
        return {} if response.status == 201 else await response.json()


def post(person: Person, body: str = "text") -> Json:
    return {"type": "post", "group": person.group, "nonce": secrets.token_hex(16), "body": body}


async def makes(person: Person, what: LimitName) -> Json:
    """One more of it; the answer."""
    match what:
        case "groups":
            return await person.asks({"type": "create_group", "name": "склад"})
        case "invites":
            return await person.asks({"type": "create_invite", "group": person.group})
        case "webhooks":
            return await person.asks({"type": "create_webhook", "group": person.group, "name": "печь"})
        case "tokens":
            return await person.asks({"type": "create_token", "name": "печь", "scopes": ["read"]})
        case "devices":
            return await person.stage.posts("login", {"username": person.name, "password": PASSWORD})
        case _:
            return await begins_upload(person, 10)


@pytest.mark.parametrize(
    "what, before", [("groups", 1), ("invites", 0), ("webhooks", 0), ("tokens", 0), ("devices", 1), ("uploads", 0)]
)
async def test_of_what_can_be_counted_nobody_has_more_than_they_may(stage: Stage, what: LimitName, before: int):
    anna, boris = await stage.enter("anna", "boris", group="кухня")
    await limit(stage, what, 2)
    await limit(stage, what, 3, "anna")
    for _ in range(3 - before):
        assert (await makes(anna, what)).get("type", "ok") == "ok"
    assert told(await makes(anna, what)) == ("limit_reached", what, 3)
    await limit(stage, what, 0, "anna")
    assert (await makes(anna, what)).get("type", "ok") == "ok"
    await limit(stage, what, None, "anna")
    assert told(await makes(anna, what)) == ("limit_reached", what, 2)
    if what in ("devices", "tokens", "groups"):
        assert (await makes(boris, what))["type"] == "ok", "others are not counted with them"


async def test_what_a_limit_takes_away_nobody_loses(stage: Stage):
    (anna,) = await stage.enter("anna")
    tokens = [await anna.gets({"type": "create_token", "name": f"{n}", "scopes": ["read"]}) for n in range(3)]
    await limit(stage, "tokens", 1)
    assert len((await anna.gets({"type": "list_tokens"}))["tokens"]) == 3
    for made in tokens[:2]:
        await anna.gets({"type": "revoke_token", "token": made["token"]["id"]})
    assert told(await makes(anna, "tokens")) == ("limit_reached", "tokens", 1)
    await anna.gets({"type": "revoke_token", "token": tokens[2]["token"]["id"]})
    await anna.gets({"type": "create_token", "name": "again", "scopes": ["read"]})


async def test_what_comes_by_a_webhook_counts_among_what_its_maker_writes(stage: Stage):
    (anna,) = await stage.enter("anna", group="склад")
    made = [await anna.gets({"type": "create_webhook", "group": anna.group, "name": name}) for name in ("печь", "кран")]
    await limit(stage, "messages_per_minute", 2)
    assert [(await posts(stage, each["path"], "Готово"))["type"] for each in made] == ["ok", "ok"]
    assert told(await posts(stage, made[0]["path"], "Ещё")) == ("rate_limited", "messages_per_minute", 2)
    assert told(await anna.asks(post(anna))) == ("rate_limited", "messages_per_minute", 2)


@pytest.mark.parametrize("name, most, longest_s", [("messages_per_minute", 3, 20.0), ("messages_per_hour", 2, 1800.0)])
async def test_who_writes_more_than_they_may_is_told_when_they_may_again(
    stage: Stage, name: LimitName, most: int, longest_s: float
):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    await limit(stage, name, most)
    for _ in range(most):
        assert (await anna.asks(post(anna)))["type"] == "ok"
    other_link = await anna.posts("post", group=anna.group, nonce=secrets.token_hex(16), body="by another way")
    assert told(other_link) == ("rate_limited", name, most)
    assert 0 < other_link["retry_after"] <= longest_s
    assert told(await anna.asks(post(anna))) == ("rate_limited", name, most)
    assert (await boris.asks(post(boris)))["type"] == "ok"
    assert (await anna.gets({"type": "history", "group": anna.group}))["entries"], "they read on"
    await limit(stage, name, None)
    assert (await anna.asks(post(anna)))["type"] == "ok"


async def test_without_a_rate_there_is_no_limit_of_messages_unless_one_is_set(tmp_path: Path):
    async with staged(quiet_config(tmp_path, rate_limit=20)) as stage:
        shown = await ordered(stage, ShowLimits(), LimitsShown)
        assert {each.name: each.value for each in shown.limits if each.name.startswith("messages")} == {
            "messages_per_minute": 600,
            "messages_per_hour": 6000,
        }
    async with staged(quiet_config(tmp_path)) as stage:
        shown = await ordered(stage, ShowLimits(), LimitsShown)
        assert {each.value for each in shown.limits if each.name.startswith("messages")} == {0}


async def test_a_person_has_so_many_links_and_others_theirs(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    await limit(stage, "links", 2)

    async def connects(person: Person) -> aiohttp.ClientWebSocketResponse:
        return await stage.http.ws_connect(
            stage.url("/ws", "wss"),
            headers={"Authorization": f"Bearer {person.token}"},
            protocols=("pymessenger.v1",),
        )

    second = await connects(anna)
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await connects(anna)
    assert refused.value.status == 503
    assert refused.value.headers is not None
    assert refused.value.headers["Retry-After"] == "10"
    other = await connects(boris)
    await second.close()
    async with asyncio.timeout(10):
        while True:  # the relay sees the end of the link a moment later
            try:
                await (await connects(anna)).close()
                break
            except aiohttp.WSServerHandshakeError:
                await asyncio.sleep(0)
    await other.close()


async def test_a_device_that_was_not_here_for_a_month_gives_its_place_to_another(stage: Stage, clock: Clock):
    (anna,) = await stage.enter("anna")
    await limit(stage, "devices", 2)
    old = (await stage.posts("login", {"username": "anna", "password": PASSWORD}))["token"]
    assert told(await makes(anna, "devices")) == ("limit_reached", "devices", 2)
    clock.passes(31 * DAY_S)
    await anna.goes()
    await anna.comes()
    await anna.says("stored after what was noted of this device")
    assert (await makes(anna, "devices"))["type"] == "ok"
    assert (await stage.posts("list_groups", {}, old))["code"] == "not_signed_in"
    assert (await anna.posts("list_groups"))["type"] == "ok"


async def test_an_owner_who_has_lost_a_device_gets_in_and_the_lost_one_is_signed_out(stage: Stage):
    (anna,) = await stage.enter("anna")
    await ordered(stage, Promote("anna", "owner"))
    await anna.is_cut_off()  # links come back with the other role
    await anna.comes()
    await limit(stage, "devices", 1)
    found = await stage.posts("login", {"username": "anna", "password": PASSWORD})
    assert found["type"] == "ok"
    assert await anna.is_cut_off() == 4001
    assert (await anna.posts("list_groups"))["code"] == "not_signed_in"
    audit = await stage.posts("list_audit", {}, found["token"])
    acts = [tuple(each.get(name) for name in ("act", "by", "whom", "detail")) for each in audit["entries"]]
    assert ("sessions_revoked", "anna", "anna", "1") in acts


async def test_of_an_owners_devices_the_one_that_was_not_here_for_longest_gives_its_place(stage: Stage, clock: Clock):
    (anna,) = await stage.enter("anna")
    await ordered(stage, Promote("anna", "owner"))
    await limit(stage, "devices", 2)
    clock.passes(60)
    second = await stage.posts("login", {"username": "anna", "password": PASSWORD})
    clock.passes(60)
    third = await stage.posts("login", {"username": "anna", "password": PASSWORD})
    good = [await stage.posts("list_groups", {}, token) for token in (anna.token, second["token"], third["token"])]
    assert [each["type"] for each in good] == ["error", "ok", "ok"]


async def test_who_is_no_owner_stands_at_the_limit_of_devices(stage: Stage):
    (anna,) = await stage.enter("anna")
    await ordered(stage, Promote("anna", "admin"))
    await limit(stage, "devices", 1)
    assert told(await makes(anna, "devices")) == ("limit_reached", "devices", 1)


async def test_somebody_may_have_more_in_files_than_the_setting_says(tmp_path: Path):
    async with staged(quiet_config(tmp_path, files_per_person=100)) as stage:
        anna, boris = await stage.enter("anna", "boris")
        await limit(stage, "files", 1000, "anna")
        assert await begins_upload(anna, 900) == {}
        assert told(await begins_upload(anna, 200)) == ("quota_exceeded", "files", 1000)
        assert told(await begins_upload(boris, 101)) == ("quota_exceeded", "files", 100)


async def test_what_was_set_is_there_after_a_restart(tmp_path: Path):
    async with staged(quiet_config(tmp_path)) as stage:
        await stage.enter("anna")
        await limit(stage, "groups", 7)
        await limit(stage, "groups", 1, "anna")
        await limit(stage, "tokens", 5)
        await limit(stage, "tokens", None)
    async with staged(quiet_config(tmp_path)) as stage:
        shown = await ordered(stage, ShowLimits(), LimitsShown)
        found = {each.name: (each.value, each.is_set) for each in shown.limits}
        assert (found["groups"], found["tokens"]) == ((7, True), (50, False))
        assert [(each.username, each.name, each.value) for each in shown.exceptions] == [("anna", "groups", 1)]


async def test_it_is_shown_how_much_somebody_has(stage: Stage):
    (anna,) = await stage.enter("anna", group="склад")
    await begins_upload(anna, 300)
    for what in ("invites", "webhooks", "tokens", "devices"):
        await makes(anna, what)
    shown = await ordered(stage, ShowLimits("anna"), LimitsShown)
    assert {each.name: each.used for each in shown.limits} == {
        "links": 1,
        "devices": 2,
        "messages_per_minute": None,
        "messages_per_hour": None,
        "files": 300,
        "uploads": 1,
        "groups": 1,
        "invites": 1,
        "webhooks": 1,
        "tokens": 1,
    }


async def test_a_limit_for_nobody_is_refused(stage: Stage):
    with pytest.raises(OrderRefused) as refused:
        await limit(stage, "groups", 3, "nobody")
    assert refused.value.code == "unknown_user"


async def test_what_was_changed_is_written_down_once(stage: Stage):
    anna = await stage.registers("anna", code=stage.relay.owner_code)
    await anna.comes()
    await limit(stage, "groups", 7)
    await limit(stage, "groups", 7)
    await limit(stage, "groups", 0, "anna")
    entries = (await anna.gets({"type": "list_audit", "limit": 2}))["entries"]
    assert [(each["act"], each["via"], each.get("whom", ""), each["detail"]) for each in entries] == [
        ("limits_changed", "command_line", "anna", "groups: – → ∞"),
        ("limits_changed", "command_line", "", "groups: – → 7"),
    ]
