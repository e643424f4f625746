"""A program without threads: forks, and each child is killed before another statement of the migration; then looks at what is left.

Its arguments are the database and the folder to work in. It prints one line of JSON for each kill.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from relay.storage.migrate import migrate, version_of


def opened(path: Path) -> sqlite3.Connection:
    conn = sqlite3.connect(path, isolation_level=None)
    conn.execute("PRAGMA journal_mode = WAL").fetchone()
    conn.execute("PRAGMA foreign_keys = ON")
    return conn


def migrated_until(path: Path, statement: int) -> bool:
    """Migrate in a child that is killed before its *statement*; whether it came to its end."""
    child = os.fork()
    if not child:
        conn, left = opened(path), statement

        def count(_statement: str) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

        conn.set_trace_callback(count)
        migrate(conn, path)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return not os.WIFSIGNALED(status)


def content(path: Path) -> tuple[int, str]:
    with closing(opened(path)) as conn:
        return version_of(conn), "\n".join(conn.iterdump())


def main(original: Path, folder: Path) -> None:
    """Kill it before the first statement, before the second … until it is through."""
    old, ended, statement = content(original), False, 0
    while not ended:
        path = folder / f"{statement}.db"
        shutil.copyfile(original, path)
        ended = migrated_until(path, statement)
        left = content(path)
        with closing(opened(path)) as conn:
            migrate(conn, path)
        again = content(path)
        print(
            json.dumps(
                {
                    "killed": not ended,
                    "version": left[0],
                    "is_old": left == old,
                    "again": again[0],
                    "dump": hash(again[1]),
                }
            )
        )
        statement += 1


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
