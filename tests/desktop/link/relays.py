"""A real relay in a process of its own, to be stopped, killed and started again on the same data and port."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from tests import forked
from tests.forked import Forked

ROOT = Path(__file__).parents[3]
STOP_S = 10.0


class RelayProcess:
    """``python -m relay run`` on 127.0.0.1 with its data in *folder*; nothing of it is announced."""

    def __init__(self, folder: Path, name: str = "relay", options: tuple[str, ...] = ("--rate-limit", "0")) -> None:
        """Nothing runs before `start`."""
        self.folder = folder
        self.name = name
        self.options = options
        self.port = 0
        self.said: dict[str, Any] = {}
        self._process: Forked | subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self, port: int | None = None) -> RelayProcess:
        """Run it, on the port that it had before if it had one; returns when it is ready."""
        command = ["run", "--json", "--stop-with-parent", "--host", "127.0.0.1"]
        command += ["--port", str(self.port if port is None else port), "--name", self.name, "--announce", "no"]
        command += ["--data-dir", str(self.folder / "data"), "--key-file", str(self.folder / "key" / "relay.key")]
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            self._process = _started([*command, *self.options], self.folder, log)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"the relay did not start: {(self.folder / 'log').read_text(errors='replace')[-2000:]}"
        self.said = {**self.said, **json.loads(line)}
        self.port = self.said["port"]
        return self

    def stop(self) -> None:
        """Ask it to end, and wait."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        self._wait()

    def kill(self) -> None:
        """End it as a power cut does."""
        if self._process is not None:
            self._process.kill()
        self._wait()

    def pause(self) -> None:
        """Let it hang: it keeps its connections and does nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """End the pause."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _wait(self) -> None:
        if self._process is not None:
            process, self._process = self._process, None
            try:
                process.wait(STOP_S)
            finally:
                process.kill()
                process.wait()
                if isinstance(process, Forked):
                    process.close()
                else:
                    process.__exit__(None, None, None)


def _started(arguments: list[str], folder: Path, log: BinaryIO) -> Forked | subprocess.Popen[bytes]:
    """``python -m relay ARGUMENTS``, in a fraction of the time where that can be."""
    if forked.IS_POSSIBLE:
        return Forked(arguments, folder, log)
    return subprocess.Popen(
        [sys.executable, "-m", "relay", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
    )


@contextmanager
def relay_in(folder: Path, *options: str) -> Iterator[RelayProcess]:
    """A relay that runs as long as the block."""
    process = RelayProcess(folder, options=options or ("--rate-limit", "0"))
    try:
        yield process.start()
    finally:
        process.stop()
