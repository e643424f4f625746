"""How much of a conversation's past is kept, in plain words. Pure: said in the timeline, in sheets and in an export alike."""

from __future__ import annotations

from common.protocol.messages import Keeps
from desktop.locale import _, n_
from desktop.sizes import count_text


def rule_text(keeps: Keeps | None) -> str:
    """What becomes of messages here, as sentences."""
    if keeps is None or not (keeps.held or keeps.days or keeps.entries):
        return _("All messages are kept.")
    if keeps.held:
        return _("Everything is kept here at present: nothing is deleted, and no message can be taken back.")
    said = []
    if keeps.days and keeps.own:
        said.append(
            n_(
                "Messages older than {n} day are deleted in this group.",
                "Messages older than {n} days are deleted in this group.",
                keeps.days,
            ).format(n=count_text(keeps.days))
        )
    elif keeps.days:
        said.append(
            n_(
                "Messages older than {n} day are deleted on this relay.",
                "Messages older than {n} days are deleted on this relay.",
                keeps.days,
            ).format(n=count_text(keeps.days))
        )
    if keeps.entries:
        said.append(
            n_(
                "Only the last {n} entry is kept, and what is younger than a day.",
                "Only the last {n} entries are kept, and what is younger than a day.",
                keeps.entries,
            ).format(n=count_text(keeps.entries))
        )
    return " ".join(said)


def begin_text(keeps: Keeps, *, cut: bool) -> str:
    """What stands where the messages begin. *cut*: something was said before."""
    return _("Older messages were deleted.") + " " + rule_text(keeps) if cut else rule_text(keeps)
