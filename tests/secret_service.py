"""A session bus of its own with gnome-keyring on it: unlocked, locked, asking for its password, dead, as a test wants it.

It shares nothing with the session of whoever runs the tests: its bus, its files and its run folder are in a folder of their own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import keyring.core
import pytest

from desktop.link.system_keyring import SERVICE
from tests.session_bus import WITHIN_S, SessionBus, take_name

TOOLS = ("dbus-daemon", "gnome-keyring-daemon")
_PASSWORD = "of the login keyring"
_BUS_NAME = "org.freedesktop.secrets"
_PATH = "/org/freedesktop/secrets"
_LOGIN = f"{_PATH}/collection/login"
_SECRET = "org.freedesktop.Secret"
_BY_PASSWORD = "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface"
_PROMPTER = "org.gnome.keyring.SystemPrompter"


def why_no_secret_service() -> str:
    """Why no keyring can be started here; an empty string where it can."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    return (
        f"{', '.join(missing)} missing: apt-get install -y --no-install-recommends gnome-keyring dbus"
        if missing
        else ""
    )


class Prompter:
    """The one who asks the owner for the password: here one who never gets an answer, until `leave`."""

    def __init__(self, service: SecretService) -> None:
        self._bus = service.connect()
        service.take_name(self._bus, _PROMPTER)

    def is_asked(self) -> None:
        """Wait until the keyring wants the password asked for."""
        while True:
            message = self._bus.receive(timeout=WITHIN_S)
            if message.header.fields.get(_member()) == "BeginPrompting":
                return

    def leave(self) -> None:
        """The window is closed without a password."""
        self._bus.close()


class SecretService:
    """The bus from the start, the keyring from `start` to `stop`, as often as wanted: what it holds is on its disk."""

    def __init__(self, folder: Path) -> None:
        """*folder*: short, because the sockets are in it."""
        self._environment = {
            name: value for name, value in os.environ.items() if name not in {"DISPLAY", "WAYLAND_DISPLAY"}
        }
        self._environment |= {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
        self._environment |= {f"XDG_{name}_HOME": str(folder / name.lower()) for name in ("CONFIG", "DATA", "CACHE")}
        self._bus = SessionBus(folder, self._environment)
        self.address = self._bus.address
        """What DBUS_SESSION_BUS_ADDRESS is to be."""
        self._environment["DBUS_SESSION_BUS_ADDRESS"] = self.address
        self._daemon: subprocess.Popen[bytes] | None = None

    # -- life ----------------------------------------------------------------------------------------------------------

    def start(self, *, unlocked: bool = True) -> None:
        """Run the keyring, with its files unlocked as by a login, or not; returns when it can be asked."""
        with closing(self.connect()) as bus, self._changes_of_owner(bus) as changes:
            self._daemon = self._run(*(("--unlock",) if unlocked else ()))
            if not self._is_there(bus):
                bus.recv_until_filtered(changes, timeout=WITHIN_S)

    def stop(self) -> None:
        """End it as a crash does: the bus stays, and nobody is there."""
        if self._daemon is None:
            return
        with closing(self.connect()) as bus, self._changes_of_owner(bus) as changes:
            self._kill_daemon()
            if self._is_there(bus):
                bus.recv_until_filtered(changes, timeout=WITHIN_S)

    def close(self) -> None:
        """End everything."""
        self._kill_daemon()
        self._bus.close()

    def _kill_daemon(self) -> None:
        daemon, self._daemon = self._daemon, None
        if daemon is not None:
            daemon.kill()
            daemon.wait()

    def lock(self) -> None:
        """As when the owner locks it, or logs in without a password."""
        self._call("Lock", "ao", ([_LOGIN],))

    def unlock(self) -> None:
        """As when the owner unlocks it from elsewhere."""
        with closing(self.connect()) as bus:
            session = self._session(bus)
            self._ask(
                bus,
                _PATH,
                _BY_PASSWORD,
                "UnlockWithMasterPassword",
                "o(oayays)",
                (_LOGIN, (session, b"", _PASSWORD.encode(), "text/plain")),
            )

    # -- who looks into it from outside ---------------------------------------------------------------------------------

    def records(self) -> list[str]:
        """Everything that it holds for this program, read by another one."""
        found = self._call("SearchItems", "a{ss}", ({"service": SERVICE},))
        unlocked, locked = found
        assert not locked
        with closing(self.connect()) as bus:
            session = self._session(bus)
            return [
                bytes(self._ask(bus, item, f"{_SECRET}.Item", "GetSecret", "o", (session,))[0][2]).decode()
                for item in unlocked
            ]

    def _session(self, bus: Any) -> str:
        """What a secret is handed over in; it ends with the connection."""
        return str(self._ask(bus, _PATH, f"{_SECRET}.Service", "OpenSession", "sv", ("plain", ("s", "")))[1])

    def connect(self) -> Any:
        """A connection of its own to the bus."""
        return self._bus.connect()

    def take_name(self, bus: Any, name: str) -> None:
        """Be *name* on the bus."""
        take_name(bus, name)

    def _run(self, *options: str) -> subprocess.Popen[bytes]:
        daemon = subprocess.Popen(
            ["gnome-keyring-daemon", "--foreground", "--components=secrets", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=self._environment,
        )
        assert daemon.stdin is not None
        daemon.stdin.write(_PASSWORD.encode())
        daemon.stdin.close()
        return daemon

    def _is_there(self, bus: Any) -> bool:
        from jeepney.bus_messages import message_bus  # type: ignore[import-untyped]

        return bool(bus.send_and_get_reply(message_bus.NameHasOwner(_BUS_NAME), timeout=WITHIN_S).body[0])

    @contextmanager
    def _changes_of_owner(self, bus: Any) -> Iterator[Any]:
        from jeepney import MatchRule, MessageType  # type: ignore[import-untyped]
        from jeepney.bus_messages import message_bus

        rule = MatchRule(
            type=MessageType.signal,
            interface="org.freedesktop.DBus",
            member="NameOwnerChanged",
            path="/org/freedesktop/DBus",
        )
        rule.add_arg_condition(0, _BUS_NAME)
        bus.send_and_get_reply(message_bus.AddMatch(rule), timeout=WITHIN_S)
        with bus.filter(rule) as changes:
            yield changes

    def _call(self, method: str, signature: str, body: tuple[Any, ...]) -> tuple[Any, ...]:
        with closing(self.connect()) as bus:
            return self._ask(bus, _PATH, f"{_SECRET}.Service", method, signature, body)

    def _ask(
        self, bus: Any, path: str, interface: str, method: str, signature: str, body: tuple[Any, ...]
    ) -> tuple[Any, ...]:
        from jeepney import DBusAddress, MessageType, new_method_call

        there = DBusAddress(path, _BUS_NAME, interface)
        answer = bus.send_and_get_reply(new_method_call(there, method, signature, body), timeout=WITHIN_S)
        assert answer.header.message_type is MessageType.method_return, answer.body
        return tuple(answer.body)


def _member() -> Any:
    from jeepney import HeaderFields

    return HeaderFields.member


def choose_afresh() -> None:
    """Let this process look which keyrings are there and take the best, as every process does once."""
    vars(keyring.backend.get_all_keyring).pop("saved_result", None)
    keyring.core.init_backend()


@contextmanager
def secret_service(monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretService]:
    """A bus with nobody on it yet, for this process and those that it starts; skips the test where it cannot be."""
    if reason := why_no_secret_service():
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="pm-") as folder:
        service = SecretService(Path(folder))
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", service.address)
        before = keyring.get_keyring()
        monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
        try:
            choose_afresh()
            yield service
        finally:
            keyring.set_keyring(before)
            service.close()
