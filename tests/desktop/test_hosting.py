"""The relay on this computer: started, watched, stopped, let stay. A real relay, a real child process."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from msgspec.structs import replace

from common.environment import Sources
from common.protocol.limits import DEFAULT_PORT
from desktop.events.link import SignInFailed
from desktop.events.relays import OwnerCodeKept
from desktop.hosted import HostingEvent, HostingFailed, HostingReady, HostingStands, HostingStarting, HostingStopped
from desktop.hosting import Hosting, own_place
from tests.desktop.link.clients import PASSWORD, Client, clients_in
from tests.relay.test_upgrades import Old

ROOT = Path(__file__).parents[2]
WITHIN_S = 30.0
T = TypeVar("T")


class Told:
    """What a hosting told, to be waited for."""

    def __init__(self) -> None:
        self.events: list[HostingEvent] = []
        self._changed = threading.Condition()

    def tell(self, event: HostingEvent) -> None:
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def until(self, kind: type[T], since: int = 0) -> T:
        def found() -> T | None:
            return next((event for event in self.events[since:] if isinstance(event, kind)), None)

        with self._changed:
            event = self._changed.wait_for(found, WITHIN_S)
        assert event is not None, f"only told: {self.events}"
        return event


def options(folder: Path) -> tuple[str, ...]:
    where = ("--key-file", str(folder / "key" / "relay.key"))
    return ("--host", "127.0.0.1", "--port", "0", "--announce", "no", "--name", "Дома", *where)


@pytest.fixture
def told() -> Told:
    return Told()


Make = Callable[..., Hosting]


@pytest.fixture
def make(tmp_path: Path, told: Told) -> Iterator[Make]:
    """Makes a hosting on a folder of this test; all end with it."""
    made: list[Hosting] = []

    def hosting(*more: str, **changes: Any) -> Hosting:
        made.append(
            Hosting(told.tell, tmp_path / "log", (*options(tmp_path), *more), data_dir=tmp_path / "data", **changes)
        )
        return made[-1]

    yield hosting
    for one in made:
        one.stop()


def pid_of(hosting: Hosting) -> int:
    assert hosting._process is not None
    return hosting._process.pid


def ends_within(pid: int, seconds: float) -> bool:
    """Whether the process *pid*, no child of ours any more, is gone by then."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if Path(f"/proc/{pid}/stat").exists() and " Z " in Path(f"/proc/{pid}/stat").read_text():
            return True
        threading.Event().wait(0.02)
    return False


def test_the_relay_starts_tells_its_codes_and_stops_when_asked(make: Make, told: Told) -> None:
    hosting = make()
    hosting.start()
    hosting.start()
    ready = told.until(HostingReady)
    assert told.events == [HostingStarting(), ready]
    assert (ready.name, ready.port > 0, bool(ready.owner_code), bool(ready.recovery_code)) == ("Дома", True, True, True)
    runs = hosting.is_running
    hosting.stop()
    told.until(HostingStopped)
    assert (runs, hosting.is_running) == (True, False)

    since = len(told.events)
    hosting.start()
    again = told.until(HostingReady, since)
    assert again.relay_id == ready.relay_id
    assert (again.owner_code, again.recovery_code) == (ready.owner_code, "")


def test_one_that_brings_its_data_to_this_version_says_so(make: Make, told: Told, tmp_path: Path) -> None:
    old = Old(1, tmp_path)
    make("--key-file", str(old.config.key_file)).start()
    ready = told.until(HostingReady)
    assert told.events == [HostingStarting(), HostingStarting(upgrading=True), ready]
    assert ready.relay_id == old.content["relay_id"]


def test_its_owner_code_makes_this_client_s_person_the_owner(make: Make, told: Told, tmp_path: Path) -> None:
    make().start()
    ready = told.until(HostingReady)
    with clients_in(tmp_path / "clients") as enter:
        anna: Client = enter("anna")
        anna.register(f"127.0.0.1:{ready.port}", "anna", ready.owner_code)
        assert anna.user is not None
        assert anna.user.role == "owner"


def test_its_owner_code_waits_in_the_client_until_it_is_used(make: Make, told: Told, tmp_path: Path) -> None:
    make().start()
    ready = told.until(HostingReady)
    with clients_in(tmp_path / "clients") as enter:
        anna = enter("anna")
        anna.link.keep_owner_code(ready.relay_id, ready.owner_code)
        anna.until_told(OwnerCodeKept)
        anna.ends()
        anna = enter("anna")
        assert anna.until_told(OwnerCodeKept) == OwnerCodeKept(ready.relay_id, ready.owner_code)
        anna.register(f"127.0.0.1:{ready.port}", "anna", ready.owner_code)
        assert anna.user is not None
        assert anna.user.role == "owner"
        assert OwnerCodeKept(ready.relay_id, "") in anna.events
        # Somebody else's window has kept the same one.
        boris = enter("boris")
        boris.link.keep_owner_code(ready.relay_id, ready.owner_code)
        boris.link.register(boris.find(f"127.0.0.1:{ready.port}"), "boris", PASSWORD, code=ready.owner_code)
        assert boris.until_told(SignInFailed).code == "invitation_needed"
        assert OwnerCodeKept(ready.relay_id, "") in boris.events


def test_a_relay_that_cannot_start_says_why(make: Make, told: Told, tmp_path: Path) -> None:
    hosting = make("--port", "nonsense")
    hosting.start()
    failed = told.until(HostingFailed)
    assert "SERVER_PORT" in failed.message or "port" in failed.message
    hosting._thread.join(5)  # type: ignore[union-attr]
    assert not hosting.is_running


def test_a_relay_that_no_key_opens_says_all_of_what_it_tried(make: Make, told: Told, tmp_path: Path) -> None:
    first = make()
    first.start()
    told.until(HostingReady)
    first.stop()
    told.until(HostingStopped)
    (tmp_path / "key").rename(tmp_path / "elsewhere")
    make().start()
    failed = told.until(HostingFailed)
    assert "The database cannot be opened" in failed.message
    assert "relay.key is missing" in failed.message
    assert "recovery code" in failed.message


def test_a_program_that_is_not_there_is_told(make: Make, told: Told) -> None:
    make(command=("/nowhere/python",)).start()
    assert told.until(HostingFailed).message


def test_a_relay_that_never_gets_ready_is_given_up(make: Make, told: Told) -> None:
    make(command=(sys.executable, "-c", "import time; time.sleep(60)"), start_s=0.3).start()
    assert told.until(HostingFailed).message


def runs(hosting: Hosting) -> bool:
    # Asked by a function, since mypy takes an attribute that was looked at for unchanged.
    return hosting.is_running


def test_a_relay_that_was_let_stay_is_found_and_can_be_stopped(make: Make, told: Told) -> None:
    first = make()
    first.start()
    ready = told.until(HostingReady)
    pid = pid_of(first)
    first.let_stay()
    try:
        second, since = make(), len(told.events)
        second.start()
        stands = told.until(HostingStands, since)
        assert stands == HostingStands(ready.relay_id, ready.name, ready.port, asked=True)
        assert runs(second)
        assert not any(isinstance(event, HostingFailed) for event in told.events)
        second.let_stay()
        assert not runs(second)

        third, since = make(), len(told.events)
        third.look()
        assert told.until(HostingStands, since) == replace(stands, asked=False)
        third.end()
        told.until(HostingStopped, since)
        assert ends_within(pid, 5)
        assert not runs(third)
    finally:
        if not ends_within(pid, 0.1):
            os.kill(pid, signal.SIGTERM)


def test_where_no_relay_was_let_stay_nothing_is_found(make: Make, told: Told) -> None:
    hosting = make()
    assert not hosting._look(False)
    assert (told.events, hosting.is_running) == ([], False)


def test_a_crash_is_told(make: Make, told: Told) -> None:
    hosting = make()
    hosting.start()
    told.until(HostingReady)
    os.kill(pid_of(hosting), signal.SIGKILL)
    assert "unexpectedly" in told.until(HostingFailed).message
    hosting._thread.join(5)  # type: ignore[union-attr]
    assert not hosting.is_running


CLIENT_THAT_DIES = """
import os, sys, threading
from pathlib import Path
from desktop.hosted import HostingReady
from desktop.hosting import Hosting, own_place
ready = threading.Event()
hosting = Hosting(lambda event: isinstance(event, HostingReady) and ready.set(), Path(sys.argv[1]), sys.argv[3:])
hosting.start()
assert ready.wait(30)
print(hosting._process.pid, flush=True)
if sys.argv[2] == "stay":
    hosting.let_stay()
    assert not hosting.is_running
os._exit(0)
"""


@pytest.mark.parametrize("wish", ["stop", "stay"])
def test_the_relay_ends_with_the_client_unless_it_is_let_stay(tmp_path: Path, wish: str) -> None:
    command = [sys.executable, "-c", CLIENT_THAT_DIES, str(tmp_path / "log"), wish, *options(tmp_path)]
    command += ["--data-dir", str(tmp_path / "data")]
    died = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=50, check=True)
    pid = int(died.stdout)
    try:
        if wish == "stop":
            assert ends_within(pid, 10)
        else:
            assert not ends_within(pid, 1.0)
    finally:
        if not ends_within(pid, 0.1):
            os.kill(pid, signal.SIGTERM)
            assert ends_within(pid, 10)


# -- where it listens --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "environment, dotenv, expected",
    [
        ({}, "", ()),
        ({"SERVER_HOST": "0.0.0.0", "SERVER_PORT": "5001"}, "", ()),
        ({"SERVER_PORT": "5001"}, "", ()),
        ({"SERVER_HOST": "192.0.2.7"}, "", ("--host", "*")),
        ({}, "SERVER_HOST=relay.example\n", ("--host", "*")),
    ],
)
def test_it_listens_where_it_is_told_unless_that_is_another_machine_s(
    tmp_path: Path, environment: dict[str, str], dotenv: str, expected: tuple[str, ...]
) -> None:
    (tmp_path / ".env").write_text(dotenv)
    assert own_place(Sources.gather({}, tmp_path / ".env", environment)) == expected


def test_another_machine_s_port_gives_way_to_the_next_free_one() -> None:
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):
            stack.enter_context(socket.create_server(("", DEFAULT_PORT)))
        where = own_place(Sources.gather({}, None, {"SERVER_HOST": "192.0.2.7", "SERVER_PORT": "6000"}))
    assert where[:3] == ("--host", "*", "--port")
    assert DEFAULT_PORT < int(where[3]) < DEFAULT_PORT + 20


def test_a_relay_that_the_settings_name_does_not_keep_the_own_one_from_serving(
    told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVER_HOST", "192.0.2.7")
    monkeypatch.setenv("SERVER_PORT", "1")
    hosting = Hosting(told.tell, tmp_path / "log", options(tmp_path)[4:], data_dir=tmp_path / "data")
    try:
        hosting.start()
        port = told.until(HostingReady).port
        assert port != 1
        with clients_in(tmp_path / "clients") as enter:
            assert enter("anna").find(f"127.0.0.1:{port}").name == "Дома"
    finally:
        hosting.stop()
