"""Who is muted reads and writes nothing, on every way; and a group with a pause between messages keeps it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from common.ids import Millis
from tests.people import PASSWORD, Json, Person, Stage, quiet_config, staged


class Clock:
    """Time that goes on when it is told to."""

    def __init__(self) -> None:
        self.at = Millis(1_767_225_600_000)

    def __call__(self) -> Millis:
        return self.at

    def passes(self, seconds: float) -> None:
        self.at = Millis(self.at + int(seconds * 1000))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def stage(tmp_path: Path, clock: Clock) -> AsyncIterator[Stage]:
    async with staged(quiet_config(tmp_path), now=clock) as made:
        yield made


def nonce() -> str:
    return secrets.token_hex(16)


def post(person: Person, body: str = "text", **more: object) -> Json:
    return {"type": "post", "group": person.group, "nonce": nonce(), "body": body, **more}


def mute(person: Person, whom: Person, **more: object) -> Json:
    return {"type": "mute_member", "group": person.group, "user": whom.id, **more}


async def its_group(person: Person) -> Json:
    groups = (await person.gets({"type": "list_groups"}))["groups"]
    return next(group for group in groups if group["id"] == person.group)


async def hears_of_mute(person: Person, muted: bool, after: int) -> Json:
    event = await person.hears(
        lambda event: (
            event["type"] == "group" and event["group"]["id"] == person.group and ("muted" in event["group"]) == muted
        ),
        after=after,
    )
    return dict(event["group"])


async def owner(stage: Stage, name: str = "olga") -> Person:
    """Who owns the relay."""
    code = await stage.relay.parts.journal.change(lambda transaction: transaction.meta.new_owner_code())
    person = await stage.registers(name, code=code)
    await person.comes()
    return person


async def test_who_is_muted_writes_nothing_and_reads_on(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    own = await boris.says("before")
    mark = len(boris.heard)
    await anna.gets(mute(anna, boris, seconds=600))

    assert (await hears_of_mute(boris, True, mark))["muted"] == {"until": stage.relay.parts.now() + 600_000}
    for command in (
        post(boris),
        post(boris, mentions=[anna.id]),
        {"type": "post", "group": boris.group, "nonce": nonce(), "forward": {"group": boris.group, "seq": own}},
        {"type": "edit", "group": boris.group, "nonce": nonce(), "target": own, "body": "changed"},
        {"type": "react", "group": boris.group, "nonce": nonce(), "target": own, "emoji": "👍"},
        {"type": "pin", "group": boris.group, "nonce": nonce(), "target": own},
        {"type": "typing", "group": boris.group},
    ):
        answer = await boris.asks(command)
        assert (answer["code"], answer["retry_after"]) == ("muted", 600.0), command
    await anna.says("you hear me")
    await boris.hears_message("you hear me")
    assert await boris.gets({"type": "history", "group": boris.group})
    assert await boris.gets({"type": "redact", "group": boris.group, "nonce": nonce(), "target": own})
    assert (await boris.posts("post", group=stage.general, nonce=nonce(), body="elsewhere"))["type"] == "ok"


async def test_the_log_tells_of_it_and_everybody_sees_the_same(stage: Stage):
    anna, boris, vera = await stage.enter("anna", "boris", "vera", group="склад")
    await anna.gets(mute(anna, boris, seconds=60))
    await anna.gets(mute(anna, boris))
    await anna.gets(mute(anna, boris, on=False))
    await anna.gets(mute(anna, boris, on=False))
    await anna.says("over")
    await vera.hears_message("over")

    told = [entry for entry in vera.entries() if entry["kind"] == "mute"]
    assert [(entry["sender"], entry["user"], entry.get("body"), entry.get("on", True)) for entry in told] == [
        (anna.id, boris.id, "60", True),
        (anna.id, boris.id, None, True),
        (anna.id, boris.id, None, False),
    ]
    page = (await vera.gets({"type": "history", "group": vera.group}))["entries"]
    assert [entry for entry in page if entry["kind"] == "mute"] == [
        {key: value for key, value in entry.items() if key != "type"} for entry in told
    ]


async def test_it_ends_by_itself_and_that_is_told(stage: Stage, clock: Clock):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    await anna.gets(mute(anna, boris, seconds=60))
    members = (await anna.gets({"type": "list_members", "group": anna.group}))["members"]
    assert [member.get("muted") for member in members] == [None, {"until": clock.at + 60_000}]
    mark = len(boris.heard)
    clock.passes(60)

    assert "muted" not in await hears_of_mute(boris, False, mark)
    await boris.says("here again")
    assert (await anna.gets({"type": "list_mutes", "group": anna.group}))["mutes"] == []


async def test_it_holds_for_who_comes_back_and_after_a_restart(tmp_path: Path, clock: Clock):
    config = quiet_config(tmp_path)
    async with staged(config, now=clock) as stage:
        anna, boris = await stage.enter("anna", "boris", group="склад")
        await anna.gets(mute(anna, boris))
        await boris.gets({"type": "leave_group", "group": boris.group})
        await boris.gets({"type": "join_group", "group": boris.group})
        assert await boris.is_refused(post(boris)) == "muted"
        token, group = boris.token, boris.group
    async with staged(config, now=clock) as stage:
        again = Person(stage, "boris", token, boris.user)
        again.group = group
        stage.people.append(again)
        await again.comes()
        assert (await its_group(again))["muted"] == {}
        answer = await again.asks(post(again))
        assert (answer["code"], "retry_after" in answer) == ("muted", False)


async def test_what_was_stored_before_is_answered_as_before(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    said = post(boris)
    first = await boris.gets(said)
    await anna.gets(mute(anna, boris))

    again = await boris.gets(said)
    assert (again["seq"], again["at"]) == (first["seq"], first["at"])


async def test_nothing_comes_after_the_entry_that_mutes(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    asked = [boris.begins(post(boris, f"{n}")) for n in range(100)]
    done = anna.begins(mute(anna, boris))
    asked += [boris.begins(post(boris, f"{n}")) for n in range(100, 200)]
    answers = await asyncio.gather(*asked, done)
    assert {answer.get("code") for answer in answers} <= {None, "muted"}
    log: list[Json] = []
    page: Json = {"more": True}
    while page["more"]:
        page = await anna.gets(
            {"type": "history", "group": anna.group, "after": log[-1]["seq"] if log else 0, "limit": 200}
        )
        log += page["entries"]
    place = next(at for at, entry in enumerate(log) if entry["kind"] == "mute")
    assert [entry["kind"] for entry in log[place + 1 :] if entry["sender"] == boris.id] == []


async def test_who_may_mute_whom(stage: Stage):
    olga = await owner(stage)
    anna, boris, vera, gleb = await stage.enter("anna", "boris", "vera", "gleb", group="склад")
    await olga.gets({"type": "join_group", "group": anna.group})
    olga.group = anna.group
    for admin in (boris, vera):
        await anna.gets({"type": "set_role", "group": anna.group, "user": admin.id, "role": "admin"})

    assert await gleb.is_refused(mute(gleb, boris)) == "not_allowed"
    assert await boris.is_refused(mute(boris, vera)) == "not_allowed"
    assert await boris.is_refused(mute(boris, anna)) == "not_allowed"
    assert await anna.is_refused(mute(anna, olga)) == "not_allowed"
    assert await boris.is_refused(mute(boris, olga)) == "not_allowed"
    assert await boris.is_refused(mute(boris, boris)) == "not_allowed"
    await anna.gets(mute(anna, boris))
    assert await boris.is_refused(mute(boris, boris, on=False)) == "not_allowed"
    assert await boris.is_refused({"type": "set_topic", "group": boris.group, "topic": "I still speak"}) == "muted"
    await boris.gets(mute(boris, gleb))
    assert await boris.is_refused({"type": "mute_member", "user": gleb.id}) == "not_allowed"
    direct = (await gleb.gets({"type": "open_direct", "user": anna.id}))["group"]["id"]
    assert await gleb.is_refused({"type": "mute_member", "group": direct, "user": anna.id}) == "not_allowed"


async def test_muted_on_the_whole_relay(stage: Stage, clock: Clock):
    olga = await owner(stage)
    anna, boris = await stage.enter("anna", "boris", group="склад")
    direct = (await boris.gets({"type": "open_direct", "user": anna.id}))["group"]["id"]
    mark = len(boris.heard)
    await olga.gets({"type": "mute_member", "user": boris.id, "seconds": 60})

    info = await hears_of_mute(boris, True, mark)
    assert info["muted"] == {"until": clock.at + 60_000, "everywhere": True}
    for group in (boris.group, stage.general, direct):
        assert await boris.is_refused({**post(boris), "group": group}) == "muted"
    assert await boris.is_refused({"type": "create_group", "name": "mine"}) == "muted"
    assert await boris.is_refused({"type": "set_presence", "state": "away", "text": "words"}) == "muted"
    assert await boris.gets({"type": "set_presence", "state": "away"})
    async with stage.http.post(
        stage.url("/api/files"),
        headers={"Authorization": f"Bearer {boris.token}", "Tus-Resumable": "1.0.0", "Upload-Length": "3"},
    ) as response:
        assert (response.status, (await response.json())["code"]) == (403, "muted")
        assert response.headers["Retry-After"] == "60"
    (listed,) = (await olga.gets({"type": "list_mutes"}))["mutes"]
    assert (listed["user"]["id"], listed["by"], listed["until"]) == (boris.id, olga.id, clock.at + 60_000)
    mark = len(boris.heard)
    await olga.gets({"type": "mute_member", "user": boris.id, "on": False})
    assert "muted" not in await hears_of_mute(boris, False, mark)
    await boris.says("thanks")


async def test_a_webhook_of_who_is_muted_says_nothing(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    await anna.gets({"type": "set_role", "group": anna.group, "user": boris.id, "role": "admin"})
    path = (await boris.gets({"type": "create_webhook", "group": boris.group, "name": "printer"}))["path"]
    await anna.gets(mute(anna, boris))
    async with stage.http.post(stage.url(path), data="paper is out") as response:
        assert (await response.json())["code"] == "muted"


# -- slow mode ---------------------------------------------------------------------------------------------------------


async def test_a_member_says_one_thing_in_so_many_seconds(stage: Stage, clock: Clock):
    anna, boris, vera = await stage.enter("anna", "boris", "vera", group="склад")
    mark = len(boris.heard)
    set_by = await anna.gets({"type": "set_slow", "group": anna.group, "seconds": 30})
    entry = await boris.hears(lambda event: event["type"] == "entry" and event["kind"] == "slow", after=mark)
    assert (entry["seq"], entry["sender"], entry["body"]) == (set_by["seq"], anna.id, "30")
    assert (await its_group(boris))["slow"] == 30

    first = post(boris)
    stored = await boris.gets(first)
    clock.passes(12.5)
    answer = await boris.asks(post(boris, "too soon"))
    assert (answer["code"], answer["retry_after"]) == ("slow_mode", 17.5)
    assert (await boris.gets(first))["seq"] == stored["seq"], "a repeat is answered as before"
    assert (await boris.posts("post", group=boris.group, nonce=nonce(), body="by another door"))["code"] == "slow_mode"
    await vera.says("each has their own")
    for _ in range(3):
        await anna.says("who leads it need not wait")
    await boris.gets({"type": "react", "group": boris.group, "nonce": nonce(), "target": stored["seq"], "emoji": "👍"})
    clock.passes(17.5)
    await boris.says("now")
    assert await boris.is_refused(post(boris)) == "slow_mode"
    await anna.gets({"type": "set_slow", "group": anna.group, "seconds": 0})
    await boris.says("as before")
    await boris.says("as fast as one likes")


async def test_of_many_at_once_one_is_taken_and_the_others_are_not_lost_in_the_batch(stage: Stage):
    anna, boris, vera = await stage.enter("anna", "boris", "vera", group="склад")
    await anna.gets({"type": "set_slow", "group": anna.group, "seconds": 600})
    asked = [person.begins(post(person, f"{n}")) for n in range(20) for person in (anna, boris, vera)]
    answers = await asyncio.gather(*asked)
    assert [answer["type"] for answer in answers[0::3]] == ["ok"] * 20
    for person in (1, 2):
        assert [answer["type"] for answer in answers[person::3]] == ["ok"] + ["error"] * 19


async def test_the_pause_survives_a_restart(tmp_path: Path, clock: Clock):
    config = quiet_config(tmp_path)
    async with staged(config, now=clock) as stage:
        anna, boris = await stage.enter("anna", "boris", group="склад")
        await anna.gets({"type": "set_slow", "group": anna.group, "seconds": 30})
        await boris.says("said")
        group = boris.group
    clock.passes(10)
    async with staged(config, now=clock) as stage:
        signed_in = await stage.posts("login", {"username": "boris", "password": PASSWORD})
        answer = await stage.posts("post", {"group": group, "nonce": nonce(), "body": "again"}, signed_in["token"])
        assert (answer["code"], answer["retry_after"]) == ("slow_mode", 20.0)


async def test_only_who_leads_sets_it(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    assert await boris.is_refused({"type": "set_slow", "group": boris.group, "seconds": 30}) == "not_allowed"
    direct = (await boris.gets({"type": "open_direct", "user": anna.id}))["group"]["id"]
    assert await boris.is_refused({"type": "set_slow", "group": direct, "seconds": 30}) == "not_allowed"
