"""Many change a group at once: whatever comes of it, the log, the tables, the roster and what each person heard agree."""

from __future__ import annotations

import asyncio
import random
import secrets
from typing import Any

import pytest

from tests.people import Json, Person, Stage

ROUNDS = 60


def whom(entry: Json) -> int:
    """Whom an entry concerns."""
    user: Any = entry.get("user", entry["sender"])
    return int(user)


def roles_after(log: list[Json]) -> list[dict[int, str]]:
    """Who is in the group as what, before the first entry and after each one: the log alone says it."""
    states: list[dict[int, str]] = [{}]
    for entry in log:
        roles = dict(states[-1])
        match entry["kind"]:
            case "join":
                roles[whom(entry)] = "member" if entry["seq"] > 1 else "owner"
            case "role":
                roles[whom(entry)] = entry["body"]
            case "leave":
                del roles[whom(entry)]
            case "ban" if entry.get("on", True):
                roles.pop(whom(entry), None)
        states.append(roles)
    return states


def founds(entry: Json, log: list[Json]) -> bool:
    """Whether it makes somebody owner who has just come into an empty group: they are told that with the group."""
    before = log[entry["seq"] - 2]
    return bool(entry["kind"] == "role" and entry["sender"] == whom(entry) == whom(before) and before["kind"] == "join")


def anything(chance: random.Random, people: list[Person], group: int, code: str) -> Json:
    """Something that might happen in a group."""
    user = chance.choice(people).id
    commands: list[Json] = [
        {"type": "join_group"},
        {"type": "join_group", "code": code},
        {"type": "leave_group"},
        {"type": "add_member", "user": user},
        {"type": "add_member", "user": user},
        {"type": "remove_member", "user": user},
        {"type": "ban_member", "user": user},
        {"type": "ban_member", "user": user, "on": False},
        {"type": "set_role", "user": user, "role": chance.choice(["owner", "admin", "member"])},
        {"type": "rename_group", "name": f"№ {chance.random()}"},
        {"type": "set_topic", "topic": f"{chance.random()}"},
        {"type": "post", "nonce": secrets.token_hex(16), "body": "x"},
        {"type": "post", "nonce": secrets.token_hex(16), "body": "y"},
    ]
    return {"group": group, **chance.choice(commands)}


async def stored(stage: Stage, group: Any) -> tuple[list[Json], dict[int, str], Any]:
    """What the tables hold: the log as plain values, the members, the group."""
    store = stage.relay.parts.store
    entries = await store.read(lambda tables: tables.entries.after(group, 0, 10_000))  # type: ignore[arg-type]
    members = await store.read(lambda tables: tables.groups.members(group))
    log = [
        {"seq": e.seq, "kind": e.kind, "sender": e.sender, "body": e.body, "on": e.on}
        | ({} if e.user is None else {"user": e.user})
        for e in entries
    ]
    return log, {row.user: row.role for row in members}, await store.read(lambda tables: tables.groups.get(group))


@pytest.mark.parametrize("seed", range(4))
async def test_everybody_agrees_in_the_end(stage: Stage, seed: int):
    chance = random.Random(seed)
    people = await stage.enter("anna", "boris", "vera", "gleb")
    anna = people[0]
    made = await anna.gets({"type": "create_group", "name": "толпа", "private": bool(seed % 2)})
    group = made["group"]["id"]
    code = (await anna.gets({"type": "create_invite", "group": group}))["code"]
    for person in people[1:]:
        await anna.gets({"type": "add_member", "group": group, "user": person.id})
        await anna.gets({"type": "set_role", "group": group, "user": person.id, "role": "admin"})
    for _ in range(ROUNDS // 10):
        asked = [person.begins(anything(chance, people, group, code)) for _ in range(10) for person in people]
        answers = await asyncio.gather(*asked)
        assert {answer["type"] for answer in answers} <= {"ok", "error"}
        assert not [answer for answer in answers if answer.get("code") == "internal_error"]
    await anna.says("all done", 1)
    for person in people:
        await person.hears_message("all done")
    await asyncio.sleep(0)

    log, members, row = await stored(stage, group)
    states = roles_after(log)
    assert states[-1] == members
    for roles, following in zip(states[1:], [*log[1:], None], strict=True):
        assert not roles or "owner" in roles.values() or (following is not None and founds(following, log))
    found = stage.relay.parts.roster.group(group)
    assert found is not None
    assert (found.roles, found.name, found.topic, found.last_seq) == (members, row.name, row.topic, len(log))
    for person in people:
        due = [e["seq"] for e, before in zip(log, states, strict=False) if person.id in before and not founds(e, log)]
        assert [entry["seq"] for entry in person.entries(group)] == due
        told = [
            event
            for event in person.heard
            if event["type"] in ("group", "group_gone")
            and group == (event["group"] if event["type"] == "group_gone" else event["group"]["id"])
        ]
        role = None if told[-1]["type"] == "group_gone" else told[-1]["group"].get("role")
        assert role == members.get(person.id), "the last word about the group is what is true"
