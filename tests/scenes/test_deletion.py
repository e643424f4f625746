"""An account is deleted: nobody signs in as that person, nobody is told their name, and what they said is destroyed or stays nameless."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from common.ids import GroupId, Seq
from common.protocol import limits
from common.protocol.messages import Entry
from relay.operating.purging import Purger
from relay.storage.storage import Storage
from tests.files import Courier
from tests.people import PASSWORD, Json, Person, Stage, quiet_config, staged
from tests.rotation import rotated
from tests.scenes.test_retention import owner_of, raw, until_tidy

ERASE = {"type": "delete_account", "password": PASSWORD, "messages": "erase"}
KEEP = {**ERASE, "messages": "anonymous"}


async def is_done(stage: Stage) -> None:
    """All that follows from a deletion; the relay does it by itself."""
    await Purger(stage.relay.parts).look()
    assert await stage.relay.parts.store.read(lambda tables: tables.erasure.unfinished()) == []


async def acts(person: Person, what: str, target: int, **more: Any) -> Json:
    return await person.gets(
        {"type": what, "group": person.group, "target": target, "nonce": secrets.token_hex(16), **more}
    )


async def user_of(person: Person, user: int) -> Json:
    (found,) = (await person.gets({"type": "list_users", "users": [user]}))["users"]
    return dict(found)


def nameless(user: int) -> Json:
    return {"id": user, "username": "", "display_name": "", "role": "member", "deleted": True}


def messages(entries: list[Json], sender: Person) -> list[Json]:
    return [entry for entry in entries if entry["kind"] == "message" and entry["sender"] == sender.id]


# -- what becomes of what was said -------------------------------------------------------------------------------------


async def test_with_erase_all_that_the_person_said_is_destroyed_and_keeps_its_place(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="tea")
    said = await anna.says("the kettle is boiling")
    await acts(anna, "edit", said, body="the kettle has boiled")
    await boris.says("coming", reply_to=said)
    assert (await anna.gets(ERASE))["type"] == "ok"
    await is_done(stage)
    entries = await boris.reads()
    assert [(entry["seq"], entry["redacted"]) for entry in messages(entries, anna)] == [(said, True)]
    assert not [entry for entry in entries if "boil" in entry.get("body", "")]
    assert [entry["body"] for entry in messages(entries, boris)] == ["coming"]
    assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
    farewell = entries[-1]
    assert (farewell["kind"], farewell["sender"], farewell["body"]) == ("deleted", anna.id, "erase")


async def test_with_anonymous_it_stays_and_its_author_has_no_name(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="tea")
    said = await anna.says("the kettle is boiling")
    await acts(anna, "react", said, emoji="👍")
    await anna.gets(KEEP)
    await is_done(stage)
    entries = await boris.reads()
    assert [entry["body"] for entry in messages(entries, anna)] == ["the kettle is boiling"]
    assert [entry["body"] for entry in entries if entry["kind"] in ("reaction", "deleted")] == ["👍", "anonymous"]
    assert await user_of(boris, anna.id) == nameless(anna.id)


async def test_from_the_answer_on_nobody_reads_what_is_still_to_be_destroyed(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="tea")
    said = await anna.says("the kettle is boiling")
    general = await anna.says("good morning", stage.general)
    store = stage.relay.parts.store
    # Only what is done at once; nothing that follows.
    await stage.relay.parts.journal.change(lambda tx: tx.delete_account(anna.id, "anna", "erase"))
    assert await store.read(lambda tables: tables.erasure.said_by(anna.id, b"", 10))
    assert messages(await boris.reads(), anna)[0].get("body") is None
    groups = (await boris.gets({"type": "list_groups"}))["groups"]
    assert [group["last"].get("body") for group in groups if "last" in group] == [None, None]
    assert (await boris.gets({"type": "search", "query": "kettle"}))["hits"] == []
    for group, seq in ((boris.group, said), (stage.general, general)):
        forward = {"type": "post", "group": boris.group, "nonce": secrets.token_hex(16)}
        assert await boris.is_refused({**forward, "forward": {"group": group, "seq": seq}}) == "unknown_target"


async def test_what_others_forwarded_of_it_is_destroyed_too(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="tea")
    clara = (await stage.enter("clara"))[0]
    made = (await boris.gets({"type": "create_group", "name": "far away", "private": True}))["group"]["id"]
    said = await anna.says("the kettle is boiling")
    own = await boris.says("my own words")
    for seq in (said, own):
        forward = {"type": "post", "group": made, "nonce": secrets.token_hex(16)}
        await boris.gets({**forward, "forward": {"group": boris.group, "seq": seq}})
    again = (await boris.gets({"type": "history", "group": made}))["entries"]
    chain = next(entry["seq"] for entry in again if entry.get("forwarded") == anna.id)
    forward = {"type": "post", "group": stage.general, "nonce": secrets.token_hex(16)}
    await boris.gets({**forward, "forward": {"group": made, "seq": chain}})
    await anna.gets(ERASE)
    await is_done(stage)
    bodies = [entry.get("body") for entry in await boris.reads(made) if entry["kind"] == "message"]
    assert bodies == [None, "my own words"]
    assert (await boris.reads(made))[-1]["kind"] == "deleted", "so that clients know"
    assert [entry.get("body") for entry in messages(await clara.reads(stage.general), boris)] == [None]


async def test_reactions_go_with_erase(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="tea")
    said = await boris.says("the kettle is boiling")
    await acts(anna, "react", said, emoji="👍")
    await acts(boris, "react", said, emoji="❤️")
    await anna.gets(ERASE)
    await is_done(stage)
    shown = [entry for entry in await boris.reads() if entry["kind"] == "reaction" and "body" in entry]
    assert [(entry["sender"], entry["body"]) for entry in shown] == [(boris.id, "❤️")]


async def test_files_go_with_erase_and_stay_with_anonymous(tmp_path: Path):
    async with staged(quiet_config(tmp_path)) as stage:
        anna, boris, clara = await stage.enter("anna", "boris", "clara", group="tea")
        files = {}
        for person in (anna, boris):
            files[person.name] = await Courier(person).sends(secrets.token_bytes(50_000))
            await Courier(person).posts(files[person.name], body="look")
        await anna.gets(ERASE)
        await boris.gets(KEEP)
        await is_done(stage)
        assert (await Courier(clara).fetches(files["anna"]))[0] == 404
        assert (await Courier(clara).fetches(files["boris"]))[0] == 200
    stored = [path.name for path in (tmp_path / "data" / "files").rglob("*") if path.is_file()]
    assert [name for name in stored if files["anna"] in name] == []
    assert [name for name in stored if files["boris"] in name] != []


async def test_nothing_that_is_left_of_it_breaks_what_people_do(stage: Stage):
    olga = await owner_of(stage, "olga")
    anna, boris = await stage.enter("anna", "boris", group="tea")
    await olga.gets({"type": "join_group", "group": anna.group})
    said = await anna.says("the kettle is boiling", mentions=[boris.id])
    answer = await boris.says("coming", reply_to=said)
    await acts(boris, "pin", said)
    await anna.gets(ERASE)
    await is_done(stage)
    (info,) = (each for each in (await boris.gets({"type": "list_groups"}))["groups"] if each["id"] == boris.group)
    assert (info.get("unread", 0), info.get("mentions", 0)) == (0, 0)
    assert (await boris.gets({"type": "list_pins", "group": boris.group}))["entries"] == []
    act = {"group": boris.group, "target": said, "nonce": secrets.token_hex(16)}
    for person, what, more in ((boris, "react", {"emoji": "👍"}), (boris, "pin", {}), (olga, "redact", {})):
        person.group = boris.group
        assert await person.is_refused({"type": what, **act, **more}) == "unknown_target"
    assert answer in [entry["seq"] for entry in await boris.reads()]


# -- the person --------------------------------------------------------------------------------------------------------


async def test_every_device_and_script_of_theirs_is_out_at_once(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="tea")
    login = {"username": "anna", "password": PASSWORD}
    second = Person(stage, "anna", (await stage.posts("login", login))["token"], anna.user)
    await second.comes()
    script = (await anna.gets({"type": "create_token", "name": "script", "scopes": ["write"]}))["secret"]
    hook = (await anna.gets({"type": "create_webhook", "group": anna.group, "name": "build"}))["path"]
    code = (await anna.gets({"type": "create_invite", "group": anna.group}))["code"]
    assert (await second.asks(KEEP))["type"] == "ok"
    assert [await anna.is_cut_off(), await second.is_cut_off()] == [limits.SIGNED_OUT] * 2
    for token in (anna.token, second.token, script):
        assert (await stage.posts("list_groups", {}, token))["code"] == "not_signed_in"
    assert (await stage.posts("login", login))["code"] == "wrong_credentials"
    async with stage.http.post(stage.url(hook), data="text", headers={"Content-Type": "text/plain"}) as answer:
        assert (await answer.json())["code"] == "unknown_webhook"
    clara = (await stage.enter("clara"))[0]
    assert await clara.is_refused({"type": "join_group", "code": code}) == "invitation_needed"
    told = await boris.hears(lambda event: event["type"] == "user" and event["user"].get("deleted"))
    assert told["user"] == nameless(anna.id)


async def test_others_see_who_has_gone_and_that_they_are_in_the_group_no_more(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="tea")
    await anna.gets(KEEP)
    heard = await boris.hears(lambda event: event.get("kind") == "deleted" and event["group"] == boris.group)
    assert (heard["sender"], heard["body"]) == (anna.id, "anonymous")
    members = (await boris.gets({"type": "list_members", "group": boris.group}))["members"]
    assert [member["user"]["id"] for member in members] == [boris.id]


async def test_the_name_stays_taken_whatever_becomes_of_the_messages(stage: Stage):
    for name, command in (("anna", ERASE), ("Борис", KEEP)):
        (person,) = await stage.enter(name)
        await person.gets(command)
        await is_done(stage)
        answer = await stage.posts("register", {"username": name.upper(), "password": PASSWORD})
        assert answer["code"] == "username_taken"


async def test_it_stays_so_and_the_deletion_goes_on_when_the_keys_were_rotated(tmp_path: Path):
    config = quiet_config(tmp_path)
    async with staged(config) as stage:
        (anna,) = await stage.enter("anna")
        (boris,) = await stage.enter("boris")
        await anna.says("the kettle is boiling")
        await boris.gets(KEEP)
        await is_done(stage)
        await stage.relay.parts.journal.change(lambda tx: tx.delete_account(anna.id, "anna", "erase"))
        await rotated(config)
        login = {"username": "anna", "password": PASSWORD}
        assert (await stage.posts("login", login))["code"] == "wrong_credentials"
        await is_done(stage)
        for name in ("anna", "boris"):
            assert (await stage.posts("register", {**login, "username": name}))["code"] == "username_taken"
        assert stage.relay.parts.store.damaged == 0


async def test_nobody_is_called_like_somebody_without_a_name(stage: Stage):
    for name in ("#7", "# 12", "＃7"):
        assert (await stage.posts("register", {"username": name, "password": PASSWORD}))["code"] == "bad_name"
    assert (await stage.posts("register", {"username": "#7up", "password": PASSWORD}))["type"] == "ok"


async def test_the_audit_says_what_was_done_by_a_number_in_place_of_the_name(stage: Stage):
    olga, anna = await owner_of(stage, "olga"), (await stage.enter("anna"))[0]
    await olga.gets({"type": "promote", "user": anna.id, "role": "admin"})
    await anna.is_cut_off()
    await anna.comes()
    boris = (await stage.enter("boris"))[0]
    await anna.gets({"type": "disable_user", "user": boris.id})
    await anna.gets(ERASE)
    await is_done(stage)
    entries = (await olga.gets({"type": "list_audit"}))["entries"]
    assert "anna" not in str(entries)
    called = f"#{anna.id}"
    said = [
        (each["act"], each.get("by"), each.get("whom"))
        for each in entries
        if called in (each.get("by"), each.get("whom"))
    ]
    assert ("account_deleted", called, called) in said
    assert ("account_disabled", called, "boris") in said
    assert ("role_changed", "olga", called) in said


# -- who may, and when -------------------------------------------------------------------------------------------------


async def test_it_wants_the_password_and_no_script_may(stage: Stage):
    (anna,) = await stage.enter("anna")
    secret = (await anna.gets({"type": "create_token", "name": "script", "scopes": ["manage"]}))["secret"]
    assert await anna.is_refused({**ERASE, "password": "wrong horse"}) == "wrong_credentials"
    fields = {name: value for name, value in ERASE.items() if name != "type"}
    assert (await stage.posts("delete_account", fields, secret))["code"] == "scope_needed"
    assert (await anna.gets({"type": "list_groups"}))["groups"]
    assert (await anna.posts("delete_account", **fields))["type"] == "ok"


async def test_the_only_owner_of_the_relay_stays_until_there_is_another(stage: Stage):
    olga, anna = await owner_of(stage, "olga"), (await stage.enter("anna"))[0]
    assert await olga.is_refused(ERASE) == "last_owner"
    await olga.gets({"type": "promote", "user": anna.id, "role": "owner"})
    await olga.gets(ERASE)


async def test_a_group_gets_another_owner(stage: Stage):
    anna, boris, clara = await stage.enter("anna", "boris", "clara", group="tea")
    await anna.gets({"type": "set_role", "group": anna.group, "user": clara.id, "role": "admin"})
    await anna.gets(KEEP)
    await is_done(stage)
    members = (await boris.gets({"type": "list_members", "group": boris.group}))["members"]
    assert {member["user"]["id"]: member["role"] for member in members} == {boris.id: "member", clara.id: "owner"}


@pytest.mark.parametrize("command", [ERASE, KEEP])
async def test_while_all_is_held_no_account_is_deleted(stage: Stage, command: Json):
    olga, anna = await owner_of(stage, "olga"), (await stage.enter("anna", group="tea"))[0]
    await olga.gets({"type": "set_hold"})
    assert await anna.is_refused(command) == "on_hold"
    await olga.gets({"type": "set_hold", "on": False})
    await olga.gets({"type": "join_group", "group": anna.group})
    await olga.gets({"type": "set_hold", "group": anna.group})
    assert await anna.is_refused(command) == "on_hold"
    await anna.says("left behind")
    await anna.gets({"type": "leave_group", "group": anna.group})
    assert await anna.is_refused(command) == "on_hold", "something of theirs is held there"
    await olga.gets({"type": "set_hold", "group": anna.group, "on": False})
    await anna.gets(command)


async def test_a_hold_that_comes_later_keeps_what_is_left_until_it_ends(stage: Stage):
    olga = await owner_of(stage, "olga")
    anna, boris = await stage.enter("anna", "boris", group="tea")
    await anna.says("to be kept for now")
    await stage.relay.parts.journal.change(lambda tx: tx.delete_account(anna.id, "anna", "erase"))
    await olga.gets({"type": "set_hold"})
    await Purger(stage.relay.parts).look()
    store = stage.relay.parts.store
    assert len(await store.read(lambda tables: tables.erasure.said_by(anna.id, b"", 10))) == 1
    assert await store.read(lambda tables: tables.erasure.name_of(anna.id)) == "anna"
    await olga.gets({"type": "set_hold", "on": False})
    await boris.hears(lambda event: event.get("kind") == "deleted" and event["group"] == boris.group)
    await is_done(stage)
    assert await store.read(lambda tables: tables.erasure.said_by(anna.id, b"", 10)) == []


# -- conversations of two, and of one ----------------------------------------------------------------------------------


async def test_a_conversation_of_two_stays_to_be_read_and_takes_nothing_more(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    opened = {"type": "open_direct", "user": anna.id}
    direct = (await boris.gets(opened))["group"]["id"]
    nonce = secrets.token_hex(16)
    seq = await boris.says("are you there?", direct, nonce=nonce)
    await anna.says("yes", direct)
    await anna.gets(KEEP)
    await is_done(stage)
    assert [entry.get("body") for entry in await boris.reads(direct)] == ["are you there?", "yes", "anonymous"]
    again = {"type": "post", "group": direct, "nonce": secrets.token_hex(16), "body": "hello?"}
    assert await boris.is_refused(again) == "account_deleted"
    assert await boris.says("are you there?", direct, nonce=nonce) == seq, "what was taken is answered as before"
    info = (await boris.gets(opened))["group"]
    assert (info["id"], info["peer"]) == (direct, anna.id)
    clara = (await stage.enter("clara"))[0]
    assert await clara.is_refused(opened) == "unknown_user"
    assert await clara.is_refused({"type": "add_member", "group": stage.general, "user": anna.id}) == "not_allowed"


async def test_it_takes_nothing_after_a_restart_either(tmp_path: Path):
    async with staged(quiet_config(tmp_path)) as stage:
        anna, boris = await stage.enter("anna", "boris")
        direct = (await boris.gets({"type": "open_direct", "user": anna.id}))["group"]["id"]
        await anna.gets(ERASE)
    async with staged(quiet_config(tmp_path)) as stage:
        again = Person(stage, "boris", boris.token, boris.user)
        stage.people.append(again)
        await again.comes()
        post = {"type": "post", "group": direct, "nonce": secrets.token_hex(16), "body": "hello?"}
        assert await again.is_refused(post) == "account_deleted"


@pytest.mark.parametrize("command", [ERASE, KEEP])
async def test_what_nobody_can_read_any_more_goes_as_a_whole(tmp_path: Path, stage: Stage, command: Json):
    anna, boris = await stage.enter("anna", "boris")
    notes = (await anna.gets({"type": "open_direct", "user": anna.id}))["group"]["id"]
    alone = (await anna.gets({"type": "create_group", "name": "mine alone", "private": True}))["group"]["id"]
    direct = (await boris.gets({"type": "open_direct", "user": anna.id}))["group"]["id"]
    for group in (notes, alone, direct):
        await anna.says("for nobody else", group)
    await anna.gets(command)
    await is_done(stage)
    store = stage.relay.parts.store
    for group in (notes, alone):
        assert await kept_of(store, group) == ("", [])
    assert await boris.reads(direct)
    await boris.gets(command)
    await is_done(stage)
    assert (await kept_of(store, direct))[1] == []


async def kept_of(store: Storage, group: GroupId) -> tuple[str, list[Entry]]:
    """What the storage still has of a group: its name and its log."""
    row = await store.read(lambda tables: tables.groups.get(group))
    assert row is not None
    return row.name, list(await store.read(lambda tables: tables.entries.after(group, Seq(0), 100)))


# -- the disk ----------------------------------------------------------------------------------------------------------


def sealed_of(folder: Path, select: str, *given: Any) -> Iterator[bytes]:
    """What another program finds in the database."""
    with closing(sqlite3.connect(f"file:{folder / 'data' / 'relay.db'}?mode=ro", uri=True)) as conn:
        for row in conn.execute(select, given).fetchall():
            yield from (value for value in row if value)


def pieces(sealed: Iterator[bytes]) -> list[list[bytes]]:
    """Of each a few parts: a long one is spread over pages, each with a few bytes of its own before it."""
    return [[one[at : at + 24] for at in range(0, max(len(one) - 23, 1), 400)] for one in sealed]


async def test_nothing_that_was_sealed_of_them_is_on_the_disk_any_more(tmp_path: Path):
    async with staged(quiet_config(tmp_path)) as stage:
        anna, boris = await stage.enter("anna", "boris", group="tea")
        for number in range(30):
            await anna.says(f"message {number} " + "x" * 500 * (number % 3))
        said = await anna.says("first text")
        await acts(anna, "edit", said, body="second text")
        await acts(anna, "react", await boris.says("stays"), emoji="👍")
        file = await Courier(anna).sends(secrets.token_bytes(5_000))
        await Courier(anna).posts(file, body="look")
        await boris.gets(
            {
                "type": "post",
                "group": stage.general,
                "nonce": secrets.token_hex(16),
                "forward": {"group": anna.group, "seq": said},
            }
        )
        await anna.gets({"type": "create_webhook", "group": anna.group, "name": "build"})
        await anna.gets({"type": "create_token", "name": "script", "scopes": ["read"]})
        await stage.relay.parts.store.checkpoint(truncate=True)
        theirs = {
            "said": pieces(
                sealed_of(
                    tmp_path,
                    "SELECT body FROM entries WHERE sender = ? AND kind IN ('message', 'edit', 'reaction')",
                    anna.id,
                )
            ),
            "forwarded": pieces(
                sealed_of(
                    tmp_path,
                    "SELECT body FROM entries WHERE sender = ? AND group_id = ? AND kind = 'message'",
                    boris.id,
                    stage.general,
                )
            ),
            "names": pieces(
                sealed_of(
                    tmp_path,
                    "SELECT username, display_name, password_hash, username_hash FROM users WHERE id = ?",
                    anna.id,
                )
            ),
            "devices": pieces(
                sealed_of(tmp_path, "SELECT token_hash, device FROM sessions WHERE user_id = ?", anna.id)
            ),
            "hooks": pieces(sealed_of(tmp_path, "SELECT token_hash, name FROM webhooks")),
            "files": pieces(sealed_of(tmp_path, "SELECT details, key_wrapped, digest FROM files")),
            "audit": pieces(sealed_of(tmp_path, "SELECT said FROM audit WHERE id = 1")),
        }
        stays = pieces(sealed_of(tmp_path, "SELECT username FROM users WHERE id = ?", boris.id))
        before = raw(tmp_path)
        assert {
            what
            for what, found in theirs.items()
            if not found or not all(any(piece in before for piece in each) for each in found)
        } == set()
        await anna.gets(ERASE)
        await is_done(stage)
        await until_tidy(stage)
        after = raw(tmp_path)
        assert {
            what for what, found in theirs.items() if any(piece in after for each in found for piece in each)
        } == set()
        assert all(piece in after for each in stays for piece in each)


async def test_with_anonymous_only_who_it_was_is_gone_from_the_disk(tmp_path: Path):
    async with staged(quiet_config(tmp_path)) as stage:
        anna, _boris = await stage.enter("anna", "boris", group="tea")
        await anna.says("the kettle is boiling")
        store = stage.relay.parts.store
        await until_tidy(stage)
        await store.checkpoint(truncate=True)
        columns = "username, display_name, password_hash, username_hash"
        theirs = pieces(sealed_of(tmp_path, f"SELECT {columns} FROM users WHERE id = ?", anna.id))
        said = pieces(sealed_of(tmp_path, "SELECT body FROM entries WHERE sender = ? AND kind = 'message'", anna.id))
        await stage.relay.parts.journal.change(lambda tx: tx.delete_account(anna.id, "anna", "anonymous"))
        assert store.holds_destroyed, "from the first step on, so that the log is emptied soon"
        await is_done(stage)
        await until_tidy(stage)
        after = raw(tmp_path)
        assert [piece for each in theirs for piece in each if piece in after] == []
        assert all(piece in after for each in said for piece in each)
