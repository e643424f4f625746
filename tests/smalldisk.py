"""A disk that can become really full: a tmpfs in a mount namespace of its own, so that nobody else sees it and nothing is left of it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.conftest import why_no_namespaces
from tests.remote import ROOT

WIDE: Final = 1024**3
"""Bytes that it may hold at most; memory is taken only by what it does hold."""


class SmallDisk:
    """Made by `small_disk`. *path*: where it is for those within; *seen*: the same from outside."""

    def __init__(self, path: Path, keeper: int) -> None:
        self.path = path
        self.seen = Path(f"/proc/{keeper}/root") / path.relative_to("/")
        self.within = ["nsenter", "--mount", f"--target={keeper}", "sh", "-c", f'cd "{ROOT}" && exec "$@"', "sh"]

    def resize(self, size: int) -> None:
        """Let it hold *size* bytes from now on; less than there is on it cannot be."""
        subprocess.run([*self.within, "mount", "-o", f"remount,size={size}", str(self.path)], check=True)

    def fills_up(self, left: int = 0) -> None:
        """Leave *left* bytes free."""
        usage = os.statvfs(self.seen)
        self.resize((usage.f_blocks - usage.f_bfree) * usage.f_frsize + left)

    def has_room(self) -> None:
        """As at the beginning."""
        self.resize(WIDE)

    @property
    def free(self) -> int:
        """Bytes."""
        usage = os.statvfs(self.seen)
        return usage.f_bavail * usage.f_frsize


@contextmanager
def mounted(path: Path) -> Iterator[None]:
    """*path* as a container has it, for as long as the block runs: a disk is mounted there, and nothing can be written beside it. Skips the
    test where that cannot be."""
    path.mkdir(parents=True)
    beside = path.parent
    if os.name == "nt" or os.geteuid() != 0:
        pytest.skip("a disk is mounted, which needs root")
    if subprocess.run(["mount", "--bind", beside, beside], capture_output=True, check=False).returncode != 0:
        pytest.skip("nothing can be mounted here")
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=700", "tmpfs", path], check=True)
        subprocess.run(["mount", "-o", "remount,bind,ro", beside], check=True)
        yield
    finally:
        # Lazily: threads of the databases may end a moment after those who used them.
        subprocess.run(["umount", "--recursive", "--lazy", beside], check=True)


@contextmanager
def small_disk(path: Path) -> Iterator[SmallDisk]:
    """Mount it at *path*, for as long as the block runs; skips the test where that cannot be."""
    if reason := why_no_namespaces():
        pytest.skip(reason)
    if shutil.which("nsenter") is None:
        pytest.skip("nsenter is missing: apt-get install -y util-linux")
    path.mkdir()
    mount = f'mount -t tmpfs -o size={WIDE},mode=700 tmpfs "{path}" && echo mounted && exec sleep infinity'
    keeper = subprocess.Popen(["unshare", "--mount", "sh", "-c", mount], stdout=subprocess.PIPE)
    try:
        assert keeper.stdout is not None
        if keeper.stdout.readline() != b"mounted\n":
            pytest.skip("no tmpfs can be mounted here")
        yield SmallDisk(path, keeper.pid)
    finally:
        keeper.kill()
        keeper.wait()
        assert keeper.stdout is not None
        keeper.stdout.close()
