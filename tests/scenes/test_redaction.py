"""A message is taken back for everyone: what it said is destroyed, on the disk too, and its place stays."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from common.ids import GroupId
from common.protocol import limits
from relay.storage.tables import Tables
from tests.people import Json, Person, Stage, quiet_config, staged
from tests.scenes.test_edits import edit, forward, group_of
from tests.scenes.test_reactions import reaction

PIECE = 24


def redact(person: Person, target: int, nonce: str | None = None) -> Json:
    return {"type": "redact", "group": person.group, "nonce": nonce or secrets.token_hex(16), "target": target}


def pin(person: Person, target: int, on: bool = True) -> Json:
    return {"type": "pin", "group": person.group, "nonce": secrets.token_hex(16), "target": target, "on": on}


# -- the bytes on the disk ---------------------------------------------------------------------------------------------


async def sealed_bodies(stage: Stage, group: int) -> dict[int, bytes]:
    """What stands on the disk in place of each text of *group*."""

    def look(tables: Tables) -> dict[int, bytes]:
        select = "SELECT seq, body FROM entries WHERE group_id = ? AND body IS NOT NULL"
        return dict(tables.entries._conn.execute(select, (GroupId(group),)))

    return await stage.relay.parts.store.read(look)


def files_with(folder: Path, sealed: bytes) -> list[str]:
    """The files that hold a piece of *sealed* from its beginning, its middle or its end."""
    pieces = {sealed[start : start + PIECE] for start in range(0, len(sealed) - PIECE, PIECE)} | {sealed[-PIECE:]}
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return [path.name for path in files if any(piece in path.read_bytes() for piece in pieces)]


async def test_no_byte_of_what_was_taken_back_is_left_under_data(tmp_path: Path):
    config = quiet_config(tmp_path)
    async with staged(config) as stage:
        anna, boris = await stage.enter("anna", "boris", group="склад")
        texts = ["short", "long " * 3000, "ж" * 700]
        messages = [await anna.says(text) for text in texts]
        edits = [
            (await anna.gets(edit(anna, seq, f"{text} again")))["seq"]
            for seq, text in zip(messages, texts, strict=True)
        ]
        edits += [(await anna.gets(edit(anna, messages[0], "once more")))["seq"]]
        kept = await boris.says("what stays")
        before = await sealed_bodies(stage, anna.group)
        assert all(files_with(config.data_dir, before[seq]) for seq in (*messages, *edits, kept)), (
            "the search finds them"
        )
        await stage.relay.parts.store.checkpoint()
        assert "relay.db" in files_with(config.data_dir, before[messages[1]]), "they were in the database itself"
        for seq in messages:
            await anna.gets(redact(anna, seq))
        await stage.relay.parts.store.checkpoint()
        after = await sealed_bodies(stage, anna.group)
        assert not after.keys() & {*messages, *edits}
        left = {seq: found for seq in (*messages, *edits) if (found := files_with(config.data_dir, before[seq]))}
        assert left == {}
        assert files_with(config.data_dir, before[kept]) == ["relay.db"]
    assert not any(files_with(config.data_dir, before[seq]) for seq in (*messages, *edits))


# -- what people see ---------------------------------------------------------------------------------------------------


async def test_what_was_taken_back_keeps_its_place_and_says_nothing(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    seq = await anna.says("@boris come", mentions=[boris.id])
    edited = (await anna.gets(edit(anna, seq, "@boris come now", mentions=[boris.id])))["seq"]
    mark = seq - 1
    answer = await anna.gets(redact(anna, seq))
    heard = await boris.hears(lambda event: event.get("kind") == "redaction")
    assert (heard["seq"], heard["target"], heard["sender"]) == (answer["seq"], seq, anna.id)
    await boris.goes()
    boris.heard.clear()
    await boris.comes(boris.welcome["epoch"], {boris.group: mark})
    await anna.says("over")
    await boris.hears_message("over")
    page = (await boris.gets({"type": "history", "group": boris.group, "after": mark}))["entries"]
    for entries in (boris.entries(), page):
        shown = {entry["seq"]: entry for entry in entries}
        for each in (seq, edited):
            assert shown[each]["redacted"]
            assert not shown[each].keys() & {"body", "mentions", "edited", "files"}
        assert shown[answer["seq"]]["target"] == seq
    assert [entry["seq"] for entry in page] == list(range(mark + 1, mark + 5))


async def test_what_was_taken_back_counts_for_nothing_any_more(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    seq = await anna.says("@boris come", mentions=[boris.id])
    await boris.gets(reaction(boris, seq))
    await boris.gets(pin(boris, seq))
    assert ((await group_of(boris))["unread"], (await group_of(boris))["mentions"]) == (1, 1)
    await anna.gets(redact(anna, seq))
    group = await group_of(boris)
    assert not group.keys() & {"unread", "mentions"}
    assert (group["last"]["seq"], group["last"]["redacted"]) == (seq, True)
    assert (await boris.gets({"type": "list_pins", "group": boris.group}))["entries"] == []
    page = await boris.gets({"type": "history", "group": boris.group, "before": seq + 1})
    assert page["related"] == []


async def test_nothing_can_be_done_to_it_any_more(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    seq = await anna.says("one")
    await boris.gets(reaction(boris, seq))
    await anna.gets(redact(anna, seq))
    length = len(await anna.reads())
    for command in (
        edit(anna, seq, "two"),
        reaction(boris, seq, "🎉"),
        reaction(boris, seq, on=False),
        pin(boris, seq),
        pin(boris, seq, on=False),
        forward(boris, boris.group, seq),
    ):
        person = anna if command["type"] == "edit" else boris
        assert await person.is_refused(command) == "unknown_target", command
    assert len(await anna.reads()) == length


async def test_who_takes_back_twice_gets_the_entry_that_did_it(stage: Stage):
    (anna,) = await stage.enter("anna", group="склад")
    seq = await anna.says("one")
    nonce = secrets.token_hex(16)
    first = await anna.gets(redact(anna, seq, nonce))
    assert (await anna.gets(redact(anna, seq, nonce)))["seq"] == first["seq"]
    assert (await anna.gets(redact(anna, seq)))["seq"] == first["seq"]
    assert len(await anna.reads()) == first["seq"]


async def test_a_repeated_post_stays_taken_back(stage: Stage):
    (anna,) = await stage.enter("anna", group="склад")
    nonce = secrets.token_hex(16)
    seq = await anna.says("one", nonce=nonce)
    await anna.gets(redact(anna, seq))
    assert await anna.says("one", nonce=nonce) == seq
    assert (await anna.reads())[seq - 1].get("body") is None


# -- who may -----------------------------------------------------------------------------------------------------------


async def test_the_author_and_who_leads_the_group_may_and_nobody_else(stage: Stage):
    anna, boris, clara = await stage.enter("anna", "boris", "clara", group="склад")  # it is Anna's group
    for author, who, may in ((boris, boris, True), (boris, anna, True), (anna, boris, False), (boris, clara, False)):
        seq = await author.says("something")
        if may:
            await who.gets(redact(who, seq))
        else:
            assert await who.is_refused(redact(who, seq)) == "not_allowed"
            assert (await anna.reads())[seq - 1]["body"] == "something"


async def test_only_messages_can_be_taken_back(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    elsewhere = max([await anna.says("of another group", group=stage.general) for _ in range(9)])
    seq = await anna.says("one")
    edited = (await anna.gets(edit(anna, seq, "two")))["seq"]
    put = (await boris.gets(reaction(boris, seq)))["seq"]
    for target in (1, edited, put, elsewhere, 999):
        assert await anna.is_refused(redact(anna, target)) == "unknown_target"
    assert (await boris.reads())[seq - 1]["body"] == "two"


async def test_in_a_direct_conversation_each_takes_back_their_own(stage: Stage):
    owner = await stage.registers("owner", code=stage.relay.owner_code)
    await owner.comes()
    boris = (await stage.enter("boris"))[0]
    for person in (owner, boris):
        person.group = (await person.gets({"type": "open_direct", "user": boris.id if person is owner else owner.id}))[
            "group"
        ]["id"]
    seq = await boris.says("between us")
    assert await owner.is_refused(redact(owner, seq)) == "not_allowed"
    await boris.gets(redact(boris, seq))


# -- pins --------------------------------------------------------------------------------------------------------------


async def test_any_member_pins_and_the_newest_pin_comes_first(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    first, second = await anna.says("one"), await anna.says("two")
    put = await boris.gets(pin(boris, second))
    await anna.gets(pin(anna, first))
    heard = await anna.hears(lambda event: event.get("kind") == "pin")
    assert (heard["seq"], heard["target"], heard["sender"]) == (put["seq"], second, boris.id)
    await anna.gets(edit(anna, second, "two, as it is now"))
    listed = {"type": "list_pins", "group": anna.group}
    assert [entry["body"] for entry in (await boris.gets(listed))["entries"]] == ["one", "two, as it is now"]
    page = await boris.gets({"type": "history", "group": boris.group, "before": second + 1})
    assert [entry["kind"] for entry in page["related"]] == ["pin", "pin", "edit"]
    off = await boris.gets(pin(boris, first, on=False))
    assert [entry["seq"] for entry in (await anna.gets(listed))["entries"]] == [second]
    page = await boris.gets({"type": "history", "group": boris.group, "before": second + 1})
    pins = [
        (entry["seq"], entry["target"], entry.get("on", True)) for entry in page["related"] if entry["kind"] == "pin"
    ]
    assert pins == [(put["seq"], second, True), (off["seq"], first, False)]


async def test_what_is_pinned_already_gets_the_entry_that_pinned_it(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    seq = await anna.says("one")
    assert (await anna.gets(pin(anna, seq, on=False)))["seq"] == seq
    put = await anna.gets(pin(anna, seq))
    assert (await boris.gets(pin(boris, seq)))["seq"] == put["seq"]
    off = await boris.gets(pin(boris, seq, on=False))
    assert (await anna.gets(pin(anna, seq, on=False)))["seq"] == off["seq"]
    assert await anna.is_refused(pin(anna, 1)) == "unknown_target"


async def test_of_very_long_pins_the_newest_fit_into_the_answer(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("relay.handlers.acts.PINS_BYTES", 100_000)
    (anna,) = await stage.enter("anna", group="склад")
    seqs = [await anna.says("ж" * 16_000) for _ in range(5)]
    for seq in seqs:
        await anna.gets(pin(anna, seq))
    listed = (await anna.gets({"type": "list_pins", "group": anna.group}))["entries"]
    assert [entry["seq"] for entry in listed] == seqs[:1:-1]


async def test_there_are_only_so_many_pins(stage: Stage):
    (anna,) = await stage.enter("anna", group="склад")
    seqs = [await anna.says(str(number)) for number in range(limits.PINS_MAX + 1)]
    for seq in seqs[:-1]:
        await anna.gets(pin(anna, seq))
    assert await anna.is_refused(pin(anna, seqs[-1])) == "not_allowed"
    await anna.gets(pin(anna, seqs[0], on=False))
    await anna.gets(pin(anna, seqs[-1]))
    listed = (await anna.gets({"type": "list_pins", "group": anna.group}))["entries"]
    assert [entry["seq"] for entry in listed] == [seqs[-1], *reversed(seqs[1:-1])]
