"""Whatever is said, typed, sent or tried, nothing of it is in the relay's log, not even at the level debug."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from common.protocol.messages import COMMANDS
from relay.control.asking import order
from relay.control.place import read_place
from relay.control.words import (
    AddPassphrase,
    ConfirmCode,
    DisablePerson,
    Done,
    Keys,
    PasswordReset,
    ResetPassword,
    ShowKeys,
)
from tests.files import Courier
from tests.people import Json, Person, tls
from tests.remote import RelayProcess, Remote
from tests.scenes.test_hostile import BROKEN, GOOD

MARK = "marked7391xq"
FREE = ("username", "display_name", "password", "device", "client", "name", "topic", "body", "query", "code", "text")
"""Fields that hold what people write."""


@pytest.fixture(params=["text"])
async def relay(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[LoudRelay]:
    async with LoudRelay(tmp_path, request.param) as made:
        yield made


class LoudRelay(RelayProcess):
    """Its log is in a file, its standard error in another."""

    def __init__(self, folder: Path, form: str) -> None:
        self.log = folder / "relay.log"
        super().__init__(folder, "--log-level", "debug", "--log-format", form, "--log-file", str(self.log))


def marked(fields: Json) -> Json:
    """*fields* with a mark in whatever people write."""
    return {
        name: f"{MARK} {name}" if name in FREE and isinstance(value, str) else value for name, value in fields.items()
    }


def spoilt(fields: Json) -> Json:
    """*fields* with a mark where none can be, and a field too many."""
    return {**dict.fromkeys(fields, MARK), f"extra_{MARK}": MARK}


LAST = {"hello", "logout", "delete_account"}
"""Commands after which a person says nothing more, and the one before all."""


async def try_everything(stage: Remote) -> None:
    """Every command of the protocol, by both doors, right and wrong, with marks in everything."""
    anna = await stage.registers(f"{MARK}anna", display_name=MARK, password=f"{MARK} password", device=MARK)
    await anna.comes()
    for body in (f"{MARK} сказано", f"# {MARK}\n`code`"):
        await anna.says(body)
    for name, fields in GOOD.items():
        if name in LAST:
            continue
        for shape in (marked(fields), spoilt(fields)):
            fresh = {**shape, "nonce": secrets.token_hex(16)} if "nonce" in fields else shape
            stage.keeps(await anna.asks({"type": name, **fresh}))
            again = {**fresh, "nonce": secrets.token_hex(16)} if "nonce" in fields else fresh
            await stage.posts(name, again, anna.token)
    assert set(GOOD) >= set(COMMANDS) - LAST
    for frame, _code in BROKEN:
        await anna.sends(frame.replace("not json", MARK) if isinstance(frame, str) else frame)
    await anna.sends(json.dumps({"type": MARK, "id": 7, MARK: MARK}))
    await try_doors(stage, anna)
    await anna.gets({"type": "list_groups"})
    await anna.goes()
    await stage.posts("logout", {}, anna.token)
    boris = await stage.registers(f"{MARK}boris", display_name=MARK, password=f"{MARK} password", device=MARK)
    for password in (MARK, f"{MARK} password"):
        await stage.posts("delete_account", {"password": password, "messages": "erase"}, boris.token)


async def try_doors(stage: Remote, anna: Person) -> None:
    """Files, webhooks, wrong tokens, passwords, paths and headers."""
    hook = await anna.posts("create_webhook", group=1, name=MARK)
    courier = Courier(anna)
    file = await courier.sends(f"{MARK} contents".encode(), f"{MARK}.txt")
    await courier.posts(file, body=f"{MARK} a file")
    await courier.fetches(file)
    await courier.asks("DELETE", f"/api/files/{MARK}")
    for token in (MARK.encode().hex(), f"{anna.token[:-1]}_"):
        stage.secrets.add(token)
        await stage.posts("list_groups", {}, token)
    wrong = [
        ("POST", f"/api/hooks/{MARK}", MARK),
        ("POST", f"/api/hooks/{hook.get('secret', '')}", json.dumps({"text": MARK, "title": MARK})),
        ("POST", "/api/post", f'{{"body": "{MARK}", "group": '),
        ("POST", f"/api/{MARK}", MARK),
        ("GET", f"/{MARK}?{MARK}={MARK}", ""),
        ("PUT", "/api/post", MARK),
        ("GET", "/ws", ""),
    ]
    for method, path, body in wrong:
        async with stage.http.request(
            method, stage.url(path), data=body.encode(), headers={"X-Said": MARK.encode().hex()}
        ):
            pass
    for password in (MARK, f"{MARK} password"):
        await stage.posts("login", {"username": f"{MARK}anna", "password": password})


def give_orders(relay: LoudRelay) -> set[str]:
    """What the command line types, by the control channel; the secrets among it."""
    order(relay.data, ShowKeys(), Keys)
    order(relay.data, ConfirmCode(relay.ready["recovery_code"]), Done)
    order(relay.data, AddPassphrase(f"{MARK} a long passphrase"), Done)
    made = order(relay.data, ResetPassword(f"{MARK}anna"), PasswordReset)
    order(relay.data, ResetPassword(f"{MARK}anna", f"{MARK} another"), PasswordReset)
    order(relay.data, DisablePerson(f"{MARK}anna"), Done)
    key = next(line for line in relay.key_file.read_text().splitlines() if line.startswith("key: "))
    return {made.password, read_place(relay.data).key, key.removeprefix("key: ")}


@pytest.mark.timeout(180)
async def test_nothing_that_anybody_wrote_typed_or_tried_is_in_the_log(relay: LoudRelay):
    found: dict[str, list[str]] = {}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls(), limit=0)) as http:
        stage = Remote(relay.ready["port"], http)
        await try_everything(stage)
        hidden = stage.secrets | await asyncio.to_thread(give_orders, relay)
    await relay.stops()
    hidden |= {relay.ready["recovery_code"], relay.ready["owner_code"], MARK, MARK.encode().hex()}
    hidden |= {ascii(MARK)[1:-1], "7391xq"}
    assert all(len(secret) > 5 for secret in hidden)
    assert len(hidden) > 15, "the secrets that were answered are among them"
    said: dict[str, str] = {}
    for path in (relay.log, relay.errors):
        said[path.name] = path.read_text("utf-8")
        found[path.name] = [secret for secret in hidden if secret in said[path.name]]
    assert found == {"relay.log": [], "stderr": []}
    assert "was refused: bad_request" in said["relay.log"], "it is loud enough to have been able to"


async def test_each_line_of_the_log_of_json_is_an_object(tmp_path: Path):
    async with (
        LoudRelay(tmp_path, "json") as relay,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls())) as http,
    ):
        await Remote(relay.ready["port"], http).registers("anna")
        await relay.stops()
    for path in (relay.log, relay.errors):
        lines: list[dict[str, Any]] = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        assert all({"at", "level", "logger", "message"} <= line.keys() for line in lines)
        assert any(line["logger"].startswith("relay.") for line in lines)
