"""An owner sees in the client how it stands with the relay, in figures and codes; and which settings have changed since the last start."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

from relay.config import Config
from relay.control.asking import order
from relay.control.words import BackupMade, ConfirmCode, DisablePerson, Done, MakeBackup, Order
from tests.people import Json, Person, Stage, quiet_config, staged


async def ordered(stage: Stage, what: Order, expected: type[Any] = Done) -> Any:
    return await asyncio.to_thread(order, stage.relay.config.data_dir, what, expected)


async def owner(stage: Stage) -> Person:
    person = await stage.registers("anna", code=stage.relay.owner_code)
    await person.comes()
    return person


async def state(person: Person) -> Json:
    found: Json = (await person.gets({"type": "show_state"}))["relay"]
    return found


async def test_what_it_holds_and_whom_it_lets_in(stage: Stage):
    anna = await owner(stage)
    boris, _clara = await stage.enter("boris", "clara", group="Склад")
    await anna.says("one more entry")
    await anna.gets({"type": "open_direct", "user": boris.id})
    await ordered(stage, DisablePerson("clara"))
    found = await state(anna)
    assert (found["people"], found["disabled"], found["online"]) == (3, 1, 2)
    assert found["groups"] == 2
    assert found["entries"] >= 6
    assert (found["registration"], found["health"]) == ("open", {"status": "ok"})
    assert 0 < found["free"] <= found["total"]
    assert found["database"] > 10_000
    assert Path(found["folder"]) == stage.relay.config.data_dir.absolute()
    assert found["since"] > 1_600_000_000_000


async def test_the_recovery_code_counts_as_confirmed_once_it_was_typed_back(stage: Stage):
    anna = await owner(stage)
    ways = {way["kind"]: way for way in (await state(anna))["ways"]}
    assert set(ways) == {"file", "recovery"}
    assert (ways["file"]["opens"], ways["recovery"]["confirmed"]) == (True, False)
    await ordered(stage, ConfirmCode(stage.relay.recovery_code or ""))
    ways = {way["kind"]: way for way in (await state(anna))["ways"]}
    assert ways["recovery"]["confirmed"]


async def test_a_key_file_that_is_gone_is_told_by_its_code_and_by_its_way(stage: Stage):
    anna = await owner(stage)
    config = stage.relay.config
    for path in config.key_file.parent.iterdir():
        path.unlink()
    found = await state(anna)
    assert found["ways"][0] == {"kind": "file", "at": found["ways"][0]["at"], "opens": False}
    assert "relay.key" in found["key_file"]


async def test_the_last_backup_is_known_after_a_restart_too(tmp_path: Path):
    config = quiet_config(tmp_path)
    async with staged(config) as stage:
        anna = await owner(stage)
        assert "backup_at" not in await state(anna)
        await ordered(stage, MakeBackup(str(tmp_path / "relay.backup")), BackupMade)
        at = (await state(anna))["backup_at"]
        token = anna.token
    async with staged(config) as stage:
        again = await stage.posts("show_state", {}, token)
        assert again["relay"]["backup_at"] == at


async def test_only_owners_see_it_and_no_script(stage: Stage):
    anna = await owner(stage)
    (boris,) = await stage.enter("boris")
    assert await boris.is_refused({"type": "show_state"}) == "not_allowed"
    token = await anna.gets({"type": "create_token", "name": "script", "scopes": ["manage"]})
    assert (await stage.posts("show_state", {}, token["secret"]))["code"] == "scope_needed"


async def changes(config: Config, token: str = "") -> tuple[list[str], str]:
    """The settings that are told as changed after a start with *config*, the newest first, and the owner's token."""
    async with staged(config) as stage:
        token = token or (await owner(stage)).token
        entries = (await stage.posts("list_audit", {}, token))["entries"]
        return [each["detail"] for each in entries if each["act"] == "settings_changed"], token


async def test_settings_that_are_other_ones_are_written_down_at_the_start_and_once(tmp_path: Path):
    config = quiet_config(tmp_path)
    told, token = await changes(config)
    assert told == []
    closed = replace(config, registration="invite", name="Чайник")
    told, _ = await changes(closed, token)
    assert told == ["RELAY_NAME: Testbed → Чайник, RELAY_REGISTRATION: open → invite"]
    assert (await changes(closed, token))[0] == told
    for path in config.data_dir.rglob("*"):
        assert not path.is_file() or "Чайник".encode() not in path.read_bytes(), path
