"""Files on their way and those that have come, by transfer and by file; what is listed, and how far all of it is together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from desktop.events.transfers import Transfer, TransferChanged, TransferEnded

UNDER_WAY: Final = frozenset({"waiting", "running", "paused"})


class TransferList(Struct, frozen=True):
    """What is listed, the newest first. *share*: of all bytes that are under way; None while nothing is."""

    transfers: tuple[Transfer, ...] = ()
    under_way: int = 0
    failed: int = 0
    finished: int = 0
    share: float | None = None


class Transfers:
    """All transfers of one account. A file is called by its id at the relay; an upload that has none yet by its key."""

    def __init__(self) -> None:
        self._by_key: dict[str, Transfer] = {}
        self._keys_by_file: dict[str, set[str]] = {}
        self._listed: dict[str, None] = {}

    def fold(self, event: TransferChanged | TransferEnded) -> set[str]:
        """Take in what happened; the files that look different now, by id or key."""
        match event:
            case TransferChanged(transfer):
                before = self._by_key.get(transfer.key)
                self._by_key[transfer.key] = transfer
                if before is not None and before.file != transfer.file:
                    self._drop_file(before)
                if transfer.file:
                    self._keys_by_file.setdefault(transfer.file, set()).add(transfer.key)
                # What was finished before this client was started is of no interest any more.
                if transfer.state != "done" or before is not None:
                    self._listed.setdefault(transfer.key)
                return _names(transfer) | (_names(before) if before is not None else set())
            case TransferEnded(key):
                self._listed.pop(key, None)
                gone = self._by_key.pop(key, None)
                if gone is None:
                    return set()
                self._drop_file(gone)
                return _names(gone)

    def _drop_file(self, transfer: Transfer) -> None:
        keys = self._keys_by_file.get(transfer.file, set())
        keys.discard(transfer.key)
        if not keys:
            self._keys_by_file.pop(transfer.file, None)

    def of(self, name: str) -> Transfer | None:
        """How it stands with the file of that id, or the upload of that key: a download says more than the upload that it once was."""
        if (upload := self._by_key.get(name)) is not None:
            return upload
        # Of equal ones the same is said every time.
        same = (self._by_key[key] for key in sorted(self._keys_by_file.get(name, ())))
        return max(same, key=_weight, default=None)

    def statuses(self, names: set[str]) -> Mapping[str, Transfer | None]:
        """How it stands with each of these."""
        return {name: self.of(name) for name in names}

    def list(self) -> TransferList:
        """For the person who wants to see all of them."""
        listed = tuple(self._by_key[key] for key in reversed(self._listed))
        states = [transfer.state for transfer in listed]
        moving = [transfer for transfer in listed if transfer.state in UNDER_WAY]
        size = sum(transfer.size for transfer in moving)
        done = sum(min(transfer.done, transfer.size) for transfer in moving)
        share = (done / size if size else 0.0) if moving else None
        return TransferList(listed, len(moving), states.count("failed"), states.count("done"), share)

    def clear_finished(self, only: str = "") -> None:
        """List no longer what is done, or *only* that one; the files stay where they are, and are known to be there."""
        done = [key for key in self._listed if self._by_key[key].state == "done"]
        for key in done:
            if only in ("", key):
                del self._listed[key]


_WEIGHTS: Final = {"running": 5, "waiting": 4, "paused": 3, "done": 2, "failed": 1}


def _weight(transfer: Transfer) -> tuple[bool, int]:
    return transfer.kind == "download", _WEIGHTS[transfer.state]


def _names(transfer: Transfer) -> set[str]:
    return {transfer.key, transfer.file} - {""}
