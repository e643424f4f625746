"""Services of a desktop on a bus of their own: one that takes notifications, and one that watches icons beside the clock.

They are other programs' side of the same specifications, over a real bus: what they keep is what was really sent, and what they tell
is heard as from any desktop.
"""

from __future__ import annotations

import queue
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.session_bus import WITHIN_S, SessionBus, take_name

ABILITIES = ("actions", "body", "body-markup", "sound")
_NOTIFICATIONS = "org.freedesktop.Notifications"
_WATCHER = "org.kde.StatusNotifierWatcher"
_ITEM = "org.kde.StatusNotifierItem"
_DESCRIPTION = """<node><interface name="org.freedesktop.Notifications">
<method name="GetCapabilities"><arg type="as" direction="out"/></method>
<method name="GetServerInformation"><arg type="s" direction="out"/><arg type="s" direction="out"/><arg type="s" direction="out"/>
<arg type="s" direction="out"/></method>
<method name="Notify"><arg type="s" direction="in"/><arg type="u" direction="in"/><arg type="s" direction="in"/>
<arg type="s" direction="in"/><arg type="s" direction="in"/><arg name="actions" type="as" direction="in"/>
<arg name="hints" type="a{sv}" direction="in"/><arg type="i" direction="in"/><arg type="u" direction="out"/></method>
<method name="CloseNotification"><arg type="u" direction="in"/></method>
<signal name="NotificationClosed"><arg type="u"/><arg type="u"/></signal>
<signal name="ActionInvoked"><arg type="u"/><arg type="s"/></signal>
</interface></node>"""


@dataclass(frozen=True)
class Shown:
    """One call of Notify."""

    number: int
    replaces: int
    title: str
    body: str
    actions: tuple[str, ...]
    hints: dict[str, Any]

    @property
    def has_sound(self) -> bool:
        return "sound-name" in self.hints and not self.hints.get("suppress-sound", False)


class _Part:
    """Somebody on the bus who answers in a thread of their own, until they leave."""

    def __init__(self, bus: SessionBus, name: str) -> None:
        self.connection = bus.connect()
        take_name(self.connection, name)
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._is_leaving = False
        self._sending = threading.Lock()
        self.answered: list[Callable[[], object]] = []
        """To be done when the answer is on its way: what the test sees, whoever asked knows."""

    def begin(self) -> None:
        self._thread.start()

    def leave(self) -> None:
        """As a crash: the connection is gone, and the name with it."""
        import socket

        self._is_leaving = True
        self.connection.sock.shutdown(socket.SHUT_RDWR)
        self._thread.join(WITHIN_S)
        self.connection.close()

    def _serve(self) -> None:
        try:
            self._serve_until_it_leaves()
        except (OSError, EOFError):
            assert self._is_leaving, "the bus has thrown it out"

    def _serve_until_it_leaves(self) -> None:
        from jeepney import MessageType, new_error, new_method_return  # type: ignore[import-untyped]

        while True:
            message = self.connection.receive()
            if message.header.message_type is not MessageType.method_call:
                continue
            answer = self.answer(message)
            if answer is None:
                self._send(new_error(message, "org.freedesktop.DBus.Error.UnknownMethod"))
            else:
                self._send(new_method_return(message, *answer))
            while self.answered:
                self.answered.pop(0)()

    def _send(self, message: Any) -> None:
        with self._sending:
            self.connection.send(message)

    def answer(self, message: Any) -> tuple[Any, ...] | None:
        raise NotImplementedError

    def tell(self, path: str, interface: str, signal: str, signature: str = "", body: tuple[Any, ...] = ()) -> None:
        from jeepney import DBusAddress, new_signal

        there = DBusAddress(path, interface=interface)
        self._send(new_signal(there, signal, signature or None, body))


def _parts(message: Any) -> tuple[str, str, tuple[Any, ...]]:
    from jeepney import HeaderFields

    fields = message.header.fields
    return fields.get(HeaderFields.interface, ""), fields[HeaderFields.member], message.body


class NotificationService(_Part):
    """org.freedesktop.Notifications."""

    def __init__(self, bus: SessionBus, abilities: tuple[str, ...] = ABILITIES, first: int = 1) -> None:
        super().__init__(bus, _NOTIFICATIONS)
        self.abilities = abilities
        self.is_paused: bool | None = None
        """None: it does not say."""
        self.refuses = False
        self.may_answer = threading.Event()
        """Cleared: it takes its time over the next one."""
        self.may_answer.set()
        self._next = first
        self._begun = threading.Semaphore(0)
        self._shown: queue.Queue[Shown] = queue.Queue()
        self._taken_away: queue.Queue[int] = queue.Queue()
        self.begin()

    def answer(self, message: Any) -> tuple[Any, ...] | None:
        match _parts(message):
            case _, "Introspect", _:
                return "s", (_DESCRIPTION,)
            case _, "GetServerInformation", _:
                return "ssss", ("Testboard", "tests", "1", "1.2")
            case _, "GetCapabilities", _:
                return "as", (list(self.abilities),)
            case _, "Notify", (_app, replaces, _icon, title, body, actions, hints, _timeout) if not self.refuses:
                self._begun.release()
                assert self.may_answer.wait(WITHIN_S)
                number = replaces or self._next
                self._next += not replaces
                plain = {name: value for name, (_signature, value) in hints.items()}
                shown = Shown(number, replaces, title, body, tuple(actions), plain)
                self.answered.append(lambda: self._shown.put(shown))
                return "u", (number,)
            case _, "CloseNotification", (number,):
                self.answered += [lambda: self.closed(number, 3), lambda: self._taken_away.put(number)]
                return ()
            case "org.freedesktop.DBus.Properties", "Get", (_interface, "Inhibited") if self.is_paused is not None:
                return "v", (("b", self.is_paused),)
        return None

    # -- what the test sees --------------------------------------------------------------------------------------------

    def shown(self) -> Shown:
        """The next one that is shown; waits for it."""
        return self._shown.get(timeout=WITHIN_S)

    def is_busy(self) -> bool:
        """Wait until it works at the next one."""
        return self._begun.acquire(timeout=WITHIN_S)

    def taken_away(self) -> int:
        """The number of the next one that is taken away; waits for it."""
        return self._taken_away.get(timeout=WITHIN_S)

    @property
    def is_silent(self) -> bool:
        """Whether nothing was shown that was not looked at."""
        return self._shown.empty()

    # -- what the person at that desktop does --------------------------------------------------------------------------

    def click(self, shown: Shown, token: str = "", *, stays: bool = False) -> None:
        """*stays*: some take it away then, and some leave that to the program."""
        if token:
            self._tell("ActivationToken", "us", (shown.number, token))
        self._tell("ActionInvoked", "us", (shown.number, "default"))
        if not stays:
            self.closed(shown.number, 2)

    def closed(self, number: int, reason: int) -> None:
        self._tell("NotificationClosed", "uu", (number, reason))

    def _tell(self, signal: str, signature: str, body: tuple[Any, ...]) -> None:
        self.tell("/org/freedesktop/Notifications", _NOTIFICATIONS, signal, signature, body)


class Watcher(_Part):
    """org.kde.StatusNotifierWatcher, and the host that draws the icons."""

    def __init__(self, bus: SessionBus, *, has_host: bool = True) -> None:
        super().__init__(bus, _WATCHER)
        self.has_host = has_host
        self._bus = bus
        self._items: list[str] = []
        self._registered: queue.Queue[str] = queue.Queue()
        self.begin()

    def answer(self, message: Any) -> tuple[Any, ...] | None:
        match _parts(message):
            case _, "RegisterStatusNotifierItem", (name,):
                self._items.append(f"{name}/StatusNotifierItem")
                self.answered.append(lambda: self._registered.put(name))
                return ()
            case "org.freedesktop.DBus.Properties", "Get", (_interface, "IsStatusNotifierHostRegistered"):
                return "v", (("b", self.has_host),)
            case "org.freedesktop.DBus.Properties", "Get", (_interface, "RegisteredStatusNotifierItems"):
                return "v", (("as", self._items),)
        return None

    def registered(self) -> str:
        """The bus name of the next icon; waits for it."""
        return self._registered.get(timeout=WITHIN_S)

    def host_comes(self, here: bool) -> None:
        """A panel that draws icons comes, or goes."""
        self.has_host = here
        signal = "StatusNotifierHostRegistered" if here else "StatusNotifierHostUnregistered"
        self.tell("/StatusNotifierWatcher", _WATCHER, signal)

    # -- what a host does ----------------------------------------------------------------------------------------------

    def looks(self, item: str) -> dict[str, Any]:
        """Ask for everything that is to be drawn."""
        (found,) = self._ask(item, "/StatusNotifierItem", "org.freedesktop.DBus.Properties", "GetAll", "s", (_ITEM,))
        return {name: value for name, (_signature, value) in found.items()}

    def press(self, item: str) -> None:
        self._ask(item, "/StatusNotifierItem", _ITEM, "Activate", "ii", (0, 0))

    def menu(self, item: str) -> dict[str, int]:
        """The lines of its menu: what they say, and their numbers."""
        path = self.looks(item)["Menu"]
        body: tuple[int, int, list[str]] = (0, -1, [])
        _revision, (_root, _more, lines) = self._ask(item, path, _MENU, "GetLayout", "iias", body)
        return {line[1]["label"][1]: line[0] for _signature, line in lines}

    def choose(self, item: str, number: int) -> None:
        path = self.looks(item)["Menu"]
        self._ask(item, path, _MENU, "Event", "isvu", (number, "clicked", ("s", ""), 0))

    def _ask(
        self, item: str, path: str, interface: str, method: str, signature: str, body: tuple[Any, ...]
    ) -> tuple[Any, ...]:
        from jeepney import DBusAddress, MessageType, new_method_call

        connection = self._bus.connect()
        try:
            asked = new_method_call(DBusAddress(path, item, interface), method, signature, body)
            answer = connection.send_and_get_reply(asked, timeout=WITHIN_S)
        finally:
            connection.close()
        assert answer.header.message_type is MessageType.method_return, answer.body
        return tuple(answer.body)


_MENU = "com.canonical.dbusmenu"


@contextmanager
def desktop_session(monkeypatch: pytest.MonkeyPatch) -> Iterator[SessionBus]:
    """A bus with nobody on it yet, for this process and those that it starts; skips the test where it cannot be."""
    if shutil.which("dbus-daemon") is None:
        pytest.skip("dbus-daemon missing: apt-get install -y --no-install-recommends dbus")
    with tempfile.TemporaryDirectory(prefix="pm-") as folder:
        bus = SessionBus(Path(folder))
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.address)
        try:
            yield bus
        finally:
            bus.close()
