"""What "Check the connection" finds, line by line while it looks; it can be copied for whoever helps."""

from __future__ import annotations

import platform
import time
import tkinter as tk
from collections.abc import Sequence
from tkinter import ttk

from common import VERSION
from desktop.locale import _
from desktop.screen import Finding
from desktop.view import kit
from desktop.view.look import Look
from desktop.view.sheets.base import Sheet


class FindingsSheet(Sheet):
    """Stays open while the check goes on, and after it."""

    WIDTH = 540

    def __init__(self, parent: tk.Misc, look: Look, on_close: kit.Command, on_again: kit.Command) -> None:
        """*on_again*: the check is to be made once more."""
        super().__init__(parent, look, on_close, _("Check the connection"))
        self._progress = ttk.Progressbar(self.body, style="Window.Horizontal.TProgressbar", mode="indeterminate")
        self._progress.pack(fill="x", pady=(0, look.px(10)))
        self._progress.start(30)
        self._lines = kit.frame(self.body, look)
        self._lines.pack(fill="x")
        self._shown: tuple[Finding, ...] = ()
        self._done = False
        self.add_button(_("Close"), self.close, "Primary", default=True)
        self._after = (
            self.add_button(_("Check again"), on_again),
            self.add_button(_("Copy as text"), self._copy_all),
        )
        self._show_after()

    def show(self, findings: Sequence[Finding], done: bool) -> None:
        """Replace what is said; *done*: nothing more comes."""
        if done != self._done:
            self._done = done
            if done:
                self._progress.stop()
                self._progress.pack_forget()
            else:
                self._progress.pack(fill="x", pady=(0, self.look.px(10)), before=self._lines)
                self._progress.start(30)
            self._show_after()
        if tuple(findings) == self._shown:
            return
        self._shown = tuple(findings)
        for child in self._lines.winfo_children():
            child.destroy()
        for finding in findings:
            self._line(finding)
        self.hear(self._lines)

    def take_over(self, old: Sheet) -> None:
        if isinstance(old, FindingsSheet):
            self.show(old._shown, old._done)
        super().take_over(old)

    def _show_after(self) -> None:
        """What can be done with all findings, once they are all there."""
        for button in self._after:
            self.show_button(button, self._done)

    def _copy_all(self) -> None:
        safe = self.look.safe
        made = [Finding(one.good, safe.line(one.text, 600), safe.line(one.command, 600)) for one in self._shown]
        self._copy(as_text(made, time.strftime("%Y-%m-%d %H:%M")))

    def _copy(self, text: str) -> None:
        self.clipboard_clear()
        self.clipboard_append(text)

    def _line(self, finding: Finding) -> None:
        look, px = self.look, self.look.px
        row = kit.frame(self._lines, look)
        row.pack(fill="x", pady=(0, px(9)))
        icon, colour = ("check", look.palette.ok_text) if finding.good else ("warning", look.palette.warn_text)
        kit.label(row, look, image=look.icon(icon, 18, colour, 2.2)).pack(side="left", anchor="n", padx=(0, px(10)))
        words = kit.frame(row, look)
        words.pack(side="left", fill="x", expand=True)
        kit.paragraph(words, look, look.safe.line(finding.text, 600)).pack(fill="x")
        if finding.command:
            self._command(words, look.safe.line(finding.command, 600))

    def _command(self, parent: tk.Misc, command: str) -> None:
        look, px = self.look, self.look.px
        line = tk.Frame(parent, bg=look.palette.field)
        line.pack(fill="x", pady=(px(5), 0))
        shown = tk.Label(
            line,
            text=command,
            font=look.font("code"),
            fg=look.palette.text,
            bg=look.palette.field,
            anchor="w",
            justify="left",
            padx=px(8),
            pady=px(5),
            wraplength=px(self.WIDTH - 110),
            width=1,
        )
        shown.bind("<Configure>", lambda event: shown.configure(wraplength=max(1, event.width - 2 * px(8))))
        kit.icon_button(line, look, "copy", lambda: self._copy(command), _("Copy"), size=16).pack(side="right")
        shown.pack(side="left", fill="x", expand=True)


def as_text(findings: Sequence[Finding], at: str) -> str:
    """*findings* for a person who is asked for help. *at*: when they were made."""
    lines = [f"Py_messenger {VERSION} · {platform.platform(terse=True)} · {at}", _("Check the connection")]
    for finding in findings:
        lines.append(f"{'✓' if finding.good else '✗'} {finding.text}")
        lines += [f"    {finding.command}"] if finding.command else []
    return "\n".join(lines) + "\n"
