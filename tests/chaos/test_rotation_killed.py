"""The relay is killed in the middle of a rotation of its keys, at any moment and at each of its steps, while people talk: it goes on by itself
at the next start, nothing that was acknowledged is lost, everything opens, and the old keys are nowhere any more."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from common.crypto.keyfile import copy_of
from common.crypto.keyfile_leftovers import leftovers
from common.crypto.keyfile_renewal import new_of
from common.crypto.recovery import new_recovery_code
from relay.config import Config
from relay.control.asking import OrderRefused
from relay.control.place import NotRunning
from relay.control.words import FollowRotation, Keys, Rotated, RotateKeys, ShowKeys
from tests.chaos.test_kill import ROOT, Author, Relay, register, whole_log
from tests.people import quiet_config, staged
from tests.rotation import Talk, asks, everything, found_in, rotated, wrapped_in

pytestmark = pytest.mark.chaos

DEADLINE_S = 60.0
MOMENTS_S = (0.0, 0.02, 0.04, 0.07, 0.1, 0.2, 0.5, 1.0)
"""After the order."""


class DyingRelay(Relay):
    """One that can be killed from within at a step: before or after the *number*-th call of a function."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.step = ""

    async def starts(self) -> None:
        """With the step at which it dies, if one is set."""
        if not self.step:
            await super().starts()
            return
        words = ["run", "--json", "--host", "127.0.0.1", "--port", str(self.port), "--announce", "no"]
        words += ["--rate-limit", "0", "--log-level", "warning", "--data-dir", str(self._folder / "data")]
        words += ["--key-file", str(self._folder / "keys" / "relay.key")]
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _DIES_AT, self.step, *words),
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=asyncio.subprocess.PIPE,
        )
        assert self._process.stdout is not None
        if line := await asyncio.wait_for(self._process.stdout.readline(), DEADLINE_S):  # else it has died already
            self.port = json.loads(line)["port"]
        self.is_up.set()

    async def has_died(self) -> int:
        """Wait until it was killed; by which signal."""
        assert self._process is not None
        code = await asyncio.wait_for(self._process.wait(), DEADLINE_S)
        self.is_up.clear()
        return -code


_DIES_AT = """
import importlib, os, signal, sys

when, number, where = sys.argv[1].split(" ")
module, _, path = where.partition(":")
*owners, name = path.split(".")
owner = importlib.import_module(module)
for each in owners:
    owner = getattr(owner, each)
real, calls = getattr(owner, name), 0

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def called(*given, **named):
    global calls
    calls += 1
    if calls == int(number) and when == "before":
        die()
    result = real(*given, **named)
    if calls == int(number):
        die()
    return result

setattr(owner, name, called)
from relay.__main__ import main
sys.exit(main(sys.argv[2:]))
"""

STEPS = (
    "before 1 common.crypto.keyfile_renewal:write_key_file",
    "after 1 common.crypto.keyfile_renewal:write_key_file",
    "before 1 relay.storage.exchange:Exchange.apply",
    "after 1 relay.storage.exchange:Exchange.apply",
    "after 1 relay.storage.resealing:Resealing.begin",
    "before 1 common.crypto.keyfile_renewal:_put_in_place",
    "after 1 common.crypto.keyfile_renewal:_keep_old",
    "before 2 common.crypto.keyfile_renewal:durable_temporary",
    "before 3 common.crypto.keyfile_renewal:durable_temporary",
    "after 1 common.crypto.keyfile_renewal:_put_in_place",
    "after 1 common.crypto.keyfile_renewal:_remove",
    "before 1 relay.search.follower:Follower.renew_snapshot",
    "after 1 relay.storage.resealing:Resealing.next_slice",
    "after 1 relay.storage.resealing:Resealing.put",
    "before 5 relay.storage.resealing:Resealing.put",
    "before 1 relay.storage.resealing:Resealing.finish",
    "after 1 relay.storage.resealing:Resealing.finish",
    "before 2 relay.storage.store:Store.forget_older_vaults",  # the first is at the start
)

WRITES = (
    "before 1 os:link",
    "before 2 os:link",
    "before 2 pathlib:Path.replace",  # the first is of another file, at the start
    "before 3 pathlib:Path.replace",
    "before 4 pathlib:Path.replace",
)
"""Each of the files that a rotation writes beside the key file and in its place, when its contents are there and its name is not."""


async def talked(folder: Path, messages: int) -> tuple[Config, Talk]:
    """A relay in which something of everything was said, and which has ended."""
    config = quiet_config(folder)
    async with staged(config) as stage:
        talk = Talk(stage)
        await talk.happens(messages)
    return config, talk


def wrapped_now(config: Config, number: int) -> set[bytes]:
    """The wrapped keys in the files that a killed relay has left, which are not touched: a copy is looked at."""
    look = config.data_dir.with_name(f"look{number}")
    look.mkdir()
    for path in config.data_dir.glob("relay.db*"):
        shutil.copy(path, look)
    try:
        return wrapped_in(replace(config, data_dir=look))
    finally:
        shutil.rmtree(look)


async def begins(config: Config) -> str:
    """What became of an order to rotate, which a kill may end."""
    try:
        await asks(config, RotateKeys(recovery_code=new_recovery_code()), Rotated)
    except (OrderRefused, NotRunning) as refusal:
        return str(refusal)
    return "begun"


async def goes_on_and_begins(config: Config) -> None:
    """Wait until the rotation before has ended, and begin another one; a kill may come in between."""
    try:
        shown = await asks(config, ShowKeys(), Keys)
        assert (shown.slots[0].opens, len(shown.slots)) == (True, 2)
        await asks(config, FollowRotation())
    except (OrderRefused, NotRunning):
        return
    await begins(config)


async def finishes(config: Config) -> None:
    """Wait until a rotation that goes on has ended."""
    await asks(config, FollowRotation())
    assert (await asks(config, ShowKeys(), Keys)).rotation is None


def keys_in(config: Config) -> tuple[int, int]:
    """How many data keys there are, and how many are to be destroyed."""
    with closing(sqlite3.connect(config.data_dir / "relay.db")) as conn:
        return conn.execute("SELECT count(*), count(successor) FROM data_keys").fetchone()  # type: ignore[no-any-return]


@pytest.mark.timeout(600)
async def test_whenever_it_is_killed_nothing_is_lost_and_it_goes_on(tmp_path: Path):
    config, talk = await talked(tmp_path, 1_000)
    relay, old = Relay(config.data_dir.parent), wrapped_now(config, 0)
    await relay.starts()
    authors = [Author(await register(relay, f"author{number}"), relay) for number in range(3)]
    lives = [asyncio.create_task(author.lives()) for author in authors]
    outcomes = []
    for number, moment in enumerate(MOMENTS_S):
        before = sum(len(author.acknowledged) for author in authors)
        order = asyncio.create_task(begins(config))
        await asyncio.wait([order], timeout=moment)
        if moment > 0.2 and order.done():  # further on, where it is sealed anew
            await asyncio.wait([asyncio.create_task(authors[0].has_acknowledged(before // 3 + 40))], timeout=moment)
        await relay.is_killed()
        outcomes.append(await order)
        old |= wrapped_now(config, number + 1)
        await relay.starts()
        shown = await asks(config, ShowKeys(), Keys)
        assert shown.slots[0].opens
        if number % 2:
            await finishes(config)
    await finishes(config)
    await rotated(config)
    for author in authors:
        author.is_tired = True
    await asyncio.wait_for(asyncio.gather(*lives), DEADLINE_S)
    log = [entry async for entry in whole_log(relay, authors[0].token)]
    assert await relay.stops() == 0

    assert "begun" in outcomes, "some were killed while older entries were sealed anew"
    assert set(outcomes) - {"begun"}, "and some before"
    seqs = {entry["nonce"]: entry["seq"] for entry in log if entry["kind"] == "message"}
    acknowledged = {nonce: seq for author in authors for nonce, seq in author.acknowledged.items()}
    assert len(acknowledged) > len(MOMENTS_S)
    assert acknowledged.items() <= seqs.items()
    assert [entry["seq"] for entry in log] == list(range(1, len(log) + 1))
    assert not [entry for entry in log if entry.get("damaged")]
    assert found_in(config.data_dir, old) == set()
    assert keys_in(config)[1] == 0
    async with staged(config) as stage:
        await talk.goes_on(stage)
        assert stage.relay.parts.store.damaged == 0


@pytest.mark.timeout(600)
async def test_killed_at_each_of_its_steps_it_goes_on_with_the_next_start(tmp_path: Path):
    config, talk = await talked(tmp_path, 300)
    relay = DyingRelay(config.data_dir.parent)
    before = await everything(config)
    old = wrapped_now(config, 0)
    for number, step in enumerate(STEPS):
        if new_of(config.key_file).exists():  # ended by a start of its own: the step is one of the rotation that comes
            await relay.starts()
            assert await relay.stops() == 0
        assert not new_of(config.key_file).exists(), step
        assert config.key_file.read_bytes() == copy_of(config.key_file).read_bytes(), step
        relay.step = step
        await relay.starts()
        order = asyncio.create_task(goes_on_and_begins(config))
        assert await relay.has_died() == signal.SIGKILL, step
        await order
        relay.step = ""
        old |= wrapped_now(config, number)
    await relay.starts()
    await finishes(config)
    assert await relay.stops() == 0
    async with staged(config):
        await rotated(config)
    assert await everything(config) == before
    assert found_in(config.data_dir, old) == set()
    assert keys_in(config)[1] == 0
    async with staged(config) as stage:
        await talk.goes_on(stage)
        assert stage.relay.parts.store.damaged == 0


@pytest.mark.timeout(300)
async def test_killed_while_it_writes_a_key_file_it_leaves_no_key_beside_it_for_good(tmp_path: Path):
    config, talk = await talked(tmp_path, 20)
    relay = DyingRelay(config.data_dir.parent)
    left = []
    for step in WRITES:
        relay.step = step
        await relay.starts()
        order = asyncio.create_task(goes_on_and_begins(config))
        assert await relay.has_died() == signal.SIGKILL, step
        await order
        relay.step = ""
        left.append([each.name.rpartition(".")[0] for each in leftovers(config.key_file)])
        await relay.starts()
        assert leftovers(config.key_file) == [], step
        await finishes(config)
        assert await relay.stops() == 0
    assert left[:2] == [[".relay.key.new.copy"], [".relay.key.new"]]
    assert [len(each) for each in left[2:]] == [1, 1, 1]
    assert left[2][0].startswith(".relay.key.before-")
    assert left[3:] == [[".relay.key.copy"], [".relay.key"]]
    async with staged(config) as stage:
        await talk.goes_on(stage)
        assert stage.relay.parts.store.damaged == 0
