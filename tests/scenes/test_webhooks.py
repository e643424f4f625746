"""Webhooks: who makes them, what may be posted to them, and what becomes of them."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest

from common.protocol import limits
from tests.people import Json, Person, Stage, quiet_config, staged


async def makes_hook(person: Person, name: str = "принтер") -> Json:
    return await person.gets({"type": "create_webhook", "group": person.group, "name": name})


async def posts(stage: Stage, path: str, body: bytes | str, **headers: str) -> Json:
    """The answer to *body*, sent to the webhook; with its status."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    data = body.encode() if isinstance(body, str) else body
    async with stage.http.post(stage.url(path), data=data, headers={"Content-Type": "text/plain"} | named) as answer:
        said: Json = await answer.json()
        return said | {"status": answer.status}


async def ends(stage: Stage, path: str) -> bool:
    """Whether nothing is at that address any more."""
    answer = await posts(stage, path, "Есть кто?")
    return (answer.get("code"), answer["status"]) == ("unknown_webhook", 404)


async def test_what_is_posted_is_its_makers_under_the_name_of_the_webhook(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    made = await makes_hook(anna)
    answer = await posts(stage, made["path"], "Бумага кончилась\n")
    heard = await boris.hears_message("Бумага кончилась")
    assert (heard["sender"], heard["via"], heard["seq"]) == (anna.id, "принтер", answer["seq"])
    assert answer == {"type": "ok", "re": 0, "seq": heard["seq"], "at": heard["at"], "status": 200}
    assert (await boris.reads())[-1] == {name: value for name, value in heard.items() if name != "type"}


@pytest.mark.parametrize(
    "body, headers, said",
    [
        ('{"text":"Готово","level":3}', {"Content_Type": "application/json"}, "Готово"),
        ('{"text":"Готово","title":"Сборка"}', {"Content_Type": "application/json; charset=utf-8"}, "Сборка\nГотово"),
        ("Готово", {"Content_Type": "application/x-www-form-urlencoded"}, "Готово"),
        ("Готово".encode("cp1251"), {"Content_Type": "text/plain; charset=windows-1251"}, "Готово"),
        ("Готово".encode("utf-16"), {"Content_Type": "text/plain; charset=UTF-16"}, "Готово"),
        ("\ufeffГотово", {}, "Готово"),
        ("раз\r\nдва\rтри", {}, "раз\nдва\nтри"),
        ("Готово", {"Title": "Сборка"}, "Сборка\nГотово"),
        ("Готово", {"Title": "=?utf-8?B?0KHQsdC+0YDQutCw?="}, "Сборка\nГотово"),
        ("x" * limits.TEXT_CHARACTERS, {}, "x" * limits.TEXT_CHARACTERS),
    ],
)
async def test_text_comes_in_as_it_was_meant(stage: Stage, body: Any, headers: dict[str, str], said: str):
    (anna,) = await stage.enter("anna", group="склад")
    made = await makes_hook(anna)
    answer = await posts(stage, made["path"], body, **headers)
    assert answer["type"] == "ok", answer
    assert (await anna.reads())[-1]["body"] == said


@pytest.mark.parametrize(
    "body, headers",
    [
        (b"\xff\xfe", {}),
        ("Готово".encode("cp1251"), {}),
        (b"x", {"Content_Type": "text/plain; charset=klingon"}),
        (b"x", {"Content_Type": "text/plain; charset=base64"}),
        (b"x", {"Content_Type": "text/plain; charset=idna"}),
        (b"+2AA-", {"Content_Type": "text/plain; charset=utf-7"}),
        (
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--',
            {"Content_Type": "multipart/form-data; boundary=x"},
        ),
        (b"{}", {"Content_Type": "application/json"}),
        (b'{"text":5}', {"Content_Type": "application/json"}),
        (b'["text"]', {"Content_Type": "application/json"}),
        (b"{", {"Content_Type": "application/json"}),
        (b"x" * (limits.TEXT_CHARACTERS + 1), {}),
        (b"x", {"Idempotency_Key": ""}),
        (b"x", {"Idempotency_Key": "k" * 129}),
    ],
)
async def test_what_is_no_message_is_refused_in_words(stage: Stage, body: bytes, headers: dict[str, str]):
    (anna,) = await stage.enter("anna", group="склад")
    before = len(await anna.reads())
    answer = await posts(stage, (await makes_hook(anna))["path"], body, **headers)
    assert (answer["code"], answer["status"]) == ("bad_request", 400)
    assert len(await anna.reads()) == before


@pytest.mark.parametrize(
    "body, headers",
    [
        (b"", {}),
        (b" \n ", {}),
        ("\u200b\u2060", {}),
        (b"\x07\x1b", {}),
        (b"", {"Title": "Build"}),
        ('{"text":"\\u200b","title":"Build"}', {"Content_Type": "application/json"}),
    ],
)
async def test_what_shows_nothing_is_no_message_of_a_webhook(stage: Stage, body: bytes | str, headers: dict[str, str]):
    (anna,) = await stage.enter("anna", group="склад")
    before = len(await anna.reads())
    answer = await posts(stage, (await makes_hook(anna))["path"], body, **headers)
    assert (answer["code"], answer["status"]) == ("empty_message", 400)
    assert len(await anna.reads()) == before


async def test_too_much_is_refused(stage: Stage):
    (anna,) = await stage.enter("anna", group="склад")
    answer = await posts(stage, (await makes_hook(anna))["path"], b"x" * (limits.FRAME_BYTES + 1))
    assert (answer["code"], answer["status"]) == ("frame_too_large", 413)


async def test_the_same_key_says_it_once(stage: Stage):
    (anna,) = await stage.enter("anna", group="склад")
    first, second = await makes_hook(anna), await makes_hook(anna, "сканер")
    answers = [await posts(stage, first["path"], "Готово", Idempotency_Key="build 7") for _ in range(3)]
    assert answers[0]["type"] == "ok"
    assert answers[1:] == answers[:1] * 2
    other = await posts(stage, first["path"], "Не готово", Idempotency_Key="build 7")
    assert (other["code"], other["status"]) == ("nonce_reused", 409)
    await posts(stage, second["path"], "Готово", Idempotency_Key="build 7")
    assert [entry["via"] for entry in await anna.reads() if entry.get("body") == "Готово"] == ["принтер", "сканер"]


async def test_nothing_is_at_an_address_that_nobody_made(stage: Stage):
    (anna,) = await stage.enter("anna", group="склад")
    path = (await makes_hook(anna))["path"]
    for wrong in (
        path[:-1],
        path + "x",
        path[:11] + path[11:].swapcase(),
        "/api/hooks/x",
        "/api/hooks/%D1%8F",
        "/api/hooks/%FF",
    ):
        assert await ends(stage, wrong), wrong


async def test_owners_and_admins_make_list_and_revoke_them(stage: Stage):
    anna, boris, vera = await stage.enter("anna", "boris", "vera", group="склад")
    assert await boris.is_refused({"type": "create_webhook", "group": anna.group, "name": "x"}) == "not_allowed"
    assert await boris.is_refused({"type": "list_webhooks", "group": anna.group}) == "not_allowed"
    await anna.gets({"type": "set_role", "group": anna.group, "user": boris.id, "role": "admin"})
    hers, his = await makes_hook(anna), await makes_hook(boris, "сканер")
    listed = await anna.gets({"type": "list_webhooks", "group": anna.group})
    assert listed["webhooks"] == [hers["webhook"], his["webhook"]]
    revoke = {"type": "revoke_webhook", "group": anna.group, "webhook": hers["webhook"]["id"]}
    assert await vera.is_refused(revoke) == "not_allowed"
    await boris.gets({**revoke, "group": stage.general})
    assert not await ends(stage, hers["path"]), "it is not of that group"
    await boris.gets(revoke)
    assert await ends(stage, hers["path"])
    await boris.gets(revoke)
    assert not await ends(stage, his["path"])


async def test_it_ends_when_its_maker_leaves(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    path = (await makes_hook(anna))["path"]
    await anna.gets({"type": "leave_group", "group": anna.group})
    assert await ends(stage, path)
    await anna.gets({"type": "join_group", "group": boris.group})
    assert await ends(stage, path)


@pytest.mark.parametrize(
    "act",
    [{"type": "remove_member"}, {"type": "ban_member"}, {"type": "set_role", "role": "member"}],
    ids=lambda act: str(act["type"]),
)
async def test_it_ends_with_its_makers_place_in_the_group(stage: Stage, act: Json):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    await anna.gets({"type": "set_role", "group": anna.group, "user": boris.id, "role": "admin"})
    hers, his = await makes_hook(anna), await makes_hook(boris)
    await anna.gets({**act, "group": anna.group, "user": boris.id})
    assert await ends(stage, his["path"])
    assert not await ends(stage, hers["path"])


async def test_a_webhook_is_held_to_the_limit_as_people_are(tmp_path: Path):
    async with staged(quiet_config(tmp_path, rate_limit=1)) as stage:
        anna, boris = await stage.enter("anna", "boris", group="склад")
        path = (await makes_hook(anna))["path"]
        answers = await asyncio.gather(*(posts(stage, path, f"{number}") for number in range(8)))
        refused = [answer for answer in answers if answer["type"] == "error"]
        assert {answer["code"] for answer in refused} == {"rate_limited"}
        assert 2 <= len(refused) <= 3, "five at once, and one more if that took a second"
        assert all(answer["retry_after"] > 0 for answer in refused)
        await boris.says("Мне ещё можно")


async def test_there_is_an_end_to_how_many(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "WEBHOOKS_MAX", 1)
    (anna,) = await stage.enter("anna", group="склад")
    await makes_hook(anna)
    assert await anna.is_refused({"type": "create_webhook", "group": anna.group, "name": "x"}) == "not_allowed"


async def test_no_log_tells_the_address(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    (anna,) = await stage.enter("anna", group="склад")
    path = (await makes_hook(anna))["path"]

    def fails(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("relay.hooks._text", fails)
    with caplog.at_level(logging.DEBUG):
        assert (await posts(stage, path, "Готово"))["code"] == "internal_error"
    assert "/api/hooks/{secret}" in caplog.text
    assert path.rpartition("/")[2] not in caplog.text
    caplog.clear()


async def test_it_is_still_there_after_a_restart(tmp_path: Path):
    async with staged(quiet_config(tmp_path)) as stage:
        (anna,) = await stage.enter("anna", group="склад")
        path = (await makes_hook(anna))["path"]
    async with staged(quiet_config(tmp_path)) as stage:
        assert (await posts(stage, path, "Готово"))["type"] == "ok"
