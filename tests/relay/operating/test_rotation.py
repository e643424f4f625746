"""The keys are exchanged while people talk: everything goes on, everything opens afterwards, and what opened it before opens nothing."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from common.crypto.keyfile import copy_of, read_key_file
from common.crypto.recovery import new_recovery_code
from common.errors import KeyUnavailable, SealError
from common.ids import Seq
from relay.app import running
from relay.backup.restoring import restore, verify
from relay.config import Config
from relay.control.asking import OrderRefused
from relay.control.words import (
    AddPassphrase,
    BackupMade,
    ConfirmCode,
    FollowRotation,
    Keys,
    MakeBackup,
    NewRecoveryCode,
    RecoveryCode,
    RemoveSlot,
    Rotated,
    RotateKeys,
    ShowKeys,
)
from relay.operating import renewal, rotation
from relay.operating.operator import Operator
from relay.storage.exchange import Exchange
from relay.storage.meta import read_identity
from relay.storage.transaction import Transaction
from tests.people import quiet_config, staged
from tests.relay.operating.test_schedule import operator_of
from tests.rotation import Talk, asks, everything, found_in, master_of, rotated, sealed_in, wrapped_in

PASSPHRASE = "чайник на плите"


async def is_refused(config: Config, **given: Any) -> str:
    with pytest.raises(OrderRefused) as refused:
        await asks(config, RotateKeys(**given), Rotated)
    return str(refused.value)


async def opens(config: Config) -> bool:
    try:
        async with running(config):
            return True
    except KeyUnavailable:
        return False


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return quiet_config(tmp_path)


async def test_who_stops_the_relay_in_the_middle_of_it_does_not_lose_the_key_file(
    config: Config, monkeypatch: pytest.MonkeyPatch
):
    """The exchange goes on to its end on the writer's thread, whoever waits for it: what is thrown away depends on what became of it."""
    reached, go, exchange = threading.Event(), threading.Event(), Transaction.exchange

    def slow(transaction: Transaction, *given: Any) -> None:
        exchange(transaction, *given)
        reached.set()
        go.wait()

    monkeypatch.setattr(Transaction, "exchange", slow)
    async with running(config) as relay:
        turning = asyncio.create_task(rotation.rotate_keys(operator_of(relay), RotateKeys(without_code=True)))
        await asyncio.to_thread(reached.wait)
        turning.cancel()
        for _ in range(50):  # more than enough for whoever would throw something away by now
            await relay.parts.store.read(lambda tables: tables.slots.all())
            await asyncio.to_thread(list, config.key_file.parent.iterdir())
        go.set()
        with pytest.raises(asyncio.CancelledError):
            await turning
    assert await opens(config)


# -- people ------------------------------------------------------------------------------------------------------------


async def test_whoever_is_here_talks_on_and_everything_they_were_given_works_before_and_after_a_start(
    config: Config, caplog: pytest.LogCaptureFixture
):
    async with staged(config) as stage:
        talk = Talk(stage)
        await talk.happens()
        owner_code = stage.relay.owner_code
        turning = asyncio.create_task(rotated(config))
        while not turning.done():
            await talk.anna.says("меж тем")
            await talk.acts("react", 4, emoji="👍")
        await turning
        await talk.goes_on(stage)
        assert stage.relay.parts.store.damaged == 0
    async with staged(config) as stage:
        assert stage.relay.owner_code == owner_code
        assert await stage.relay.parts.store.read(lambda tables: tables.meta.is_owner_code(owner_code or ""))
        await talk.goes_on(stage)
        assert stage.relay.parts.store.damaged == 0
    assert "snapshot" not in caplog.text, "the search went on where it was, by the new key"


async def test_nothing_is_changed_but_the_keys_however_often(config: Config):
    async with staged(config) as stage:
        await Talk(stage).happens()
    before = await everything(config)
    for _ in range(2):
        async with running(config):
            await rotated(config)
        assert await everything(config) == before


async def test_an_emoji_that_was_put_before_is_found_while_everything_is_sealed_anew(
    config: Config, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(renewal, "SLICE_ROWS", 1)
    monkeypatch.setattr(renewal, "REST", 1_000_000)
    async with staged(config) as stage:
        talk = Talk(stage)
        await talk.happens(20)
        first = await talk.acts("react", 4, emoji="👍")
        await asks(config, RotateKeys(recovery_code=new_recovery_code()), Rotated)
        assert (await asks(config, ShowKeys(), Keys)).rotation is not None
        assert (await talk.acts("react", 4, emoji="👍"))["seq"] == first["seq"]
        assert (await talk.acts("react", 4, emoji="👍", on=False))["seq"] != first["seq"]
        assert "already" in await is_refused(config, recovery_code=new_recovery_code())
    monkeypatch.undo()
    async with staged(config) as stage:
        await asks(config, FollowRotation())
        found, resealing = await stage.relay.parts.store.read(
            lambda tables: (tables.said.reaction(talk.group, Seq(4), talk.anna.id, "👍"), tables.resealing.state())
        )
        assert found is not None
        assert (found[1], resealing) == (False, None)


# -- what stands on the disk -------------------------------------------------------------------------------------------


async def test_nothing_that_the_old_keys_have_made_stands_on_the_disk_afterwards(config: Config):
    async with staged(config) as stage:
        await Talk(stage).happens()
    before, wrapped, master = sealed_in(config), wrapped_in(config), master_of(config)
    assert len(before) > 300
    assert found_in(config.data_dir, before) == {value for value in before if len(value) > 24}
    async with running(config) as relay:
        await rotated(config)
        assert (config.data_dir / "relay.db-wal").stat().st_size == 0
        assert found_in(config.data_dir, wrapped) == set()
        relay_id = relay.relay_id
    assert sealed_in(config) & before == set()
    assert found_in(config.data_dir, before) == set()
    async with running(config) as relay:
        assert relay.parts.store.damaged == 0
        with pytest.raises(SealError):
            await relay.parts.store.write(lambda tx: read_identity(tx._conn, master, relay_id))


async def test_as_soon_as_it_is_answered_the_old_master_key_opens_nothing(
    config: Config, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(renewal, "REST", 1_000_000)
    async with staged(config) as stage:
        await Talk(stage).happens(100)
    wrapped = wrapped_in(config)
    async with running(config):
        await asks(config, RotateKeys(recovery_code=new_recovery_code()), Rotated)
    assert found_in(config.data_dir, wrapped) == set()


async def test_a_taken_back_message_stays_taken_back_though_it_was_just_being_sealed_anew(config: Config):
    async with staged(config) as stage:
        talk = Talk(stage)
        await talk.happens(20)
        store = stage.relay.parts.store
        await stage.relay.parts.journal.change(lambda tx: tx.resealing.begin(tx.now))
        await store.write(lambda tx: tx._conn.execute("UPDATE data_keys SET successor = id"))
        made = await store.read(lambda tables: tables.resealing.next_slice(100, 1_000_000))
        assert made is not None
        assert 8 in [values[2] for values in made.bodies]
        await talk.acts("redact", 8)
        await store.write(lambda tx: tx.resealing.put(made))
        (entry,) = await store.read(lambda tables: tables.entries.after(talk.group, Seq(7), 1))
        assert entry.redacted


# -- what opens it -----------------------------------------------------------------------------------------------------


async def test_the_key_file_gets_another_secret_and_the_old_one_opens_the_old_backup_only(
    config: Config, tmp_path: Path
):
    backup = tmp_path / "old.backup"
    async with staged(config) as stage:
        talk = Talk(stage)
        await talk.happens(30)
        first_code, secret = stage.relay.recovery_code, read_key_file(config.key_file)
        await asks(config, MakeBackup(str(backup)), BackupMade)
        code = await rotated(config)
        new_backup = tmp_path / "new.backup"
        await asks(config, MakeBackup(str(new_backup)), BackupMade)
        shown = await asks(config, ShowKeys(), Keys)
        assert [(slot.kind, slot.opens, slot.is_confirmed) for slot in shown.slots] == [
            ("file", True, None),
            ("recovery", None, True),
        ]
    assert read_key_file(config.key_file) != secret
    assert copy_of(config.key_file).read_bytes() == config.key_file.read_bytes()
    (old,) = config.key_file.parent.glob("relay.key.before-*")
    assert read_key_file(old) == secret
    assert (old.stat().st_mode & 0o777, config.key_file.stat().st_mode & 0o777) == (0o600, 0o600)
    assert not list(config.key_file.parent.glob("*.new*"))
    assert await opens(config)
    assert not await opens(replace(config, key_file=old))
    assert not await opens(replace(config, recovery_code=first_code))
    assert await opens(replace(config, recovery_code=code))
    for path, opened_by in ((backup, old), (new_backup, config.key_file)):
        await asyncio.to_thread(verify, path, replace(config, key_file=opened_by), lambda *_: None)
    with pytest.raises(KeyUnavailable) as refused:
        await asyncio.to_thread(verify, backup, config, lambda *_: None)
    assert f"{old}, the key file of that time, opens it: give --key-file '{old}'" in str(refused.value)
    again = replace(config, data_dir=tmp_path / "again", key_file=old)
    await restore(backup, again, stage.relay.parts.now(), lambda *_: None, replace_data=False)
    async with staged(again) as other:
        await talk.goes_on(other, is_same_life=False)


async def test_a_backup_of_a_relay_whose_rotation_is_not_done_goes_on_where_it_is_restored(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(renewal, "SLICE_ROWS", 5)
    monkeypatch.setattr(renewal, "REST", 1_000_000)
    async with staged(config) as stage:
        talk = Talk(stage)
        await talk.happens(50)
        code = new_recovery_code()
        await asks(config, RotateKeys(recovery_code=code), Rotated)
        await asks(config, MakeBackup(str(tmp_path / "half.backup")), BackupMade)
    again = replace(config, data_dir=tmp_path / "again", key_file=tmp_path / "again.key")
    now = stage.relay.parts.now()
    opened = replace(again, recovery_code=code)
    await restore(tmp_path / "half.backup", opened, now, lambda *_: None, replace_data=False)
    monkeypatch.undo()
    async with staged(again) as other:
        await asks(again, FollowRotation())
        assert (await asks(again, ShowKeys(), Keys)).rotation is None
        await talk.goes_on(other, is_same_life=False)
        assert other.relay.parts.store.damaged == 0


async def test_a_relay_without_its_key_file_opens_by_the_new_recovery_code(config: Config):
    async with staged(config) as stage:
        talk = Talk(stage)
        await talk.happens(30)
        first = stage.relay.recovery_code
        code = await rotated(config)
    for path in config.key_file.parent.iterdir():
        path.unlink()
    assert not await opens(config)
    assert not await opens(replace(config, recovery_code=first))
    async with staged(replace(config, recovery_code=code)) as stage:
        await talk.goes_on(stage)
    async with staged(config) as stage:
        await talk.goes_on(stage)


async def test_the_same_code_and_the_same_key_file_may_stay(config: Config):
    async with running(config) as relay:
        code, secret = relay.recovery_code, read_key_file(config.key_file)
        await rotated(config, recovery_code=code, keep_key_file=True)
    assert read_key_file(config.key_file) == secret
    assert [path.name for path in sorted(config.key_file.parent.iterdir())] == ["relay.key", "relay.key.copy"]
    assert await opens(config)
    assert await opens(replace(config, recovery_code=code))


async def test_a_passphrase_must_be_known_and_stays(config: Config):
    async with running(config):
        await asks(config, AddPassphrase(PASSPHRASE))
        assert "remove-slot passphrase" in await is_refused(config, recovery_code=new_recovery_code())
        assert "another one" in await is_refused(config, recovery_code=new_recovery_code(), passphrase="not this one")
        await rotated(config, passphrase=PASSPHRASE)
        await asks(config, RemoveSlot("file"))
    assert await opens(replace(config, passphrase=PASSPHRASE))
    async with running(replace(config, passphrase=PASSPHRASE)):  # started with it, the relay knows it
        assert (await asks(config, ShowKeys(), Keys)).knows_passphrase
        await rotated(config)
    assert await opens(replace(config, passphrase=PASSPHRASE))


async def test_the_recovery_code_goes_only_when_that_is_said_and_never_as_the_last_way(config: Config):
    async with running(config) as relay:
        assert "opens nothing afterwards" in await is_refused(config)
        assert "group" in await is_refused(config, recovery_code="no code at all")
        await asks(config, ConfirmCode(relay.recovery_code or ""))
        await rotated(config, recovery_code="", without_code=True)
        assert [slot.kind for slot in (await asks(config, ShowKeys(), Keys)).slots] == ["file"]
        await rotated(config, recovery_code="")
        assert [slot.kind for slot in (await asks(config, ShowKeys(), Keys)).slots] == ["file"]
        with pytest.raises(OrderRefused, match="lost for good"):
            await asks(config, RemoveSlot("file"))
    assert await opens(config)


async def test_where_only_the_code_opens_it_there_must_be_a_code(config: Config):
    async with running(config) as relay:
        code = relay.recovery_code or ""
        await asks(config, ConfirmCode(code))
        await asks(config, RemoveSlot("file"))
        assert "lost for good" in await is_refused(config, without_code=True)
        code = await rotated(config)
    assert not await opens(config)
    assert await opens(replace(config, recovery_code=code))


@pytest.mark.parametrize("text", ["0123456789abcdef" * 4 + "\n", None], ids=["a bare secret", "of another relay"])
async def test_a_key_file_that_is_not_its_own_is_not_exchanged(config: Config, tmp_path: Path, text: str | None):
    if text is None:
        async with running(replace(config, data_dir=tmp_path / "other")):
            pass
    else:
        config.key_file.parent.mkdir()
        config.key_file.write_text(text)
        config.key_file.chmod(0o600)
    content = config.key_file.read_bytes()
    async with running(config):
        assert "--keep-key-file" in await is_refused(config, recovery_code=new_recovery_code())
        assert (await asks(config, ShowKeys(), Keys)).slots[0].opens
        await rotated(config, keep_key_file=True)
    assert config.key_file.read_bytes() == content
    assert await opens(config)


async def test_slots_that_were_changed_meanwhile_keep_the_old_key(config: Config, monkeypatch: pytest.MonkeyPatch):
    real = rotation._prepare

    async def meanwhile(operator: Operator, exchange: Exchange) -> None:
        await asks(config, NewRecoveryCode(), RecoveryCode)
        await real(operator, exchange)

    monkeypatch.setattr(rotation, "_prepare", meanwhile)
    async with running(config):
        secret = read_key_file(config.key_file)
        assert "meanwhile" in await is_refused(config, recovery_code=new_recovery_code())
    assert read_key_file(config.key_file) == secret
    assert not list(config.key_file.parent.glob("*.new*"))
    assert await opens(config)
