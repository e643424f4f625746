"""The relay as a service of one person, under a real systemd of theirs: not at once, but from their next sign-in on."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import pytest

from relay.service.unit import NAME
from tests.relay.service.booted import Computer, booted, why_not

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240), pytest.mark.xdist_group("systemd")]

HOME = "/var/tmp/anna"  # noqa: S108 - in memory, of that computer alone
PERSON = {"HOME": HOME, "XDG_CONFIG_HOME": f"{HOME}/.config", "XDG_RUNTIME_DIR": "/run/user/0"}


class Person:
    """Somebody who has an account on *computer*."""

    def __init__(self, computer: Computer) -> None:
        self._computer = computer

    def signs_in(self) -> None:
        """As a login starts their systemd."""
        self._computer.says("mkdir", "-p", "-m", "0700", PERSON["XDG_RUNTIME_DIR"], HOME)
        self._computer.says(
            "systemd-run",
            "--unit=person",
            "--property=Type=notify",
            "--property=Delegate=yes",
            *(f"--setenv={name}={value}" for name, value in PERSON.items()),
            "/lib/systemd/systemd",
            "--user",
        )
        self._computer.runs("systemctl", "--user", "is-system-running", "--wait", **PERSON)  # until all was started

    def signs_out(self) -> None:
        """And everything of theirs ends."""
        self._computer.says("systemctl", "stop", "person")

    def relay(self, *words: str) -> dict[str, object]:
        """What `python -m relay` says to them, in JSON."""
        done = self._computer.runs(sys.executable, "-m", "relay", *words, "--json", **PERSON)
        said: dict[str, object] = json.loads(done.stdout)
        return said

    def client(self, does: str) -> str:
        """What the client is told once what it *does* with what starts at sign-in is done."""
        program = (
            "from desktop.autostart.autostart import Autostart; told = []; made = Autostart(told.append); "
            f"made.{does}; made.wait(60); print(told)"
        )
        own = {**PERSON, "RELAY_DATA_DIR": f"{HOME}/data", "RELAY_KEY_FILE": f"{HOME}/relay.key"}
        return self._computer.says(sys.executable, "-c", program, **own).strip()

    def shows(self, field: str) -> str:
        """What their systemd says of the relay."""
        command = ("systemctl", "--user", "show", NAME, f"--property={field}", "--value")
        return self._computer.says(*command, **PERSON).strip()


@pytest.fixture(scope="module")
def computer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Computer]:
    if reason := why_not():
        pytest.skip(reason)
    with booted(tmp_path_factory.mktemp("computer") / "log") as computer:
        yield computer


@pytest.fixture
def person(computer: Computer) -> Iterator[Person]:
    """With nothing that starts, and signed in."""
    made = Person(computer)
    made.signs_in()
    yield made
    made.signs_out()


def test_it_starts_with_the_next_sign_in_and_not_before_and_goes_on_when_it_is_taken_away(person: Person):
    where = ("--data-dir", f"{HOME}/data", "--key-file", f"{HOME}/relay.key")
    done = person.relay("service", "install", "--user", "--later", *where)
    assert (done["type"], done["enabled"], done["running"]) == ("Done", "enabled", False), done
    assert person.shows("ActiveState") == "inactive"
    person.signs_out()

    person.signs_in()
    assert person.shows("ActiveState") == "active"
    process = person.shows("MainPID")
    assert person.relay("status", "--data-dir", f"{HOME}/data")["type"] != "NotRunning"

    assert person.relay("service", "uninstall", "--user", "--later")["type"] == "Done"
    assert (person.shows("ActiveState"), person.shows("MainPID")) == ("active", process)
    person.signs_out()
    person.signs_in()
    assert person.shows("LoadState") == "not-found"


def test_the_client_switches_it_on_and_off(person: Person):
    assert person.client("set_relay(True)") == "[AutostartSeen(client=False, relay=True, problem='')]"
    assert (person.shows("UnitFileState"), person.shows("ActiveState")) == ("enabled", "inactive")
    assert person.client("set_relay(False)") == "[AutostartSeen(client=False, relay=False, problem='')]"
    assert person.shows("LoadState") == "not-found"
