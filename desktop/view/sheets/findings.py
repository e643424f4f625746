"""What "Check the connection" finds, line by line while it looks."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from tkinter import ttk

from desktop.locale import _
from desktop.screen import Finding
from desktop.view import kit
from desktop.view.look import Look
from desktop.view.sheets.base import Sheet


class FindingsSheet(Sheet):
    """Stays open while the check goes on, and after it."""

    WIDTH = 540

    def __init__(self, parent: tk.Misc, look: Look, on_close: kit.Command) -> None:
        super().__init__(parent, look, on_close, _("Check the connection"))
        self._progress = ttk.Progressbar(self.body, style="Window.Horizontal.TProgressbar", mode="indeterminate")
        self._progress.pack(fill="x", pady=(0, look.px(10)))
        self._progress.start(30)
        self._lines = kit.frame(self.body, look)
        self._lines.pack(fill="x")
        self._shown: tuple[Finding, ...] = ()
        self._done = False
        self.add_button(_("Close"), self.close, "Primary", default=True)

    def show(self, findings: Sequence[Finding], done: bool) -> None:
        """Replace what is said; *done*: nothing more comes."""
        self._done = done
        if done:
            self._progress.stop()
            self._progress.pack_forget()
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

        def copy() -> None:
            self.clipboard_clear()
            self.clipboard_append(command)

        kit.icon_button(line, look, "copy", copy, _("Copy"), size=16).pack(side="right")
        shown.pack(side="left", fill="x", expand=True)
