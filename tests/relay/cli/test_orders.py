"""What the commands that ask a running relay print, and how they end."""

from __future__ import annotations

import asyncio
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from relay.__main__ import main
from relay.cli import container
from tests.people import Stage
from tests.scenes.conftest import stage

__all__ = ["stage"]

ROOT = Path(__file__).parents[3]


@pytest.fixture
def relay(stage: Stage, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs `python -m relay` with these words beside the relay: its exit code, what it said, and its complaints."""
    config = stage.relay.config
    monkeypatch.setenv("RELAY_DATA_DIR", str(config.data_dir))
    monkeypatch.setenv("RELAY_KEY_FILE", str(config.key_file))

    async def run(*words: str, typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        code = await asyncio.to_thread(main, words)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


async def test_people_are_listed_in_columns_and_in_json(stage: Stage, relay: Any):
    assert (await relay("users", "list"))[1] == "Nobody has an account yet.\n"
    await stage.enter("anna", "борис")
    code, said, _ = await relay("users", "list")
    lines = said.splitlines()
    assert code == 0
    assert lines[0].split()[:3] == ["id", "user", "name"]
    assert [line.split()[1] for line in lines[1:]] == ["anna", "борис"]
    assert all(line.endswith("online") for line in lines[1:])
    _, said, _ = await relay("users", "list", "--json")
    assert [each["username"] for each in json.loads(said)["people"]] == ["anna", "борис"]


async def test_what_a_device_calls_itself_moves_no_cursor(stage: Stage, relay: Any):
    await stage.registers("anna", device="\x1b[2Jtelephone")
    _, said, _ = await relay("users", "sessions", "anna")
    assert "\x1b" not in said
    assert "telephone" in said


async def test_a_password_is_typed_or_made_up(stage: Stage, relay: Any):
    await stage.registers("anna")
    _, said, _ = await relay("users", "reset-password", "anna")
    password = said.splitlines()[0].removeprefix("New password: ")
    assert (await stage.posts("login", {"username": "anna", "password": password}))["type"] == "ok"
    code, said, _ = await relay("users", "reset-password", "anna", "--ask", typed="chosen by hand\n")
    assert (code, "chosen" in said) == (0, False)
    assert (await stage.posts("login", {"username": "anna", "password": "chosen by hand"}))["type"] == "ok"
    code, _, complaint = await relay("users", "reset-password", "anna", "--ask")
    assert (code, "standard input" in complaint) == (1, True)


async def test_keys_are_shown_and_changed(stage: Stage, relay: Any):
    code, said, _ = await relay("keys", "status")
    assert (code, "not confirmed yet" in said, "opens the data" in said) == (0, True, True)
    assert (await relay("keys", "confirm", typed=f"{stage.relay.recovery_code}\n"))[0] == 0
    _, said, _ = await relay("keys", "status")
    assert "not confirmed" not in said
    _, said, _ = await relay("keys", "new-recovery-code")
    assert "keys confirm" in said


async def test_what_is_lost_is_said_before_a_slot_is_taken_away(stage: Stage, relay: Any):
    code, said, asked = await relay("keys", "remove-slot", "recovery-code", typed="no\n")
    assert (code, said) == (0, "Nothing was changed.\n")
    assert "lost for good" in asked
    assert "recovery code" in (await relay("keys", "status"))[1]
    assert (await relay("keys", "remove-slot", "recovery-code", typed="yes\n"))[0] == 0
    assert "There is no recovery code" in (await relay("keys", "status"))[1]
    code, _, complaint = await relay("keys", "remove-slot", "file", "--yes")
    assert (code, "only way" in complaint) == (1, True)


async def test_a_backup_is_made_verified_and_brought_back(stage: Stage, relay: Any, tmp_path: Path):
    await stage.enter("anna")
    path = tmp_path / "relay.backup"
    code, said, _ = await relay("backup", str(path))
    assert (code, "it is whole" in said) == (0, True)
    code, said, _ = await relay("backup", "verify", str(path))
    assert (code, "is whole" in said) == (0, True)
    (tmp_path / "code").write_text(f"{stage.relay.recovery_code}\n")
    words = ("--recovery-code", str(tmp_path / "code"), "--key-file", str(tmp_path / "new.key"))
    code, said, _ = await relay("restore", str(path), "--data-dir", str(tmp_path / "new"), *words, "--json")
    assert (code, json.loads(said)["relay_id"]) == (0, stage.relay.relay_id)
    code, _, complaint = await relay("restore", str(path), *words)
    assert (code, "--replace" in complaint) == (1, True)
    code, said, _ = await relay("backup", "verify", str(tmp_path / "code"), "--json")
    assert (code, json.loads(said)["code"]) == (1, "bad_backup")


async def test_a_relay_that_is_brought_back_in_the_container_is_started_as_there(
    stage: Stage, relay: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "relay.backup"
    await relay("backup", str(path))
    words = ("restore", str(path), "--key-file", str(stage.relay.config.key_file))
    _, said, _ = await relay(*words, "--data-dir", str(tmp_path / "one"))
    assert "Start it with `python -m relay run`." in said
    monkeypatch.setattr(container, "IMAGE_MARK", tmp_path)
    _, said, _ = await relay(*words, "--data-dir", str(tmp_path / "two"))
    assert "Start it with `docker-compose up -d`" in said
    assert "python -m" not in said


async def test_a_backup_that_nothing_opens_has_a_code_of_its_own(stage: Stage, relay: Any, tmp_path: Path):
    path = tmp_path / "relay.backup"
    await relay("backup", str(path))
    nowhere = ("--key-file", str(tmp_path / "no.key"), "--data-dir", str(tmp_path / "new"), "--json")
    for words in (("backup", "verify", str(path)), ("restore", str(path))):
        code, said, _ = await relay(*words, *nowhere)
        told = json.loads(said)
        assert (code, told["code"]) == (1, "key_unavailable")
        assert told["message"].startswith("The backup cannot be opened")
        assert "Its ways in: " in told["message"]


@pytest.mark.parametrize("words", [("users", "list"), ("keys", "status"), ("backup", "relay.backup")])
def test_without_a_relay_they_say_how_to_start_one(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert main([*words, "--data-dir", str(tmp_path)]) == 1
    assert "python -m relay run" in capsys.readouterr().err
    assert main([*words, "--data-dir", str(tmp_path), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["code"] == "not_running"


@pytest.mark.parametrize("words", [("keys",), ("users", "promote", "anna", "king"), ("users", "disable"), ("backup",)])
def test_a_wrong_command_line_ends_with_two(words: tuple[str, ...]):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2


async def test_which_relay_runs_is_told_and_one_that_a_program_runs_is_not_stopped(stage: Stage, relay: Any):
    code, said, _ = await relay("status", "--json")
    told = json.loads(said)
    assert (code, told["relay_id"], told["port"]) == (0, stage.relay.relay_id, stage.relay.port)
    _, said, _ = await relay("status")
    assert f"port {stage.relay.port}" in said
    code, said, _ = await relay("stop", "--json")
    assert (code, json.loads(said)["code"]) == (1, "not_allowed")


async def test_how_the_relay_is_is_told_with_what_to_do(stage: Stage, relay: Any):
    await stage.enter("anna")
    code, said, _ = await relay("status")
    assert (code, "It is well." in said, "1 of 1 people are here" in said) == (0, True, True)
    assert "never been a backup" in said
    told = json.loads((await relay("status", "--json"))[1])
    assert (told["health"], told["state"]["people"]) == ({"status": "ok"}, 1)
    for path in stage.relay.config.key_file.parent.iterdir():
        path.unlink()
    async with asyncio.timeout(20):
        while (told := json.loads((await relay("status", "--json"))[1]))["health"]["status"] == "ok":  # noqa: ASYNC110  it looks once a second
            await asyncio.sleep(0.05)
    assert told["health"]["codes"] == ["key_file"]
    code, said, _ = await relay("status")
    assert (code, "It is well." in said) == (0, False)
    assert "key_file:" in said
    assert "relay keys status" in said


@pytest.mark.allows_errors
async def test_how_a_relay_is_whose_database_cannot_be_read_is_told(stage: Stage, relay: Any):
    (anna,) = await stage.enter("anna")
    for _ in range(20):
        await anna.says("полно " * 2000)
    await stage.relay.parts.store.checkpoint(truncate=True)
    path = stage.relay.config.data_dir / "relay.db"
    path.write_bytes(path.read_bytes()[:4096] + b"\xff" * (path.stat().st_size - 4096))
    code, said, _ = await relay("status", "--json")
    told = json.loads(said)
    assert (code, told["health"]["codes"], told["state"]) == (0, ["reading"], None)
    assert "reading:" in (await relay("status"))[1]


async def test_keys_are_rotated_with_a_code_that_is_typed_back_first(stage: Stage, relay: Any):
    (anna,) = await stage.enter("anna")
    await anna.says("до")
    code, said, asked = await relay("keys", "rotate", typed="no\n")
    assert (code, said) == (0, "Nothing was changed.\n")
    assert all(
        words in asked for words in ("key file and the recovery code", "older copies and backups", "lost for good")
    )
    code, _, complaint = await relay("keys", "rotate", "--yes", typed="one\ntwo\nthree\n")
    assert (code, "Nothing was changed" in complaint) == (1, True)
    assert "not confirmed yet" in (await relay("keys", "status"))[1]
    code, said, _ = await relay("keys", "rotate", "--yes", "--same-code", typed=f"{stage.relay.recovery_code}\n")
    assert code == 0
    assert all(
        words in said for words in ("new master key is in use", "relay.key.before-", "keys of before are destroyed")
    )
    code, said, _ = await relay("keys", "status", "--follow")
    assert (code, "not confirmed" in said, "are destroyed" in said) == (0, False, True)
    await anna.says("после")
    assert [entry.get("body") for entry in await anna.reads()][-2:] == ["до", "после"]


async def test_scripts_hear_the_new_code_and_how_far_it_is_a_line_each(stage: Stage, tmp_path: Path):
    await stage.enter("anna")
    command = [sys.executable, "-m", "relay", "keys", "rotate", "--yes", "--json"]
    process = await asyncio.create_subprocess_exec(
        *command,
        *("--data-dir", str(stage.relay.config.data_dir)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    told = json.loads(await asyncio.wait_for(process.stdout.readline(), 30))
    process.stdin.write(f"{told['code'].lower()}\n".encode())
    lines = [json.loads(line) for line in (await asyncio.wait_for(process.communicate(), 60))[0].splitlines()]
    assert (told["type"], process.returncode) == ("RecoveryCode", 0)
    kinds = [line["type"] for line in lines]
    assert (kinds[0], set(kinds[1:-1]) <= {"Progress"}, kinds[-1]) == ("Rotated", True, "Done")


async def test_the_way_that_goes_is_called_final(stage: Stage, relay: Any):
    _, said, asked = await relay("keys", "rotate", "--without-code", "--keep-key-file", typed="no\n")
    assert ("no recovery code" in asked, "key file" in asked, "lost for good" in asked) == (True, False, True)
    code, said, _ = await relay("keys", "rotate", "--yes", "--without-code", "--no-wait")
    assert (code, "There is no recovery code any more" in said, "lost for good" in said) == (0, True, True)
