"""Switching on and off what starts at sign-in, with real files, and what becomes of them when the program moves."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from common.environment import Sources
from desktop.autostart.autostart import Autostart, relay_options
from desktop.autostart.entry import LAUNCHER, Entry, client_entry, relay_entry
from desktop.autostart.seen import AutostartSeen
from desktop.autostart.unit import NAME, RelayUnit
from desktop.autostart.xdg import XdgAutostart

CLIENT, RELAY = client_entry().name, relay_entry().name


class Computer:
    """Where the entries of one person are, and what the client is told of them."""

    def __init__(self, folder: Path) -> None:
        self.entries = XdgAutostart(folder / "autostart")
        self.units = folder / "systemd"
        self.told: list[AutostartSeen] = []
        self.autostart = self.client()

    def client(self, home: Path | None = None, unit: RelayUnit | None = None) -> Autostart:
        unit = unit or RelayUnit(self.units)
        return Autostart(
            self.told.append, home, entries=lambda: self.entries, unit=unit, dotenv_path=self.units / ".env"
        )

    def asks(self, autostart: Autostart | None = None) -> AutostartSeen:
        """What is told once all is done."""
        (autostart or self.autostart).wait(60)
        return self.told[-1]

    def moved(self, entry: Entry) -> None:
        """As written by the program when it was elsewhere."""
        command = tuple(
            "/gone/desktop/autostart/launch.py" if word == str(LAUNCHER) else word for word in entry.command
        )
        self.entries.write(Entry(entry.name, entry.title, command))


@pytest.fixture
def computer(tmp_path: Path) -> Computer:
    return Computer(tmp_path)


def test_nothing_starts_by_itself(computer: Computer):
    computer.autostart.look()
    assert computer.asks() == AutostartSeen(False, False)
    assert not computer.entries.place(CLIENT).parent.exists()


def test_the_client_is_switched_on_and_off(computer: Computer):
    computer.autostart.set_client(True)
    assert computer.asks() == AutostartSeen(True, False)
    assert computer.entries.is_current(client_entry())
    computer.autostart.set_client(False)
    assert computer.asks() == AutostartSeen(False, False)


class Unhurried(XdgAutostart):
    """Writing gives whatever does not wait for its turn the time to come first."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._removed = threading.Event()

    def write(self, entry: Entry) -> None:
        self._removed.wait(0.5)
        super().write(entry)

    def remove(self, name: str) -> None:
        super().remove(name)
        self._removed.set()


def test_what_is_asked_in_a_row_is_done_in_that_order(computer: Computer, tmp_path: Path):
    computer.entries = Unhurried(tmp_path / "autostart")
    computer.autostart.set_client(True)
    computer.autostart.set_client(False)
    assert computer.asks() == AutostartSeen(False, False)
    assert [seen.client for seen in computer.told] == [True, False]


def test_an_entry_that_leads_to_where_the_program_was_is_mended_at_the_next_start(computer: Computer):
    computer.moved(client_entry())
    computer.moved(relay_entry())
    computer.autostart.look()
    assert computer.asks() == AutostartSeen(True, True)
    assert computer.entries.is_current(client_entry())
    assert computer.entries.is_current(relay_entry())


def test_one_that_a_tool_of_the_desktop_switched_off_stays_as_it_is(computer: Computer):
    computer.moved(client_entry())
    place = computer.entries.place(CLIENT)
    place.write_text(place.read_text(encoding="utf-8") + "Hidden=true\n", encoding="utf-8")
    before = place.read_bytes()
    computer.autostart.look()
    assert computer.asks() == AutostartSeen(False, False)
    assert place.read_bytes() == before


def test_another_persons_entry_is_left_alone(computer: Computer, tmp_path: Path):
    computer.autostart.set_client(True)
    computer.asks()
    other = computer.client(tmp_path / "other")
    other.look()
    assert computer.asks(other) == AutostartSeen(False, False)
    other.set_client(True)
    computer.asks(other)
    other.set_client(False)
    computer.asks(other)
    assert computer.entries.is_on(CLIENT)


def test_what_cannot_be_written_is_said(computer: Computer):
    computer.entries.place(CLIENT).parent.write_text("in the way", encoding="utf-8")
    computer.autostart.set_client(True)
    seen = computer.asks()
    assert not seen.client
    assert "cannot be changed" in seen.problem


class TestTheRelay:
    @pytest.mark.skipif(Path("/run/systemd/system").is_dir(), reason="systemd runs here")
    def test_without_systemd_it_has_an_entry_as_the_client_has(self, computer: Computer):
        computer.autostart.set_relay(True)
        assert computer.asks() == AutostartSeen(False, True)
        assert computer.entries.is_current(relay_entry())
        computer.autostart.set_relay(False)
        assert computer.asks() == AutostartSeen(False, False)

    def test_with_systemd_it_has_a_unit_and_no_entry(self, computer: Computer):
        unit = RelayUnit(computer.units, (sys.executable, "-c", WRITES_UNIT, str(computer.units)))
        computer.entries.write(relay_entry())
        autostart = computer.client(unit=unit)
        autostart.set_relay(True)
        assert computer.asks(autostart) == AutostartSeen(False, True)
        assert not computer.entries.is_on(RELAY)
        autostart.set_relay(False)
        assert computer.asks(autostart) == AutostartSeen(False, False)

    @pytest.mark.skipif(Path("/run/systemd/system").is_dir(), reason="systemd runs here")
    def test_it_listens_on_its_own_addresses_where_the_settings_name_another_machine(self, computer: Computer):
        computer.units.mkdir()
        (computer.units / ".env").write_text("SERVER_HOST=10.0.0.9\nSERVER_PORT=5000\n", encoding="utf-8")
        computer.autostart.set_relay(True)
        computer.asks()
        computer.autostart.look()
        computer.asks()
        assert computer.entries.is_current(relay_entry(("--host", "*")))

    def test_settings_that_cannot_be_used_are_said(self, computer: Computer):
        (computer.units / ".env").mkdir(parents=True)
        computer.autostart.set_relay(True)
        computer.asks()
        (computer.units / ".env").rmdir()
        (computer.units / ".env").write_bytes(b"\xff\xfe=\x00")
        computer.autostart.set_relay(True)
        assert computer.asks().problem

    def test_a_unit_whose_program_is_gone_is_lost(self, computer: Computer, tmp_path: Path):
        unit = RelayUnit(computer.units)
        assert not unit.is_lost
        computer.units.mkdir()
        for root, is_lost in ((tmp_path, False), (tmp_path / "gone", True)):
            (computer.units / NAME).write_text(f"[Service]\nWorkingDirectory={root}\n", encoding="utf-8")
            assert unit.is_lost is is_lost

    def test_a_unit_that_systemd_does_not_let_go_of_is_said(self, computer: Computer):
        unit = RelayUnit(computer.units, (sys.executable, "-c", WRITES_UNIT, str(computer.units)))
        assert unit.install(())
        refusing = RelayUnit(computer.units, (sys.executable, "-c", "raise SystemExit(1)"))
        autostart = computer.client(unit=refusing)
        autostart.set_relay(False)
        seen = computer.asks(autostart)
        assert seen.relay
        assert "systemctl --user disable" in seen.problem

    def test_folders_that_only_the_environment_names_go_with_it(self, tmp_path: Path):
        sources = Sources.gather({}, None, {"RELAY_DATA_DIR": str(tmp_path), "RELAY_KEY_FILE": "keys/relay.key"})
        root = Path(LAUNCHER).parents[2]
        assert relay_options(sources) == ("--data-dir", str(tmp_path), "--key-file", str(root / "keys/relay.key"))
        assert relay_options(Sources.gather({}, None, {})) == ()


WRITES_UNIT = """
import sys
import threading
from pathlib import Path
folder, word = Path(sys.argv[1]), sys.argv[3]
unit, wanted = folder / "py-messenger-relay.service", folder / "default.target.wants" / "py-messenger-relay.service"
assert sys.argv[4:7] == ["--user", "--later", "--json"], sys.argv
if word == "install":
    wanted.parent.mkdir(parents=True)
    unit.write_text("[Service]")
    wanted.symlink_to(unit)
else:
    wanted.unlink()
    unit.unlink()
"""
"""As the relay's command line does it where systemd runs, which it does not here."""
