"""The thread that shows notifications. It is started by what is asked first, and asks nobody before.

What is to be shown is kept by conversation, the newest wins: however slow the system is, no more than that waits. What is heavy (asyncio,
the libraries of each system) is imported by the thread itself.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from common.ids import GroupId
from desktop.notifications import Notification, NotifierEvent
from desktop.notify.pictures import Draw
from desktop.notify.work import Work

if TYPE_CHECKING:
    from desktop.notify.worker import Build

_log = logging.getLogger(__name__)


class Notifier:
    """The controller's `desktop.controller.doors.NotifierDoor`. Every method but `stop` returns at once, in whatever thread."""

    def __init__(self, tell: Callable[[NotifierEvent], None], draw: Draw, build: Build | None = None) -> None:
        """*tell*: takes what comes of it, in any thread. *draw*: the client's picture. *build*: makes what shows it, in the
        notifier's loop; None: with what this system has."""
        self._tell = tell
        self._draw = draw
        self._build = build
        self._lock = threading.Lock()
        # Under the lock, all that follows.
        self._work = Work()
        self._thread: threading.Thread | None = None
        self._wake_worker: Callable[[], None] | None = None
        self._is_over = False
        self._wants_tray = False
        self._unread = 0

    # -- what the controller asks --------------------------------------------------------------------------------------

    def show(self, notification: Notification) -> None:
        """Show it, in place of the one of the same group."""
        with self._lock:
            self._work.wanted.pop(notification.group, None)
            self._work.wanted[notification.group] = notification
            self._go_on()

    def withdraw(self, group: GroupId | None) -> None:
        """Take away what is shown of *group*."""
        with self._lock:
            if self._thread is not None:
                self._work.wanted[group] = None
                self._go_on()

    def withdraw_all(self) -> None:
        """Take everything away."""
        with self._lock:
            if self._thread is not None:
                self._work.wanted.clear()
                self._work.clear = True
                self._go_on()

    def test(self, notification: Notification) -> None:
        """Show one to see whether it is seen."""
        with self._lock:
            self._work.test = notification
            self._go_on()

    def look(self) -> None:
        """Find out what the system can do."""
        with self._lock:
            self._work.look = True
            self._go_on()

    def want_tray(self, on: bool) -> None:
        """Have an icon beside the clock, or none."""
        with self._lock:
            is_new, self._wants_tray = on != self._wants_tray, on
            if is_new:
                self._work.tray = on, self._unread
                self._go_on()

    def count(self, unread: int) -> None:
        """So many messages wait; the icon beside the clock says so."""
        with self._lock:
            is_new, self._unread = unread != self._unread, unread
            if is_new and self._wants_tray:
                self._work.tray = True, unread
                self._go_on()

    def stop(self, patience_s: float) -> None:
        """Take everything away and end the thread; after *patience_s* go on without it."""
        with self._lock:
            self._is_over = True
            thread = self._thread
            self._wake()
        if thread is not None:
            thread.join(patience_s)
            if thread.is_alive():
                _log.warning("the notifier did not end within %s s", patience_s)

    def _go_on(self) -> None:
        if self._thread is None and not self._is_over:
            self._thread = threading.Thread(target=self._run, name="notifier", daemon=True)
            self._thread.start()
        self._wake()

    def _wake(self) -> None:
        if self._wake_worker is not None:
            self._wake_worker()

    # -- in the thread -------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        import asyncio

        from desktop.notify.worker import Worker

        asyncio.run(Worker(self, self._tell, self._draw, self._build).live())

    def take(self) -> Work | None:
        """What is to be done now; None: nothing more, ever."""
        with self._lock:
            work, self._work = self._work, Work()
            return None if self._is_over else work

    def reach_worker(self, wake: Callable[[], None] | None) -> None:
        """*wake* makes the worker look what is to be done; None: it has ended."""
        with self._lock:
            self._wake_worker = wake
