"""A data folder on which a volume is mounted cannot be renamed, and nothing can be written beside it: a backup comes back there too."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from common.errors import StartupError
from common.ids import Millis, RelayId
from relay.app import running
from relay.backup.container import NoBackup
from relay.backup.restoring import Restored, restore
from relay.config import Config
from relay.control.asking import order
from relay.control.words import BackupMade, MakeBackup
from tests.people import Person, quiet_config, staged
from tests.smalldisk import mounted

NOW = Millis(1_790_000_000_000)
KEPT = "before-restore-20260921-141320"


def silent(_done: int, _total: int) -> None:
    """Nobody wants to know."""


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[Path]:
    """A data folder as in a container."""
    with mounted(tmp_path / "container" / "data"):
        yield tmp_path / "container" / "data"


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


async def backed_up(folder: Path) -> tuple[Config, RelayId, Person]:
    """A relay that has ended, with what opens its backup; *folder* / relay.backup."""
    async with staged(quiet_config(folder)) as stage:
        (anna,) = await stage.enter("anna")
        await anna.says("said before")
        config = stage.relay.config
        await asyncio.to_thread(order, config.data_dir, MakeBackup(str(folder / "relay.backup")), BackupMade)
        return replace(config, recovery_code=stage.relay.recovery_code), stage.relay.relay_id, anna


async def brought_back(path: Path, config: Config, *, replace_data: bool = False) -> Restored:
    return await restore(path, config, NOW, silent, replace_data=replace_data)


async def relay_in(config: Config) -> RelayId:
    async with running(replace(config, recovery_code=None)) as relay:
        return relay.relay_id


async def test_an_empty_volume_becomes_the_relay_of_the_backup(tmp_path: Path, volume: Path):
    before, relay_id, anna = await backed_up(tmp_path / "before")
    config = replace(before, data_dir=volume, key_file=tmp_path / "keys" / "relay.key")
    restored = await brought_back(tmp_path / "before" / "relay.backup", config)
    assert restored.moved is None
    async with staged(replace(config, recovery_code=None)) as stage:
        assert stage.relay.relay_id == relay_id
        again = Person(stage, "anna", anna.token, anna.user)
        await again.comes()
        assert [entry["body"] for entry in await again.reads(anna.group) if entry["kind"] == "message"] == [
            "said before"
        ]
        await again.goes()


async def test_what_was_in_the_volume_is_kept_within_it_and_only_when_asked(tmp_path: Path, volume: Path):
    before, relay_id, _ = await backed_up(tmp_path / "before")
    config = replace(before, data_dir=volume, key_file=tmp_path / "keys" / "relay.key")
    other = await relay_in(config)
    with pytest.raises(NoBackup, match="--replace"):
        await brought_back(tmp_path / "before" / "relay.backup", config)
    restored = await brought_back(tmp_path / "before" / "relay.backup", config, replace_data=True)
    assert restored.moved == volume / KEPT
    assert await relay_in(config) == relay_id != other
    assert (volume / KEPT / "relay.db").exists()
    again = await brought_back(tmp_path / "before" / "relay.backup", config, replace_data=True)
    assert again.moved == volume / f"{KEPT}-2"
    assert {KEPT, f"{KEPT}-2"} <= names_in(volume)
    assert KEPT not in names_in(again.moved)


async def test_a_new_disk_is_empty_with_what_its_file_system_keeps_there(tmp_path: Path, volume: Path):
    before, relay_id, _ = await backed_up(tmp_path / "before")
    config = replace(before, data_dir=volume, key_file=tmp_path / "keys" / "relay.key")
    (volume / "lost+found").mkdir()
    await brought_back(tmp_path / "before" / "relay.backup", config)
    assert await relay_in(config) == relay_id
    assert "lost+found" in names_in(volume)


async def test_a_restore_that_was_broken_off_is_begun_anew(tmp_path: Path, volume: Path):
    before, relay_id, _ = await backed_up(tmp_path / "before")
    config = replace(before, data_dir=volume, key_file=tmp_path / "keys" / "relay.key")
    (volume / ".restoring").mkdir()
    (volume / ".restoring" / "relay.db").write_bytes(b"half of it")
    with pytest.raises(StartupError, match="restore was broken off"):
        await relay_in(config)
    await brought_back(tmp_path / "before" / "relay.backup", config)
    assert ".restoring" not in names_in(volume)
    assert await relay_in(config) == relay_id


async def test_a_volume_in_which_a_relay_runs_is_left_alone(tmp_path: Path, volume: Path):
    before, _, _ = await backed_up(tmp_path / "before")
    config = replace(before, data_dir=volume, key_file=tmp_path / "keys" / "relay.key")
    async with running(replace(config, recovery_code=None)):
        with pytest.raises(StartupError, match="is running"):
            await brought_back(tmp_path / "before" / "relay.backup", config, replace_data=True)
    assert not [name for name in names_in(volume) if "restor" in name]
