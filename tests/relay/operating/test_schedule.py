"""A backup a day, the last seven kept; nothing else in the folder is touched, and what hinders it is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.ids import Millis, RelayId
from relay.app import RunningRelay, running
from relay.backup.restoring import verify
from relay.operating.backups import COPY, _alone
from relay.operating.operator import Operator
from relay.operating.renewal import Renewal
from relay.operating.schedule import KEPT, BackupSchedule, is_due, name_of, superfluous
from relay.storage.store import Store
from tests.people import quiet_config
from tests.relay.stores import Clock

MINE, OTHER = RelayId("A" * 52), RelayId("B" * 52)
HOUR = 3_600_000
NOON = Millis(1_790_000_000_000)


def operator_of(relay: RunningRelay) -> Operator:
    assert isinstance(relay.parts.store, Store)
    return Operator(relay.parts, relay.parts.store, relay.config, Renewal(relay.parts.store, relay.parts.journal))


def hours(number: int) -> Millis:
    return Millis(NOON + number * HOUR)


def test_the_first_one_is_due_at_once_and_the_next_a_day_later():
    assert is_due([], MINE, NOON)
    assert not is_due([name_of(MINE, NOON)], MINE, hours(23))
    assert is_due([name_of(MINE, NOON)], MINE, hours(24))


def test_what_is_no_backup_of_this_relay_counts_for_nothing():
    strangers = [name_of(OTHER, NOON), "relay-aaaaaaaa-lately.backup", "photo.jpg", f"{name_of(MINE, NOON)}.part"]
    assert is_due(strangers, MINE, NOON)


def test_a_backup_from_the_future_holds_none_up():
    assert is_due([name_of(MINE, hours(100))], MINE, NOON)


def test_only_the_oldest_of_its_own_and_what_was_broken_off_are_too_many():
    mine = [name_of(MINE, hours(24 * day)) for day in range(10)]
    left = [name_of(OTHER, NOON), "photo.jpg", "photo.part"]
    parts = [f"{name_of(MINE, NOON)}.part", f"{name_of(MINE, NOON)}.copy.part"]
    assert sorted(superfluous([*reversed(mine), *left, *parts], MINE)) == sorted([*mine[: 10 - KEPT], *parts])


async def test_days_go_by_and_each_leaves_a_whole_backup(tmp_path: Path):
    clock, folder = Clock(NOON), tmp_path / "backups"
    async with running(quiet_config(tmp_path), now=clock) as relay:
        schedule = BackupSchedule(operator_of(relay), folder)
        for _ in range(KEPT + 2):
            await schedule.look()
            await schedule.look()
            clock.at += 24 * HOUR
        assert schedule.problem == ""
        config = relay.config
    names = sorted(path.name for path in folder.iterdir())
    assert names == [
        name_of(config_id, hours(24 * day)) for day in range(2, KEPT + 2) for config_id in [relay.relay_id]
    ]
    for name in names:
        verify(folder / name, config, lambda _done, _total: None)


@pytest.mark.allows_errors
async def test_a_folder_that_cannot_be_used_is_told_in_the_health_until_it_can(tmp_path: Path):
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder should be")
    async with running(quiet_config(tmp_path)) as relay:
        schedule = BackupSchedule(operator_of(relay), blocked)
        await schedule.look()
        assert str(blocked) in schedule.problem
        blocked.unlink()
        await schedule.look()
        assert schedule.problem == ""
        assert len(list(blocked.iterdir())) == 1


@pytest.mark.allows_errors
async def test_what_a_killed_relay_left_takes_no_room_from_the_next_backup(tmp_path: Path):
    folder, clock = tmp_path / "backups", Clock(NOON)
    folder.mkdir()
    async with running(quiet_config(tmp_path), now=clock) as relay:
        assert isinstance(relay.parts.store, Store)
        left = folder / f"{name_of(relay.relay_id, hours(-1))}.part"
        left.write_bytes(b"half a backup")
        schedule = BackupSchedule(operator_of(relay), folder)
        with _alone(relay.config.data_dir):  # so that this one cannot be made
            await schedule.look()
        assert schedule.problem
        assert not left.exists(), "gone before the new one is begun, not after it was made"


async def test_a_copy_that_a_killed_relay_left_is_gone_at_the_next_start(tmp_path: Path):
    async with running(quiet_config(tmp_path)) as relay:
        folder = relay.config.data_dir
    for name in (COPY, f"{COPY}-journal"):
        (folder / name).write_bytes(b"half a copy")
    async with running(quiet_config(tmp_path)):
        assert not [path.name for path in folder.iterdir() if path.name.startswith(COPY)]
