"""Where a bot stands in the log of each group, by what it knows that the log is still the same, and the file that keeps it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct, field

from common.ids import GroupId, Seq
from common.protocol import limits
from common.protocol.messages import Entry, GroupInfo, Imprint

_KEPT: Final = 2
"""Of each log: a message that is in hand is not done with, so the bot may stand before it after a restart."""


class State(Struct):
    """*epoch*: of the log, empty before the first link. *cursors*: the last seq that was taken. *imprints*: of the last entries."""

    epoch: str = ""
    cursors: dict[GroupId, Seq] = field(default_factory=dict)
    imprints: dict[GroupId, dict[Seq, Imprint]] = field(default_factory=dict)

    def begin(self, epoch: str) -> None:
        """The log has another life."""
        self.epoch = epoch
        self.cursors.clear()
        self.imprints.clear()

    def begin_group(self, group: GroupInfo) -> None:
        """A group that is new to the bot begins where its log ends."""
        self.cursors[group.id] = group.last_seq
        if group.last is not None and group.last.seq == group.last_seq:
            self._press(group.last)

    def end_group(self, group: GroupId) -> None:
        """The bot is not in that one any more."""
        self.cursors.pop(group, None)
        self.imprints.pop(group, None)

    def take(self, entry: Entry) -> None:
        """*entry* was the next of its log."""
        self.cursors[entry.group] = entry.seq
        self._press(entry)

    def before(self, entry: Entry | None) -> State:
        """The same, as if *entry*, which was taken last, had not been taken."""
        if entry is None or entry.group not in self.cursors:
            return self
        return State(self.epoch, {**self.cursors, entry.group: Seq(entry.seq - 1)}, self.imprints)

    def at_cursors(self) -> dict[int, Imprint]:
        """For `Hello`: of the entries at the cursors, as many as may be sent, the newest ones."""
        found = {group: self.imprints.get(group, {}).get(seq) for group, seq in self.cursors.items()}
        known = [(int(group), imprint) for group, imprint in found.items() if imprint is not None]
        known.sort(key=lambda one: one[1].at, reverse=True)
        return dict(known[: limits.IMPRINTS_MAX])

    def _press(self, entry: Entry) -> None:
        if entry.damaged:
            return
        kept = {**self.imprints.get(entry.group, {}), entry.seq: Imprint.of(entry)}
        self.imprints[entry.group] = dict(sorted(kept.items())[-_KEPT:])


def read(path: Path) -> State:
    """What is kept there; of a bot that has never run where there is no such file yet."""
    try:
        kept = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return State()
    cursors = {GroupId(int(group)): Seq(int(seq)) for group, seq in kept["cursors"].items()}
    imprints = {
        GroupId(int(group)): {Seq(int(seq)): msgspec.convert(one, Imprint) for seq, one in of.items()}
        for group, of in kept.get("imprints", {}).items()
    }
    return State(str(kept["epoch"]), cursors, imprints)


def write(path: Path, state: State) -> None:
    """Put it there in one step: a crash leaves the old one."""
    kept = {
        "epoch": state.epoch,
        "cursors": state.cursors,
        "imprints": msgspec.to_builtins(state.imprints, str_keys=True),
    }
    beside = path.with_name(f"{path.name}.new")
    with beside.open("w", encoding="utf-8") as file:
        json.dump(kept, file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
