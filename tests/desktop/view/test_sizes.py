"""The sizes of text and interface, in a real window: all fits and can be used, from the smallest to the largest."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Any

import pytest

from desktop import locale
from desktop.view import scale
from desktop.view.scale import Scale
from tests.desktop.view import gallery
from tests.desktop.view.conftest import Stage
from tests.desktop.view.fits import misfits
from tests.desktop.view.talk import conversation, open_main
from tests.desktop.view.test_window import top

window_test = pytest.mark.window
SMALL, LARGE = "720x520", "1280x820"
HUGE = [
    (300, 100, "ru", LARGE),
    (100, 300, "ru", LARGE),
    (200, 150, "en", LARGE),
    (200, 100, "en", LARGE),
    (100, 100, "ru", SMALL),
]


def dress(stage: Stage, interface: int, text: int, language: str, size: str) -> None:
    locale.use(language)
    stage.settings.change(scale=interface, text=text, language=language)
    stage.window.root.minsize(1, 1)
    stage.window.root.geometry(f"{size}+0+0")
    stage.window.redraw()
    stage.window.show_chooser()
    width = int(size.partition("x")[0])
    stage.wait(lambda: stage.window.root.winfo_width() == width)


def look_at(stage: Stage, name: str, show: Callable[[Stage], object]) -> list[str]:
    show(stage)
    stage.pump()
    stage.pump()
    found = [f"{name}: {misfit}" for misfit in misfits(stage)]
    gallery.close(stage)
    return found


@window_test
@pytest.mark.parametrize("interface, text, language, size", HUGE)
def test_everything_before_signing_in_fits(stage: Stage, interface: int, text: int, language: str, size: str):
    dress(stage, interface, text, language, size)
    assert [misfit for name, show in gallery.BEFORE.items() for misfit in look_at(stage, name, show)] == []


@window_test
@pytest.mark.parametrize("half", [0, 1])
@pytest.mark.parametrize("interface, text, language, size", HUGE)
def test_everything_around_the_conversations_fits(
    stage: Stage, interface: int, text: int, language: str, size: str, half: int
):
    dress(stage, interface, text, language, size)
    gallery.enter(stage)
    found: list[str] = []
    for name, show in list(gallery.WITHIN.items())[half::2]:
        gallery.back(stage)
        found += look_at(stage, name, show)
    assert found == []


@window_test
def test_a_cut_label_and_a_button_beyond_the_edge_are_noticed(stage: Stage):
    stage.window.show_chooser()
    stage.pump()
    assert misfits(stage) == []
    beyond = tk.Label(stage.screen, text="Beyond the edge")
    beyond.place(x=stage.window.root.winfo_width() - 20, y=200)
    cut = tk.Label(stage.screen, text="Cut off")
    cut.place(x=20, y=200, width=10)
    stage.pump()
    assert [
        words
        for words, misfit in zip(("beyond the side", "cut at the side"), misfits(stage), strict=True)
        if words in misfit
    ] == ["beyond the side", "cut at the side"]


@window_test
def test_text_grows_alone_and_the_interface_with_its_text(stage: Stage):
    stage.window.show_chooser()

    def line() -> int:
        return int(stage.window.look.fonts.line("body"))

    plain, plain_px = line(), stage.window.look.px(100)
    stage.window.set_text(200)
    assert line() == pytest.approx(2 * plain, abs=2)
    assert stage.window.look.px(100) == plain_px
    stage.window.set_text(100)
    stage.window.set_zoom(200)
    assert line() == pytest.approx(2 * plain, abs=2)
    assert stage.window.look.px(100) == pytest.approx(2 * plain_px, abs=1)


@window_test
def test_a_narrow_window_has_one_pane_at_a_time_and_every_one_is_reached_by_keys(stage: Stage):
    dress(stage, 300, 100, "en", LARGE)
    open_main(stage, conversation(5))
    main: Any = stage.screen
    assert main._middle.winfo_ismapped()
    assert not main._left.winfo_ismapped()
    stage.window.root.focus_force()
    main.composer.focus()
    stage.pump()
    seen = []
    for _turn in range(4):
        stage.window.root.event_generate("<F6>")
        stage.pump()
        focused = stage.window.root.focus_get()
        assert focused is not None
        assert focused.winfo_ismapped()
        seen.append(focused)
    assert {main.rail.canvas, main.timeline.canvas, main.composer.text} <= set(seen)
    main.show_list()
    stage.pump()
    assert main._left.winfo_ismapped()
    assert not main._middle.winfo_ismapped()
    stage.window.redraw()
    stage.pump()
    assert stage.screen._left.winfo_ismapped()
    stage.screen.open_group(stage.screen.open_header.group)
    stage.pump()
    assert stage.screen._middle.winfo_ismapped()


@window_test
def test_a_menu_higher_than_the_messages_is_gone_through_by_keys(stage: Stage):
    dress(stage, 300, 100, "en", LARGE)
    gallery.enter(stage)
    timeline = stage.screen.timeline
    timeline._open_menu_by_key()
    menu = timeline._menu
    assert menu.is_cut
    first = menu._first
    for _line in range(len(menu._choices)):
        menu.step(1)
        line = menu._active - len(menu._quick)
        assert line < 0 or menu._first <= line < menu._first + menu._fitting
    assert menu._first != first or menu._active == 0


@window_test
def test_a_sheet_that_is_too_high_scrolls_to_what_gets_the_keyboard(stage: Stage):
    dress(stage, 300, 100, "en", LARGE)
    gallery.enter(stage)
    stage.window._around.open_info()
    stage.pump()
    sheet = top(stage)
    last = sheet._lines.winfo_children()[-1]
    last.focus_force()
    stage.pump()
    canvas = sheet.scrolled._canvas
    assert canvas.winfo_rooty() <= last.winfo_rooty()
    assert last.winfo_rooty() + last.winfo_height() <= canvas.winfo_rooty() + canvas.winfo_height()


def test_text_is_never_larger_than_the_largest_interface():
    assert Scale().zoomed(300, 300).font_factor == pytest.approx(3.0)
    assert Scale().zoomed(150, 150).font_factor == pytest.approx(2.25)
    assert Scale().zoomed(100, 300).tx(10) == 30
    assert Scale().zoomed(100, 85).tx(10) == 10
    assert Scale().zoomed(10, 1000).factor == pytest.approx(0.85)


def test_steps_go_through_all_sizes_and_stay_at_the_ends():
    size, seen = 85, [85]
    while (larger := scale.step(size, 1)) != size:
        size = larger
        seen.append(size)
    assert tuple(seen) == scale.STEPS
    assert scale.step(120, -1) == 115
    assert scale.step(85, -1) == 85


@window_test
def test_ctrl_plus_minus_and_zero_change_the_interface_and_with_alt_the_text(stage: Stage):
    stage.window.show_chooser()
    root = stage.window.root
    root.focus_force()
    stage.pump()
    for keys, wanted in (
        ("<Control-plus>", (115, 100)),
        ("<Control-equal>", (130, 100)),
        ("<Control-minus>", (115, 100)),
        ("<Control-0>", (100, 100)),
        ("<Control-KP_Add>", (115, 100)),
        ("<Control-0>", (100, 100)),
        ("<Control-Alt-plus>", (100, 115)),
        ("<Control-Alt-minus>", (100, 100)),
        ("<Control-Alt-minus>", (100, 85)),
        ("<Control-Alt-0>", (100, 100)),
    ):
        root.event_generate(keys)
        stage.pump()
        chosen = stage.settings.settings
        assert (chosen.scale, chosen.text) == wanted, keys
