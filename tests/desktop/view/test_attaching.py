"""Files on their way into a message, in a real window: the strip, the dialog, the clipboard, and what is dragged onto it."""

from __future__ import annotations

import io
import logging
import os
import shutil
import subprocess
import sys
import tkinter as tk
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tkinter import filedialog

import pytest
from msgspec.structs import replace
from PIL import Image

from common.ids import Seq, UserId
from desktop.events.outbox import PendingUpload
from desktop.events.transfers import Transfer
from desktop.model.attached import AttachedRow
from desktop.model.rows import Delivery, Quote
from desktop.screen import Choice, Question, Replying, Writing
from desktop.view import clipboard, dropping
from desktop.view.clipboard import paths_of
from desktop.view.dropping import COMMAND
from tests.desktop.view.conftest import Stage
from tests.desktop.view.talk import GENERAL, conversation, open_main, said
from tests.desktop.view.test_window import everything, texts, top

pytestmark = pytest.mark.window
NEEDS_XCLIP = pytest.mark.skipif(shutil.which("xclip") is None, reason="xclip is missing: apt-get install -y xclip")


def picture(kind: str = "PNG", size: tuple[int, int] = (160, 100)) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, "#305080").save(written, kind)
    return written.getvalue()


def row(name: str, size: int = 2048, preview: bytes = b"") -> AttachedRow:
    return AttachedRow(f"key of {name}", name, size, "image/png" if preview else "", preview=preview)


def some(count: int) -> list[AttachedRow]:
    return [row(f"{number}.txt") for number in range(1, count + 1)]


@pytest.fixture
def talk(stage: Stage) -> Stage:
    open_main(stage, conversation(3))
    stage.window.root.focus_force()
    stage.pump()
    return stage


def field(stage: Stage) -> tk.Text:
    text: tk.Text = stage.screen.composer.text
    return text


def press(stage: Stage, key: str, at: tk.Misc | None = None) -> None:
    (at or stage.window.root.focus_get() or stage.window.root).event_generate(key)
    stage.pump()


def with_keyboard(stage: Stage) -> str:
    """The key of the card that has the keyboard; "" when it is elsewhere."""
    cards = stage.screen.composer._strip._cards
    focused = stage.window.root.focus_get()
    return next((key for key, card in cards.items() if card is focused), "")


# -- the strip ---------------------------------------------------------------------------------------------------------


def test_what_is_attached_stands_above_the_field_and_goes_without_a_word(talk: Stage):
    talk.window.show_attachments([row("чайник.png", 3_400_000, picture()), row("отчёт.pdf")])
    words = texts(talk)
    for part in ("чайник.png", "3.2 MB", "отчёт.pdf", "2.0 KB", "2 files, 3.2 MB"):
        assert part in words
    field(talk).focus_force()
    press(talk, "<Return>", field(talk))
    assert talk.asked.of("send") == [("",)]
    talk.window.show_attachments([])
    assert "чайник.png" not in texts(talk)
    press(talk, "<Return>", field(talk))
    assert len(talk.asked.of("send")) == 1, "nothing is not sent"


def test_a_file_is_taken_off_by_its_cross(talk: Stage):
    talk.window.show_attachments(some(2))
    talk.pump()
    card = talk.screen.composer._strip._cards["key of 2.txt"]
    cross = next(one for one in card.winfo_children() if str(one.cget("cursor")) == "hand2")
    cross.event_generate("<Button-1>")
    assert talk.asked.of("detach") == [("key of 2.txt",)]


def test_the_strip_is_reached_and_used_by_keyboard(talk: Stage):
    talk.window.show_attachments(some(3))
    talk.pump()
    field(talk).focus_force()
    talk.pump()
    press(talk, "<<PrevWindow>>")
    assert with_keyboard(talk) == "key of 3.txt"
    press(talk, "<Left>")
    assert with_keyboard(talk) == "key of 2.txt"
    press(talk, "<Delete>")
    assert talk.asked.of("detach") == [("key of 2.txt",)]
    talk.window.show_attachments([row("1.txt"), row("3.txt")])
    talk.pump()
    assert with_keyboard(talk) == "key of 3.txt", "the keyboard stays in the place of what is gone"
    press(talk, "<BackSpace>")
    talk.window.show_attachments([row("1.txt")])
    talk.pump()
    assert with_keyboard(talk) == "key of 1.txt"
    press(talk, "<Escape>")
    assert talk.window.root.focus_get() is field(talk)


def test_many_files_scroll_and_leave_room_for_the_messages(talk: Stage):
    before = talk.screen.timeline.winfo_height()
    talk.window.show_attachments(some(40))
    talk.pump()
    assert talk.screen.timeline.winfo_height() > before // 2
    strip = talk.screen.composer._strip
    last = strip._cards["key of 40.txt"]
    strip._focus(39)
    talk.pump()
    box = strip._scrolled._canvas
    assert box.winfo_rooty() <= last.winfo_rooty() < box.winfo_rooty() + box.winfo_height()


def test_at_the_largest_size_there_is_still_a_place_to_write(talk: Stage):
    talk.window.set_zoom(300)
    talk.window.show_attachments(some(5))
    talk.pump()
    text, box = field(talk), talk.screen.composer
    assert text.winfo_viewable()
    assert text.winfo_rooty() + text.winfo_reqheight() <= box.winfo_rooty() + box.winfo_height()


def test_another_look_keeps_what_is_attached(talk: Stage):
    talk.window.show_attachments([row("чайник.png", preview=picture())])
    talk.window.set_theme("dark")
    assert "чайник.png" in texts(talk)


def test_an_answer_stands_above_the_files_that_it_brings(talk: Stage):
    composer = talk.screen.composer
    answered = Replying(Quote(Seq(1), UserId(2), "Anna", "чайник?"))
    for first, second in ((0, 1), (1, 0)):
        steps = [lambda: talk.window.show_attachments(some(1)), lambda: talk.window.show_composer_mode(answered)]
        steps[first]()
        steps[second]()
        talk.pump()
        assert composer._bar.winfo_y() < composer._strip.winfo_y() < composer._well.winfo_y()
        talk.window.show_attachments([])
        talk.window.show_composer_mode(Writing())


def test_a_message_that_waits_for_its_files_can_be_stopped_by_its_menu(stage: Stage):
    files = tuple(PendingUpload(f"key {name}", name, 9, "", 0, 0, Path(name)) for name in ("раз.txt", "два.txt"))
    waiting = replace(said(3, own=True, delivery=Delivery.WAITING), uploads=files)
    open_main(stage, [waiting])
    lines = {choice.label: choice.act for choice in stage.screen.timeline._choices(waiting, None)}
    lines["Leave out два.txt"]()
    assert stage.asked.of("cancel_upload") == [(waiting.nonce, "key два.txt")]
    moving = Transfer("key раз.txt", "upload", GENERAL.group, Path("раз.txt"), "раз.txt", 9, 3, "running")
    stage.window.show_transfers({moving.key: moving})
    labels = [choice.label for choice in stage.screen.timeline._choices(waiting, None)]
    assert [label for label in labels if "Leave" in label or "Cancel" in label] == [
        "Leave out раз.txt",
        "Leave out два.txt",
    ]
    stage.window.show_transfers({moving.key: None})
    failed = replace(waiting, delivery=Delivery.FAILED, uploads=files[:1])
    labels = [choice.label for choice in stage.screen.timeline._choices(failed, None)]
    assert labels == ["Copy message", "Try again", "Edit", "Delete"]


# -- the dialog --------------------------------------------------------------------------------------------------------


@pytest.fixture
def dialog(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the person chooses in the system's dialog."""
    chosen: list[str] = []
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(filedialog, "askopenfilenames", lambda **_said: tuple(chosen))
    return chosen


def test_files_are_chosen_by_button_and_by_key(talk: Stage, dialog: list[str]):
    dialog += ["/srv/раз.txt", "/srv/два.txt"]
    wanted = str(talk.window.look.icon("clip", 20, talk.window.look.palette.text2))
    button = next(
        one for one in everything(talk.screen.composer) if "image" in (one.keys() or ()) and wanted in str(one["image"])
    )
    button.event_generate("<Button-1>")
    field(talk).focus_force()
    press(talk, "<Control-o>", field(talk))
    assert talk.asked.of("attach") == [((Path("/srv/раз.txt"), Path("/srv/два.txt")),)] * 2
    assert field(talk).get("1.0", "end-1c") == "", "Tk's own meaning of that key is gone"
    dialog.clear()
    press(talk, "<Control-o>", field(talk))
    assert len(talk.asked.of("attach")) == 2, "nothing chosen, nothing attached"


def test_no_dialog_opens_where_nothing_can_be_attached(talk: Stage, dialog: list[str]):
    dialog.append("/srv/раз.txt")
    talk.window.ask(Question("?", "?", (Choice("", "No"),)), lambda _key: None)
    talk.pump()
    talk.screen.files_in.choose()
    top(talk).close()
    talk.window.show_header(None)
    talk.pump()
    talk.screen.files_in.choose()
    assert talk.asked.of("attach") == []


@pytest.mark.parametrize("program", ["zenity", "kdialog"])
def test_a_program_of_the_desktop_shows_the_dialog_where_there_is_one(
    talk: Stage, program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    there = tmp_path / program
    there.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$0.said"\nprintf "/srv/два слова.txt\\n/srv/b\\n"\n')
    there.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(shutil, "which", lambda name: str(there) if name == program else None)
    talk.screen.files_in.choose()
    talk.wait(lambda: talk.asked.of("attach"), "nothing was chosen")
    assert talk.asked.of("attach") == [((Path("/srv/два слова.txt"), Path("/srv/b")),)]
    assert "Attach files" in (tmp_path / f"{program}.said").read_text()


def test_a_dialog_that_is_left_attaches_nothing_and_one_that_is_open_goes_with_the_window(
    talk: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    there = tmp_path / "zenity"
    there.write_text("#!/bin/sh\n[ -e ${0}.again ] && exec sleep 60\ntouch ${0}.again\nexit 1\n")
    there.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    files_in = talk.screen.files_in
    files_in.choose()
    talk.wait(lambda: files_in._dialog._other is None, "it was not left")
    assert talk.asked.of("attach") == []
    files_in.choose()
    process = files_in._dialog._other
    files_in.choose()
    assert files_in._dialog._other is process, "one is there already"
    assert process.poll() is None
    talk.window.set_theme("dark")
    assert process.poll() is not None


# -- the clipboard -----------------------------------------------------------------------------------------------------

_OWNER = """
import sys, tkinter
root = tkinter.Tk()
root.withdraw()
root.clipboard_clear()
for kind, value in zip(sys.argv[1::2], sys.argv[2::2]):
    root.clipboard_append(value, type=kind)
print("ready", flush=True)
root.mainloop()
"""


@contextmanager
def copied_as(stage: Stage, kind: str, content: bytes) -> Iterator[None]:
    """Another program has copied something, of one kind."""
    command = ["xclip", "-selection", "clipboard", "-target", kind, "-quiet", "-in"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as owner:
        assert owner.stdin is not None
        owner.stdin.write(content)
        owner.stdin.close()
        try:
            stage.wait(lambda: kind in clipboard._targets(stage.window.root), "it was not copied")
            yield
        finally:
            owner.terminate()


@contextmanager
def copied_with_text(stage: Stage, **kinds: str) -> Iterator[None]:
    """Another program has copied something that it can also give as text; ``__`` in a kind is ``/``, ``_`` is ``-``."""
    words = [(kind.replace("__", "/").replace("_", "-"), value) for kind, value in kinds.items()]
    command = [sys.executable, "-c", _OWNER, *(word for pair in words for word in pair)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        owner.stdout.readline()
        try:
            stage.wait(lambda: words[0][0] in clipboard._targets(stage.window.root), "it was not copied")
            yield
        finally:
            owner.terminate()


def paste(stage: Stage) -> None:
    press(stage, "<<Paste>>", field(stage))


@NEEDS_XCLIP
@pytest.mark.parametrize("kind, mime", [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("BMP", "image/bmp")])
def test_a_picture_is_pasted_as_the_bytes_that_were_copied(talk: Stage, kind: str, mime: str):
    content = picture(kind)
    with copied_as(talk, mime, content):
        paste(talk)
    assert talk.asked.of("attach_picture") == [(content, mime)]
    assert field(talk).get("1.0", "end-1c") == ""


@NEEDS_XCLIP
def test_without_a_program_that_reads_it_tk_reads_the_picture(talk: Stage, monkeypatch: pytest.MonkeyPatch):
    content = picture()
    with copied_as(talk, "image/png", content):
        monkeypatch.setenv("PATH", "")
        paste(talk)
    assert talk.asked.of("attach_picture") == [(content, "image/png")]


@NEEDS_XCLIP
def test_a_large_picture_comes_in_one_piece(talk: Stage):
    content = os.urandom(3_000_000)
    with copied_as(talk, "image/png", content):
        paste(talk)
    assert talk.asked.of("attach_picture") == [(content, "image/png")]


def test_copied_files_are_attached_not_their_names_pasted(talk: Stage):
    uris = "# from a file manager\r\nfile:///srv/%D0%BE%D1%82%D1%87%D1%91%D1%82%201.pdf\r\nfile://localhost/srv/b\r\n"
    with copied_with_text(talk, text__uri_list=uris, STRING="/srv/отчёт 1.pdf"):
        paste(talk)
    assert talk.asked.of("attach") == [((Path("/srv/отчёт 1.pdf"), Path("/srv/b")),)]
    assert field(talk).get("1.0", "end-1c") == ""


def test_copied_text_stays_text_also_where_a_picture_of_it_comes_along(talk: Stage):
    with copied_with_text(talk, STRING="таблица", image__png="not to be taken"):
        paste(talk)
    assert field(talk).get("1.0", "end-1c") == "таблица"
    assert talk.asked.of("attach_picture") == []


def test_addresses_of_pages_are_no_files():
    assert paths_of(b"https://example.org/a.png\r\nfile://elsewhere/a\r\nfile:relative\r\n\r\n") == ()
    assert paths_of(b"file:///a%20b\nFILE:///c\0") == (Path("/a b"), Path("/c"))
    assert paths_of(b"file:///%FF.bin") == (Path(os.fsdecode(b"/\xff.bin")),)


# -- what is dragged onto the window -----------------------------------------------------------------------------------


def drag(stage: Stage, event: str, *names: str) -> str:
    """As tkdnd calls what is bound: with the names as a list of Tcl."""
    stage.wait(lambda: stage.screen.files_in.dropping.is_there, "tkdnd was not loaded")
    root = stage.window.root
    script = str(root.tk.call("bind", ".", f"<<{event}>>"))
    assert script.startswith(COMMAND)
    root.tk.call("set", "dropped", names)
    return str(root.tk.eval(script.replace("%D", "$dropped")))


def test_dragged_files_are_invited_and_attached_where_they_are_dropped(talk: Stage):
    assert drag(talk, "DropEnter") == "copy"
    assert drag(talk, "DropPosition") == "copy"
    assert "Drop files here to attach them in “General”" in texts(talk)
    assert drag(talk, "DropLeave") == "refuse_drop"
    assert "Drop files here" not in texts(talk)
    assert drag(talk, "DropPosition") == "copy"
    assert drag(talk, "Drop:DND_Files", "/srv/с пробелом.txt", "/srv/{b}") == "copy"
    assert "Drop files here" not in texts(talk)
    talk.pump()
    assert talk.asked.of("attach") == [((Path("/srv/с пробелом.txt"), Path("/srv/{b}")),)]


def test_nothing_is_dropped_behind_a_sheet_or_without_a_conversation(talk: Stage):
    talk.window.ask(Question("?", "?", (Choice("", "No"),)), lambda _key: None)
    talk.pump()
    assert drag(talk, "DropPosition") == "refuse_drop"
    assert drag(talk, "Drop:DND_Files", "/srv/a") == "refuse_drop"
    top(talk).close()
    talk.window.show_header(None)
    talk.pump()
    assert drag(talk, "DropPosition") == "refuse_drop"
    talk.window.show_header(GENERAL)
    talk.pump()
    assert drag(talk, "DropPosition") == "copy"
    assert talk.asked.of("attach") == []


def test_without_tkdnd_the_window_does_without_and_says_so_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setitem(sys.modules, "tkinterdnd2", None)
    dropping._say_once.cache_clear()
    with caplog.at_level(logging.WARNING):
        open_main(stage, conversation(3))
        stage.wait(lambda: caplog.records, "nothing was said")
        stage.window.set_theme("dark")
        stage.screen.files_in.dropping.begin()
    assert [record.message.partition(":")[0] for record in caplog.records] == [
        "files cannot be dragged onto the window on this computer"
    ]
    assert not stage.screen.files_in.dropping.is_there


def test_a_picture_that_tk_took_for_text_is_the_bytes_that_were_copied():
    content = picture()
    assert clipboard._as_it_was(content.decode("latin-1"), "image/png") == content
    assert clipboard._as_it_was("снимок", "image/png") == b""
