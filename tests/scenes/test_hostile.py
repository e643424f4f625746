"""Whatever arrives gets a documented answer, and the link and the relay go on."""

from __future__ import annotations

import asyncio
import gzip
import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import wire_errors
from common.protocol import limits
from common.protocol.messages import COMMANDS
from common.protocol.schema import WITHOUT_TOKEN
from tests.people import Json, Person, Stage, quiet_config, staged

NONCE = "00112233445566778899aabbccddeeff"
GOOD: dict[str, Json] = {
    "register": {"username": "new", "password": "password1"},
    "login": {"username": "anna", "password": "password1"},
    "logout": {},
    "hello": {"client": "tests"},
    "list_groups": {},
    "create_group": {"name": "склад"},
    "join_group": {"group": 1},
    "leave_group": {"group": 1},
    "rename_group": {"group": 1, "name": "General"},
    "list_members": {"group": 1},
    "list_users": {"users": [1]},
    "post": {"group": 1, "nonce": NONCE, "body": "text"},
    "history": {"group": 1},
    "mark_read": {"group": 1, "seq": 1},
    "edit": {"group": 1, "nonce": NONCE, "target": 1, "body": "text"},
    "choose": {"group": 1},
    "list_bans": {"group": 1},
    "mute_member": {"user": 1},
    "list_mutes": {},
    "set_slow": {"group": 1, "seconds": 30},
    "list_edits": {"group": 1, "target": 1},
    "redact": {"group": 1, "nonce": NONCE, "target": 1},
    "react": {"group": 1, "nonce": NONCE, "target": 1, "emoji": "👍"},
    "pin": {"group": 1, "nonce": NONCE, "target": 1},
    "list_pins": {"group": 1},
    "list_readers": {"group": 1, "seq": 1},
    "unread": {"group": 1, "seq": 1},
    "typing": {"group": 1},
    "set_presence": {"state": "away"},
    "set_receipts": {"on": True},
    "open_direct": {"user": 1},
    "add_member": {"group": 1, "user": 1},
    "remove_member": {"group": 1, "user": 1},
    "ban_member": {"group": 1, "user": 1},
    "set_role": {"group": 1, "user": 1, "role": "admin"},
    "set_topic": {"group": 1, "topic": "tea"},
    "create_invite": {},
    "list_invites": {},
    "revoke_invite": {"invite": 1},
    "search": {"query": "tea"},
    "create_token": {"name": "bot", "scopes": ["read"]},
    "list_tokens": {},
    "revoke_token": {"token": 1},
    "create_webhook": {"group": 1, "name": "printer"},
    "list_webhooks": {"group": 1},
    "revoke_webhook": {"group": 1, "webhook": 1},
    "list_audit": {},
    "get_retention": {},
    "count_expired": {},
    "set_retention": {},
    "set_hold": {},
    "list_accounts": {},
    "disable_user": {"user": 9},
    "reset_password": {"user": 9},
    "promote": {"user": 9, "role": "admin"},
    "list_sessions": {"user": 9},
    "revoke_sessions": {"user": 9},
    "list_limits": {},
    "set_limit": {"limit": "groups"},
    "show_state": {},
    "delete_account": {"password": "password1", "messages": "erase"},
    "offer_move": {"password": "password1"},
}
WITH_FIELDS = sorted(name for name, fields in GOOD.items() if fields)
WRONG: dict[str, list[Any]] = {
    "username": [None, 1, [], {}, "", "x" * 65],
    "password": [None, 1, "", "x" * 1025],
    "client": [None, 1, "x" * 65],
    "name": [None, 1, "", "x" * 65],
    "group": [None, "1", 1.5, 0, -1, 2**53, 2**70, [1], {}],
    "seq": [None, "1", -1, 2**53],
    "target": [None, "1", 0, -1, 2**53],
    "emoji": [None, 1, "", "👍" * 33],
    "state": [None, 1, "", "offline"],
    "on": [None, 1, "true"],
    "user": [None, "1", 1.5, 0, -1, 2**53, [1]],
    "role": [None, 1, "", "Owner", "god", ["owner"]],
    "topic": [None, 1, "x" * 257],
    "limit": [None, 1, "", "Groups", "god", ["groups"]],
    "seconds": [-1, "1", 1.5, 2**53],
    "invite": [None, "1", 0, -1, 2**53],
    "query": [None, 1, "", "x" * 201],
    "scopes": [None, 1, [], ["god"], "read"],
    "token": [None, "1", 0, -1, 2**53],
    "webhook": [None, "1", 0, -1, 2**53],
    "users": [None, 1, "1", [0], ["1"], list(range(1, 202))],
    "nonce": [None, 1, "", NONCE.upper(), NONCE + "0", NONCE[:-1], NONCE + "\n"],
    "messages": [None, 1, "", "Erase", ["erase"]],
    "body": [None, 1, "", "x" * 16_385],
}


def test_the_examples_here_know_every_command():
    assert set(GOOD) == set(COMMANDS)


async def refusal(person: Person, frame: str | bytes) -> Json:
    """The error that answers a raw frame; and the link must go on."""
    mark = len(person.heard)
    await person.sends(frame)
    problem = await person.hears(lambda event: event["type"] == "error", after=mark)
    assert problem["code"] in wire_errors(), problem
    assert await person.gets({"type": "list_users", "users": [person.id]})
    return problem


BROKEN: list[tuple[str | bytes, str]] = [
    ("", "malformed_frame"),
    ("not json", "malformed_frame"),
    ("{", "malformed_frame"),
    ('"text"', "malformed_frame"),
    ("7", "malformed_frame"),
    ("null", "malformed_frame"),
    ("[" * 5000, "malformed_frame"),
    (b"\xff\xfe\x00", "malformed_frame"),
    (b'{"type":"post","body":"\xff"}', "bad_request"),
    ('{"type":"post","body":"\\ud800"}', "malformed_frame"),
    ("{}", "bad_request"),
    ('{"type":7}', "bad_request"),
    ("[7]", "malformed_frame"),
    ("[[]]", "bad_request"),
    ('{"type":"fly"}', "unknown_command"),
    ('{"type":"entry"}', "unknown_command"),
    ("[" + ",".join(['{"type":"list_groups"}'] * (limits.COMMANDS_PER_FRAME + 1)) + "]", "frame_too_large"),
    ('{"type":"post","body":"' + "x" * limits.FRAME_BYTES + '"}', "frame_too_large"),
]


async def test_a_broken_frame_gets_its_code(stage: Stage):
    (anna,) = await stage.enter("anna")
    for frame, code in BROKEN:
        assert (await refusal(anna, frame))["code"] == code, frame[:100]


async def test_a_frame_beyond_all_measure_ends_the_link_alone(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    await anna.sends('"' + "x" * limits.FRAME_HARD_BYTES + '"')
    # The relay says 1009 and reads no further; the client, still sending, may find the connection gone before it reads that.
    assert await anna.is_cut_off() in (1009, 1006)
    await boris.says("still here")


async def test_wrong_missing_and_overlong_fields_are_bad_requests(stage: Stage):
    anna, http = (await stage.enter("anna"))[0], stage.http
    for name, field in [(kind, each) for kind in WITH_FIELDS for each in GOOD[kind]]:
        required = {key: value for key, value in GOOD[name].items() if key != field}
        values = [*WRONG[field], ...]
        for value in values:
            fields = required if value is ... else {**required, field: value}
            problem = await refusal(anna, json.dumps({"type": name, **fields}))
            assert problem["code"] == "bad_request", (name, field, value)
            if name != "hello":
                headers = {"Authorization": f"Bearer {anna.token}"}
                async with http.post(stage.url(f"/api/{name}"), json=fields, headers=headers) as response:
                    assert (response.status, (await response.json())["code"]) == (400, "bad_request")


async def test_one_bad_command_does_not_take_the_others_of_its_frame_with_it(stage: Stage):
    (anna,) = await stage.enter("anna")
    first, third = {"id": 901, "type": "list_groups"}, {"id": 903, "type": "history", "group": 1}
    await anna.sends(json.dumps([first, {"id": 902, "type": "post", "group": "one"}, third, 5]))
    await anna.problem()
    await anna.hears(lambda word: word.get("re") == 903)
    by_number = {word.get("re"): word for word in anna.heard if "re" in word}
    assert [by_number[number]["type"] for number in (901, 902, 903)] == ["ok", "error", "ok"]


async def test_before_hello_nothing_else_is_done(stage: Stage):
    anna = await stage.registers("anna")
    await anna.connects()
    for name in sorted(set(GOOD) - {"hello", "logout"}):
        assert await anna.is_refused({"type": name, **GOOD[name]}) == "unexpected_message", name
    assert (await anna.asks({"type": "hello", "client": "tests"}))["type"] == "ok"


async def test_what_belongs_before_hello_is_refused_after_it(stage: Stage):
    (anna,) = await stage.enter("anna")
    for name in ("hello", "login", "register"):
        assert await anna.is_refused({"type": name, **GOOD[name]}) == "unexpected_message"
    await anna.says("goes on")


async def test_without_a_token_nothing_is_done(stage: Stage):
    for header in (None, "Bearer", "Bearer x", "Basic YTpi", "Bearer " + "ä" * 43, "Bearer " + "x" * 5000):
        headers = {} if header is None else {"Authorization": header}
        for name in sorted(kind for kind in GOOD if kind != "hello" and COMMANDS[kind] not in WITHOUT_TOKEN):
            async with stage.http.post(stage.url(f"/api/{name}"), json=GOOD[name], headers=headers) as response:
                assert (response.status, (await response.json())["code"]) == (401, "not_signed_in")


async def test_a_websocket_without_a_token_is_refused_before_the_upgrade(stage: Stage):
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await stage.http.ws_connect(stage.url("/ws", "wss"))
    assert refused.value.status == 401


@pytest.mark.parametrize("path", ["/api/relay", "/ws", "/health"])
@pytest.mark.parametrize(
    "headers, status",
    [
        ({"Origin": "https://evil.example.com"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example.com"}, 403),
        ({"Host": "127.0.0.1.evil.com:5000"}, 403),
    ],
)
async def test_web_pages_are_kept_out(stage: Stage, path: str, headers: dict[str, str], status: int):
    async with stage.http.get(stage.url(path), headers=headers) as response:
        assert (response.status, (await response.json())["code"]) == (status, "foreign_origin")


async def test_the_plain_door_answers_what_it_does_not_know(stage: Stage):
    for method, path, code in [
        ("POST", "/api/fly", "unknown_command"),
        ("POST", "/api/hello", "unexpected_message"),
        ("GET", "/api/post", "unknown_command"),
        ("GET", "/nowhere", "unknown_command"),
        ("GET", "/ws", "not_signed_in"),
    ]:
        async with stage.http.request(method, stage.url(path)) as response:
            assert (await response.json())["code"] == code, path
    big = b"x" * (limits.FRAME_BYTES + 1)
    async with stage.http.post(stage.url("/api/login"), data=big) as response:
        assert (response.status, (await response.json())["code"]) == (413, "frame_too_large")
    async with stage.http.post(stage.url("/api/login"), data=b"[1]") as response:
        assert (response.status, (await response.json())["code"]) == (400, "malformed_frame")


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, br", "nonsense"])
async def test_a_packed_body_is_refused_and_never_unpacked(stage: Stage, coding: str):
    for body in (b"not packed at all", gzip.compress(b'{"username":"anna","password":"correct horse"}')):
        url, headers = stage.url("/api/register"), {"Content-Encoding": coding}
        async with stage.http.post(url, data=body, headers=headers) as response:
            assert (response.status, (await response.json())["code"]) == (400, "bad_request")


async def test_a_link_that_says_no_hello_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "HELLO_S", 0.1)
    async with staged(quiet_config(tmp_path)) as stage:
        anna = await stage.registers("anna")
        await anna.connects()
        assert await anna.is_cut_off() == 1008


# -- whatever hypothesis thinks of -------------------------------------------------------------------------------------


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def commands() -> st.SearchStrategy[Json]:
    """Known commands with some of their fields replaced, left out or added."""

    def spoiled(name: str) -> st.SearchStrategy[Json]:
        fields = sorted(GOOD[name]) or ["group"]
        changes = st.dictionaries(st.sampled_from([*fields, "id", "extra"]), JSON_VALUES, max_size=3)
        return changes.map(lambda change: {"type": name, **GOOD[name], **change})

    return st.sampled_from(sorted(set(GOOD) - {"logout"})).flatmap(spoiled)


FRAMES = (
    st.binary(max_size=200)
    | JSON_VALUES.map(json.dumps)
    | commands().map(json.dumps)
    | st.lists(commands() | JSON_VALUES, max_size=5).map(json.dumps)
)


@pytest.fixture
def loop_and_stage(tmp_path: Path) -> Iterator[tuple[asyncio.Runner, Stage]]:
    """A relay that lives through all examples of one test."""
    with asyncio.Runner() as runner:
        stage = staged(quiet_config(tmp_path))
        entered = runner.run(stage.__aenter__())
        yield runner, entered
        runner.run(stage.__aexit__(None, None, None))


def test_whatever_arrives_the_link_and_the_relay_go_on(loop_and_stage: tuple[asyncio.Runner, Stage]):
    runner, stage = loop_and_stage
    anna, boris = runner.run(stage.enter("anna", "boris"))

    async def arrives(frame: str | bytes) -> None:
        mark = len(anna.heard)
        await anna.sends(frame)
        await anna.gets({"type": "list_users", "users": [anna.id]})
        codes = {word["code"] for word in anna.heard[mark:] if word["type"] == "error"}
        assert codes <= set(wire_errors())
        assert "internal_error" not in codes

    @settings(max_examples=300)
    @given(FRAMES)
    def check(frame: str | bytes) -> None:
        runner.run(arrives(frame))

    check()
    runner.run(boris.says("still here"))


def test_whatever_is_posted_by_http_has_a_documented_answer(loop_and_stage: tuple[asyncio.Runner, Stage]):
    runner, stage = loop_and_stage
    (anna,) = runner.run(stage.enter("anna"))

    async def arrives(name: str, body: bytes) -> None:
        headers = {"Authorization": f"Bearer {anna.token}"}
        async with stage.http.post(stage.url(f"/api/{name}"), data=body, headers=headers) as response:
            answer = await response.json()
        assert answer["type"] == "ok" or answer["code"] in set(wire_errors()) - {"internal_error"}, answer

    # Not what could sign anna out: nothing could be told of her link any more.
    quick = st.sampled_from(sorted(set(GOOD) - {"logout", "login", "register", "revoke_sessions"}))

    @settings(max_examples=150)
    @given(quick, st.binary(max_size=100) | commands().map(lambda command: json.dumps(command).encode()))
    def check(name: str, body: bytes) -> None:
        runner.run(arrives(name, body))

    check()
    runner.run(anna.says("still here " + secrets.token_hex(2)))
