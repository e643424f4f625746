"""A LAN of network namespaces: hosts on bridges, which stand in a namespace of their own, so that this machine's network is untouched."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent


def ip(*words: str) -> None:
    """Run ``ip`` and fail with what it says."""
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"ip {' '.join(words)}: {done.stderr.strip()}")


class Program:
    """A program on a host. What it prints are lines of JSON, or words."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log = log
        self.lines: list[str] = []

    async def line(self, within_s: float = 15.0) -> str:
        """The next line. Fails when none comes."""
        assert self._process.stdout is not None
        async with asyncio.timeout(within_s):
            raw = await self._process.stdout.readline()
        if not raw:
            log = self._log.read_text(errors="replace")[-2000:]
            raise AssertionError(f"the program ended; it had said {self.lines} and logged {log}")
        self.lines.append(raw.decode().rstrip())
        return self.lines[-1]

    async def told(self, condition: Callable[[dict[str, Any]], bool], within_s: float = 15.0) -> dict[str, Any]:
        """The next JSON line for which *condition* holds."""
        async with asyncio.timeout(within_s):
            while True:
                said: dict[str, Any] = json.loads(await self.line(within_s + 1))
                if condition(said):
                    return said

    async def rest(self, within_s: float = 15.0) -> str:
        """All that it still prints, until it ends."""
        async with asyncio.timeout(within_s):
            said, _errors = await self._process.communicate()
        return said.decode()

    def say(self, line: str) -> None:
        """A line on its standard input."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())

    def send(self, sign: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(sign)

    async def stop(self, sign: signal.Signals = signal.SIGTERM) -> int:
        """Stop it, and what it returned."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(sign)
        try:
            async with asyncio.timeout(5):
                return await self._process.wait()
        except TimeoutError:
            self._process.kill()
            return await self._process.wait()


class Host:
    """One computer of the LAN: a namespace with ``eth0``, and more legs when they are given."""

    def __init__(self, lan: Lan, number: int) -> None:
        self.lan = lan
        self.number = number
        self.namespace = f"{lan.prefix}{number}"
        self.programs: list[Program] = []

    def ip(self, *words: str) -> None:
        """``ip`` in this host."""
        ip("-n", self.namespace, *words)

    async def run(self, *command: str, **environment: str) -> Program:
        """Start *command* here; it is stopped with the LAN."""
        log = self.lan.folder / f"{self.namespace}-{len(self.programs)}.log"
        with log.open("wb") as errors:
            process = await asyncio.create_subprocess_exec(
                "ip",
                "netns",
                "exec",
                self.namespace,
                *command,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                stdin=asyncio.subprocess.PIPE,
                cwd=ROOT,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
            )
        program = Program(process, log)
        self.programs.append(program)
        return program

    async def python(self, module: str, *arguments: str) -> Program:
        """Start a Python module here."""
        return await self.run(sys.executable, "-m", module, *arguments)

    def set(self, name: str, value: str) -> None:
        """A setting of its kernel: *name* as below ``/proc/sys``."""
        command = ["sh", "-c", 'echo "$1" > "/proc/sys/$0"', name, value]
        subprocess.run(["ip", "netns", "exec", self.namespace, *command], check=True)

    def cut(self) -> None:
        """Pull the cable of ``eth0``."""
        ip("-n", self.lan.switch, "link", "set", f"p{self.number}n0", "down")

    def mend(self) -> None:
        """Plug it in again."""
        ip("-n", self.lan.switch, "link", "set", f"p{self.number}n0", "up")


class Lan:
    """Hosts 1, 2, 3 … on network 10.77.0.0/24 (``br0``); a second leg is on 10.78.0.0/24 (``br1``)."""

    def __init__(self, folder: Path) -> None:
        """*folder* takes what the programs log."""
        self.folder = folder
        self.prefix = f"pm{secrets.token_hex(3)}"
        self.switch = f"{self.prefix}sw"
        self.hosts: list[Host] = []
        ip("netns", "add", self.switch)
        for bridge in ("br0", "br1"):
            ip("-n", self.switch, "link", "add", bridge, "type", "bridge", "mcast_snooping", "0")
            ip("-n", self.switch, "link", "set", bridge, "up")

    def host(self, nets: tuple[int, ...] = (0,), *, ipv4: bool = True) -> Host:
        """A new computer with one leg on each of *nets*."""
        host = Host(self, len(self.hosts) + 1)
        ip("netns", "add", host.namespace)
        self.hosts.append(host)
        # Link-local addresses can be used at once, without the wait for a duplicate.
        host.set("net/ipv6/conf/default/accept_dad", "0")
        host.ip("link", "set", "lo", "up")
        for leg, net in enumerate(nets):
            port = f"p{host.number}n{net}"
            ip(
                "-n",
                self.switch,
                "link",
                "add",
                port,
                "type",
                "veth",
                "peer",
                "name",
                f"eth{leg}",
                "netns",
                host.namespace,
            )
            ip("-n", self.switch, "link", "set", port, "master", f"br{net}", "up")
            host.ip("link", "set", f"eth{leg}", "up")
            if ipv4:
                host.ip("addr", "add", f"10.{77 + net}.0.{host.number}/24", "dev", f"eth{leg}")
        return host

    async def close(self) -> None:
        """Stop every program, remove every namespace."""
        try:
            await asyncio.gather(*(program.stop() for host in self.hosts for program in host.programs))
        finally:
            self._remove()

    def _remove(self) -> None:
        for namespace in (*(host.namespace for host in self.hosts), self.switch):
            subprocess.run(["ip", "netns", "del", namespace], check=False)


@contextlib.asynccontextmanager
async def lan_of_namespaces(folder: Path) -> AsyncIterator[Lan]:
    """An empty LAN, removed at the end whatever happens."""
    lan = Lan(folder)
    try:
        yield lan
    finally:
        await lan.close()
