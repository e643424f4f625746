"""Made-up rows for the window's tests."""

from __future__ import annotations

from common.ids import GroupId, Millis, Nonce, RelayId, Seq, UserId
from common.protocol.messages import User
from desktop.events.relays import FoundRelay, Trust
from desktop.model.rows import Bubble, Delivery, Header, MemberRow, RailRow, Row
from desktop.screen import Tone
from tests.desktop.view.conftest import Stage

ME = User(UserId(1), "peter", "Peter Ivanov", "member")
GENERAL = Header(GroupId(4), "General", "Everyone", "general", 14, 5, True, True, True, None)


def said(number: int, body: str = "", own: bool = False, delivery: Delivery | None = None, problem: str = "") -> Bubble:
    """Message *number* of Anna, or an own one."""
    return Bubble(
        seq=None if delivery in (Delivery.WAITING, Delivery.FAILED) else Seq(number),
        nonce=Nonce(f"{number:032x}"),
        author=ME.id if own else UserId(2),
        author_name="Peter" if own else "Anna",
        own=own,
        body=body or f"message {number}",
        at=Millis(1_700_000_000_000 + number * 60_000),
        first_of_run=True,
        last_of_run=True,
        delivery=delivery or (Delivery.STORED if own else None),
        problem=problem,
    )


def conversation(messages: int) -> list[Row]:
    return [said(number) for number in range(1, messages + 1)]


def rail(*names: str, unread: int = 0) -> list[RailRow]:
    return [
        RailRow(GroupId(number), "group", name, "hello", "Anna", False, Millis(1_700_000_000_000), unread)
        for number, name in enumerate(names, 1)
    ]


def member(number: int, name: str, online: bool = True) -> MemberRow:
    return MemberRow(UserId(number), name, name.lower(), "member", "online" if online else "offline", False)


def found(letter: str = "A", name: str = "Office", trust: Trust = Trust.NEW, registration: str = "open") -> FoundRelay:
    return FoundRelay(RelayId(letter * 52), name, "192.168.1.20", 5000, (), 3, registration, trust)  # type: ignore[arg-type]


def open_main(stage: Stage, rows: list[Row], anchor: int | None = None) -> None:
    """The main screen with an open conversation."""
    window = stage.window
    window.show_main("Office", ME)
    window.show_status("Connected", Tone.GOOD)
    window.show_rail(rail("General", "Tea", "Build"), 0)
    window.show_header(GENERAL)
    window.open_timeline(rows, anchor)
    window.show_members([member(1, "Peter"), member(2, "Anna")])
    window.show_composer("", True)
    stage.pump()
    stage.wait(lambda: stage.screen.timeline.visible(), "no row was drawn")
