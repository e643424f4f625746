"""Lets the system start the client, or the relay on this computer, at sign-in; in a thread of its own, for files and systemd may be slow.

What is switched on is what is there: no setting says otherwise. An entry that leads to where this program was before is written anew.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from common.environment import Sources
from common.errors import ConfigError
from desktop.autostart.entry import Entry, client_entry, relay_entry
from desktop.autostart.seen import AutostartSeen
from desktop.autostart.unit import RelayUnit
from desktop.hosting import own_place
from desktop.locale import _

_ROOT: Final = Path(__file__).parents[2]


class Entries(Protocol):
    """Where a system keeps what it starts at sign-in."""

    def is_on(self, name: str, /) -> bool: ...
    def is_current(self, entry: Entry, /) -> bool: ...
    def write(self, entry: Entry, /) -> None: ...
    def remove(self, name: str, /) -> None: ...


class Autostart:
    """Every method returns at once; what comes of it is told as `AutostartSeen`."""

    def __init__(
        self,
        tell: Callable[[AutostartSeen], None],
        home: Path | None = None,
        *,
        entries: Callable[[], Entries] | None = None,
        unit: RelayUnit | None = None,
        dotenv_path: Path = _ROOT / ".env",
    ) -> None:
        """*tell* is called in a thread of this class. *home*: the client's folder, where it is not the usual one."""
        self._tell = tell
        self._client = client_entry(home)
        self._make_entries = entries or entries_of_this_system
        self._made: Entries | None = None
        self._unit = unit if unit is not None or sys.platform != "linux" else RelayUnit()
        self._dotenv_path = dotenv_path
        self._thread: threading.Thread | None = None

    def look(self) -> None:
        """Find out what starts at sign-in, and mend what leads to where this program was before."""
        self._soon(self._mend)

    def set_client(self, on: bool) -> None:
        """Start the client at sign-in, or not any more."""
        self._soon(lambda: self._set(self._client, on))

    def set_relay(self, on: bool) -> None:
        """Start the relay on this computer at sign-in, or not any more; one that runs goes on."""
        self._soon(self._add_relay if on else self._drop_relay)

    def wait(self, timeout_s: float) -> None:
        """Until what was asked is done."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    # -- in the thread -------------------------------------------------------------------------------------------------

    def _soon(self, work: Callable[[], None]) -> None:
        before = self._thread
        self._thread = threading.Thread(target=self._do, args=(work, before), name="autostart", daemon=True)
        self._thread.start()

    def _do(self, work: Callable[[], None], before: threading.Thread | None) -> None:
        if before is not None:
            before.join()  # in the order in which it was asked
        problem = ""
        try:
            work()
        except (OSError, ConfigError) as error:
            reason = getattr(error, "strerror", None) or error
            problem = _("What starts with this computer cannot be changed: {reason}").format(reason=reason)
        self._tell(self._seen(problem))

    def _seen(self, problem: str) -> AutostartSeen:
        try:
            client, relay = self._entries.is_on(self._client.name), self._is_relay_on()
        except OSError as error:
            return AutostartSeen(False, False, problem or str(error))
        return AutostartSeen(client, relay, problem)

    @property
    def _entries(self) -> Entries:
        if self._made is None:
            self._made = self._make_entries()
        return self._made

    def _set(self, entry: Entry, on: bool) -> None:
        if on:
            self._entries.write(entry)
        else:
            self._entries.remove(entry.name)

    def _is_relay_on(self) -> bool:
        return (self._unit is not None and self._unit.is_on) or self._entries.is_on(relay_entry().name)

    def _add_relay(self) -> None:
        where, options = self._relay_arguments()
        # The unit listens where the settings say; where that is another machine's place, the entry says otherwise.
        if self._unit is not None and not where and self._unit.install(options):
            self._entries.remove(relay_entry().name)
        else:
            self._entries.write(relay_entry((*where, *options)))

    def _relay_arguments(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Where it listens, if the settings name another machine's place; and its folders."""
        sources = Sources.gather({}, self._dotenv_path)
        return own_place(sources)[:2], relay_options(sources)  # which port is free now says nothing of the next sign-in

    def _drop_relay(self) -> None:
        self._entries.remove(relay_entry().name)
        if self._unit is not None and self._unit.is_on and not self._unit.uninstall():
            raise OSError(
                _("systemd does not let go of the relay: systemctl --user disable {unit}").format(
                    unit="py-messenger-relay"
                )
            )

    def _mend(self) -> None:
        if self._entries.is_on(self._client.name) and not self._entries.is_current(self._client):
            self._entries.write(self._client)
        if (self._unit is not None and self._unit.is_on and self._unit.is_lost) or self._is_relay_elsewhere():
            self._add_relay()

    def _is_relay_elsewhere(self) -> bool:
        where, options = self._relay_arguments()
        entry = relay_entry((*where, *options))
        return self._entries.is_on(entry.name) and not self._entries.is_current(entry)


def relay_options(sources: Sources) -> tuple[str, ...]:
    """The arguments for the folders that are named in the environment of this client, which a sign-in may not have."""
    named = (("--data-dir", "RELAY_DATA_DIR"), ("--key-file", "RELAY_KEY_FILE"))
    found = [(option, sources.path(name, None)) for option, name in named if sources.is_given(name)]
    return tuple(word for option, path in found if path is not None for word in (option, str(_ROOT / path)))


def entries_of_this_system() -> Entries:
    """By the system that this runs on."""
    match sys.platform:  # imported here: nobody needs the others
        case "win32":
            from desktop.autostart.registry import RunKey

            return RunKey()
        case "darwin":
            from desktop.autostart.launchd import LaunchAgents

            return LaunchAgents()
        case _:
            from desktop.autostart.xdg import XdgAutostart

            return XdgAutostart()
