"""The start of the client: settings, what it imports before it paints, and machines without a screen."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from common.errors import ConfigError
from desktop.__main__ import NO_WINDOW

ROOT = Path(__file__).parents[2]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "LANG": "C.UTF-8", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class TestSettings:
    @pytest.mark.parametrize(
        "host, port, server",
        [
            ("", "", ""),
            ("relay.lan", "", "relay.lan:5000"),
            ("192.168.1.20", "5001", "192.168.1.20:5001"),
            ("fd00::1", "5001", "[fd00::1]:5001"),
            # These say where a relay listens, in the .env that it shares with the client.
            ("0.0.0.0", "5001", ""),
            ("::", "", ""),
            ("*", "", ""),
        ],
    )
    def test_the_environment_says_where_to_go(self, host, port, server, tmp_path, monkeypatch):
        pytest.importorskip("tkinter")
        from desktop.app import Config

        monkeypatch.setenv("SERVER_HOST", host)
        monkeypatch.setenv("SERVER_PORT", port)
        assert Config.read(tmp_path, dotenv_path=tmp_path / ".env") == Config(tmp_path, server)

    def test_the_command_line_comes_first_and_the_file_last(self, tmp_path, monkeypatch):
        pytest.importorskip("tkinter")
        from desktop.app import Config

        (tmp_path / ".env").write_text("SERVER_HOST=file.lan\nSERVER_PORT=5009\n")
        assert Config.read(tmp_path, dotenv_path=tmp_path / ".env").server == "file.lan:5009"
        monkeypatch.setenv("SERVER_HOST", "environment.lan")
        assert Config.read(tmp_path, "given.lan", tmp_path / ".env").server == "given.lan:5009"
        monkeypatch.setenv("SERVER_PORT", "many")
        with pytest.raises(ConfigError, match="SERVER_PORT"):
            Config.read(tmp_path, dotenv_path=tmp_path / ".env")


def test_without_a_display_it_says_so_in_a_sentence(tmp_path):
    done = run("-m", "desktop", "--home", str(tmp_path), DISPLAY="")
    assert done.returncode == NO_WINDOW
    assert done.stderr.startswith("There is no display")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


@pytest.mark.window
def test_a_display_that_refuses_is_said_in_a_sentence(tmp_path, display):
    done = run("-m", "desktop", "--home", str(tmp_path), DISPLAY="127.0.0.1:9")
    assert done.returncode == NO_WINDOW
    assert "No window can be opened here" in done.stderr
    assert "Traceback" not in done.stderr


def test_help_needs_no_window():
    done = run("-m", "desktop", "--help", DISPLAY="")
    assert done.returncode == 0
    assert "--server" in done.stdout


def test_nothing_heavy_is_imported_before_the_window_paints():
    pytest.importorskip("tkinter")
    done = run("-c", "import sys, desktop.app, desktop.view.chooser; print(*sys.modules)")
    assert done.returncode == 0, done.stderr
    heavy = {"aiohttp", "aiosqlite", "nacl", "cryptography", "zeroconf", "keyring"}
    assert heavy & set(done.stdout.split()) == set()


@pytest.mark.window
def test_the_window_paints_and_closes_again_in_time(tmp_path, display):
    program = (
        "import sys, time; from pathlib import Path; from desktop.app import Config, run\n"
        "def painted(app):\n"
        "    print('painted', flush=True)\n"
        "    app.close()\n"
        "run(Config(Path(sys.argv[1])), painted)\n"
        "print('ended')\n"
    )
    done = run("-c", program, str(tmp_path), SERVER_HOST="127.0.0.1", DISPLAY=display)
    assert done.stdout.split() == ["painted", "ended"], done.stderr


GARBAGE = """
import gc, os, pathlib, sys, threading
from desktop.app import Config, run

kept = []


def painted(app):
    print("automatic:", gc.isenabled())
    gc.callbacks.append(lambda phase, _facts: phase == "start" and collected(app))
    kept.extend([number] for number in range(20_000))


def collected(app):
    gc.callbacks.clear()
    print("in the window's thread:", threading.current_thread() is threading.main_thread())
    app.close()


give_up = threading.Timer(20, os._exit, [3])
give_up.daemon = True
give_up.start()
run(Config(pathlib.Path(sys.argv[1]), "127.0.0.1:9"), painted)
"""


@pytest.mark.window
def test_garbage_is_collected_in_the_window_s_thread_alone(tmp_path, display):
    done = run("-c", GARBAGE, str(tmp_path))
    assert (done.returncode, done.stdout) == (0, "automatic: False\nin the window's thread: True\n"), done.stderr
