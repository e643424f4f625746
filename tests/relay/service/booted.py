"""A computer that systemd runs, of namespaces: its own processes, network, `/run`, `/var`, `/tmp` and units; all else is there to be read.

Nothing of the machine below is started, and nothing of it can be changed: everything is mounted read-only or made anew in memory.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from relay.service.systemd import this_program

ROOT: Final = Path(__file__).parents[3]
SYSTEMD: Final = Path("/lib/systemd/systemd")
WITHIN_S: Final = 30.0

_BOOT: Final = """
set -e
mount --make-rprivate /
mount -t proc proc /proc
ip link set lo up
ip link add eth0 type veth peer name eth1
ip addr add 10.9.0.1/24 dev eth0
ip link set eth0 up
ip link set eth1 up
mount -t tmpfs -o mode=1777 tmpfs /mnt
for folder in "$@"; do
    case "$folder" in
        /tmp/*) mkdir -p "/mnt/${folder#/tmp/}"; mount --bind "$folder" "/mnt/${folder#/tmp/}" ;;
    esac
done
mount --make-private /mnt
mount --move /mnt /tmp
mount -t tmpfs -o mode=1777 tmpfs /var/tmp
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/log
mount -t tmpfs tmpfs /etc/systemd/system
mount -t tmpfs -o mode=755 tmpfs /var/lib
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p /run/systemd/system /run/units
cp /lib/systemd/system/systemd-journald.service /lib/systemd/system/systemd-journald.socket \\
    /lib/systemd/system/systemd-journald-dev-log.socket /run/units/
for name in sysinit basic shutdown network-online local-fs sockets; do
    printf '[Unit]\\nDefaultDependencies=no\\n' > /run/units/$name.target
done
printf '[Unit]\\nDefaultDependencies=no\\nWants=systemd-journald.service\\n' > /run/units/multi-user.target
mount -o remount,bind,ro /
mount --make-rshared /
exec env -i PATH="$PATH" container=pymessenger SYSTEMD_UNIT_PATH=/etc/systemd/system:/run/units \\
    /lib/systemd/systemd --system --unit=multi-user.target --log-target=journal
"""


class Computer:
    """One that has been started; commands are run on it as root."""

    def __init__(self, init: int) -> None:
        self._init = init

    def runs(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """What became of *command*."""
        inside = ["nsenter", "-t", str(self._init), "-a", f"-w{ROOT}", "--", *command]
        return subprocess.run(
            inside,
            capture_output=True,
            text=True,
            timeout=60,
            umask=0o022,
            check=False,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        )

    def says(self, *command: str, **environment: str) -> str:
        """What *command* prints; it must succeed."""
        done = self.runs(*command, **environment)
        assert done.returncode == 0, (command, done.stdout, done.stderr, self.journal())
        return done.stdout

    def relay(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`python -m relay`."""
        return self.runs(sys.executable, "-m", "relay", *words)

    def shows(self, unit: str, field: str) -> str:
        """One property of a unit."""
        return self.says("systemctl", "show", unit, f"--property={field}", "--value").strip()

    def until(self, unit: str, field: str, *wanted: str) -> str:
        """Wait until that property is one of *wanted*."""
        deadline = time.monotonic() + WITHIN_S
        while (value := self.shows(unit, field)) not in wanted:
            assert time.monotonic() < deadline, f"{field} is {value}; {self.journal()}"
        return value

    def journal(self) -> str:
        """All that was logged."""
        return self.runs("journalctl", "--no-pager", "--output=cat").stdout[-6000:]


def why_not() -> str:
    """Why such a computer cannot be made here; an empty string where it can."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return "systemd is started in namespaces, which needs root on Linux"
    for program in ("unshare", "nsenter", "ip", "systemctl", "journalctl"):
        if shutil.which(program) is None:
            return f"{program} is missing"
    if not SYSTEMD.exists():
        return f"{SYSTEMD} is missing"
    return ""


@contextlib.contextmanager
def booted(log: Path) -> Iterator[Computer]:
    """Start one; it is gone at the end. *log* takes what it says before systemd has its journal."""
    command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--cgroup", "--net", "--uts", "--ipc"]
    command += ["bash", "-c", _BOOT, "boot", *(str(folder) for folder in this_program().folders)]
    with log.open("wb") as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=errors,
            stderr=errors,
            umask=0o022,  # a computer's, not a test's
        )
    try:
        computer = Computer(_init_of(process, log))
        deadline = time.monotonic() + WITHIN_S
        while computer.runs("systemctl", "is-system-running").stdout.strip() not in ("running", "degraded"):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
        yield computer
    finally:
        process.send_signal(
            signal.SIGKILL
        )  # and with it, by --kill-child, the first process of the namespace and all others
        process.wait()


def _init_of(process: subprocess.Popen[bytes], log: Path) -> int:
    """The process that is the first one in there, once it is systemd."""
    deadline = time.monotonic() + WITHIN_S
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        for child in children.read_text().split():
            with contextlib.suppress(FileNotFoundError):
                if Path(f"/proc/{child}/comm").read_text().strip() == "systemd":
                    return int(child)
    raise AssertionError(log.read_text())
