"""A frame that scrolls, on a real window."""

from __future__ import annotations

import _tkinter
import tkinter as tk

import pytest

from desktop.view.scrolled import Scrolled
from tests.desktop.view.conftest import Stage

pytestmark = pytest.mark.window


def test_what_is_high_without_the_scrollbar_and_low_beside_it_comes_to_rest(stage: Stage):
    top = tk.Toplevel(stage.window.root)
    top.geometry("300x200+0+0")
    scrolled = Scrolled(top, stage.window.look)
    scrolled.pack(fill="both", expand=True)
    content = tk.Frame(scrolled.inside, width=1, height=1)
    content.pack(fill="x")
    heights: list[int] = []

    def wrap(event: tk.Event[tk.Misc]) -> None:
        heights.append(500 if event.width >= 300 else 50)
        content.configure(height=heights[-1])

    content.bind("<Configure>", wrap)
    stage.wait(lambda: heights.count(500) > 1, "the bar never came and went")
    stage.wait(lambda: not top.tk.dooneevent(_tkinter.DONT_WAIT), "it never comes to rest")
    top.destroy()
