"""Who is in a group: added, removed, banned, given a role; who may do that, and who hears what of it."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from common.protocol.messages import RemoveMember
from relay.handlers import membership
from relay.handlers.parts import SignedIn
from relay.storage.transaction import Transaction
from tests.people import Json, Person, Stage


def about(kind: str, user: Person) -> Callable[[Json], bool]:
    return lambda event: event["type"] == "entry" and event["kind"] == kind and event.get("user") == user.id


def told_of(person: Person, group: int) -> list[Json]:
    """Everything that was heard about a group, in its order."""
    found = []
    for event in person.heard:
        where = event.get("group")
        if group == (where["id"] if isinstance(where, dict) else where):
            found.append(event)
    return found


def do(kind: str, whom: Person, **more: object) -> Json:
    return {"type": kind, "user": whom.id, **more}


def post(group: int, body: str) -> Json:
    return {"type": "post", "group": group, "nonce": secrets.token_hex(16), "body": body}


async def makes(owner: Person, *members: Person, private: bool = False) -> int:
    """A group of *owner* with these members."""
    made = await owner.gets({"type": "create_group", "name": "склад", "private": private})
    group: int = made["group"]["id"]
    for member in members:
        await owner.gets(do("add_member", member, group=group))
    return group


async def roles(person: Person, group: int) -> dict[str, str]:
    answer = await person.gets({"type": "list_members", "group": group})
    return {member["user"]["username"]: member["role"] for member in answer["members"]}


async def sees(person: Person, group: int) -> Json | None:
    groups = (await person.gets({"type": "list_groups"}))["groups"]
    return next((each for each in groups if each["id"] == group), None)


async def settle(one: Person, *others: Person) -> None:
    """Until everybody has heard something said in the general group, and so whatever was said before it."""
    body = secrets.token_hex(4)
    await one.says(body, 1)
    for person in (one, *others):
        await person.hears_message(body)


# -- adding ------------------------------------------------------------------------------------------------------------


async def test_who_is_added_hears_the_group_and_then_every_entry(stage: Stage):
    anna, boris, vera = await stage.enter("anna", "boris", "vera")
    group = await makes(anna, private=True)
    await anna.says("раньше", group)
    adding = {**do("add_member", boris, group=group), "id": 901}
    await anna.sends(json.dumps([adding, {**post(group, "потом"), "id": 902}]))
    await boris.hears_message("потом")
    first, second = told_of(boris, group)
    assert (first["type"], first["group"]["role"], first["group"]["last_seq"]) == ("group", "member", 3)
    assert (first["group"].get("unread", 0), first["group"]["last"]["body"]) == (0, "раньше")
    assert (second["seq"], second["body"]) == (4, "потом")
    joined = await anna.hears(about("join", boris))
    assert (joined["sender"], joined["seq"]) == (anna.id, 3)
    assert [entry["kind"] for entry in await boris.reads(group)] == ["join", "message", "join", "message"]
    await settle(anna, vera)
    assert told_of(vera, group) == []


async def test_adding_twice_changes_nothing(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    group = await makes(anna)
    answers = [anna.begins(do("add_member", boris, group=group)) for _ in range(3)]
    assert {(await answer)["type"] for answer in answers} == {"ok"}
    assert [entry["kind"] for entry in await anna.reads(group)] == ["join", "join"]


# -- removing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["remove_member", "ban_member"])
@pytest.mark.parametrize("private", [True, False])
async def test_who_is_taken_out_hears_that_and_nothing_after_it(stage: Stage, private: bool, kind: str):
    anna, boris = await stage.enter("anna", "boris")
    group = await makes(anna, boris, private=private)
    await settle(anna, boris)
    before = len(told_of(boris, group))
    # In one frame, so that both may be committed together.
    removal = {**do(kind, boris, group=group), "id": 901}
    await anna.sends(json.dumps([removal, {**post(group, "без него"), "id": 902}]))
    await anna.hears_message("без него")
    await settle(anna, boris)
    said = "leave" if kind == "remove_member" else "ban"
    gone, then = told_of(boris, group)[before:]
    assert (gone["kind"], gone["sender"], gone["user"]) == (said, anna.id, boris.id)
    assert then["type"] == ("group_gone" if private else "group")
    assert private or "role" not in then["group"]
    refused = "unknown_group" if private else "not_a_member"
    for command in (
        {"type": "history"},
        {"type": "list_members"},
        {"type": "post", "nonce": secrets.token_hex(16), "body": "x"},
        {"type": "mark_read", "seq": 1},
        {"type": "leave_group"},
        {"type": "rename_group", "name": "x"},
        {"type": "set_topic", "topic": "x"},
        {"type": "create_invite"},
        do("add_member", boris),
        do("set_role", boris, role="owner"),
    ):
        assert await boris.is_refused({**command, "group": group}) == refused, command
    seen = await sees(boris, group)
    assert seen is None if private else (seen is not None and "role" not in seen and "last" not in seen)
    assert await roles(anna, group) == {"anna": "owner"}


async def test_who_was_removed_while_away_is_told_nothing_of_it(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    group = await makes(anna, boris, private=True)
    epoch = boris.welcome["epoch"]
    await boris.goes()
    await anna.gets(do("remove_member", boris, group=group))
    await anna.says("без него", group)
    welcome = await boris.comes(epoch, {1: 0, group: 1})
    assert [each["id"] for each in welcome["groups"]] == [1]
    await settle(anna, boris)
    assert "без него" not in json.dumps(boris.heard, ensure_ascii=False)


async def test_who_was_removed_from_an_open_group_may_come_back_but_not_who_was_banned(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    group = await makes(anna, boris)
    await anna.gets(do("remove_member", boris, group=group))
    await boris.gets({"type": "join_group", "group": group})
    await anna.gets(do("ban_member", boris, group=group))
    assert await boris.is_refused({"type": "join_group", "group": group}) == "not_allowed"
    assert await anna.is_refused(do("add_member", boris, group=group)) == "not_allowed"
    await anna.gets(do("ban_member", boris, group=group))
    await anna.gets(do("ban_member", boris, group=group, on=False))
    await anna.gets(do("ban_member", boris, group=group, on=False))
    assert await roles(anna, group) == {"anna": "owner"}, "lifting a ban brings nobody back"
    await boris.gets({"type": "join_group", "group": group})
    log = [(each["kind"], each["sender"], each.get("user"), each.get("on", True)) for each in await boris.reads(group)]
    a, b = anna.id, boris.id
    assert log == [
        ("join", a, None, True),
        ("join", a, b, True),
        ("leave", a, b, True),
        ("join", b, None, True),
        ("ban", a, b, True),
        ("ban", a, b, False),
        ("join", b, None, True),
    ]


async def test_who_is_banned_can_be_listed_and_is_not_any_more_when_the_ban_is_lifted(stage: Stage):
    anna, boris, vera = await stage.enter("anna", "boris", "vera")
    group = await makes(anna, boris)
    list_bans = {"type": "list_bans", "group": group}
    assert (await anna.gets(list_bans))["bans"] == []
    for person in (boris, vera):
        await anna.gets(do("ban_member", person, group=group))
    bans = (await anna.gets(list_bans))["bans"]
    assert {ban["user"]["username"]: ban["by"] for ban in bans} == {"boris": anna.id, "vera": anna.id}
    assert all(ban["at"] > 0 for ban in bans)
    await anna.gets(do("ban_member", boris, group=group, on=False))
    assert [ban["user"]["username"] for ban in (await anna.gets(list_bans))["bans"]] == ["vera"]


async def test_only_owners_and_admins_are_told_who_is_banned(stage: Stage):
    anna, boris, vera = await stage.enter("anna", "boris", "vera")
    group = await makes(anna, boris, private=True)
    list_bans = {"type": "list_bans", "group": group}
    assert await boris.is_refused(list_bans) == "not_allowed"
    assert await vera.is_refused(list_bans) == "unknown_group"
    await anna.gets(do("set_role", boris, group=group, role="admin"))
    assert (await boris.gets(list_bans))["bans"] == []


async def test_somebody_is_banned_before_they_come(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    group = await makes(anna)
    await anna.gets(do("ban_member", boris, group=group))
    assert await boris.is_refused({"type": "join_group", "group": group}) == "not_allowed"
    assert await anna.is_refused(do("ban_member", anna, group=group)) == "not_allowed"
    await anna.gets(do("remove_member", boris, group=group))
    assert [entry["kind"] for entry in await anna.reads(group)] == ["join", "ban"]


async def test_removing_oneself_is_leaving(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    group = await makes(anna, boris)
    await anna.gets(do("set_role", boris, group=group, role="admin"))
    await boris.gets(do("remove_member", boris, group=group))
    (left,) = (entry for entry in await anna.reads(group) if entry["kind"] == "leave")
    assert (left["sender"], left.get("user")) == (boris.id, None)


# -- who may -----------------------------------------------------------------------------------------------------------


async def test_what_each_role_may_do(stage: Stage):
    owner, second, admin, other, member, newcomer = await stage.enter(
        "owner", "second", "admin", "other", "member", "newcomer"
    )
    group = await makes(owner, second, admin, other, member)
    await owner.gets(do("set_role", second, group=group, role="owner"))
    for person in (admin, other):
        await owner.gets(do("set_role", person, group=group, role="admin"))

    async def is_allowed(who: Person, command: Json) -> bool:
        answer = await who.asks({**command, "group": group})
        assert answer["type"] == "ok" or answer["code"] == "not_allowed", answer
        return bool(answer["type"] == "ok")

    for command in (
        do("add_member", newcomer),
        do("remove_member", other),
        do("ban_member", newcomer),
        do("set_role", member, role="admin"),
        {"type": "set_topic", "topic": "x"},
        {"type": "rename_group", "name": "x"},
        {"type": "create_invite"},
        {"type": "list_invites"},
    ):
        assert not await is_allowed(member, command), command
    for above in (owner, second, other):
        assert not await is_allowed(admin, do("remove_member", above))
        assert not await is_allowed(admin, do("ban_member", above))
        assert not await is_allowed(admin, do("set_role", above, role="member"))
    assert not await is_allowed(admin, do("set_role", admin, role="owner"))
    for command in (
        {"type": "set_topic", "topic": "x"},
        {"type": "create_invite"},
        do("add_member", newcomer),
        do("remove_member", newcomer),
        do("ban_member", newcomer),
    ):
        assert await is_allowed(admin, command), command
    assert await is_allowed(owner, do("set_role", other, role="member"))
    assert await is_allowed(owner, do("remove_member", admin))
    assert await is_allowed(owner, do("ban_member", second))
    assert await roles(owner, group) == {"owner": "owner", "other": "member", "member": "member"}


async def test_who_runs_the_relay_stands_as_high_in_every_group_that_they_are_in(stage: Stage):
    boss = await stage.registers("boss", code=stage.relay.owner_code)
    await boss.comes()
    anna, boris = await stage.enter("anna", "boris")
    group = await makes(anna, boris, private=True)
    assert await boss.is_refused(do("remove_member", boris, group=group)) == "unknown_group"
    await anna.gets(do("add_member", boss, group=group))
    await boss.gets(do("set_role", boris, group=group, role="admin"))
    await boss.gets(do("remove_member", anna, group=group))
    assert await roles(boss, group) == {"boss": "member", "boris": "owner"}, "the admin comes after the last owner"
    await boss.gets(do("set_role", boris, group=1, role="admin"))
    await boris.gets({"type": "rename_group", "group": 1, "name": "Все"})


async def test_nobody_is_added_to_or_taken_out_of_the_general_group(stage: Stage):
    boss = await stage.registers("boss", code=stage.relay.owner_code)
    await boss.comes()
    (anna,) = await stage.enter("anna")
    for kind in ("add_member", "remove_member", "ban_member"):
        assert await boss.is_refused(do(kind, anna, group=1)) == "not_allowed"
        assert await anna.is_refused(do(kind, boss, group=1)) == "not_allowed"
    assert await boss.is_refused({"type": "create_invite", "group": 1}) == "not_allowed"


async def test_what_is_asked_of_nobody_or_of_no_group(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    group = await makes(anna)
    for kind, more in (("add_member", {}), ("remove_member", {}), ("ban_member", {}), ("set_role", {"role": "admin"})):
        assert await anna.is_refused({"type": kind, "group": group, "user": 4711, **more}) == "unknown_user"
        assert await anna.is_refused({"type": kind, "group": 4711, "user": boris.id, **more}) == "unknown_group"
    assert await anna.is_refused(do("set_role", boris, group=group, role="admin")) == "unknown_user"
    assert [entry["kind"] for entry in await anna.reads(group)] == ["join"]


# -- roles -------------------------------------------------------------------------------------------------------------


async def test_a_role_is_an_entry_and_its_bearer_hears_of_it(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    group = await makes(anna, boris)
    await anna.gets(do("set_role", boris, group=group, role="admin"))
    given = await boris.hears(about("role", boris))
    assert (given["sender"], given["body"]) == (anna.id, "admin")
    told = await boris.hears(lambda event: event["type"] == "group" and event["group"].get("role") == "admin")
    assert told["group"]["id"] == group
    await anna.gets(do("set_role", boris, group=group, role="admin"))
    assert [entry["kind"] for entry in await anna.reads(group)] == ["join", "join", "role"]


async def test_the_last_owner_stays_one_until_there_is_another(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    group = await makes(anna, boris)
    assert await anna.is_refused(do("set_role", anna, group=group, role="member")) == "not_allowed"
    await anna.gets(do("set_role", boris, group=group, role="owner"))
    await anna.gets(do("set_role", anna, group=group, role="member"))
    assert await roles(anna, group) == {"anna": "member", "boris": "owner"}


async def test_two_owners_who_step_down_at_once_leave_one(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    group = await makes(anna, boris)
    await anna.gets(do("set_role", boris, group=group, role="owner"))
    down = [who.begins(do("set_role", who, group=group, role="member")) for who in (anna, boris)]
    answers = [(await answer)["type"] for answer in down]
    assert sorted(answers) == ["error", "ok"]
    assert sorted((await roles(anna, group)).values()) == ["member", "owner"]


async def test_two_owners_who_take_each_other_out_at_once_leave_one(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    group = await makes(anna, boris, private=True)
    await anna.gets(do("set_role", boris, group=group, role="owner"))
    taking = [one.begins(do("remove_member", other, group=group)) for one, other in ((anna, boris), (boris, anna))]
    answers = [await answer for answer in taking]
    (lost,) = (answer for answer in answers if answer["type"] == "error")
    assert lost["code"] == "unknown_group"
    winner = anna if answers[0]["type"] == "ok" else boris
    assert await roles(winner, group) == {winner.name: "owner"}


async def test_when_the_last_owner_leaves_the_admin_who_is_longest_there_comes_after(stage: Stage):
    anna, boris, vera, gleb = await stage.enter("anna", "boris", "vera", "gleb")
    group = await makes(anna, gleb, boris, vera)
    for admin in (vera, boris):
        await anna.gets(do("set_role", admin, group=group, role="admin"))
    await anna.gets({"type": "leave_group", "group": group})
    assert await roles(gleb, group) == {"boris": "owner", "vera": "admin", "gleb": "member"}
    made = await gleb.hears(lambda event: event.get("kind") == "role" and event.get("body") == "owner")
    assert (made["sender"], made["user"]) == (anna.id, boris.id)
    await boris.hears(lambda event: event["type"] == "group" and event["group"].get("role") == "owner")
    for leaving in (boris, vera):
        await leaving.gets({"type": "leave_group", "group": group})
    assert await roles(gleb, group) == {"gleb": "owner"}, "without admins the member"


async def test_who_comes_into_an_empty_group_owns_it(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    group = await makes(anna)
    await anna.gets({"type": "leave_group", "group": group})
    joined = await boris.gets({"type": "join_group", "group": group})
    assert joined["group"]["role"] == "owner"
    assert [entry["kind"] for entry in await boris.reads(group)] == ["join", "leave", "join", "role"]
    await boris.gets({"type": "set_topic", "group": group, "topic": "снова"})


# -- topic -------------------------------------------------------------------------------------------------------------


async def test_a_topic_is_an_entry_and_seen_by_all_who_see_the_group(stage: Stage):
    anna, boris, vera = await stage.enter("anna", "boris", "vera")
    group = await makes(anna, boris)
    sent = await anna.gets({"type": "set_topic", "group": group, "topic": "Что где лежит"})
    heard = await boris.hears(lambda event: event.get("kind") == "topic")
    assert (heard["seq"], heard["body"], heard["at"]) == (sent["seq"], "Что где лежит", sent["at"])
    for person in (boris, vera):
        await person.hears(lambda e: e["type"] == "group" and e["group"].get("topic") == "Что где лежит")
    await anna.gets({"type": "set_topic", "group": group, "topic": ""})
    seen = await sees(vera, group)
    assert seen is not None
    assert "topic" not in seen
    assert await anna.is_refused({"type": "set_topic", "group": group, "topic": "\u202eabc"}) == "bad_name"
    assert await anna.is_refused({"type": "set_topic", "group": 1, "topic": "x"}) == "not_allowed"


# -- several at once ---------------------------------------------------------------------------------------------------


async def test_who_leaves_while_adding_adds_nobody_afterwards(stage: Stage):
    anna, boris, vera = await stage.enter("anna", "boris", "vera")
    group = await makes(anna, boris, private=True)
    await asyncio.gather(
        anna.posts("leave_group", group=group),
        *(anna.posts("add_member", group=group, user=vera.id) for _ in range(5)),
    )
    log = await boris.reads(group)
    left = next(entry["seq"] for entry in log if entry["kind"] == "leave")
    assert all(entry["seq"] < left for entry in log if entry.get("user") == vera.id)


async def test_coming_and_going_at_once_ends_where_the_log_ends(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    group = await makes(anna)
    for _ in range(5):
        await asyncio.gather(
            *(boris.posts("join_group", group=group) for _ in range(3)),
            *(anna.posts("remove_member", group=group, user=boris.id) for _ in range(3)),
            *(boris.posts("leave_group", group=group) for _ in range(2)),
        )
        log = [entry for entry in await anna.reads(group) if boris.id in (entry["sender"], entry.get("user"))]
        came_and_went = [entry["kind"] for entry in log]
        assert came_and_went == [("join", "leave")[number % 2] for number in range(len(log))]
        assert ("boris" in await roles(anna, group)) == (came_and_went[-1] == "join")
        last = (await anna.reads(group))[-1]["seq"]
        await anna.says("слышно?", group)
        await settle(anna, boris)
        hears = any(entry["seq"] == last + 1 for entry in boris.entries(group))
        assert hears == (came_and_went[-1] == "join")


class Gate:
    """Keeps what goes through waiting while it is shut."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> None:
        self._through = getattr(owner, name)
        self._open = asyncio.Event()
        self._open.set()
        self.reached = asyncio.Event()
        monkeypatch.setattr(owner, name, self._pass)

    def shut(self) -> None:
        self.reached.clear()
        self._open.clear()

    def open(self) -> None:
        self._open.set()

    async def _pass(self, *arguments: Any) -> Any:
        self.reached.set()
        await self._open.wait()
        return await self._through(*arguments)


async def test_a_change_of_name_tells_nobody_who_was_taken_out_meanwhile(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    anna, boris = await stage.enter("anna", "boris")
    group = await makes(anna, boris, private=True)
    reading = Gate(monkeypatch, stage.relay.parts.store, "read")
    reading.shut()
    renamed = anna.begins({"type": "rename_group", "group": group, "name": "новое имя"})
    await reading.reached.wait()
    session = await stage.relay.parts.journal.change(lambda tx: tx.sessions.of_user(anna.user["id"])[0])
    caller = SignedIn(session.user, session.id, "")
    await membership.remove_member(stage.relay.parts, caller, RemoveMember(group=group, user=boris.id))
    reading.open()
    assert (await renamed)["type"] == "ok"
    await settle(anna, boris)
    assert told_of(boris, group)[-1]["type"] == "group_gone"


@pytest.mark.parametrize(
    "command",
    [
        {"type": "set_topic", "topic": "x"},
        {"type": "rename_group", "name": "x"},
        {"type": "create_invite"},
        {"type": "add_member", "user": 3},
        {"type": "remove_member", "user": 3},
        {"type": "ban_member", "user": 3},
    ],
    ids=lambda command: command["type"],
)
async def test_who_is_no_admin_any_more_when_it_comes_to_it_does_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, command: Json
):
    anna, boris, _ = await stage.enter("anna", "boris", "vera")
    group = await makes(anna, boris)
    await anna.gets(do("set_role", boris, group=group, role="admin"))
    before = await anna.reads(group)
    writing = Gate(monkeypatch, stage.relay.parts.store, "write")
    writing.shut()
    degraded = anna.begins(do("set_role", boris, group=group, role="member"))
    await writing.reached.wait()
    queued, change = asyncio.Event(), stage.relay.parts.journal.change

    def noted(work: Callable[[Transaction], Any]) -> Awaitable[Any]:
        queued.set()
        return change(work)

    monkeypatch.setattr(stage.relay.parts.journal, "change", noted)
    tried = boris.begins({**command, "group": group})  # he is an admin still, as far as anybody knows
    await queued.wait()
    writing.open()
    assert (await degraded)["type"] == "ok"
    assert (await tried).get("code") == "not_allowed"
    assert [entry["kind"] for entry in (await anna.reads(group))[len(before) :]] == ["role"]


async def test_who_is_taken_out_while_they_read_gets_nothing(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    anna, boris = await stage.enter("anna", "boris")
    group = await makes(anna, boris, private=True)
    reading = Gate(monkeypatch, stage.relay.parts.store, "read")
    for command in ({"type": "history", "group": group}, {"type": "list_members", "group": group}):
        await anna.gets(do("add_member", boris, group=group))
        reading.shut()
        asked = boris.begins(command)
        await reading.reached.wait()
        await anna.gets(do("remove_member", boris, group=group))
        await anna.says("без него", group)
        reading.open()
        assert (await asked).get("code") == "unknown_group"
    await anna.gets(do("add_member", boris, group=group))
    reading.shut()
    asked = boris.begins({"type": "list_groups"})
    await reading.reached.wait()
    await anna.gets(do("remove_member", boris, group=group))
    await anna.says("опять без него", group)
    reading.open()
    assert "опять" not in json.dumps(await asked, ensure_ascii=False)


@pytest.mark.parametrize("private", [True, False])
async def test_what_was_on_its_way_when_its_author_was_taken_out_gets_in_no_more(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, private: bool
):
    anna, boris, vera = await stage.enter("anna", "boris", "vera")
    group = await makes(anna, boris, private=private)
    target = await anna.says("а ну-ка", group)
    journal, queued = stage.relay.parts.journal, asyncio.Queue[None]()

    def noted(through: Callable[[Any], Awaitable[Any]], work: Any) -> Awaitable[Any]:
        queued.put_nowait(None)
        return through(work)

    for name in ("append", "change"):
        monkeypatch.setattr(journal, name, partial(noted, getattr(journal, name)))
    writing = Gate(monkeypatch, stage.relay.parts.store, "write")
    pin = {"type": "pin", "group": group, "nonce": secrets.token_hex(16), "target": target}
    for taken_out_with_them in (True, False):
        writing.shut()
        # What is being written now keeps the rest waiting, which is then written together, or after the ban.
        holding = [vera.begins(post(1, "тем временем"))] if taken_out_with_them else []
        if taken_out_with_them:
            await queued.get()
            await writing.reached.wait()
        banning = anna.begins(do("ban_member", boris, group=group))
        await queued.get()
        await writing.reached.wait()
        late = [boris.begins(post(group, f"спам {number}")) for number in range(3)]
        for _ in late:
            await queued.get()
        late.append(boris.begins(pin))
        writing.open()
        assert {(await answer)["type"] for answer in (*holding, banning)} == {"ok"}
        assert {(await answer).get("code") for answer in late} == {"unknown_group" if private else "not_a_member"}
        await anna.gets(do("ban_member", boris, group=group, on=False))
        await anna.gets(do("add_member", boris, group=group))
        while not queued.empty():
            queued.get_nowait()
    said = [entry["body"] for entry in await anna.reads(group) if entry["kind"] == "message"]
    assert said == ["а ну-ка"]
    await boris.says("снова здесь", group)
