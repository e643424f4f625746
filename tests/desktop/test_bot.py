"""Bots: each message once and in order, whatever happens to the link, the relay and the bot itself."""

from __future__ import annotations

import asyncio
import http.client
import json
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from common.crypto.identity import Invitation
from common.crypto.tls import client_context
from common.errors import LinkLost
from common.protocol.messages import EntryAdded, Event
from desktop import bot as bots
from desktop.bot import Bot, Message
from desktop.link.denied import Denied
from desktop.link.wire import TokenRefused
from tests.desktop.link.relays import ROOT, RelayProcess, relay_in
from tests.people import Json, Person, Stage, quiet_config, staged

DEADLINE_S = 20.0


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(quiet_config(tmp_path)) as made:
        yield made


def link_to(stage: Stage) -> str:
    return Invitation("127.0.0.1", stage.relay.port, stage.relay.relay_id).link


async def token_of(person: Person, *scopes: str) -> Json:
    return await person.gets({"type": "create_token", "name": "bot", "scopes": scopes or ("write",)})


async def hears(bot: Bot, count: int) -> list[Message]:
    """The next *count* messages, each done with."""
    found: list[Message] = []
    async with asyncio.timeout(DEADLINE_S):
        messages = bot.messages()
        assert isinstance(messages, AsyncGenerator)
        async for message in messages:
            found.append(message)
            if len(found) == count:
                break
        await messages.aclose()
    return found


def texts(messages: list[Message]) -> list[str]:
    return [message.text for message in messages]


async def test_a_bot_hears_what_others_say_and_answers(stage: Stage):
    anna, robot = await stage.enter("anna", "robot")
    async with Bot(link_to(stage), (await token_of(robot))["secret"]) as bot:
        await robot.says("от себя")
        seq = await anna.says("Чайник вскипел?")
        (message,) = await hears(bot, 1)
        assert (message.text, message.sender, message.group) == ("Чайник вскипел?", anna.id, anna.group)
        assert await message.reply("Да") == await message.reply("Да")
        await message.react("👍")
        heard = await anna.hears_message("Да")
        assert (heard["sender"], heard["target"]) == (robot.id, seq)
        assert (await anna.hears(lambda event: event.get("kind") == "reaction"))["body"] == "👍"
    assert [
        entry["body"] for entry in await anna.reads() if entry["sender"] == robot.id and entry.get("target") == seq
    ] == [
        "Да",
        "👍",
    ]


async def test_more_than_the_relay_pushes_comes_in_order_and_once(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bots, "WAITING_MAX", 5)
    anna, robot = await stage.enter("anna", "robot")
    async with Bot(link_to(stage), (await token_of(robot))["secret"]) as bot:
        said = [f"{number}" for number in range(450)]
        for text in said:
            await anna.says(text)
        assert texts(await hears(bot, 450)) == said


async def test_what_is_told_twice_or_not_at_all_is_heard_once(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    told = bots._Ears.heard

    def tells(ears: bots._Ears, events: Sequence[Event]) -> None:
        entries = [event for event in events if isinstance(event, EntryAdded)]
        told(ears, [event for event in entries if event.body != "два"] * 2)

    monkeypatch.setattr(bots._Ears, "heard", tells)
    anna, robot = await stage.enter("anna", "robot")
    async with Bot(link_to(stage), (await token_of(robot))["secret"]) as bot:
        for text in ("раз", "два", "три", "четыре"):
            await anna.says(text)
        assert texts(await hears(bot, 4)) == ["раз", "два", "три", "четыре"]
        await anna.says("пять")
        assert texts(await hears(bot, 1)) == ["пять"]


async def test_what_is_said_while_it_is_away_comes_after_the_next_start(stage: Stage, tmp_path: Path):
    anna, robot = await stage.enter("anna", "robot")
    token, state = (await token_of(robot))["secret"], tmp_path / "state.json"
    await anna.says("до первого раза")
    async with Bot(link_to(stage), token, state=state) as bot:
        pass
    await anna.says("раз")
    await anna.says("два")
    async with Bot(link_to(stage), token, state=state) as bot:
        messages = bot.messages()
        assert (await anext(messages)).text == "раз"
        assert (await anext(messages)).text == "два"  # "раз" is done with, "два" is not
    async with Bot(link_to(stage), token, state=state) as bot:
        await anna.says("три")
        assert texts(await hears(bot, 2)) == ["два", "три"]


async def test_a_log_that_is_another_than_the_one_it_knows_is_heard_from_its_end(stage: Stage, tmp_path: Path):
    anna, robot = await stage.enter("anna", "robot")
    token, state = (await token_of(robot))["secret"], tmp_path / "state.json"
    async with Bot(link_to(stage), token, state=state) as bot:
        for word in ("раз", "два"):
            await anna.says(word)
        messages = bot.messages()
        assert [(await anext(messages)).text for _word in range(2)] == ["раз", "два"]  # the last one is in hand
    kept = json.loads(state.read_text())
    (group,) = kept["cursors"]
    assert str(kept["cursors"][group]) in kept["imprints"][group], "also where it stands with a message in hand"
    for word in ("три", "четыре"):
        await anna.says(word)
    for imprint in kept["imprints"][group].values():
        imprint["at"] -= 1  # as another entry in that place would have
    state.write_text(json.dumps(kept))
    async with Bot(link_to(stage), token, state=state) as bot:
        await anna.says("пять")
        assert texts(await hears(bot, 1)) == ["пять"]
    del kept["imprints"]
    state.write_text(json.dumps(kept))
    async with Bot(link_to(stage), token, state=state) as bot:
        assert texts(await hears(bot, 1)) == ["два"], "the state of an earlier version goes on"


async def test_a_group_that_is_new_to_it_is_heard_from_there_on(stage: Stage, tmp_path: Path):
    anna, robot = await stage.enter("anna", "robot")
    async with Bot(link_to(stage), (await token_of(robot))["secret"], state=tmp_path / "state") as bot:
        group = (await anna.gets({"type": "create_group", "name": "склад", "private": True}))["group"]["id"]
        await anna.says("раньше", group)
        await anna.gets({"type": "add_member", "group": group, "user": robot.id})
        await anna.says("теперь", group)
        assert texts(await hears(bot, 1)) == ["теперь"]
        await anna.gets({"type": "remove_member", "group": group, "user": robot.id})
        await anna.says("без него", group)
        await anna.says("в общей")
        assert texts(await hears(bot, 1)) == ["в общей"]


async def test_a_revoked_token_ends_it(stage: Stage):
    (robot,) = await stage.enter("robot")
    made = await token_of(robot)
    async with Bot(link_to(stage), made["secret"]) as bot:
        await robot.gets({"type": "revoke_token", "token": made["token"]["id"]})
        with pytest.raises(TokenRefused):
            await hears(bot, 1)
        with pytest.raises(TokenRefused):
            await bot.post(robot.group, "Есть кто?")
    with pytest.raises(TokenRefused):
        async with Bot(link_to(stage), made["secret"]):
            pass


async def test_what_its_token_may_not_is_told(stage: Stage):
    (robot,) = await stage.enter("robot")
    async with Bot(link_to(stage), (await token_of(robot, "read"))["secret"]) as bot:
        with pytest.raises(Denied) as refused:
            await bot.post(robot.group, "Есть кто?")
        assert refused.value.code == "scope_needed"


async def test_what_it_says_as_the_link_breaks_is_said_on_the_next(stage: Stage):
    (robot,) = await stage.enter("robot")
    async with Bot(link_to(stage), (await token_of(robot))["secret"]) as bot:
        (await bot._ears.link()).abort(LinkLost("cut"))
        seq = await bot.post(robot.group, "Чайник вскипел")
        assert (await robot.hears_message("Чайник вскипел"))["seq"] == seq


async def test_it_waits_when_the_relay_says_that_it_is_too_much(tmp_path: Path):
    async with staged(quiet_config(tmp_path, rate_limit=50)) as stage:
        (robot,) = await stage.enter("robot")
        async with Bot(link_to(stage), (await token_of(robot))["secret"]) as bot:
            await asyncio.gather(*(bot.post(robot.group, f"{number}") for number in range(280)))
        said = [entry["body"] for entry in await robot.reads() if entry["kind"] == "message"]
        assert sorted(map(int, said)) == list(range(280))


async def test_it_waits_out_the_pause_between_messages(stage: Stage):
    anna, robot = await stage.enter("anna", "robot")
    group = (await anna.gets({"type": "create_group", "name": "шахматы"}))["group"]["id"]
    await robot.gets({"type": "join_group", "group": group})
    await anna.gets({"type": "set_slow", "group": group, "seconds": 1})
    async with Bot(link_to(stage), (await token_of(robot))["secret"]) as bot:
        assert await bot.post(group, "раз") < await bot.post(group, "два")


async def test_it_talks_to_no_other_relay(stage: Stage, caplog: pytest.LogCaptureFixture):
    (robot,) = await stage.enter("robot")
    token = (await token_of(robot))["secret"]
    other = link_to(stage).rpartition("/")[0] + "/" + "ABCD-" * 12 + "EFGA"
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5), Bot(other, token):
            pass
    assert stage.relay.gateway.links == 1, "its person's own"
    assert "Another relay answers in place of" in caplog.text
    caplog.clear()


# -- the example -------------------------------------------------------------------------------------------------------


class Asker:
    """Somebody who speaks to a relay process by plain HTTPS."""

    def __init__(self, relay: RelayProcess, name: str) -> None:
        self.relay = relay
        self.token = ""
        self.token = self.asks("register", username=name, password="correct horse")["token"]

    def asks(self, command: str, **fields: Any) -> Json:
        connection = http.client.HTTPSConnection("127.0.0.1", self.relay.port, context=client_context(), timeout=20)
        try:
            headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
            connection.request("POST", f"/api/{command}", json.dumps(fields).encode(), headers)
            answer: Json = json.loads(connection.getresponse().read())
            assert answer["type"] == "ok", answer
            return answer
        finally:
            connection.close()

    def says(self, text: str) -> None:
        self.asks("post", group=1, nonce=secrets.token_hex(16), body=text)

    def said(self) -> list[str]:
        entries = self.asks("history", group=1, limit=200)["entries"]
        return [entry["body"] for entry in entries if entry["kind"] == "message"]

    def waits_for(self, text: str) -> None:
        until = time.monotonic() + DEADLINE_S
        while text not in self.said():
            assert time.monotonic() < until, f"nobody says {text}"
            threading.Event().wait(0.05)


@contextmanager
def echo_bot(link: str, folder: Path) -> Iterator[None]:
    """The example as a process of its own; ends it as a power cut does."""
    command = [sys.executable, "-m", "examples.echo_bot", link, str(folder / "token"), str(folder / "state")]
    with (folder / "bot.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"robot listens in 1 groups\n", (folder / "bot.log").read_text()
        yield
    finally:
        process.kill()
        process.wait()
        process.stdout.close()  # type: ignore[union-attr]


def test_the_example_echoes_once_through_restarts_of_the_relay_and_its_own(tmp_path: Path):
    with relay_in(tmp_path / "relay") as relay:
        anna, robot = Asker(relay, "anna"), Asker(relay, "robot")
        (tmp_path / "token").write_text(robot.asks("create_token", name="echo", scopes=["write"])["secret"])
        link = f"pymessenger://{relay.address}/{relay.said['relay_id']}"
        with echo_bot(link, tmp_path):
            anna.says("!echo ")
            anna.says("!echo раз")
            anna.waits_for("раз")
            relay.stop()
            relay.start()
            anna.says("!echo два")
            anna.says("не ему")
            anna.waits_for("два")
            relay.kill()
            relay.start()
            anna.says("!echo три")
            anna.waits_for("три")
        anna.says("!echo четыре")
        with echo_bot(link, tmp_path):
            anna.waits_for("четыре")
        said = anna.said()
    assert sorted(text for text in said if not text.startswith("!")) == sorted(
        ["раз", "не ему", "два", "три", "четыре"]
    )
