"""The log: what a line looks like, what it never says of an exception, and a file that stays within its bounds."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import sqlite3
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.errors import ConfigError, StartupError
from relay import logs

LARGEST = 2000


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Leave the logging of this process as it was."""
    root, ours = logging.getLogger(), [logging.getLogger(name) for name in ("relay", "common")]
    handlers, level, levels = list(root.handlers), root.level, [logger.level for logger in ours]
    yield
    for handler in list(root.handlers):
        if handler not in handlers:
            root.removeHandler(handler)
            handler.close()
    root.setLevel(level)
    for logger, before in zip(ours, levels, strict=True):
        logger.setLevel(before)


def _said(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_a_line_of_json_says_when_how_grave_who_and_what(tmp_path: Path):
    logs.set_up("info", "json", tmp_path / "relay.log", LARGEST)
    logging.getLogger("relay.test").warning("Готово: %d", 7)
    (line,) = _said(tmp_path / "relay.log")
    assert (line["level"], line["logger"], line["message"]) == ("warning", "relay.test", "Готово: 7")
    assert line["at"].endswith("Z")


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.allows_errors
def test_of_an_exception_only_its_kind_and_its_place_are_written(form: logs.LogFormat, tmp_path: Path):
    logs.set_up("info", form, tmp_path / "relay.log", 10**6)
    try:
        try:
            int("marked words")
        except ValueError as error:
            raise KeyError("marked name") from error
    except KeyError:
        logging.getLogger("relay.test").exception("It failed")
    said = (tmp_path / "relay.log").read_text("utf-8")
    assert "marked" not in said
    assert said.index("ValueError") < said.rindex("KeyError")
    assert "test_logs.py" in said


def test_the_words_of_the_system_and_our_own_are_kept():
    assert logs.fault_in_words(OSError(28, "private")).endswith("OSError: No space left on device")
    assert logs.fault_in_words(StartupError("Do this.")).endswith("StartupError: Do this.")
    error = sqlite3.OperationalError('fts5: syntax error near "marked"')
    error.sqlite_errorname = "SQLITE_ERROR"
    assert logs.fault_in_words(error).endswith("OperationalError: SQLITE_ERROR")


def test_other_libraries_are_not_heard_at_debug(tmp_path: Path):
    logs.set_up("debug", "text", tmp_path / "relay.log", 10**6)
    logging.getLogger("aiosqlite").debug("what goes through it")
    logging.getLogger("relay.test").debug("our own")
    said = (tmp_path / "relay.log").read_text()
    assert ("our own" in said, "goes through" in said) == (True, False)


@pytest.mark.allows_errors
async def test_a_fault_that_nobody_caught_is_logged_without_what_it_concerns(tmp_path: Path):
    logs.set_up("info", "json", tmp_path / "relay.log", 10**6)
    loop = asyncio.get_running_loop()
    logs.say_faults_of(loop)
    loop.call_exception_handler({"message": "It was never retrieved", "exception": ValueError("x"), "future": "marked"})
    (line,) = _said(tmp_path / "relay.log")
    assert line["message"] == "It was never retrieved"
    assert line["fault"] == "builtins.ValueError"
    assert "marked" not in (tmp_path / "relay.log").read_text()


def test_the_file_and_those_before_it_stay_small_few_and_private(tmp_path: Path):
    path = tmp_path / "logs" / "relay.log"
    path.parent.mkdir()
    path.write_text("from before\n")
    path.chmod(0o644)
    umask = os.umask(0)
    try:
        logs.set_up("info", "text", path, LARGEST)
        for number in range(300):
            logging.getLogger("relay.test").info("line %d %s", number, "x" * 50)
    finally:
        os.umask(umask)
    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == [
        "relay.log",
        *(f"relay.log.{number}" for number in range(1, logs.KEPT + 1)),
    ]
    assert all(file.stat().st_size <= LARGEST for file in files)
    if sys.platform != "win32":
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert "line 299" in path.read_text()


def test_a_file_that_cannot_be_opened_is_said_before_anything_begins(tmp_path: Path):
    with pytest.raises(ConfigError, match="RELAY_LOG_FILE"):
        logs.set_up("info", "text", tmp_path, LARGEST)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_said_once_and_stops_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "stderr", complaints := io.StringIO())
    path = tmp_path / "relay.log"
    logs.set_up("info", "text", path, 10**6)
    (handler,) = (each for each in logging.getLogger().handlers if isinstance(each, logs._File))
    handler.close()
    path.unlink(missing_ok=True)
    path.symlink_to("/dev/full")
    for number in range(3):
        logging.getLogger("relay.test").info("line %d", number)
    assert complaints.getvalue().count("cannot be written to (No space left on device)") == 1
    path.unlink()
    handler.close()
    logging.getLogger("relay.test").info("line 4")
    logging.getLogger("relay.test").info("line 5")
    assert complaints.getvalue().count("is written to again") == 1
    assert [line[-6:] for line in path.read_text().splitlines()] == ["line 4", "line 5"]
