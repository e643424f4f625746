"""What is written for the system to start at sign-in, and that systems which can be tried here start just that."""

from __future__ import annotations

import json
import os
import plistlib
import shutil
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

from desktop.autostart import launchd, registry, xdg
from desktop.autostart.entry import LAUNCHER, Entry, client_entry, relay_entry
from desktop.autostart.launchd import LaunchAgents
from desktop.autostart.registry import RunKey
from desktop.autostart.xdg import XdgAutostart

ODD = ("two words", "100% %f %%", '"quoted"', "it's", "$HOME `id` \\ \\n back", "a=b;c", "Склад", "")
PLAIN = Entry("pymessenger", "Py_messenger", ("/usr/bin/python3", "/opt/messenger/launch.py", "desktop"))
WRITES = "import json, sys; json.dump(sys.argv[2:], open(sys.argv[1], 'w'))"


class TestTheDesktopsOfFreedesktop:
    @pytest.mark.skipif(shutil.which("gio") is None, reason="gio is missing (apt: libglib2.0-bin)")
    @pytest.mark.timeout(60)
    def test_every_sign_of_a_command_arrives_as_it_is(self, tmp_path: Path):
        folder = tmp_path / 'my $pecial "folder" 100%'
        folder.mkdir()
        told = folder / "told"
        os.mkfifo(told)  # reading it waits for the program
        entries = XdgAutostart(tmp_path / "autostart")
        entries.write(Entry("odd", "Odd", (sys.executable, "-c", WRITES, str(told), *ODD)))
        subprocess.run(["gio", "launch", str(entries.place("odd"))], check=True)
        assert json.loads(told.read_text(encoding="utf-8")) == list(ODD)

    @pytest.mark.parametrize(
        "word, written",
        [
            ("plain", "plain"),
            ("", '""'),
            ("two words", '"two words"'),
            ("$", r'"\\$"'),
            ("\\", r'"\\\\"'),
            ('"', r'"\\""'),
            ("%f", "%%f"),
        ],
    )
    def test_signs_are_escaped_as_the_specification_says(self, word: str, written: str):
        assert f"\nExec=/bin/x {written}\n" in xdg.text(Entry("x", "x", ("/bin/x", word)))

    def test_it_is_where_the_environment_says(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
        assert XdgAutostart().place("pymessenger") == tmp_path / "autostart" / "pymessenger.desktop"
        monkeypatch.setenv("XDG_CONFIG_HOME", "not/from/the/root")
        assert XdgAutostart().place("pymessenger") == Path.home() / ".config" / "autostart" / "pymessenger.desktop"

    def test_it_is_on_once_it_was_written_and_off_once_it_was_removed(self, tmp_path: Path):
        entries = XdgAutostart(tmp_path)
        entries.remove("pymessenger")
        assert not entries.is_on("pymessenger")
        entries.write(PLAIN)
        assert (entries.is_on("pymessenger"), entries.is_current(PLAIN)) == (True, True)
        assert not entries.is_current(Entry("pymessenger", "Py_messenger", ("/elsewhere",)))
        entries.remove("pymessenger")
        assert not entries.is_on("pymessenger")

    @pytest.mark.parametrize("off", ["Hidden=true", "X-GNOME-Autostart-enabled=false"])
    def test_what_a_tool_of_the_desktop_switched_off_is_off(self, tmp_path: Path, off: str):
        entries = XdgAutostart(tmp_path)
        entries.write(PLAIN)
        text = entries.place("pymessenger").read_text(encoding="utf-8")
        entries.place("pymessenger").write_text(text.replace("X-GNOME-Autostart-enabled=true", off), encoding="utf-8")
        assert not entries.is_on("pymessenger")

    def test_the_file_is_a_valid_entry(self, tmp_path: Path):
        if shutil.which("desktop-file-validate") is None:
            pytest.skip("desktop-file-validate is missing (apt: desktop-file-utils)")
        file = tmp_path / "odd.desktop"
        file.write_text(xdg.text(Entry("odd", "Odd", ("/bin/sh", *ODD))), encoding="utf-8")
        done = subprocess.run(["desktop-file-validate", str(file)], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, "")


class TestMacOS:
    def test_the_agent_runs_the_command_once_at_sign_in(self, tmp_path: Path):
        agents = LaunchAgents(tmp_path)
        agents.write(PLAIN)
        with (tmp_path / "org.pymessenger.pymessenger.plist").open("rb") as file:
            found = plistlib.load(file)
        assert found == launchd.contents(PLAIN)
        assert (found["ProgramArguments"], found["RunAtLoad"]) == (list(PLAIN.command), True)
        assert "KeepAlive" not in found

    def test_it_is_on_once_it_was_written_and_off_once_it_was_removed(self, tmp_path: Path):
        agents = LaunchAgents(tmp_path)
        agents.remove("pymessenger")
        agents.write(PLAIN)
        assert (agents.is_on("pymessenger"), agents.is_current(PLAIN)) == (True, True)
        agents.place("pymessenger").write_text("no list of properties", encoding="utf-8")
        assert not agents.is_current(PLAIN)
        agents.remove("pymessenger")
        assert not agents.is_on("pymessenger")


class FakeRegistry:
    """The few calls of `winreg`, over a dict."""

    HKEY_CURRENT_USER, KEY_SET_VALUE, KEY_QUERY_VALUE, REG_SZ = "HKCU", 2, 1, 1

    def __init__(self) -> None:
        self.keys: dict[tuple[str, str], dict[str, tuple[str, int]]] = {}

    def CreateKeyEx(self, root: str, path: str, _reserved: int, access: int) -> Any:  # noqa: N802
        return _Opened(self.keys.setdefault((root, path), {}), access)

    def OpenKey(self, root: str, path: str, _reserved: int, access: int) -> Any:  # noqa: N802
        if (root, path) not in self.keys:
            raise FileNotFoundError(2, path)
        return _Opened(self.keys[root, path], access)

    def SetValueEx(self, key: _Opened, name: str, _reserved: int, kind: int, value: str) -> None:  # noqa: N802
        assert key.access == self.KEY_SET_VALUE
        key.values[name] = (value, kind)

    def QueryValueEx(self, key: _Opened, name: str) -> tuple[str, int]:  # noqa: N802
        assert key.access == self.KEY_QUERY_VALUE
        if name not in key.values:
            raise FileNotFoundError(2, name)
        return key.values[name]

    def DeleteValue(self, key: _Opened, name: str) -> None:  # noqa: N802
        assert key.access == self.KEY_SET_VALUE
        if name not in key.values:
            raise FileNotFoundError(2, name)
        del key.values[name]


class _Opened:
    def __init__(self, values: dict[str, tuple[str, int]], access: int) -> None:
        self.values = values
        self.access = access

    def __enter__(self) -> _Opened:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Closed."""


class TestWindows:
    def test_the_value_is_the_command_below_the_run_key(self):
        reg = FakeRegistry()
        RunKey(reg).write(PLAIN)
        assert reg.keys == {("HKCU", registry.KEY): {"pymessenger": (" ".join(PLAIN.command), reg.REG_SZ)}}

    def test_folders_with_blanks_are_quoted(self):
        command = (r"C:\Program Files\Python\pythonw.exe", r"C:\My folder\launch.py", "desktop")
        assert registry.line(Entry("x", "x", command)) == (
            r'"C:\Program Files\Python\pythonw.exe" "C:\My folder\launch.py" desktop'
        )

    def test_it_is_on_once_it_was_written_and_off_once_it_was_removed(self):
        run = RunKey(FakeRegistry())
        run.remove("pymessenger")
        assert not run.is_on("pymessenger")
        run.write(PLAIN)
        assert (run.is_on("pymessenger"), run.is_current(PLAIN)) == (True, True)
        run.remove("pymessenger")
        run.remove("pymessenger")
        assert not run.is_on("pymessenger")

    def test_a_python_without_a_console_is_taken_where_there_is_one(self, tmp_path: Path):
        console, windowless = tmp_path / "python.exe", tmp_path / "pythonw.exe"
        assert client_entry(None, console, "win32").command[0] == str(console)
        windowless.touch()
        assert client_entry(None, console, "win32").command == (
            str(windowless),
            str(LAUNCHER),
            "desktop",
            "--background",
        )


class TestTheCommand:
    def test_it_starts_the_program_from_anywhere(self, tmp_path: Path):
        command = relay_entry(["--help"]).command
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert "--data-dir" in done.stdout

    def test_it_does_nothing_and_complains_of_nothing_once_python_is_gone(self, tmp_path: Path):
        done = subprocess.run(
            client_entry(None, tmp_path / ".venv/bin/python").command, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    def test_nor_once_the_program_is_gone(self, tmp_path: Path):
        gone = [str(tmp_path / "launch.py") if word == str(LAUNCHER) else word for word in client_entry().command]
        done = subprocess.run(gone, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    def test_another_folder_is_another_person_with_an_entry_of_their_own(self, tmp_path: Path):
        usual, other = client_entry(), client_entry(tmp_path)
        assert usual.name != other.name
        assert other.command[-2:] == ("--home", str(tmp_path))
        assert os.fspath(tmp_path) not in usual.command
