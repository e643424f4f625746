"""The client, put together: window, link, own relay, models' controller and the pump between the threads. The only place that knows all.

The window comes first. What is heavy (HTTP, crypto, SQLite, mDNS) is imported by the link in its own thread, once the window is painted.
"""

from __future__ import annotations

import logging
import secrets
import signal
import threading
import time
import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from types import FrameType, TracebackType
from typing import Final

from msgspec import Struct

from common.environment import Sources
from common.errors import StartupError
from common.ids import Millis, Nonce
from common.protocol import limits
from desktop import litter, locale
from desktop.autostart.autostart import Autostart
from desktop.autostart.seen import AutostartSeen
from desktop.controller import Controller
from desktop.events import LinkEvent
from desktop.hosted import HostingEvent
from desktop.hosting import Hosting
from desktop.link.link import Link
from desktop.link.looking import Looking
from desktop.locale import _
from desktop.moves import MoveEvent
from desktop.moving import Moving
from desktop.notifications import NotifierEvent
from desktop.notify.notifier import Notifier
from desktop.pump import Pump
from desktop.settings import SettingsFile
from desktop.view.app_icon import app_pixels
from desktop.view.plainly import plainly
from desktop.view.window import Window

APP_NAME: Final = "pymessenger"
NOTIFIER_STOP_S: Final = 1.0
STOP_S: Final = 3.0
"""Closing takes no longer: what the link could not write by then is written at the next start."""
AUTOSTART_S: Final = 10.0
"""What is being written for the next sign-in when the window closes is finished; systemd takes a second or two."""
_TICK_MS: Final = 1000
_UNSEEN_MS: Final = 1500
"""A window that nobody sees by then (started minimised) has its link all the same."""
_EVERYWHERE: Final = ("0.0.0.0", "::", "[::]", "*")
_ARCHIVES: Final = "archive-*.db"
_ROOT: Final = Path(__file__).parent.parent

_log = logging.getLogger(__name__)


class NoWindow(StartupError):
    """The system lets no window open; the text says what to do."""


class Config(Struct, frozen=True):
    """*home*: the client's folder, and whether *is_usual_home*. *server*: ``host:port`` to go to instead of discovering; empty: discover.

    *in_background*: nobody has asked for the window yet, as when the person just signs in to the computer.
    """

    home: Path
    server: str = ""
    in_background: bool = False
    is_usual_home: bool = False

    @classmethod
    def read(
        cls,
        home: Path | None = None,
        server: str | None = None,
        dotenv_path: Path = _ROOT / ".env",
        *,
        in_background: bool = False,
    ) -> Config:
        """The settings of this process: the given ones (of the command line), else the environment, else ``.env``.

        Raises:
            ConfigError: a value cannot be used.
        """
        sources = Sources.gather({"SERVER_HOST": server}, dotenv_path)
        host = sources.text("SERVER_HOST", "")
        port = sources.integer("SERVER_PORT", limits.DEFAULT_PORT, 1, 65_535)
        usual = _user_folder()
        where = usual if home is None else home
        return cls(where, _with_port(host, port) if host else "", in_background, where.absolute() == usual)


class App:
    """One running client."""

    def __init__(self, config: Config) -> None:
        """Make the parts; nothing runs yet.

        Raises:
            NoWindow: there is no display, or it refuses.
        """
        self._settings = SettingsFile(config.home)
        locale.use(self._settings.settings.language or locale.system_language())
        # The link tells nothing before it is started, and then the pump is there.
        self._link = Link(config.home, self._tell, _now, Looking(config.server))
        self._hosting = Hosting(self._tell, config.home / "relay.log")
        self._notifier = Notifier(self._tell, app_pixels)
        self._autostart = Autostart(self._tell, None if config.is_usual_home else config.home.absolute())
        self._controller = Controller(
            self._link,
            self._hosting,
            self._settings,
            self._notifier,
            Moving(self._tell),
            self._autostart,
            now=_now,
            new_nonce=_new_nonce,
            direct=config.server,
            plain=plainly,
        )
        self._in_background = config.in_background
        self._is_remembered = any(config.home.glob(_ARCHIVES))
        try:
            self._window = Window(self._controller, self._settings, in_background=config.in_background)
        except tk.TclError as error:
            raise NoWindow(
                _(
                    "No window can be opened here ({reason}). Start it on a desktop, or run only the relay: python -m relay run"
                ).format(reason=error)
            ) from error
        self._root = self._window.root
        self._on_painted: Callable[[App], None] | None = None
        self._link_started = False
        self._root.report_callback_exception = self._callback_failed
        self._pump: Pump[LinkEvent | HostingEvent | MoveEvent | NotifierEvent | AutostartSeen] = Pump(
            self._root, self._controller.fold, self._controller.settle
        )

    def run(self, on_painted: Callable[[App], None] | None = None) -> None:
        """Show the window until it is closed. *on_painted* is called once, when the first screen stands painted."""
        self._on_painted = on_painted
        litter.keep_to_this_thread()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._signalled)
        self._root.bind("<Map>", self._mapped, add=True)
        self._root.bind("<Destroy>", self._destroyed, add=True)
        self._controller.begin(self._window, remembered=self._is_remembered, in_background=self._in_background)
        self._root.after(_TICK_MS, self._tick)
        self._root.after(_UNSEEN_MS, self._start_link)
        self._pump.start()
        try:
            self._root.mainloop()
        finally:
            self._stop()

    def close(self) -> None:
        """Take the window down without asking anything; `run` then ends."""
        self._window.close()

    # -- in the window's thread ----------------------------------------------------------------------------------------

    def _tell(self, event: LinkEvent | HostingEvent | MoveEvent | NotifierEvent | AutostartSeen) -> None:
        """Called in other threads."""
        self._pump.tell(event)

    def _tick(self) -> None:
        self._root.after(_TICK_MS, self._tick)
        self._controller.tick()
        litter.collect()

    def _mapped(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self._root and not self._link_started:
            self._root.after_idle(self._painted)

    def _painted(self) -> None:
        self._root.update_idletasks()
        self._start_link()
        on_painted, self._on_painted = self._on_painted, None
        if on_painted is not None:
            on_painted(self)

    def _start_link(self) -> None:
        """Only when the first screen is painted: the link's imports would take the window's time until then."""
        if not self._link_started:
            self._link_started = True
            self._link.start()
            self._notifier.want_tray(self._settings.settings.tray)

    def _destroyed(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self._root:
            self._pump.stop()

    def _signalled(self, _number: int, _frame: FrameType | None) -> None:
        # Python calls this between two steps of whatever runs now, which may be a handler of the window: so only ask for it.
        self._root.after(0, self._window.close)

    def _callback_failed(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        _log.error("a handler of the window failed", exc_info=(kind, error, trace))

    def _stop(self) -> None:
        """Take everything down, link and own relay at the same time."""
        relay_ends = threading.Thread(target=self._hosting.stop, args=(STOP_S,), name="hosting stop", daemon=True)
        if self._hosting.is_running:
            relay_ends.start()
        self._notifier.stop(NOTIFIER_STOP_S)
        self._link.stop(STOP_S)
        self._autostart.wait(AUTOSTART_S)
        if relay_ends.ident is not None:
            relay_ends.join(STOP_S)


def run(config: Config, on_painted: Callable[[App], None] | None = None) -> None:
    """Run one client until its window is closed.

    Raises:
        NoWindow: there is no display, or it refuses.
    """
    App(config).run(on_painted)


def _with_port(host: str, port: int) -> str:
    """``host:port`` as the link reads it; a *host* that only says where a relay listens is none to go to."""
    if host in _EVERYWHERE:
        return ""
    return f"[{host}]:{port}" if ":" in host and not host.startswith("[") else f"{host}:{port}"


def _user_folder() -> Path:
    from platformdirs import user_data_path

    return user_data_path(APP_NAME, appauthor=False)


def _now() -> Millis:
    return Millis(time.time_ns() // 1_000_000)


def _new_nonce() -> Nonce:
    return Nonce(secrets.token_hex(16))
