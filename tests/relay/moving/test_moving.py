"""A relay moves as a whole: same id, same people, same tokens, every message; and the one that was left never serves again."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from common.errors import StartupError
from common.ids import RelayId
from common.moving import MoveLink
from relay.app import running
from relay.config import Config
from relay.control.words import AuditList, ListAudit
from relay.moving import receiving as receiving_module
from relay.moving.asking import Leaving, Refusal
from relay.moving.handover import Held
from relay.moving.marks import RECEIVING, Receiving, read_moved, read_receiving, receiving_folder, write_mark
from relay.moving.receiving import GivenUp, NoMove, Stage, finish
from relay.moving.ticket import new_claim
from relay.opening import open_store
from relay.storage.copying import Copy, look_at_copy
from relay.storage.store import Store
from tests.files import Courier
from tests.people import PASSWORD, Json, quiet_config, staged
from tests.relay.moving.moves import elsewhere, link_for, moves_in, now, owner_of, served, taken_over
from tests.rotation import asks
from tests.smalldisk import mounted

pytestmark = pytest.mark.allows_errors

POST = {"type": "post", "group": 1, "nonce": "00112233445566778899aabbccddeeff", "body": "waited"}


@pytest.fixture
def here(tmp_path: Path) -> Config:
    return quiet_config(tmp_path / "here")


@pytest.fixture
def there(tmp_path: Path, here: Config) -> Config:
    return elsewhere(here, tmp_path)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of four megabytes."""
    place = tmp_path / "small"
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("only root can mount a small disk")
    yield place
    subprocess.run(["umount", str(place)], check=True)


async def test_everything_is_there_and_everybody_is_who_they_were(here: Config, there: Config):
    async with staged(here) as stage:
        anna = await owner_of(stage)
        (boris,) = await stage.enter("boris")
        content = secrets.token_bytes(700_000)
        file = await Courier(anna).sends(content, "plan.pdf")
        await anna.says("with a file", files=[file])
        await boris.says("hello")
        epoch, relay_id = boris.welcome["epoch"], stage.relay.relay_id
        link = await link_for(stage, anna)
        stages: list[Stage] = []
        received = await taken_over(link, there, lambda each, _done, _total: stages.append(each))
        assert list(dict.fromkeys(stages)) == list(Stage)
        assert received.relay_id == relay_id
        async with served(there) as other:
            assert other.relay.relay_id == relay_id
            assert await boris.hears(lambda event: event["type"] == "moved")
            assert await boris.is_cut_off() == 1001
            for person in (anna, boris):
                await moves_in(person, other)
            assert boris.welcome["epoch"] == epoch
            assert [entry["body"] for entry in await boris.reads() if entry["kind"] == "message"] == [
                "with a file",
                "hello",
            ]
            assert (await Courier(boris).fetches(file))[2] == content
            await boris.says("it goes on")
            assert await other.posts("login", {"username": "boris", "password": PASSWORD})


async def test_nobody_but_an_owner_who_knows_their_password_may_let_it_go(here: Config, tmp_path: Path):
    async with staged(here) as stage:
        anna = await owner_of(stage)
        (boris,) = await stage.enter("boris")
        assert await boris.is_refused({"type": "offer_move", "password": PASSWORD}) == "not_allowed"
        assert await anna.is_refused({"type": "offer_move", "password": "another one"}) == "wrong_credentials"
        made = await anna.gets({"type": "create_token", "name": "script", "scopes": ["manage"]})
        answer = await stage.posts("offer_move", {"password": PASSWORD}, made["secret"])
        assert answer["code"] == "scope_needed"


async def test_a_ticket_is_good_once_and_for_one_computer_alone(here: Config, there: Config, tmp_path: Path):
    async with staged(here) as stage:
        anna = await owner_of(stage)
        link = await link_for(stage, anna)
        wrong = MoveLink(link.host, link.port, link.relay_id, secrets.token_urlsafe(32))
        with pytest.raises(NoMove, match="wrong, too old, or was used"):
            await taken_over(wrong, there)
        stop = threading.Event()
        stop.set()
        with pytest.raises(GivenUp):
            await taken_over(link, there, stop=stop)
        with pytest.raises(NoMove, match="wrong, too old, or was used"):
            await taken_over(link, there)
        assert not receiving_folder(there.data_dir).exists()
        assert not there.key_file.exists()
        assert await anna.says("it goes on here")


async def test_a_ticket_grows_old(here: Config, there: Config):
    async with staged(here) as stage:
        anna = await owner_of(stage)
        link = await link_for(stage, anna)
        handover = stage.relay.parts.handover
        handover._now = lambda: 2**50  # type: ignore[assignment, return-value]
        with pytest.raises(NoMove, match="too old"):
            await taken_over(link, there)


async def test_another_relay_at_that_address_is_told_nothing(here: Config, there: Config, tmp_path: Path):
    async with staged(here) as stage, staged(quiet_config(tmp_path / "stranger")) as stranger:
        link = await link_for(stage, await owner_of(stage))
        with pytest.raises(NoMove, match="Another relay answers"):
            await taken_over(MoveLink("127.0.0.1", stranger.relay.port, link.relay_id, link.ticket), there)


async def test_where_a_relay_is_already_none_comes(here: Config, there: Config):
    async with running(there) as other:
        assert other.relay_id
    async with staged(here) as stage:
        link = await link_for(stage, await owner_of(stage))
        with pytest.raises(NoMove, match=r"a relay's data on this computer already.*RELAY_DATA_DIR"):
            await taken_over(link, there)


async def test_what_a_person_keeps_in_the_folder_is_still_there(here: Config, there: Config):
    (there.data_dir / "photos").mkdir(parents=True)
    (there.data_dir / "photos" / "tea.jpg").write_bytes(b"picture")
    (there.data_dir / ".gitkeep").touch()
    async with staged(here) as stage:
        await taken_over(await link_for(stage, await owner_of(stage)), there)
    assert (there.data_dir / "photos" / "tea.jpg").read_bytes() == b"picture"
    assert {".gitkeep", "relay.db"} <= {path.name for path in there.data_dir.iterdir()}


async def test_while_it_holds_still_what_is_written_waits_and_is_not_lost(here: Config, there: Config):
    async with staged(here) as stage:
        anna = await owner_of(stage)
        (boris,) = await stage.enter("boris")
        loop, refused = asyncio.get_running_loop(), list[Json]()

        async def write() -> None:
            answer = await boris.asks(POST)
            refused.append(answer)
            assert await boris.gets({"type": "list_groups"})

        def told(each: Stage, _done: int, _total: int) -> None:
            if each is Stage.HOLDING and not refused:
                asyncio.run_coroutine_threadsafe(write(), loop).result()

        await taken_over(await link_for(stage, anna), there, told)
        assert refused[0]["code"] == "moving"
        assert refused[0]["retry_after"] > 0
        async with served(there) as other:
            await moves_in(boris, other)
            assert await boris.gets(POST)
            assert await boris.gets(POST)
            assert [entry["body"] for entry in await boris.reads() if entry["kind"] == "message"] == ["waited"]


async def test_what_is_said_while_it_is_fetched_is_there(here: Config, there: Config):
    async with staged(here) as stage:
        anna = await owner_of(stage)
        loop, said = asyncio.get_running_loop(), list[str]()

        async def write() -> None:
            body = f"number {len(said)}"
            file = await Courier(anna).sends(secrets.token_bytes(100_000))
            answer = await Courier(anna).posts(file, body=body)
            assert answer["type"] == "ok", answer
            said.append(body)

        def told(each: Stage, _done: int, _total: int) -> None:
            if each is Stage.COPYING:
                asyncio.run_coroutine_threadsafe(write(), loop).result()

        for _ in range(3):
            await write()
        await taken_over(await link_for(stage, anna), there, told)
        assert len(said) > 3
        async with served(there) as other:
            await moves_in(anna, other)
            entries = [entry for entry in await anna.reads() if entry["kind"] == "message"]
            assert [entry["body"] for entry in entries] == said
            for entry in entries:
                assert len((await Courier(anna).fetches(entry["files"][0]["id"]))[2]) == 100_000


async def test_who_falls_silent_has_given_up_and_what_they_have_is_worth_nothing(here: Config, there: Config):
    async with staged(here) as stage:
        anna = await owner_of(stage)
        handover, reached = stage.relay.parts.handover, threading.Event()
        clock = handover._clock

        def told(each: Stage, _done: int, _total: int) -> None:
            if each is Stage.HOLDING and not reached.is_set():
                reached.set()
                handover._clock = lambda: clock() + 60
                handover.look()
                handover._clock = clock

        with pytest.raises(NoMove, match="over"):
            await taken_over(await link_for(stage, anna), there, told)
        assert reached.is_set()
        assert await anna.says("it goes on here")
        assert not receiving_folder(there.data_dir).exists()
        assert read_moved(here.data_dir) is None


async def test_of_two_copies_at_once_the_second_is_refused_and_the_first_is_whole(
    here: Config, there: Config, monkeypatch: pytest.MonkeyPatch
):
    claim, reached, go = new_claim(), asyncio.Event(), asyncio.Event()
    monkeypatch.setattr(receiving_module, "new_claim", lambda: claim)
    async with staged(here) as stage:
        anna = await owner_of(stage)
        seq = await anna.says("it comes along")
        link, store = await link_for(stage, anna), stage.relay.parts.store
        assert isinstance(store, Store)
        copy_to = store.copy_to

        async def when_told(*given: Any) -> Any:
            reached.set()
            await go.wait()
            return await copy_to(*given)

        monkeypatch.setattr(store, "copy_to", when_told)
        moving = asyncio.create_task(taken_over(link, there))
        await reached.wait()

        def once_more() -> None:
            with Leaving(link.host, link.port, link.relay_id, claim).copy([]):
                pass

        with pytest.raises(Refusal, match="being made and sent already") as refused:
            await asyncio.to_thread(once_more)
        assert refused.value.code == "copy_under_way"
        go.set()
        await moving
        async with served(there) as other:
            await moves_in(anna, other)
            assert ("it comes along", seq) in [(each.get("body"), each["seq"]) for each in await anna.reads()]


async def test_who_asks_again_while_a_copy_that_broke_off_is_still_sent_waits_for_its_end(
    here: Config, there: Config, monkeypatch: pytest.MonkeyPatch
):
    claim, reached, go, loop = new_claim(), threading.Event(), asyncio.Event(), asyncio.get_running_loop()
    monkeypatch.setattr(receiving_module, "new_claim", lambda: claim)

    class Listener(logging.Handler):
        """Lets the copy of before end as soon as the next one says that it waits."""

        def emit(self, record: logging.LogRecord) -> None:
            if "tried again" in record.getMessage():
                loop.call_soon_threadsafe(go.set)

    listener = Listener()
    logging.getLogger("relay.moving.receiving").addHandler(listener)
    try:
        async with staged(here) as stage:
            link, store = await link_for(stage, await owner_of(stage)), stage.relay.parts.store
            assert isinstance(store, Store)
            copy_to = store.copy_to

            async def when_told(*given: Any) -> Any:
                reached.set()
                await go.wait()
                return await copy_to(*given)

            monkeypatch.setattr(store, "copy_to", when_told)
            before: list[threading.Thread] = []

            def of_before() -> None:
                with Leaving(link.host, link.port, link.relay_id, claim).copy([]) as heard:
                    heard.read(1)

            def told(each: Stage, _done: int, _total: int) -> None:
                if each is Stage.HOLDING and not before:
                    before.append(threading.Thread(target=of_before))
                    before[0].start()
                    assert reached.wait(30)

            received = await taken_over(link, there, told)
            assert received.relay_id == link.relay_id
            await asyncio.to_thread(before[0].join)
    finally:
        logging.getLogger("relay.moving.receiving").removeHandler(listener)


async def test_it_is_given_up_while_nobody_can_write(here: Config, there: Config):
    async with staged(here) as stage:
        anna, stop = await owner_of(stage), threading.Event()

        def told(each: Stage, _done: int, _total: int) -> None:
            if each is Stage.HOLDING:
                stop.set()

        with pytest.raises(GivenUp):
            await taken_over(await link_for(stage, anna), there, told, stop)
        assert await anna.says("it goes on here")
        assert not receiving_folder(there.data_dir).exists()


async def test_it_can_be_given_up_until_all_of_it_was_looked_through(
    here: Config, there: Config, monkeypatch: pytest.MonkeyPatch
):
    look, stop = look_at_copy, threading.Event()

    def given_up_here(database: Path) -> Copy:
        stop.set()
        return look(database)

    monkeypatch.setattr(receiving_module, "look_at_copy", given_up_here)
    async with staged(here) as stage:
        anna = await owner_of(stage)
        with pytest.raises(GivenUp):
            await taken_over(await link_for(stage, anna), there, stop=stop)
        assert await anna.says("it goes on here")
    assert read_moved(here.data_dir) is None
    assert not receiving_folder(there.data_dir).exists()


async def test_who_looks_through_it_for_long_is_not_taken_for_silent(
    here: Config, there: Config, monkeypatch: pytest.MonkeyPatch
):
    look = look_at_copy
    async with staged(here) as stage:
        handover = stage.relay.parts.handover

        def slowly(database: Path) -> Copy:
            assert isinstance(handover.state, Held)
            heard_at, until = handover.state.heard_at, time.monotonic() + 20
            while handover.state.heard_at == heard_at:
                assert time.monotonic() < until, "it says nothing"
                threading.Event().wait(0.01)
            return look(database)

        monkeypatch.setattr(receiving_module, "ALIVE_S", 0.05)
        monkeypatch.setattr(receiving_module, "look_at_copy", slowly)
        await taken_over(await link_for(stage, await owner_of(stage)), there)
    assert read_moved(here.data_dir) is not None


async def test_a_key_file_that_opens_it_already_stays(here: Config, there: Config):
    async with staged(here) as stage:
        shutil.copytree(here.key_file.parent, there.key_file.parent)
        await taken_over(await link_for(stage, await owner_of(stage)), there)
    assert there.key_file.read_text() == here.key_file.read_text()
    await opened(there)


async def test_all_of_it_is_on_the_disk_before_it_is_asked_for(
    here: Config, there: Config, monkeypatch: pytest.MonkeyPatch
):
    sync, synced = os.fsync, list[int]()

    def fsync(descriptor: int) -> None:
        sync(descriptor)
        synced.append(os.fstat(descriptor).st_ino)

    async with staged(here) as stage:
        anna = await owner_of(stage)
        file = await Courier(anna).sends(secrets.token_bytes(1000))
        await Courier(anna).posts(file)
        link = await link_for(stage, anna)
        monkeypatch.setattr(os, "fsync", fsync)
        await taken_over(link, there)
    content = next((there.data_dir / "files").glob("??/*"))
    needed = [*(there.data_dir / name for name in ("relay.db", "relay.settings", "files")), content, content.parent]
    mark = (there.data_dir / RECEIVING).stat().st_ino
    assert {path.stat().st_ino for path in needed} <= set(synced[: synced.index(mark)])


async def test_a_file_whose_message_was_taken_back_meanwhile_does_not_come_along(here: Config, there: Config):
    async with staged(here) as stage:
        anna = await owner_of(stage)
        loop, seqs, taken = asyncio.get_running_loop(), dict[str, int](), list[str]()
        for _ in range(3):
            file = await Courier(anna).sends(secrets.token_bytes(700_000))
            seqs[file] = (await Courier(anna).posts(file))["seq"]

        async def take_back(file: str) -> None:
            nonce = secrets.token_hex(16)
            assert await anna.gets({"type": "redact", "group": 1, "nonce": nonce, "target": seqs[file]})

        def told(each: Stage, _done: int, _total: int) -> None:
            fetched = [path.name for path in (receiving_folder(there.data_dir) / "files").glob("??/*")]
            if each is Stage.COPYING and not taken and (whole := [name for name in fetched if name in seqs]):
                taken.append(whole[0])
                asyncio.run_coroutine_threadsafe(take_back(whole[0]), loop).result()

        await taken_over(await link_for(stage, anna), there, told)
    assert taken
    left = {path.name for path in (there.data_dir / "files").glob("??/*")}
    assert left == seqs.keys() - set(taken)


async def test_where_a_move_waits_to_be_finished_no_other_begins(here: Config, there: Config):
    beside = receiving_folder(there.data_dir)
    beside.mkdir(parents=True)
    write_mark(beside, Receiving(RelayId("A" * 52), "10.0.0.1", 5000, "c" * 43, "move", now()))
    async with staged(here) as stage:
        with pytest.raises(NoMove, match="move finish") as refused:
            await taken_over(await link_for(stage, await owner_of(stage)), there)
    assert refused.value.reason == "unfinished"
    assert read_receiving(beside) is not None


async def test_a_move_that_is_over_is_finished_by_forgetting_it(here: Config, there: Config):
    async with staged(here) as stage:
        beside = receiving_folder(there.data_dir)
        beside.mkdir(parents=True)
        write_mark(beside, Receiving(stage.relay.relay_id, "127.0.0.1", stage.relay.port, "c" * 43, "move", now()))
        with pytest.raises(NoMove):
            await asyncio.to_thread(finish, there, lambda *_: None)
        assert not beside.exists()
        anna = await owner_of(stage)
        assert (await taken_over(await link_for(stage, anna), there)).relay_id == stage.relay.relay_id


async def test_the_one_that_was_left_says_where_to_and_never_serves_again(here: Config, there: Config):
    async with staged(here) as stage:
        anna = await owner_of(stage)
        await taken_over(await link_for(stage, anna), there)
        assert read_moved(here.data_dir) is not None
        assert (await stage.posts("list_groups", {}, anna.token))["code"] == "moving"
        async with served(there) as other:
            await anna.hears(lambda event: event["type"] == "moved")
            assert (await stage.posts("list_groups", {}, anna.token))["code"] == "moved"
            async with stage.http.get(stage.url("/api/relay")) as answer:
                assert (await answer.json())["moved_to"] == [f"127.0.0.1:{other.relay.port}"]
            await other.relay.parts.journal.change(lambda _transaction: None)
            assert other.relay.parts.handover.moved_to == []
            async with asyncio.timeout(20):
                while read_receiving(there.data_dir) is not None:  # noqa: ASYNC110  a task of the other relay ends it
                    await asyncio.sleep(0.05)
            done = await asks(there, ListAudit(), AuditList)
            assert "relay_moved" in [entry.act for entry in done.entries]
    with pytest.raises(StartupError, match=r"has moved to another computer \(127.0.0.1:\d+\).*take-back"):
        async with running(here):
            pytest.fail("it ran")


async def test_it_moves_back_to_where_it_was(here: Config, there: Config):
    async with staged(here) as stage:
        anna = await owner_of(stage)
        await anna.says("one")
        await taken_over(await link_for(stage, anna), there)
    async with served(there) as other:
        await moves_in(anna, other)
        await anna.says("two")
        received = await taken_over(await link_for(other, anna), here)
        assert received.moved is not None
        assert read_moved(received.moved) is not None
    async with served(here) as again:
        await moves_in(anna, again)
        assert [entry["body"] for entry in await anna.reads() if entry["kind"] == "message"] == ["one", "two"]


async def test_it_comes_into_a_mounted_volume_and_back_into_one_that_it_left(
    here: Config, there: Config, tmp_path: Path
):
    here = replace(here, key_file=tmp_path / "keys here" / "relay.key")
    there = replace(there, key_file=tmp_path / "keys there" / "relay.key")
    with mounted(here.data_dir), mounted(there.data_dir):
        async with staged(here) as stage:
            anna = await owner_of(stage)
            await anna.says("one")
            await taken_over(await link_for(stage, anna), there)
        async with served(there) as other:
            await moves_in(anna, other)
            await anna.says("two")
            received = await taken_over(await link_for(other, anna), here)
        assert received.moved is not None
        assert received.moved.parent == here.data_dir
        assert read_moved(received.moved) is not None
        async with served(here) as again:
            await moves_in(anna, again)
            assert [entry["body"] for entry in await anna.reads() if entry["kind"] == "message"] == ["one", "two"]


async def test_settings_of_the_relay_go_with_it_and_those_of_the_machine_do_not(here: Config, there: Config):
    async with staged(replace(here, name='Склад "2"', registration="invite", rate_limit=7)) as stage:
        anna = await owner_of(stage)
        await taken_over(await link_for(stage, anna), there)
    at = {"RELAY_DATA_DIR": str(there.data_dir)}
    config = Config.read(at, environ={})
    assert (config.name, config.registration, config.rate_limit, config.port) == ('Склад "2"', "invite", 7, 5000)
    assert Config.read(at, environ={"RELAY_NAME": "mine"}).name == "mine"


async def test_its_data_opens_there_by_a_key_of_that_machine_and_by_the_recovery_code(here: Config, there: Config):
    async with staged(here) as stage:
        code = stage.relay.recovery_code
        await taken_over(await link_for(stage, await owner_of(stage)), there)
    assert there.key_file.read_text() != here.key_file.read_text()
    with pytest.raises(StartupError, match="none of its key slots opens"):
        await opened(replace(there, key_file=here.key_file))
    await opened(there)
    there.key_file.unlink()
    there.key_file.with_name("relay.key.copy").unlink()
    await opened(replace(there, recovery_code=code))


async def opened(config: Config) -> None:
    store = await open_store(config, now)
    await store.close()


async def test_a_full_disk_over_there_changes_nothing_here(
    here: Config, there: Config, small_disk: Path, monkeypatch: pytest.MonkeyPatch
):
    async with staged(here) as stage:
        anna = await owner_of(stage)
        for _ in range(6):
            await Courier(anna).posts(await Courier(anna).sends(secrets.token_bytes(1_000_000)))
        crowded = replace(there, data_dir=small_disk / "data")
        with pytest.raises(NoMove, match="Make room"):
            await taken_over(await link_for(stage, anna), crowded)
        monkeypatch.setattr(receiving_module, "_ROOM", -100_000_000)
        with pytest.raises(NoMove, match="became full"):
            await taken_over(await link_for(stage, anna), crowded)
        assert await anna.says("it goes on here")
        assert not receiving_folder(crowded.data_dir).exists()
