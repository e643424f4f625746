"""Nothing that a person typed stands in clear under the data folder, neither while the relay runs nor afterwards."""

from __future__ import annotations

import secrets
from pathlib import Path

from tests.people import Stage, quiet_config, staged

MARKS = {
    "user name": "ПомеченныйЧеловек",
    "display name": "Zaphod Markerbrox",
    "group": "Помеченная группа",
    "topic": "Marked topic about teapots",
    "new name": "Переименованная метка",
    "message": "Секретный чайник вскипел",
    "other message": "A marked message in English",
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


async def act(stage: Stage) -> tuple[str, str]:
    """Write every mark through the real doors; the token and the nonce that were used."""
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
    assert [entry.get("body") for entry in await anna.reads()] == [
        None,
        MARKS["message"],
        MARKS["new name"],
        MARKS["other message"],
    ]
    return anna.token, nonce


async def test_no_typed_word_stands_under_data(tmp_path: Path):
    config = quiet_config(tmp_path)
    async with staged(config) as stage:
        token, _ = await act(stage)
        assert (config.data_dir / "relay.db-wal").stat().st_size > 0, "the log is looked at too"
        codes = [code.encode() for code in (stage.relay.owner_code, stage.relay.recovery_code) if code]
        assert found_in(config.data_dir, token.encode(), *codes) == []
    assert found_in(config.data_dir, token.encode(), *codes) == []


async def test_the_search_would_find_what_stands_there(tmp_path: Path):
    config = quiet_config(tmp_path)
    async with staged(config) as stage:
        _, nonce = await act(stage)
        assert found_in(config.data_dir, bytes.fromhex(nonce)) == [("extra", "relay.db-wal")]
        (config.data_dir / "leak").write_text(MARKS["message"], encoding="utf-16-be")
        assert found_in(config.data_dir) == [("message", "leak")]
