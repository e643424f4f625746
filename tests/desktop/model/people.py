"""People and entries that the tests of the models speak of."""

from __future__ import annotations

from datetime import UTC, date, datetime

from common.ids import GroupId, Millis, Nonce, Seq, UserId
from common.protocol.messages import Entry, GroupInfo, Role, User
from desktop.events.outbox import OutboxItem, OutboxState

ANNA = User(UserId(1), "anna", "Анна Петрова", "owner")
BORIS = User(UserId(2), "boris", "Boris Lund", "member")
MEI = User(UserId(3), "mei", "", "member")
NAMES = {user.id: user.display_name or user.username for user in (ANNA, BORIS, MEI)}

GENERAL = GroupId(1)
STORE = GroupId(2)

MORNING = Millis(int(datetime(2026, 3, 2, 9, 0, tzinfo=UTC).timestamp() * 1000))
MINUTE = 60_000
DAY = 24 * 60 * MINUTE


def day_of(at: Millis) -> date:
    """The day in UTC, wherever the test runs."""
    return datetime.fromtimestamp(at / 1000, tz=UTC).date()


def nonce(number: int) -> Nonce:
    return Nonce(f"{number:032x}")


def said(
    seq: int, who: User, minutes: float = 0, *, body: str = "", kind: str = "message", group: GroupId = GENERAL
) -> Entry:
    """An entry, so many minutes after nine in the morning; every message has a nonce made of its seq."""
    at = Millis(int(MORNING + minutes * MINUTE))
    return Entry(
        group, Seq(seq), kind, who.id, at, nonce(seq) if kind == "message" else None, body or f"{who.username} {seq}"
    )


def waiting(number: int, minutes: float = 0, *, problem: str = "", group: GroupId = GENERAL) -> OutboxItem:
    """An own message on its way."""
    state = OutboxState.FAILED if problem else OutboxState.WAITING
    return OutboxItem(group, nonce(number), f"item {number}", Millis(int(MORNING + minutes * MINUTE)), state, problem)


def group(
    number: int = 1,
    name: str = "General",
    *,
    last_seq: int = 0,
    read_seq: int = 0,
    unread: int = 0,
    role: Role | None = "member",
    last: Entry | None = None,
    topic: str = "",
) -> GroupInfo:
    """A group as Anna sees it."""
    kind = "general" if number == 1 else "group"
    return GroupInfo(
        GroupId(number),
        kind,  # type: ignore[arg-type]
        name,
        topic,
        last_seq=Seq(last_seq),
        read_seq=Seq(read_seq),
        unread=unread,
        role=role,
        last=last,
    )
