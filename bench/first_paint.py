"""How long a person waits from the start of the client to its first painted window, with an archive full of history."""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from bench.figures import Figure
from bench.timeline import virtual_screen
from common.environment import child_environment
from common.ids import GroupId, Millis, RelayId, Seq, UserId
from common.protocol.messages import Entry, GroupInfo, User

STARTS: Final = 7
ENTRIES: Final = 5_000
GROUPS: Final = 30
GOAL_S: Final = 0.6
_ROOT: Final = Path(__file__).parent.parent
_LIMIT_S: Final = 60

# Each prints the monotonic clock, which all processes of a machine share, as soon as its window stands painted.
_BARE_TK: Final = """
import time, tkinter
root = tkinter.Tk()
tkinter.Label(root, text="Py_messenger").pack()
root.update()
print(time.monotonic())
"""
_CLIENT: Final = """
import sys, time
from pathlib import Path
from desktop.app import App, Config, run

def painted(app: App) -> None:
    print(time.monotonic())
    app.close()

run(Config.read(Path(sys.argv[1])), painted)
"""


def measure() -> list[Figure]:
    """Start the client again and again: without anything archived, and with history. The limit: an empty Tk window."""
    with virtual_screen(), tempfile.TemporaryDirectory() as folder:
        bytecode = Path(folder) / "bytecode"
        bare = _median(bytecode, _BARE_TK)
        (Path(folder) / "new").mkdir()
        (Path(folder) / "used").mkdir()
        first = _median(bytecode, _CLIENT, Path(folder) / "new")
        asyncio.run(_fill(Path(folder) / "used"))
        used = _median(bytecode, _CLIENT, Path(folder) / "used")
    return [
        Figure("client start to first paint: the list of relays", first, "s", GOAL_S, "less", bare),
        Figure(
            "client start to first paint: the main screen, its rows follow from the archive",
            used,
            "s",
            GOAL_S,
            "less",
            bare,
        ),
    ]


def _median(bytecode: Path, program: str, *arguments: Path) -> float:
    """Seconds from the start of a process to its painted window. The first start compiles into *bytecode*, and is not counted."""
    environment = child_environment(
        {
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            "SERVER_HOST": None,
            "LANG": "en_GB.UTF-8",
            "PYTHONDONTWRITEBYTECODE": None,
            "PYTHONPYCACHEPREFIX": os.fspath(bytecode),
        }
    )
    taken = []
    for _ in range(STARTS + 1):
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", program, *map(os.fspath, arguments)],
            cwd=_ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            timeout=_LIMIT_S,
            check=True,
        )
        taken.append(float(done.stdout) - began)
    return statistics.median(taken[1:])


async def _fill(home: Path) -> None:
    """Make the archive of somebody who is signed in at a relay that does not answer just now."""
    from desktop.link.archive import Archive, KnownRelay
    from desktop.link.shelf import Shelf
    from desktop.link.vault import KeptToken, Vault

    relay, me = RelayId("A" * 52), User(UserId(1), "anna", "Anna", "member")
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    vault = Vault(home)
    await vault.open()
    await vault.remember(KeptToken(relay, me.id, "x" * 43))
    archive = await Archive.open(home, vault.archive_key)
    archive.remember_relay(KnownRelay(relay, "Office", ("127.0.0.1:9",), Millis(0)))
    shelf = await Shelf.open(archive, await archive.make_account(relay, me))
    people = [me, *(User(UserId(number), f"user{number}", f"User {number}", "member") for number in range(2, 40))]
    shelf.keep_people(people)
    for number in range(1, GROUPS + 1):
        group = GroupId(number)
        entries = [
            Entry(
                group, Seq(seq), "message", people[seq % 7].id, Millis(seq * 60_000), None, f"message {seq} сообщение"
            )
            for seq in range(1, (ENTRIES if number == 1 else 50) + 1)
        ]
        last = entries[-1]
        kind = "general" if number == 1 else "group"
        shelf.keep_group(
            GroupInfo(group, kind, f"Group {number}", last_seq=last.seq, read_seq=last.seq, role="member", last=last)  # type: ignore[arg-type]
        )
        for start in range(0, len(entries), 200):
            shelf.keep_entries(group, entries[start : start + 200])
    shelf.keep_complete_up_to(Millis(ENTRIES * 60_000))
    await archive.close()
