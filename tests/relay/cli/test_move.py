"""What a person types about a move: taking a relay back that has left, and forgetting one that never came."""

from __future__ import annotations

import asyncio
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from common.ids import Millis, RelayId
from relay.__main__ import main
from relay.config import Config
from relay.moving.marks import Receiving, read_moved, read_receiving, receiving_folder, write_mark
from relay.storage.folder import lock_folder
from tests.people import quiet_config, staged
from tests.relay.moving.moves import elsewhere, link_for, moves_in, owner_of, served, taken_over

pytestmark = pytest.mark.allows_errors

BROKEN_OFF = Receiving(RelayId("A" * 52), "10.0.0.1", 5000, "claim", "move", Millis(1))


@pytest.fixture
def here(tmp_path: Path) -> Config:
    return quiet_config(tmp_path / "here")


@pytest.fixture
def there(tmp_path: Path, here: Config) -> Config:
    return elsewhere(here, tmp_path)


@pytest.fixture
def relay(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs `python -m relay` with these words for a computer: its exit code, what it said, and its complaints."""

    async def run(config: Config, *words: str, typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setenv("RELAY_DATA_DIR", str(config.data_dir))
        monkeypatch.setenv("RELAY_KEY_FILE", str(config.key_file))
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        code = await asyncio.to_thread(main, words)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


# -- taking it back ----------------------------------------------------------------------------------------------------


async def test_a_relay_that_has_left_is_taken_back_in_a_new_life_of_its_log(here: Config, there: Config, relay: Any):
    async with staged(here) as stage:
        anna = await owner_of(stage)
        await anna.says("before")
        epoch = anna.welcome["epoch"]
        await taken_over(await link_for(stage, anna), there)
    assert (await relay(here, "move", "status"))[1].startswith("It was handed over")
    code, said, asked = await relay(here, "move", "take-back", typed="no\n")
    assert (code, said) == (0, "Nothing was changed.\n")
    assert "its clients forget it" in asked
    assert read_moved(here.data_dir) is not None, "it was not wanted"
    code, said, _ = await relay(here, "move", "take-back", typed="yes\n")
    assert (code, "python -m relay run" in said) == (0, True)
    assert (await relay(here, "move", "status"))[1] == "It does not move.\n"
    async with staged(here) as stage:
        await moves_in(anna, stage)
        assert anna.welcome["epoch"] != epoch, "what was said over there is not here"
        assert [entry["body"] for entry in await anna.reads() if entry["kind"] == "message"] == ["before"]
        await anna.says("it goes on here")


async def test_one_that_was_taken_back_is_heard_of_where_it_had_gone(
    here: Config, there: Config, relay: Any, caplog: pytest.LogCaptureFixture
):
    async with staged(here) as stage:
        await taken_over(await link_for(stage, await owner_of(stage)), there)
        port = stage.relay.port
    assert (await relay(here, "move", "take-back", "--yes"))[0] == 0
    async with staged(replace(here, port=port)), served(there), asyncio.timeout(20):
        while "was taken back there" not in caplog.text:  # noqa: ASYNC110  a task of the other relay asks
            await asyncio.sleep(0.05)
        while read_receiving(there.data_dir) is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_a_relay_that_still_runs_is_not_taken_back(here: Config, there: Config, relay: Any):
    async with staged(here) as stage:
        await taken_over(await link_for(stage, await owner_of(stage)), there)
        code, said, _ = await relay(here, "move", "take-back", "--yes", "--json")
        assert (code, json.loads(said)["type"]) == (1, "NotDone")
        assert "Another relay is running" in said
    assert read_moved(here.data_dir) is not None


async def test_what_its_keys_do_not_open_is_not_taken_back(here: Config, there: Config, relay: Any):
    async with staged(here) as stage:
        code_of_it = stage.relay.recovery_code
        await taken_over(await link_for(stage, await owner_of(stage)), there)
    for path in here.key_file.parent.iterdir():
        path.unlink()
    code, said, _ = await relay(here, "move", "take-back", "--yes", "--json")
    assert (code, json.loads(said)["code"]) == (1, "key_unavailable")
    assert read_moved(here.data_dir) is not None
    code, _, _ = await relay(here, "move", "take-back", "--yes", "--recovery-code", typed=f"{code_of_it}\n")
    assert (code, read_moved(here.data_dir)) == (0, None)


async def test_one_that_never_left_is_not_taken_back(here: Config, relay: Any):
    async with staged(here):
        pass
    code, said, _ = await relay(here, "move", "take-back", "--json")
    assert (code, json.loads(said)["code"]) == (1, "not_moved")


# -- giving it up ------------------------------------------------------------------------------------------------------


async def test_a_move_that_was_broken_off_is_forgotten_when_that_is_confirmed(there: Config, relay: Any):
    beside = receiving_folder(there.data_dir)
    beside.mkdir(parents=True)
    (beside / "relay.db").write_bytes(b"all of it")
    write_mark(beside, BROKEN_OFF)
    assert "move finish" in (await relay(there, "move", "status"))[1]
    code, said, asked = await relay(there, "move", "give-up", typed="no\n")
    assert (code, said, "is deleted" in asked) == (0, "Nothing was changed.\n", True)
    code, said, _ = await relay(there, "move", "give-up", "--json", typed="no\n")
    assert (code, json.loads(said)["code"]) == (1, "not_confirmed")
    assert (beside / "relay.db").exists()
    code, said, _ = await relay(there, "move", "give-up", typed="yes\n")
    assert (code, said) == (0, "It is forgotten.\n")
    assert not beside.exists()
    assert (await relay(there, "move", "status"))[1] == "It does not move.\n"


async def test_a_move_that_another_program_finishes_is_not_forgotten(there: Config, relay: Any):
    beside = receiving_folder(there.data_dir)
    beside.mkdir(parents=True)
    write_mark(beside, BROKEN_OFF)
    lock = lock_folder(beside)
    try:
        code, said, _ = await relay(there, "move", "give-up", "--yes", "--json")
    finally:
        lock.release()
    assert (code, json.loads(said)["type"]) == (1, "NotDone")
    assert read_receiving(beside) == BROKEN_OFF


async def test_where_no_move_was_broken_off_there_is_none_to_forget(there: Config, relay: Any):
    code, said, _ = await relay(there, "move", "give-up", "--json")
    assert (code, json.loads(said)["code"]) == (1, "not_moved")
    code, _, complaint = await relay(there, "move", "finish")
    assert (code, "broken off" in complaint) == (1, True)
