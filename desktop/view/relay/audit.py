"""What was done to the relay: who did what to whom, and when."""

from __future__ import annotations

import re
import time
import tkinter as tk
from typing import Final

from common.ids import Millis
from common.protocol import limits
from common.protocol.messages import Answer, AuditEntries, AuditEntry, Command, ListAudit
from desktop import durations, locale
from desktop.locale import _, mark
from desktop.sizes import count_text
from desktop.view import kit
from desktop.view.limits_form import LIMITS
from desktop.view.relay.desk import RelayDesk
from desktop.view.relay.panel import OwnerPanel

_PAGE: Final = 30
ACTS: Final = {
    "account_made": mark("{by} made an account"),
    "account_disabled": mark("{by} shut out {whom}"),
    "account_enabled": mark("{by} let {whom} in again"),
    "password_reset": mark("{by} gave {whom} a new password"),
    "role_changed": mark("{by} gave {whom} another role: {detail}"),
    "sessions_revoked": mark("{by} signed {whom} out (devices and tokens: {detail})"),
    "account_deleted": mark("{by} deleted the account of {whom}, {detail}"),
    "name_freed": mark("{by} let somebody else have the name of a deleted account"),
    "invite_made": mark("{by} made an invitation ({detail})"),
    "invite_revoked": mark("{by} took an invitation back ({detail})"),
    "member_removed": mark("{by} took {whom} out of “{detail}”"),
    "member_banned": mark("{by} banned {whom} from “{detail}”"),
    "ban_lifted": mark("{by} let {whom} come back into “{detail}”"),
    "user_muted": mark("{by} muted {whom} on the whole relay ({detail})"),
    "user_unmuted": mark("{by} let {whom} write again on the whole relay"),
    "limits_changed": mark("{by} changed a limit of {whom}: {detail}"),
    "recovery_code_confirmed": mark("{by} confirmed the recovery code"),
    "recovery_code_made": mark("{by} made a new recovery code"),
    "passphrase_added": mark("{by} added a passphrase"),
    "passphrase_changed": mark("{by} changed the passphrase"),
    "slot_removed": mark("{by} took away a way to open the data: {detail}"),
    "keys_rotated": mark("{by} rotated the keys of the data"),
    "backup_made": mark("{by} made a backup: {detail}"),
    "backup_restored": mark("{by} restored a backup: {detail}"),
    "settings_changed": mark("{by} runs with other settings: {detail}"),
    "retention_changed": mark("{by} changed how long messages are kept: {detail}"),
    "hold_set": mark("{by} stopped all deletion: {detail}"),
    "hold_released": mark("{by} allowed deletion again: {detail}"),
    "move_offered": mark("{by} let another computer take the relay over"),
    "relay_moved": mark("{by} moved here from {detail}"),
}
_DETAILS: Final = {
    "owner": mark("owner"),
    "admin": mark("administrator"),
    "member": mark("member"),
    "file": mark("the key file"),
    "passphrase": mark("the passphrase"),
    "recovery": mark("the recovery code"),
    "erase": mark("with all messages"),
    "anonymous": mark("messages stay without a name"),
    "*": mark("on the whole relay"),
}
"""Words of the relay's own in the details of these acts; all other details are names, numbers and paths."""
_WORDED: Final = frozenset({"role_changed", "slot_removed", "account_deleted", "hold_set", "hold_released"})
_OWN: Final = mark("{by} deleted their account, {detail}")
_NUMBER: Final = re.compile(r"#\d+")
"""Stands in place of a name that is gone."""


class AuditPanel(OwnerPanel):
    """The newest first; older ones when they are asked for."""

    def __init__(self, parent: tk.Misc, desk: RelayDesk) -> None:
        super().__init__(parent, desk)
        look, px = self.look, self.look.px
        kept = _("Kept for {days} days, at most {n} of them; encrypted like everything on this relay.").format(
            days=limits.AUDIT_DAYS, n=count_text(limits.AUDIT_ENTRIES)
        )
        kit.paragraph(self, look, kept, "small", look.palette.text2).pack(fill="x", pady=(0, px(10)))
        self._lines = kit.frame(self, look)
        self._lines.pack(fill="x")
        self._more = kit.button(self, look, _("Show older ones"), self._ask_more)
        self._oldest: int | None = None
        self.after_idle(lambda: self.order(ListAudit(limit=_PAGE)))

    def heard(self, command: Command, answer: Answer) -> None:
        """A page of them."""
        if not isinstance(answer, AuditEntries) or not isinstance(command, ListAudit) or command.before != self._oldest:
            return
        now = Millis(int(time.time() * 1000))
        for entry in answer.entries:
            self._line(entry, now)
            self._oldest = entry.id
        if self._oldest is None:
            kit.paragraph(self._lines, self.look, _("Nothing is written down yet.")).pack(fill="x")
        if answer.more:
            self._more.pack(anchor="w", pady=(self.look.px(6), 0))
        else:
            self._more.pack_forget()

    def _ask_more(self) -> None:
        self.order(ListAudit(before=self._oldest, limit=_PAGE))

    def _line(self, entry: AuditEntry, now: Millis) -> None:
        look, px = self.look, self.look.px
        row = kit.frame(self._lines, look)
        row.pack(fill="x", pady=(0, px(8)))
        kit.paragraph(row, look, look.safe.line(words_of(entry), 400)).pack(fill="x")
        kit.paragraph(row, look, locale.moment(entry.at, now), "small", look.palette.text3).pack(fill="x")


def words_of(entry: AuditEntry) -> str:
    """What the record says; an act that this client does not know by its name on the wire."""
    if entry.damaged:
        return _("This record cannot be opened (damaged).")
    by = _called(entry.by) or (_("The relay itself") if entry.via == "relay" else _("Somebody at the relay's computer"))
    detail = _(_DETAILS[entry.detail]) if entry.act in _WORDED and entry.detail in _DETAILS else entry.detail
    whom = _called(entry.whom)
    if entry.act == "user_muted":
        detail = durations.in_words(int(detail)) if detail.isascii() and detail.isdigit() else _("until it is lifted")
    elif entry.act == "limits_changed":
        name, colon, change = detail.partition(": ")
        detail = f"{_(LIMITS[name])}{colon}{change}" if name in LIMITS else detail
        whom = whom or _("everybody")
    if entry.act in ACTS:
        said = _OWN if entry.act == "account_deleted" and entry.by == entry.whom else ACTS[entry.act]
        return _(said).format(by=by, whom=whom, detail=detail)
    return " · ".join(word for word in (by, entry.act.replace("_", " "), whom, detail) if word)


def _called(name: str) -> str:
    """*name* as it is shown."""
    return _("Deleted account {number}").format(number=name) if _NUMBER.fullmatch(name) else name


def build(parent: tk.Misc, desk: RelayDesk) -> AuditPanel:
    """They are asked for as it opens."""
    return AuditPanel(parent, desk)
