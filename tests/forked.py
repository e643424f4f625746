"""Processes that run the relay's command line without importing the program anew: forked from one that has imported it already.

A start costs more than half a second of a processor by imports alone, and the tests start a relay some hundreds of times. Each is a process of its
own all the same, to be paused and killed. `python -m relay` itself is started by the tests of the command line.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import BinaryIO, Final

ROOT: Final = Path(__file__).parent.parent
IS_POSSIBLE: Final = hasattr(os, "fork") and hasattr(os, "pidfd_open")
_ORDER_MAX: Final = 1 << 20


class Forked:
    """A relay's process, used like `subprocess.Popen`. *stdin* and *stdout*: the other ends of its own."""

    def __init__(self, arguments: Sequence[str], folder: Path, log: BinaryIO) -> None:
        """``python -m relay ARGUMENTS`` in *folder*, with this process's environment and its errors in *log*."""
        order = {"arguments": list(arguments), "folder": os.fspath(folder), "environment": dict(os.environ)}
        its_stdin, stdin = os.pipe()
        stdout, its_stdout = os.pipe()
        try:
            self._pidfd = _source().fork(json.dumps(order).encode(), (its_stdin, its_stdout, log.fileno()))
        finally:
            os.close(its_stdin)
            os.close(its_stdout)
        self.stdin = os.fdopen(stdin, "wb", buffering=0)
        self.stdout = os.fdopen(stdout, "rb")

    def send_signal(self, number: int) -> None:
        """As `os.kill`; nothing when it has ended."""
        try:
            signal.pidfd_send_signal(self._pidfd, number)
        except ProcessLookupError:
            return

    def kill(self) -> None:
        """End it as a power cut does."""
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> None:
        """Until it has ended.

        Raises:
            subprocess.TimeoutExpired: it has not within *timeout* seconds.
        """
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        if timeout is not None and not poll.poll(timeout * 1000):
            raise subprocess.TimeoutExpired("relay", timeout)
        poll.poll()

    def close(self) -> None:
        """Give the pipes back; the process must have ended."""
        self.stdin.close()
        self.stdout.close()
        os.close(self._pidfd)


class _Source:
    """The process that all others are forked from. It ends with this one."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.forked", str(theirs.fileno())], cwd=ROOT, pass_fds=[theirs.fileno()]
            )
        self._socket = ours
        self._lock = threading.Lock()

    def fork(self, order: bytes, descriptors: tuple[int, int, int]) -> int:
        """A process with these as standard input, output and error; the descriptor that it is known by."""
        with self._lock:
            socket.send_fds(self._socket, [order], descriptors)
            _said, (pidfd,), _flags, _address = socket.recv_fds(self._socket, 1, 1)
        return pidfd

    def close(self) -> None:
        """Let it end; what it forked goes on."""
        self._socket.close()
        self._process.wait()


@cache
def _source() -> _Source:
    source = _Source()
    atexit.register(source.close)
    return source


def _main(control: socket.socket) -> None:
    """Import the program, and become it in a child whenever that is asked for."""
    import relay.__main__ as program

    gc.collect()
    gc.freeze()
    while True:
        order, descriptors, _flags, _address = socket.recv_fds(control, _ORDER_MAX, 3)
        if not order:
            return
        _reap()
        child = os.fork()
        if child == 0:
            control.close()
            for number, descriptor in enumerate(descriptors):
                os.dup2(descriptor, number)
                os.close(descriptor)
            sys.stdin = os.fdopen(0, closefd=False)
            sys.stdout = os.fdopen(1, "w", closefd=False)
            sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
            wanted = json.loads(order)
            os.chdir(wanted["folder"])
            os.environ.clear()
            os.environ.update(wanted["environment"])
            sys.exit(program.main(wanted["arguments"]))
        for descriptor in descriptors:
            os.close(descriptor)
        pidfd = os.pidfd_open(child)
        socket.send_fds(control, [b"."], [pidfd])
        os.close(pidfd)


def _reap() -> None:
    """Children that have ended are known by their descriptors only."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


if __name__ == "__main__":
    _main(socket.socket(fileno=int(sys.argv[1])))
