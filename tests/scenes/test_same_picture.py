"""Whoever hears everything, whoever comes back, and whoever reads pages in any order, sees every message the same."""

from __future__ import annotations

import random
import secrets
from dataclasses import dataclass, field

import pytest

from tests.people import Json, Person, Stage

EMOJI = "👍🎉😀"
ACTS = 120


@dataclass
class Shown:
    """A message as a client shows it."""

    body: str | None
    mentions: list[int]
    edited: bool
    redacted: bool
    pinned: bool = False
    reactions: set[tuple[int, str]] = field(default_factory=set)


def picture(entries: list[Json]) -> dict[int, Shown]:
    """What *entries*, in the order of their seqs, say of the messages among them; as simple as the documentation lets it be."""
    shown: dict[int, Shown] = {}
    for entry in sorted(entries, key=lambda entry: int(entry["seq"])):
        kind, body, on = entry["kind"], entry.get("body"), entry.get("on", True)
        if kind == "message":
            shown[entry["seq"]] = Shown(
                body, entry.get("mentions", []), entry.get("edited", False), entry.get("redacted", False)
            )
            continue
        message = shown.get(entry.get("target", 0))
        if message is None or message.redacted:
            continue
        if kind == "edit" and body is not None:
            message.body, message.mentions, message.edited = body, entry.get("mentions", []), True
        elif kind == "redaction":
            shown[entry["target"]] = Shown(None, [], False, True)
        elif kind == "reaction" and body is not None:
            (message.reactions.add if on else message.reactions.discard)((entry["sender"], body))
        elif kind == "pin":
            message.pinned = on
    return shown


async def act(person: Person, chance: random.Random, messages: list[int], people: list[Person]) -> None:
    """Something that people do; now and then it is refused, which is right too."""
    command: Json = {"group": person.group, "nonce": secrets.token_hex(16)}
    what = chance.choice(["post", "edit", "redact", "react", "react", "react", "pin"]) if messages else "post"
    if what == "post":
        mentions = chance.sample([each.id for each in people], chance.randint(0, 1))
        messages.append(await person.says(f"text {chance.random()}", mentions=mentions))
        return
    command |= {"type": what, "target": chance.choice(messages[-12:])}
    if what == "edit":
        command |= {"body": f"text {chance.random()}", "mentions": chance.sample([each.id for each in people], 1)}
    if what in ("react", "pin"):
        command |= {"on": chance.random() < 0.6}
    if what == "react":
        command |= {"emoji": chance.choice(EMOJI)}
    if what == "redact" and chance.random() < 0.7:
        return
    answer = await person.asks(command)
    assert answer["type"] == "ok" or answer["code"] in ("unknown_target", "not_allowed"), answer


async def page_of(person: Person, **where: int) -> Json:
    return await person.gets({"type": "history", "group": person.group, **where})


@pytest.mark.parametrize("seed", range(4))
async def test_every_way_to_read_the_log_shows_the_same(stage: Stage, seed: int):
    chance = random.Random(seed)
    anna, boris, clara = people = await stage.enter("anna", "boris", "clara", group="склад")
    messages: list[int] = []
    for _ in range(ACTS // 2):
        await act(chance.choice([anna, boris]), chance, messages, people)
    await clara.goes()
    heard_before = clara.entries()
    clara.heard.clear()
    for _ in range(ACTS // 2):
        await act(chance.choice([anna, boris]), chance, messages, people)
    await clara.comes(clara.welcome["epoch"], {clara.group: heard_before[-1]["seq"]})
    last = await anna.says("over")
    for person in people:
        await person.hears(lambda event: event["type"] == "entry" and event["seq"] == last)

    live = picture(anna.entries())
    assert live.keys() == {*messages, last}
    assert picture(heard_before + clara.entries()) == live

    backwards: dict[int, Shown] = {}
    before = last + 1
    while before > 1:
        page = await page_of(clara, before=before, limit=chance.randint(1, 9))
        before = page["entries"][0]["seq"]
        here = {entry["seq"] for entry in page["entries"]}
        # Each page by itself, as for a client that has nothing else of this log.
        backwards |= {seq: shown for seq, shown in picture(page["entries"] + page["related"]).items() if seq in here}
    assert backwards == live

    forwards: list[Json] = []
    more = True
    while more:
        page = await page_of(boris, after=forwards[-1]["seq"] if forwards else 0, limit=chance.randint(1, 9))
        forwards += page["entries"]
        more = page["more"]
    assert picture(forwards) == live

    pins = await boris.gets({"type": "list_pins", "group": boris.group})
    assert {entry["seq"]: entry.get("body") for entry in pins["entries"]} == {
        seq: shown.body for seq, shown in live.items() if shown.pinned
    }
