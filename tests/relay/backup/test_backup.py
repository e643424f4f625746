"""A backup of a relay that runs is the whole relay, and comes back as the same one, on a machine that has only the recovery code."""

from __future__ import annotations

import asyncio
import io
import os
import secrets
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from common.crypto.keyslots import MasterKey, slot_for_recovery_code
from common.crypto.recovery import new_recovery_code
from common.errors import KeyUnavailable, StartupError
from common.ids import Millis, RelayId
from relay.backup.container import NoBackup, write_header
from relay.backup.making import Source, make
from relay.backup.reading import Reading
from relay.backup.restoring import Restored, restore, verify
from relay.config import Config
from relay.control.asking import OrderRefused, order
from relay.control.words import BackupMade, MakeBackup, Progress
from relay.storage.folder import prepare_folder
from relay.storage.store import Store
from tests.files import Courier
from tests.people import Json, Person, Stage, quiet_config, staged

NOW = Millis(1_790_000_000_000)
CONTENT = secrets.token_bytes(700_000)


def silent(_done: int, _total: int) -> None:
    """Nobody wants to know."""


async def backed_up(stage: Stage, path: Path, told: Callable[[Progress], None] = lambda _: None) -> BackupMade:
    return await asyncio.to_thread(order, stage.relay.config.data_dir, MakeBackup(str(path)), BackupMade, told)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def brought_back(path: Path, config: Config, *, replace_data: bool = False) -> Restored:
    return await restore(path, config, NOW, silent, replace_data=replace_data)


@dataclass
class Backup:
    """A backup of a relay that has ended, and what was in it."""

    path: Path
    made: BackupMade
    config: Config
    code: str
    relay_id: RelayId
    epoch: str
    token: str
    group: int
    entries: list[Json]
    file: str

    def elsewhere(self, folder: Path) -> Config:
        """Another machine, on which somebody types the recovery code."""
        return quiet_config(folder, recovery_code=self.code)


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> Backup:
    """Made once; nobody changes it."""
    return asyncio.run(_made(tmp_path_factory.mktemp("relay")))


async def _made(folder: Path) -> Backup:
    async with staged(quiet_config(folder)) as stage:
        anna, boris = await stage.enter("anna", "борис", group="склад")
        for number in range(30):
            await anna.says(f"сказано {number}")
        file = await Courier(boris).sends(CONTENT, "план.pdf")
        await boris.says("вот файл", files=[file])
        made = await backed_up(stage, folder / "relay.backup")
        return Backup(
            folder / "relay.backup",
            made,
            stage.relay.config,
            stage.relay.recovery_code or "",
            stage.relay.relay_id,
            anna.welcome["epoch"],
            anna.token,
            anna.group,
            await anna.reads(),
            file,
        )


# -- the whole way -----------------------------------------------------------------------------------------------------


async def test_another_machine_with_the_recovery_code_becomes_the_same_relay(backup: Backup, tmp_path: Path):
    config = backup.elsewhere(tmp_path)
    restored = await brought_back(backup.path, config)
    assert (restored.moved, restored.reading.files) == (None, 1)
    async with staged(replace(config, recovery_code=None)) as stage:  # its own key file opens it from now on
        assert stage.relay.relay_id == backup.relay_id
        anna = Person(stage, "anna", backup.token, {"id": 1})
        welcome = await anna.comes(backup.epoch, {backup.group: 10_000})
        assert welcome["epoch"] != backup.epoch
        assert await anna.reads(backup.group) == backup.entries
        assert (await Courier(anna).fetches(backup.file))[2] == CONTENT
        await anna.says("and goes on", backup.group)
        await anna.goes()


async def test_what_is_said_while_a_backup_is_made_is_not_held_up_and_the_backup_is_of_one_moment(tmp_path: Path):
    async with staged(quiet_config(tmp_path)) as stage:
        (anna,) = await stage.enter("anna", group="склад")
        await asyncio.gather(*(anna.says("x" * 4000) for _ in range(300)))
        making = asyncio.create_task(backed_up(stage, tmp_path / "relay.backup"))
        said = 0
        while not making.done():
            await anna.says("meanwhile")
            said += 1
        assert said > 0
        made = await making
        code = stage.relay.recovery_code
        everything = await anna.reads()
    config = quiet_config(tmp_path / "other", recovery_code=code)
    await brought_back(tmp_path / "relay.backup", config)
    async with staged(replace(config, recovery_code=None)) as stage:
        again = Person(stage, "anna", anna.token, anna.user)
        await again.comes()
        found = await again.reads(anna.group)
        assert found == everything[: len(found)]
        assert 301 <= len(found) <= made.entries
        await again.goes()


async def test_how_far_it_is_is_told(tmp_path: Path):
    told: list[Progress] = []
    async with staged(quiet_config(tmp_path)) as stage:
        (anna,) = await stage.enter("anna")
        await asyncio.gather(*(anna.says("x" * 16_000) for _ in range(100)))
        await backed_up(stage, tmp_path / "relay.backup", told.append)
    assert told
    assert all(0 < each.done <= each.total for each in told)


# -- nothing readable, nothing left over -------------------------------------------------------------------------------


def test_nothing_that_somebody_typed_can_be_read_in_it(backup: Backup):
    content = backup.path.read_bytes()
    for text in ("сказано", "склад", "борис", "план.pdf"):
        for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
            assert text.encode(encoding) not in content
    assert CONTENT[1000:1032] not in content


def test_it_is_for_its_user_alone_and_nothing_else_is_left(backup: Backup):
    assert backup.path.stat().st_mode & 0o077 == 0
    assert backup.path.stat().st_size == backup.made.bytes
    left = {path.name for path in (*backup.path.parent.iterdir(), *backup.config.data_dir.iterdir())}
    assert not [name for name in left if "part" in name]


async def test_an_existing_file_is_never_overwritten(tmp_path: Path):
    (tmp_path / "there").write_text("mine")
    async with staged(quiet_config(tmp_path)) as stage:
        with pytest.raises(OrderRefused, match="already"):
            await backed_up(stage, tmp_path / "there")
        with pytest.raises(OrderRefused, match="cannot be written"):
            await backed_up(stage, tmp_path / "no such folder" / "relay.backup")
        with pytest.raises(OrderRefused, match=r"is a folder. Name the file"):
            await backed_up(stage, tmp_path)
        with pytest.raises(OrderRefused, match="whole path"):
            await backed_up(stage, Path("relay.backup"))
        await backed_up(stage, tmp_path / "free")
    assert (tmp_path / "there").read_text() == "mine"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 20 MB."""
    if os.name == "nt" or os.geteuid() != 0:
        pytest.skip("a small disk is mounted, which needs root")
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", small], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"no small disk: {mounted.stderr.decode(errors='replace')}")
    yield small
    subprocess.run(["umount", small], check=True)


async def test_a_disk_without_room_is_said_and_nothing_is_left_on_it(tmp_path: Path, small_disk: Path):
    async with staged(quiet_config(tmp_path)) as stage:
        (anna,) = await stage.enter("anna")
        await asyncio.gather(*(anna.says("x" * 16_000) for _ in range(400)))
        with pytest.raises(OrderRefused, match="Make room"):
            await backed_up(stage, small_disk / "relay.backup")
        assert await asyncio.to_thread(os.listdir, small_disk) == []
        await anna.says("goes on")


@pytest.mark.allows_errors
async def test_a_relay_whose_disk_has_no_room_is_backed_up_to_another_disk(tmp_path: Path, small_disk: Path):
    config = replace(quiet_config(tmp_path), data_dir=small_disk / "data")
    async with staged(config) as stage:
        (anna,) = await stage.enter("anna")
        await asyncio.gather(*(anna.says("x" * 16_000) for _ in range(200)))
        (tmp_path / "elsewhere").mkdir()
        (small_disk / "filler").write_bytes(bytes(shutil.disk_usage(small_disk).free - 1_000_000))
        made = await backed_up(stage, tmp_path / "elsewhere" / "relay.backup")
        assert made.entries >= 200
        assert names_in(tmp_path / "elsewhere") == ["relay.backup"]
        with pytest.raises(OrderRefused, match=r"a copy of the database.* no room .*Make room"):
            await backed_up(stage, small_disk / "relay.backup")
        left = names_in(small_disk) + names_in(config.data_dir)
        assert not [name for name in left if "backup" in name]


async def test_what_the_disk_has_changed_while_it_was_written_is_no_backup(tmp_path: Path):
    path = tmp_path / "relay.backup"
    part = path.with_name("relay.backup.part")

    def spoil(_done: int, _total: int) -> None:
        if part.stat().st_size > 2000:
            with part.open("r+b") as disk:
                disk.seek(1900)
                disk.write(b"\xff\x00\xff\x00")

    async with staged(quiet_config(tmp_path)) as stage:
        (anna,) = await stage.enter("anna")
        await asyncio.gather(*(anna.says("x" * 16_000) for _ in range(50)))
        store, copy = stage.relay.parts.store, tmp_path / "copy.db"
        assert isinstance(store, Store)
        await store.copy_to(copy, lambda: None)
        source = store.with_master(
            lambda master: Source(stage.relay.relay_id, master, copy, tmp_path / "data" / "files")
        )
        with pytest.raises(NoBackup, match="damaged"):
            await asyncio.to_thread(make, source, path, NOW, spoil, threading.Event())
    assert not path.exists()
    assert not part.exists()


# -- what is no backup -------------------------------------------------------------------------------------------------


def copied(backup: Backup, folder: Path, change: Callable[[bytearray], None]) -> Path:
    content = bytearray(backup.path.read_bytes())
    change(content)
    path = folder / "changed.backup"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("where", [0, 9, 14, 300, 0.2, 0.5, 0.9, -1])
async def test_an_altered_file_is_recognised_before_anything_is_touched(backup: Backup, tmp_path: Path, where: float):
    def flip(content: bytearray) -> None:
        content[int(where * len(content)) if 0 < where < 1 else int(where)] ^= 1

    path, config = copied(backup, tmp_path, flip), backup.elsewhere(tmp_path / "other")
    with pytest.raises((NoBackup, KeyUnavailable)):
        await brought_back(path, config)
    assert not config.data_dir.exists()
    assert not config.key_file.exists()


@pytest.mark.parametrize("kept", [0, 5, 100, 0.3, 0.99, -1])
def test_a_cut_file_is_recognised(backup: Backup, tmp_path: Path, kept: float):
    def cut(content: bytearray) -> None:
        del content[int(kept * len(content)) if 0 < kept < 1 else int(kept) :]

    with pytest.raises((NoBackup, KeyUnavailable)):
        verify(copied(backup, tmp_path, cut), backup.elsewhere(tmp_path), silent)


def test_a_whole_one_is_said_to_be_whole(backup: Backup, tmp_path: Path):
    told: list[tuple[int, int]] = []
    reading: Reading = verify(backup.path, backup.elsewhere(tmp_path), lambda done, total: told.append((done, total)))
    assert (reading.header.relay_id, reading.files) == (backup.relay_id, 1)
    assert told[-1] == (backup.made.bytes, backup.made.bytes)
    assert verify(backup.path, backup.config, silent) == reading  # by the key file


def test_another_relays_code_opens_nothing(backup: Backup, tmp_path: Path):
    with pytest.raises(KeyUnavailable, match="another relay"):
        verify(backup.path, quiet_config(tmp_path, recovery_code=new_recovery_code()), silent)


@pytest.mark.parametrize(
    "name", ["../evil", "/evil", "files/aa/../../evil", "relay.key", "files/ab/" + "a" * 32, "files", "relay.db"]
)
def test_an_archive_with_strange_names_is_not_laid_out(tmp_path: Path, name: str):
    master, code = MasterKey.random(), new_recovery_code()
    path = tmp_path / "hostile.backup"
    with path.open("wb") as out:
        frames = write_header(out, master, RelayId("A" * 52), NOW, 1, [slot_for_recovery_code(master, code, NOW)])
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for each in ("relay.db", name):
                member = tarfile.TarInfo(each)
                member.size = 4
                tar.addfile(member, io.BytesIO(b"evil"))
        frames.write(archive.getvalue())
        frames.finish()
    with pytest.raises(NoBackup, match="not a relay's"):
        verify(path, quiet_config(tmp_path, recovery_code=code), silent)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["hostile.backup"]


# -- what was there before ---------------------------------------------------------------------------------------------


async def test_data_that_is_there_is_moved_aside_and_only_when_asked(backup: Backup, tmp_path: Path):
    config = backup.elsewhere(tmp_path)
    async with staged(replace(config, recovery_code=None)) as stage:
        await stage.registers("clara")
        other = stage.relay.relay_id
    shutil.rmtree(config.key_file.parent)
    with pytest.raises(NoBackup, match="--replace"):
        await brought_back(backup.path, config)
    restored = await brought_back(backup.path, config, replace_data=True)
    assert restored.moved is not None
    assert (restored.moved / "relay.db").exists()
    async with staged(replace(config, recovery_code=None)) as stage:
        assert stage.relay.relay_id == backup.relay_id != other


@pytest.mark.parametrize("litter", [".gitkeep", ".DS_Store", "relay.lock"])
async def test_it_comes_into_a_folder_in_which_nothing_is_that_anybody_would_miss(
    backup: Backup, tmp_path: Path, litter: str
):
    config = backup.elsewhere(tmp_path)
    config.data_dir.mkdir(parents=True)
    (config.data_dir / litter).touch()
    restored = await brought_back(backup.path, config)
    assert restored.moved is None
    assert (config.data_dir / "relay.db").exists()
    assert (config.data_dir / litter).exists(), "git would miss it"


async def test_what_somebody_keeps_in_the_folder_is_not_taken_for_nothing(backup: Backup, tmp_path: Path):
    config = backup.elsewhere(tmp_path)
    (config.data_dir / "photos").mkdir(parents=True)
    with pytest.raises(NoBackup, match="--replace"):
        await brought_back(backup.path, config)
    assert (config.data_dir / "photos").exists()


async def test_a_folder_in_which_a_relay_runs_is_left_alone(backup: Backup, tmp_path: Path):
    config = backup.elsewhere(tmp_path)
    async with staged(replace(config, recovery_code=None)) as stage:
        (anna,) = await stage.enter("anna")
        with pytest.raises(StartupError, match="is running"):
            await brought_back(backup.path, config, replace_data=True)
        await anna.says("goes on")


async def test_a_restore_that_was_broken_off_is_begun_anew(backup: Backup, tmp_path: Path):
    config = backup.elsewhere(tmp_path)
    left = config.data_dir.with_name("data.restoring")
    left.mkdir(parents=True)
    (left / "relay.db").write_bytes(b"half of it")
    with pytest.raises(StartupError, match="restore was broken off"):
        prepare_folder(config.data_dir)
    await brought_back(backup.path, config)
    assert not left.exists()
    prepare_folder(config.data_dir)
