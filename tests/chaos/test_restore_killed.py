"""A restore that is killed at any moment leaves the relay of before or the one of the backup, and can be begun again; in a mounted volume, too."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from common.errors import StartupError
from common.ids import RelayId
from relay.app import running
from relay.config import Config
from relay.control.asking import order
from relay.control.words import BackupMade, MakeBackup
from tests.people import quiet_config, staged
from tests.smalldisk import mounted

pytestmark = pytest.mark.chaos

ROOT = Path(__file__).parent.parent.parent
KILLS = 3
DYING = """
import os, signal, sys
left, folder = int(sys.argv.pop(1)), sys.argv.pop(1)
def look(event, given):
    global left
    if event in ("os.rename", "os.mkdir", "os.rmdir") and str(given[0]).startswith(folder):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(look)
from relay.__main__ import main
sys.exit(main())
"""
"""Killed before that change of what the folder holds."""


async def a_relay_with_a_backup(folder: Path) -> tuple[Config, RelayId]:
    async with staged(quiet_config(folder)) as stage:
        (anna,) = await stage.enter("anna")
        await asyncio.gather(*(anna.says("x" * 16_000) for _ in range(800)))
        await asyncio.to_thread(
            order, stage.relay.config.data_dir, MakeBackup(str(folder / "relay.backup")), BackupMade
        )
        return stage.relay.config, stage.relay.relay_id


def restored(backup: Path, config: Config, within_s: float) -> bool:
    """Restore in a process of its own; whether it ended by itself. It is killed after *within_s* seconds."""
    command = [sys.executable, "-m", "relay", "restore", str(backup), "--replace", "--json"]
    command += ["--data-dir", str(config.data_dir), "--key-file", str(config.key_file)]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=within_s, check=False)
    except subprocess.TimeoutExpired:
        return False
    assert done.returncode == 0, done.stderr.decode()
    return True


async def relay_in(config: Config) -> RelayId:
    async with running(config) as relay:
        return relay.relay_id


async def test_whenever_it_is_killed_nothing_is_lost(tmp_path: Path):
    config, of_backup = await a_relay_with_a_backup(tmp_path)
    backup, seed = tmp_path / "relay.backup", replace(config, data_dir=tmp_path / "seed")
    of_before = await relay_in(seed)
    assert of_before != of_backup
    took_s = 30.0
    for number in range(KILLS + 1):
        there = replace(config, data_dir=tmp_path / str(number) / "data")
        await asyncio.to_thread(shutil.copytree, seed.data_dir, there.data_dir)
        began = time.monotonic()
        ended = await asyncio.to_thread(
            restored, backup, there, took_s * (number + 2) / (KILLS + 3) if number else took_s
        )
        if number == 0:
            took_s = time.monotonic() - began
        if there.data_dir.exists():
            assert await relay_in(there) in ({of_backup} if ended else {of_backup, of_before})
        else:
            with pytest.raises(StartupError, match="broken off"):
                await relay_in(there)
        assert await asyncio.to_thread(restored, backup, there, 30.0)
        assert await relay_in(there) == of_backup
        kept = [folder for folder in there.data_dir.parent.iterdir() if "before-restore" in folder.name]
        assert of_before in [await relay_in(replace(there, data_dir=folder)) for folder in kept]


@pytest.mark.timeout(240)
async def test_in_a_volume_it_is_killed_before_each_change_and_the_next_start_goes_on(tmp_path: Path):
    config, of_backup = await a_relay_with_a_backup(tmp_path)
    seed = replace(config, data_dir=tmp_path / "seed")
    of_before = await relay_in(seed)
    changes, was_killed = 0, True
    seen: list[RelayId] = []
    while was_killed:
        volume = tmp_path / str(changes) / "data"
        with mounted(volume):
            there = replace(config, data_dir=volume)
            await asyncio.to_thread(shutil.copytree, seed.data_dir, volume, dirs_exist_ok=True)
            words = "restore", str(tmp_path / "relay.backup"), "--replace", "--json", "--data-dir", str(volume)
            command = [
                sys.executable,
                "-c",
                DYING,
                str(changes),
                str(volume),
                *words,
                "--key-file",
                str(config.key_file),
            ]
            done = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, capture_output=True, check=False)
            assert done.returncode in (0, -9), done.stderr.decode()
            was_killed = done.returncode == -9
            found = await relay_in(there)
            kept = [entry for entry in volume.iterdir() if entry.name.startswith("before-restore")]
            assert found == (of_backup if kept else of_before)
            for entry in kept:
                assert await relay_in(replace(there, data_dir=entry)) == of_before
            seen.append(found)
        changes += 1
    assert set(seen) == {of_before, of_backup}
    assert seen[-1] == of_backup
