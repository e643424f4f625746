"""How fast a timeline of 100,000 messages opens and scrolls, on a virtual screen."""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from bench.figures import Figure, quantile
from common.ids import Millis, Nonce, Seq, UserId
from common.protocol.messages import User
from desktop.model.rows import Bubble, DayLine, Delivery, Header, Row
from desktop.screen import Tone
from desktop.settings import SettingsFile

MESSAGES: Final = 100_000
FRAMES: Final = 400
STEP: Final = 60
"""Pixels of one notch of the wheel."""
DAY_MS: Final = 24 * 3600 * 1000

_TALK: Final = (
    "the quick relay sends every small message over local network without any cloud and people like that because files stay "
    "here сеть сообщение сервер сегодня завтра обед встреча принтер этаж файл сборка проверка спасибо пожалуйста 🎉 👍🏽 "
    "http://wiki.lan/page"
)
_PEOPLE: Final = ((1, "Peter Ivanov"), (2, "Anna Petrova"), (3, "Boris Lund"), (4, "Мэй Танака"))


def measure() -> list[Figure]:
    """Open the timeline, scroll through it, and say how long a frame takes: new rows laid out, drawn and sent to the screen."""
    rows = conversation(MESSAGES)
    with virtual_screen():
        from desktop.view.window import Window

        with tempfile.TemporaryDirectory() as folder:
            window = Window(_Nobody(), SettingsFile(Path(folder)))
            try:
                return _measure(window, rows)
            finally:
                window.close()


def _measure(window: Any, rows: list[Row]) -> list[Figure]:
    window.show_main("Bench", User(UserId(1), "peter", "Peter Ivanov", "member"))
    window.show_status("Connected", Tone.GOOD)
    window.show_header(Header(1, "General", "", "general", 4, 4, False, False, True, None))  # type: ignore[arg-type]
    window.show_composer("", True)
    window.root.update()
    began = time.perf_counter()
    window.open_timeline(rows, None)
    window.root.update()
    opened = time.perf_counter() - began
    timeline = window.screen.timeline
    frames = []
    for number in range(FRAMES):
        if number % 100 == 0:  # another place, where nothing was laid out yet
            timeline.show(len(rows) // 4 * (number // 100) + 1000)
            window.root.update()
        began = time.perf_counter()
        timeline.scroll_by(STEP)
        window.root.update()
        frames.append((time.perf_counter() - began) * 1000)
    return [
        Figure("timeline: frame while scrolling, mean", statistics.mean(frames), "ms", 8.0, "less"),
        Figure("timeline: frame while scrolling, p95", quantile(frames, 0.95), "ms", 8.0, "less"),
        Figure(f"timeline: open {MESSAGES:,} messages", opened * 1000, "ms"),
    ]


def conversation(messages: int) -> list[Row]:
    """Made-up talk of several people over many days; the same every time."""
    chance = random.Random(7)
    words = _TALK.split()
    rows: list[Row] = []
    start = date(2024, 1, 1)
    author, name = _PEOPLE[0]
    for number in range(messages):
        if number % 200 == 0:
            rows.append(DayLine(start + timedelta(days=number // 200)))
        first = number % 200 == 0 or chance.random() < 0.45
        if first:
            author, name = chance.choice(_PEOPLE)
        body = " ".join(chance.choices(words, k=min(90, int(chance.expovariate(1 / 14)) + 1)))
        own = author == 1
        rows.append(
            Bubble(
                seq=Seq(number + 1),
                nonce=Nonce(f"{number:032x}"),
                author=UserId(author),
                author_name=name,
                own=own,
                body=body,
                at=Millis(1_700_000_000_000 + number * DAY_MS // 200),
                first_of_run=first,
                last_of_run=chance.random() < 0.5,
                delivery=Delivery.READ if own else None,
            )
        )
    return rows


@contextmanager
def virtual_screen() -> Iterator[None]:
    """Xvfb on a free display, so that nothing of the real desktop is measured."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x900x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as xvfb:
        os.close(writing)
        before = os.environ.get("DISPLAY")
        try:
            with os.fdopen(reading) as answer:
                os.environ["DISPLAY"] = f":{answer.readline().strip()}"
            yield
        finally:
            if before is None:
                os.environ.pop("DISPLAY", None)
            else:
                os.environ["DISPLAY"] = before
            xvfb.terminate()


class _Nobody:
    """Intents that nobody hears."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_arguments: None
