"""How it stands with the relay: whether it is well, what opens its data, what it holds, and its last backup."""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Iterator
from typing import Final

from common.ids import Millis
from common.protocol.messages import Answer, Command, KeyWay, OneRelay, RelayState, ShowState
from desktop import locale
from desktop.locale import _, mark
from desktop.sizes import count_text, size_text
from desktop.view import kit
from desktop.view.relay.desk import RelayDesk
from desktop.view.relay.panel import OwnerPanel

TROUBLES: Final = {
    "storage": mark("Nothing can be stored: the disk is full or fails. Make room, and look at the disk."),
    "reading": mark("Not all that is stored can be read: the disk fails or the database is damaged. Restore a backup."),
    "damaged": mark("Some stored records cannot be opened (damaged). They show as damaged; everything else goes on."),
    "disk_low": mark("The relay's disk is nearly full. Make room: files are refused first, then messages."),
    "wal_large": mark("The database's log has grown too large. Restarting the relay puts that right."),
    "backup": mark("The daily backup could not be made. Look at its folder, and whether its disk has room."),
    "rotation": mark("The exchange of the keys does not go on. Look at the relay's log."),
    "search": mark("The search does not work at the moment. Look at the relay's log."),
    "announcement": mark(
        "Others may not find this relay by themselves. An address or an invitation link still leads here."
    ),
    "clock": mark("The clock of the relay's computer is wrong. Correct it: messages carry wrong times until then."),
    "key_file": mark(
        "The key file does not open the data any more. Nothing is lost while the relay runs: do not stop it before you have added another way."
    ),
    "certificate": mark(
        "The relay's certificate is not valid by its date, or ends soon. The clients of this program do not mind."
    ),
}
"""By the codes of the relay's health."""
_WAYS: Final = {"file": mark("Key file"), "passphrase": mark("Passphrase"), "recovery": mark("Recovery code")}


class StatePanel(OwnerPanel):
    """Told anew whenever it is opened, and by a button."""

    def __init__(self, parent: tk.Misc, desk: RelayDesk) -> None:
        super().__init__(parent, desk)
        self._place = kit.frame(self, self.look)
        self._place.pack(fill="x")
        again = kit.button(self, self.look, _("Ask the relay again"), lambda: self.order(ShowState()), icon="retry")
        again.pack(anchor="w", pady=(self.look.px(6), 0))
        self._say(_("Asking the relay…"), self.look.palette.text3)
        self.after_idle(lambda: self.order(ShowState()))

    def heard(self, command: Command, answer: Answer) -> None:
        """How it stands."""
        if isinstance(answer, OneRelay):
            for child in self._place.winfo_children():
                child.destroy()
            self._show(answer.relay)

    def _show(self, state: RelayState) -> None:
        palette, now = self.look.palette, Millis(int(time.time() * 1000))
        if state.health.status == "ok":
            self._line("check", palette.ok, _("The relay is well."), "second_bold")
        for code, reason in zip(state.health.codes, state.health.reasons, strict=False):
            self._line("warning", palette.danger, _(TROUBLES[code]) if code in TROUBLES else reason)
        self._head(_("What opens its data"))
        for way in state.ways:
            self._line("key", palette.text3, _way(way, state, now))
        for advice in advice_of(state):
            self._line("warning", palette.warn_text, advice)
        self._head(_("Backups"))
        for is_bad, words in _backups(state, now):
            self._line("warning" if is_bad else "save", palette.warn_text if is_bad else palette.text3, words)
        self._head(_("What it is and holds"))
        for name, value in _facts(state, now):
            self._fact(name, value)

    def _head(self, text: str) -> None:
        px = self.look.px
        kit.label(self._place, self.look, text, "small_bold", self.look.palette.text2).pack(
            anchor="w", pady=(px(12), px(5))
        )

    def _say(self, text: str, colour: str) -> None:
        kit.paragraph(self._place, self.look, text, "second", colour).pack(fill="x")

    def _line(self, icon: str, colour: str, text: str, font: str = "second") -> None:
        look, px = self.look, self.look.px
        row = kit.frame(self._place, look)
        row.pack(fill="x", pady=(0, px(5)))
        kit.label(row, look, image=look.icon(icon, 16, colour, 2.2)).pack(
            side="left", anchor="n", padx=(0, px(8)), pady=(px(1), 0)
        )
        kit.paragraph(row, look, text, font).pack(side="left", fill="x", expand=True)

    def _fact(self, name: str, value: str) -> None:
        look, px = self.look, self.look.px
        row = kit.frame(self._place, look)
        row.pack(fill="x", pady=(0, px(4)))
        kit.paragraph(row, look, name, "small", look.palette.text3).pack(fill="x")
        kit.paragraph(row, look, look.safe.line(value, 400)).pack(fill="x")


def _way(way: KeyWay, state: RelayState, now: Millis) -> str:
    since = _("since {moment}").format(moment=locale.moment(way.at, now))
    words = [_(_WAYS[way.kind]), since]
    if way.kind == "file":
        words.append(_("opens the data") if way.opens else _("does not open the data"))
        words.append(state.key_file)
    elif way.kind == "recovery":
        words.append(_("confirmed") if way.confirmed else _("not confirmed yet"))
    return " · ".join(words)


def advice_of(state: RelayState) -> Iterator[str]:
    """What should be mended of the ways to the data, most urgent first."""
    kinds = {way.kind for way in state.ways}
    if "file" not in kinds and not state.knows_passphrase:
        yield _("Without the key file the next start needs the passphrase: set RELAY_PASSPHRASE_FILE before it.")
    if "recovery" not in kinds:
        yield _(
            "There is no recovery code. If the other ways are lost, every message is lost for good. Make one on the relay's computer: "
            "relay keys new-recovery-code"
        )
    elif not any(way.confirmed for way in state.ways):
        yield _(
            "The recovery code has never been confirmed, so nobody knows whether what was written down is right. Type it back on the "
            "relay's computer: relay keys confirm"
        )
    if state.resealing is not None:
        done, total = state.resealing
        share = 100 * done // max(1, total)
        yield _("The keys are being exchanged: {share} % of what was said before is sealed anew.").format(share=share)


def _backups(state: RelayState, now: Millis) -> Iterator[tuple[bool, str]]:
    if state.backup_at is None:
        yield True, _("There has never been a backup. On the relay's computer: relay backup FILE")
    else:
        yield False, _("The last one was made {moment}.").format(moment=locale.moment(state.backup_at, now))
    if state.backup_folder:
        yield False, _("One is made each day, in {folder}.").format(folder=state.backup_folder)
    else:
        yield (
            state.backup_at is None,
            _("None is made by itself. The setting RELAY_BACKUP_DIR names a folder for that."),
        )


def _facts(state: RelayState, now: Millis) -> Iterator[tuple[str, str]]:
    policies = {
        "open": _("Whoever finds the relay can make an account."),
        "invite": _("An account needs an invitation."),
        "closed": _("Nobody can make an account."),
    }
    policy = policies[state.registration]
    if state.registration == "invite" and state.only_admins_invite:
        policy += " " + _("Only those of owners and administrators count.")
    yield _("Who may come in"), policy
    people = _("{n}, of them here now: {online}").format(n=state.people, online=state.online)
    if state.disabled:
        people += ", " + _("shut out: {n}").format(n=state.disabled)
    yield _("Accounts"), people
    yield _("Groups"), count_text(state.groups)
    yield _("Messages, with what was done to them"), count_text(state.entries)
    files = _("{size} in files").format(size=size_text(state.files))
    yield _("Takes"), files if state.database is None else f"{size_text(state.database)}, {files}"
    if state.free is not None and state.total is not None:
        free = _("{free} of {total}").format(free=size_text(state.free), total=size_text(state.total))
        yield _("Free on its disk"), free
    yield _("Where it is kept"), state.folder
    since = _("since {moment}").format(moment=locale.moment(state.since, now))
    yield _("Program"), f"Py_messenger {state.version} · {since}"


def build(parent: tk.Misc, desk: RelayDesk) -> StatePanel:
    """It is asked for as it opens."""
    return StatePanel(parent, desk)
