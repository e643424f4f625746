"""How far a transfer is, in words: "12 of 80 MB · 34 MB/s · 2 s left". Pure."""

from __future__ import annotations

import math

from desktop.events.transfers import Transfer
from desktop.locale import _, n_
from desktop.sizes import done_text, size_text


def left_text(seconds: float) -> str:
    """How long it takes yet."""
    whole = max(1, math.ceil(seconds))
    if whole < 60:
        return n_("{n} s left", "{n} s left", whole).format(n=whole)
    minutes = round(whole / 60)
    if minutes < 60:
        return n_("{n} min left", "{n} min left", minutes).format(n=minutes)
    hours = round(whole / 3600)
    return n_("{n} h left", "{n} h left", hours).format(n=hours)


def status_text(transfer: Transfer) -> str:
    """One line that says how it stands with a transfer."""
    match transfer.state:
        case "waiting":
            if transfer.done:
                return _("Waiting · {progress}").format(progress=done_text(transfer.done, transfer.size))
            return _("Waiting · {size}").format(size=size_text(transfer.size))
        case "running":
            parts = [done_text(transfer.done, transfer.size)]
            if transfer.rate > 0:
                parts.append(_("{size}/s").format(size=size_text(transfer.rate)))
            if transfer.left_s is not None:
                parts.append(left_text(transfer.left_s))
            return " · ".join(parts)
        case "paused":
            return _("Paused · {progress}").format(progress=done_text(transfer.done, transfer.size))
        case "failed":
            return transfer.problem or _("It failed.")
        case "done" if transfer.kind == "download":
            return _("{size} · on this computer").format(size=size_text(transfer.size))
        case "done":
            return size_text(transfer.size)
