"""What keeps the person from writing: shown in the composer's place, with the time, and gone when it is over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from common.ids import Millis, Nonce
from common.protocol.messages import GroupInfo, Member, Silence
from desktop import locale
from desktop.durations import in_words
from desktop.events.conversations import EntriesKnown, GroupSeen, GroupsListed, MembersListed
from desktop.events.link import Connected, LinkChanged, SignedIn
from desktop.events.outbox import OutboxItem, OutboxListed
from desktop.model.rows import Notice, NoticeKind
from desktop.view.notices import notice_text
from desktop.view.safetext import SafeText
from tests.desktop.model.people import ANNA, BORIS, STORE, group, said
from tests.desktop.stage import OFFICE, Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    made = Stage(tmp_path)
    made.opens()
    return made


def enters(stage: Stage, *infos: GroupInfo, role: str = "member") -> None:
    user = structs.replace(ANNA, role=role)
    for event in (
        SignedIn(OFFICE, "Office", user, "keyring"),
        GroupsListed(infos),
        LinkChanged(Connected()),
    ):
        stage.controller.fold(event)
    stage.controller.settle()


def sees(stage: Stage, info: GroupInfo) -> None:
    stage.controller.fold(GroupSeen(info))
    stage.controller.settle()


def passes(stage: Stage, seconds: float) -> None:
    stage.now = Millis(int(stage.now + seconds * 1000))
    stage.controller.tick()


def composer(stage: Stage) -> tuple[Any, ...]:
    return tuple(stage.screen.last("show_composer"))


STORE_ROOM = group(2, "склад")


def test_a_mute_takes_the_composer_away_and_brings_the_draft_back(stage: Stage):
    enters(stage, STORE_ROOM)
    stage.controller.open_group(STORE)
    stage.controller.draft_changed("what I was about to say")
    sees(stage, structs.replace(STORE_ROOM, muted=Silence(Millis(stage.now + 90_000))))
    assert composer(stage) == ("", False, "You are muted here and can write again in 90 seconds.")
    passes(stage, 30)
    assert composer(stage) == ("", False, "You are muted here and can write again in 1 minute.")
    passes(stage, 60)
    assert composer(stage) == ("what I was about to say", True, "")


def test_it_is_lifted_when_the_relay_says_so(stage: Stage):
    enters(stage, structs.replace(STORE_ROOM, muted=Silence()))
    stage.controller.open_group(STORE)
    assert composer(stage)[1:] == (
        False,
        "You are muted here until an owner or admin lifts that. You can read everything.",
    )
    sees(stage, STORE_ROOM)
    assert composer(stage)[1:] == (True, "")


def test_an_answer_that_was_begun_is_there_again(stage: Stage):
    enters(stage, STORE_ROOM)
    stage.controller.open_group(STORE)
    stage.controller.fold(EntriesKnown(STORE, (said(1, BORIS, group=STORE),)))
    stage.controller.reply_to(1)  # type: ignore[arg-type]
    mode = stage.screen.last("show_composer_mode")
    sees(stage, structs.replace(STORE_ROOM, muted=Silence()))
    assert stage.screen.last("show_composer_mode") != mode
    sees(stage, STORE_ROOM)
    assert stage.screen.last("show_composer_mode") == mode


SLOW = structs.replace(STORE_ROOM, slow=30)


def test_after_a_message_the_composer_counts_down(stage: Stage):
    enters(stage, SLOW)
    stage.controller.open_group(STORE)
    assert stage.screen.last("show_wait") == (0,)
    stage.controller.fold(EntriesKnown(STORE, (said(1, ANNA, group=STORE),), live=True))
    stage.controller.settle()
    assert stage.screen.last("show_wait") == (30,)
    passes(stage, 12.5)
    assert stage.screen.last("show_wait") == (18,)
    stage.controller.send("too soon")
    assert stage.link.of("act") == []
    assert composer(stage) == ("too soon", True, "")
    passes(stage, 17.5)
    assert stage.screen.last("show_wait") == (0,)
    stage.controller.send("now")
    (item,) = stage.link.last("act")
    assert item.body == "now"


def test_a_message_that_waits_counts_too(stage: Stage):
    enters(stage, SLOW)
    stage.controller.open_group(STORE)
    item = OutboxItem(STORE, Nonce("0" * 32), "written", stage.now)
    stage.controller.fold(OutboxListed(STORE, (item,)))
    stage.controller.settle()
    assert stage.screen.last("show_wait") == (30,)


def test_a_clock_that_differs_never_makes_one_wait_longer_than_the_pause(stage: Stage):
    enters(stage, SLOW)
    stage.controller.fold(EntriesKnown(STORE, (said(1, ANNA, 60, group=STORE),)))
    stage.controller.open_group(STORE)
    assert stage.screen.last("show_wait") == (30,)


@pytest.mark.parametrize("leads", ["group", "relay"])
def test_who_leads_does_not_wait(stage: Stage, leads: str):
    info = structs.replace(SLOW, role="admin") if leads == "group" else SLOW
    enters(stage, info, role="owner" if leads == "relay" else "member")
    stage.controller.fold(EntriesKnown(STORE, (said(1, ANNA, group=STORE),), live=True))
    stage.controller.open_group(STORE)
    assert {shown for (shown,) in stage.screen.of("show_wait")} == {0}


def test_the_members_pane_marks_who_is_muted(stage: Stage):
    enters(stage, STORE_ROOM)
    stage.controller.show_members(True)
    stage.controller.open_group(STORE)
    boris = Member(BORIS, "member", "online", muted=Silence(Millis(stage.now + 60_000)))
    stage.controller.fold(MembersListed(STORE, (Member(ANNA, "member", "online"), boris)))
    stage.controller.settle()

    def muted() -> list[str]:
        return [row.username for row in stage.screen.last("show_members")[0] if row.muted]

    assert muted() == ["boris"]
    passes(stage, 60)
    assert muted() == []
    entry = structs.replace(said(5, ANNA, kind="mute", body="600", group=STORE), user=BORIS.id)
    stage.controller.fold(EntriesKnown(STORE, (entry,), live=True))
    stage.controller.settle()
    assert muted() == ["boris"]
    stage.controller.fold(EntriesKnown(STORE, (structs.replace(entry, seq=6, on=False, body=None),), live=True))
    stage.controller.settle()
    assert muted() == []


def notice(kind: NoticeKind, text: str = "") -> str:
    return notice_text(Notice(1, kind, "Anna", text, Millis(0), "Boris"), SafeText())  # type: ignore[arg-type]


def test_the_log_tells_of_it_in_words():
    assert notice(NoticeKind.MUTED, "600") == "Anna muted Boris for 10 minutes"
    assert notice(NoticeKind.MUTED) == "Anna muted Boris"
    assert notice(NoticeKind.UNMUTED) == "Anna let Boris write again"
    assert notice(NoticeKind.SLOWED, "30") == "Anna turned slow mode on: 30 seconds between two messages of one person"
    assert notice(NoticeKind.SLOWED, "0") == "Anna turned slow mode off"


def test_times_in_words():
    assert [in_words(seconds) for seconds in (0.2, 1, 59, 60, 90, 150, 3600, 7000, 9000, 86_400, 200_000)] == [
        "1 second", "1 second", "59 seconds", "1 minute", "90 seconds", "3 minutes", "1 hour", "117 minutes", "3 hours", "1 day",
        "3 days",
    ]  # fmt: skip
    locale.use("ru")
    assert in_words(600) == "10 мин"
    locale.use("en")
