"""Files that are attached to what is written, between a screen and a link of lists."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from common.ids import Seq
from common.protocol import limits
from desktop import locale
from desktop.events.outbox import DraftFilesKnown, FilesLookedAt, OutboxListed, PendingUpload, PreviewMade
from desktop.model.attached import AttachedRow
from desktop.screen import Writing
from tests.desktop.model.people import ANNA, GENERAL, STORE, group, nonce, said, waiting
from tests.desktop.stage import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    yield Stage(tmp_path)
    locale.use("en")


def upload(number: int, mime: str = "") -> PendingUpload:
    return PendingUpload(f"key {number}", f"{number}.txt", number, mime, 0, 0, Path(f"{number}.txt"), 1)


def row(number: int, preview: bytes = b"", mime: str = "") -> AttachedRow:
    return AttachedRow(f"key {number}", f"{number}.txt", number, mime, preview=preview)


def acts(stage: Stage) -> list[tuple[str, list[str], int | None]]:
    """What was said: text, files, what it answers."""
    return [(item.body, [file.name for file in item.uploads], item.target) for (item,) in stage.link.of("act")]


def shown(stage: Stage) -> list[AttachedRow]:
    return list(stage.screen.last("show_attachments")[0])


def known(stage: Stage, *numbers: int, where: int = GENERAL) -> None:
    """The link has looked at these files and attached them."""
    stage.tells(DraftFilesKnown(group(where).id, tuple(map(upload, numbers))))


class TestAttaching:
    def test_a_draft_of_files_alone_is_seen_in_the_list(self, stage: Stage) -> None:
        controller = stage.anna_is_in(group(GENERAL), group(STORE, "Store"))
        known(stage, 1, 2, where=STORE)
        (store,) = [row for row in stage.screen.last("show_rail")[0] if row.group == STORE]
        assert (store.draft, store.preview) == (True, "1.txt, 2.txt")
        controller.open_group(STORE)
        controller.draft_changed("вот они")
        controller.open_group(GENERAL)
        (store,) = [row for row in stage.screen.last("show_rail")[0] if row.group == STORE]
        assert store.preview == "вот они"
        controller.open_group(STORE)
        controller.send("вот они", ())
        known(stage, where=STORE)
        controller.open_group(GENERAL)
        (store,) = [row for row in stage.screen.last("show_rail")[0] if row.group == STORE]
        assert not store.draft

    def test_what_is_chosen_is_shown_and_goes_with_the_next_message_once(self, stage: Stage) -> None:
        controller = stage.anna_is_in(history=(said(1, ANNA),))
        controller.attach([Path("1.txt"), Path("2.txt")])
        assert stage.link.of("attach") == [(GENERAL, (Path("1.txt"), Path("2.txt")))]
        known(stage, 1, 2)
        stage.tells(FilesLookedAt(GENERAL, ()))
        assert shown(stage) == [row(1), row(2)]
        controller.reply_to(Seq(1))
        controller.send("вот", ())
        controller.send("и ещё", ())
        assert acts(stage) == [("вот", ["1.txt", "2.txt"], 1), ("и ещё", [], None)]
        assert shown(stage) == []

    def test_files_need_no_words_and_words_no_files(self, stage: Stage) -> None:
        controller = stage.anna_is_in()
        controller.send("", ())
        assert acts(stage) == []
        known(stage, 1)
        controller.send("", ())
        assert acts(stage) == [("", ["1.txt"], None)]

    def test_a_message_waits_until_its_files_were_looked_at(self, stage: Stage) -> None:
        controller = stage.anna_is_in()
        controller.draft_changed("вот")
        controller.attach_picture(b"...", "image/jpeg")
        assert stage.link.last("attach_picture")[2].endswith(".jpg")
        controller.send("вот", ())
        assert acts(stage) == []
        assert stage.link.last("save_draft") == (GENERAL, "вот"), "nothing is lost meanwhile"
        known(stage, 1)
        stage.tells(FilesLookedAt(GENERAL, ()))
        assert acts(stage) == [("вот", ["1.txt"], None)]
        assert stage.link.last("save_draft") == (GENERAL, "")

    def test_what_the_link_told_before_it_heard_of_the_message_comes_too_late(self, stage: Stage) -> None:
        controller = stage.anna_is_in()
        known(stage, 1)
        controller.send("", ())
        known(stage, 1, 2)
        assert shown(stage) == [row(2)]

    def test_each_conversation_keeps_its_own(self, stage: Stage) -> None:
        controller = stage.anna_is_in(group(1), group(2, "store"))
        controller.open_group(GENERAL)
        known(stage, 1)
        known(stage, 2, where=STORE)
        assert shown(stage) == [row(1)]
        controller.open_group(STORE)
        assert shown(stage) == [row(2)]
        controller.open_group(GENERAL)
        assert shown(stage) == [row(1)]

    def test_one_is_taken_away(self, stage: Stage) -> None:
        controller = stage.anna_is_in()
        known(stage, 1, 2)
        controller.detach("key 1")
        assert stage.link.of("detach") == [(GENERAL, "key 1")]
        known(stage, 2)
        assert shown(stage) == [row(2)]

    def test_a_small_picture_comes_when_it_is_made(self, stage: Stage) -> None:
        stage.anna_is_in()
        known(stage, 1)
        stage.tells(PreviewMade("key 1", b"png"), PreviewMade("key of another draft", b"png"))
        assert shown(stage) == [row(1, b"png")]

    def test_why_some_are_not_attached_is_said_and_not_at_length(self, stage: Stage) -> None:
        stage.anna_is_in()
        stage.tells(FilesLookedAt(GENERAL, ("a.", "b.", "c.", "d.", "e.")))
        assert stage.screen.last("show_toast") == ("a. b. c. And 2 more files.",)

    def test_more_files_than_a_message_has_room_for_go_in_several(self, stage: Stage) -> None:
        controller = stage.anna_is_in()
        known(stage, *range(1, 2 * limits.FILES_PER_MESSAGE + 2))
        controller.send("много", ())
        assert [(body, len(files)) for body, files, _ in acts(stage)] == [("много", 20), ("", 20), ("", 1)]
        assert len({item.nonce for (item,) in stage.link.of("act")}) == 3

    def test_an_edit_brings_no_files_and_leaves_them_where_they_are(self, stage: Stage) -> None:
        controller = stage.anna_is_in(history=(said(1, ANNA),))
        known(stage, 1)
        controller.edit(Seq(1))
        assert shown(stage) == []
        controller.attach([Path("2.txt")])
        assert stage.link.of("attach") == []
        assert "edited" in stage.screen.last("show_toast")[0]
        controller.send("иначе", ())
        assert acts(stage) == [("иначе", [], 1)]
        assert stage.screen.last("show_composer_mode") == (Writing(),)
        assert shown(stage) == [row(1)]

    def test_who_is_not_in_a_group_attaches_nothing(self, stage: Stage) -> None:
        controller = stage.anna_is_in(group(2, "store", role=None))
        controller.open_group(STORE)
        controller.attach([Path("1.txt")])
        assert stage.link.of("attach") == []


class TestFilesOnTheirWay:
    def test_a_message_is_taken_back_with_its_files(self, stage: Stage) -> None:
        controller = stage.anna_is_in()
        stage.tells(OutboxListed(GENERAL, (replace(waiting(7), uploads=(upload(1),)),)))
        controller.edit_failed(nonce(7))
        assert stage.link.of("take_back") == [(nonce(7),)]
        assert stage.screen.last("show_composer")[0] == "item 7"

    def test_one_of_its_files_is_left_out(self, stage: Stage) -> None:
        controller = stage.anna_is_in()
        stage.tells(OutboxListed(GENERAL, (replace(waiting(7), uploads=(upload(1), upload(2))),)))
        controller.cancel_upload(nonce(7), "key 1")
        assert stage.link.of("cancel_upload") == [(nonce(7), "key 1")]

    def test_without_its_last_file_the_words_are_a_draft_again(self, stage: Stage) -> None:
        controller = stage.anna_is_in()
        stage.tells(OutboxListed(GENERAL, (replace(waiting(7), uploads=(upload(1),)),)))
        controller.cancel_upload(nonce(7), "key 1")
        assert stage.link.of("discard") == [(nonce(7),)]
        assert stage.screen.last("show_composer")[0] == "item 7"
        assert stage.link.last("save_draft") == (GENERAL, "item 7")

    def test_that_holds_in_a_conversation_that_is_not_open_too(self, stage: Stage) -> None:
        controller = stage.anna_is_in(group(1), group(2, "store"))
        controller.open_group(GENERAL)
        controller.draft_changed("здесь")
        item = replace(waiting(7, group=STORE), uploads=(upload(1),))
        stage.tells(OutboxListed(STORE, (item,)))
        controller.cancel_transfer("key 1")
        assert stage.link.last("save_draft") == (STORE, "item 7")
        assert stage.link.of("discard") == [(nonce(7),)]
        controller.open_group(STORE)
        assert stage.screen.last("show_composer")[0] == "item 7"
