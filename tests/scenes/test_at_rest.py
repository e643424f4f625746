"""Nothing that a person typed stands in clear under the data folder, neither while the relay runs nor afterwards."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import NamedTuple

from tests.people import Stage, quiet_config, staged

MARKS = {
    "user name": "ПомеченныйЧеловек",
    "display name": "Zaphod Markerbrox",
    "group": "Помеченная группа",
    "topic": "Marked topic about teapots",
    "new name": "Переименованная метка",
    "message": "Секретный чайник вскипел",
    "other message": "A marked message in English",
    "edit": "Исправленный чайник",
    "emoji": "👩‍🚒",
    "status": "Marked status about lunch",
    "new topic": "Тема с пометкой про чашки",
    "direct message": "Marked words between two",
    "note": "Пометка для себя одного",
    "device": "Marked-Notebook",
    "password": "marked password 77",
}
ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")


def found_in(folder: Path, *more: bytes) -> list[tuple[str, str]]:
    """Which marks stand in which files."""
    looked_for = {(what, mark.encode(encoding)) for what, mark in MARKS.items() for encoding in ENCODINGS}
    looked_for |= {("extra", each) for each in more}
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            found += [(what, path.name) for what, mark in looked_for if mark in content]
    return found


class Traces(NamedTuple):
    """What was used while the marks were written."""

    token: str
    nonce: str
    invitation: str


async def act(stage: Stage) -> Traces:
    """Write every mark through the real doors."""
    anna = await stage.registers(
        MARKS["user name"], display_name=MARKS["display name"], device=MARKS["device"], password=MARKS["password"]
    )
    await anna.comes()
    made = await anna.gets({"type": "create_group", "name": MARKS["group"], "topic": MARKS["topic"]})
    anna.group = made["group"]["id"]
    await anna.says(MARKS["message"])
    await anna.gets({"type": "rename_group", "group": anna.group, "name": MARKS["new name"]})
    nonce = secrets.token_hex(16)
    await anna.posts("post", group=anna.group, nonce=nonce, body=MARKS["other message"])
    await anna.gets({"type": "set_topic", "group": anna.group, "topic": MARKS["new topic"]})
    assert [entry.get("body") for entry in await anna.reads()] == [
        None,
        MARKS["message"],
        MARKS["new name"],
        MARKS["other message"],
        MARKS["new topic"],
    ]
    boris = await stage.registers("boris")
    for peer, said in ((boris, MARKS["direct message"]), (anna, MARKS["note"])):
        direct = (await anna.gets({"type": "open_direct", "user": peer.id}))["group"]["id"]
        await anna.says(said, direct)
        assert [entry["body"] for entry in await anna.reads(direct)] == [said]
    invited = await anna.gets({"type": "create_invite", "group": anna.group, "uses": 3})
    await boris.comes()
    await boris.gets({"type": "join_group", "code": invited["code"]})
    act = {"group": anna.group, "target": 2}
    calls = [anna.id]
    await anna.gets({"type": "edit", **act, "nonce": secrets.token_hex(16), "body": MARKS["edit"], "mentions": calls})
    await anna.gets({"type": "react", **act, "nonce": secrets.token_hex(16), "emoji": MARKS["emoji"]})
    await anna.gets({"type": "set_presence", "state": "away", "text": MARKS["status"]})
    return Traces(anna.token, nonce, invited["code"])


async def test_no_typed_word_stands_in_the_snapshot_of_the_search(tmp_path: Path):
    config = quiet_config(tmp_path)
    async with staged(config) as stage:
        await act(stage)
        anna = stage.people[0]
        hits = (await anna.gets({"type": "search", "query": MARKS["edit"]}))["hits"]
        assert [hit["snippet"] for hit in hits] == [MARKS["edit"]]
    snapshot = (config.data_dir / "search.snapshot").read_bytes()
    assert len(snapshot) > 1000
    pieces = {mark.lower()[:3].encode() for mark in MARKS.values() if not mark.isascii()}
    assert not [piece for piece in pieces | {b"SQLite format", b"CREATE VIRTUAL"} if piece in snapshot]
    assert found_in(config.data_dir) == []


async def test_no_typed_word_stands_under_data(tmp_path: Path):
    config = quiet_config(tmp_path)
    async with staged(config) as stage:
        used = await act(stage)
        assert (config.data_dir / "relay.db-wal").stat().st_size > 0, "the log is looked at too"
        codes = [stage.relay.owner_code or "", stage.relay.recovery_code or "", used.invitation]
        codes += [code.replace("-", "").lower() for code in codes]
        secret = [text.encode() for text in (used.token, *codes)]
        assert found_in(config.data_dir, *secret) == []
    assert found_in(config.data_dir, *secret) == []


async def test_what_was_done_to_the_relay_is_kept_sealed(tmp_path: Path):
    config = quiet_config(tmp_path)
    async with staged(config) as stage:
        anna = await stage.registers("anna", code=stage.relay.owner_code)
        await anna.comes()
        boris = await stage.registers(MARKS["user name"])
        made = await anna.gets({"type": "create_group", "name": MARKS["group"]})
        await boris.comes()
        await boris.gets({"type": "join_group", "group": made["group"]["id"]})
        await anna.gets({"type": "remove_member", "group": made["group"]["id"], "user": boris.id})
        told = (await anna.gets({"type": "list_audit"}))["entries"]
        assert (told[0]["act"], told[0]["whom"], told[0]["detail"]) == (
            "member_removed",
            MARKS["user name"],
            MARKS["group"],
        )
        acts = [each["act"].encode() for each in told]
        assert found_in(config.data_dir, *acts) == []
    assert found_in(config.data_dir, *acts) == []


async def test_the_search_would_find_what_stands_there(tmp_path: Path):
    config = quiet_config(tmp_path)
    async with staged(config) as stage:
        used = await act(stage)
        assert found_in(config.data_dir, bytes.fromhex(used.nonce)) == [("extra", "relay.db-wal")]
        (config.data_dir / "leak").write_text(MARKS["message"], encoding="utf-16-be")
        assert found_in(config.data_dir) == [("message", "leak")]
