"""Files through the controller: what the person asks of the link, and what of it comes onto the screen."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from common.protocol.messages import FileInfo
from desktop.events.link import Connected, Connecting, LinkChanged
from desktop.events.outbox import OutboxListed, PendingUpload
from desktop.events.transfers import PictureKnown, Transfer, TransferChanged, TransferEnded
from tests.desktop.model.people import GENERAL, waiting
from tests.desktop.stage import Stage

PLAN = FileInfo("b" * 32, "plan.pdf", 1000)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    made = Stage(tmp_path)
    made.settings.change(downloads=str(tmp_path / "downloads"))
    made.anna_is_in()
    made.controller.open_group(GENERAL)
    made.screen.forget()
    made.link.forget()
    return made


def transfer(state: str, done: int = 0, key: str = "t1", kind: str = "download") -> Transfer:
    return Transfer(key, kind, GENERAL, Path("/x/plan.pdf"), "plan.pdf", 1000, done, state, PLAN.id)  # type: ignore[arg-type]


def test_a_download_goes_into_the_chosen_folder(stage: Stage, tmp_path: Path):
    stage.controller.download(PLAN)
    ((key, group, file, folder),) = stage.link.of("fetch_file")
    assert (group, file, folder) == (GENERAL, PLAN, tmp_path / "downloads")
    assert key


def test_without_a_choice_it_goes_where_the_system_keeps_downloads(stage: Stage):
    stage.settings.change(downloads="")
    stage.controller.download(PLAN)
    assert stage.link.last("fetch_file")[3] == Path.home() / "Downloads"


@pytest.mark.parametrize("state", ["waiting", "running", "paused", "failed"])
def test_what_has_begun_is_gone_on_with_and_not_begun_twice(stage: Stage, state: str):
    stage.tells(TransferChanged(transfer(state)))
    stage.controller.download(PLAN)
    assert not stage.link.of("fetch_file")
    assert stage.link.of("resume_transfer") == [("t1",)]


def test_saving_goes_where_the_person_said(stage: Stage):
    stage.controller.save_file(PLAN, Path("/x/other.pdf"))
    assert stage.link.last("save_file")[1:] == (GENERAL, PLAN, Path("/x/other.pdf"))


def test_a_turn_of_progress_is_shown_once(stage: Stage):
    stage.tells(*(TransferChanged(transfer("running", done)) for done in (1, 2, 3)))
    ((shown,),) = stage.screen.of("show_transfers")
    assert shown == {"t1": transfer("running", 3), PLAN.id: transfer("running", 3)}
    ((listed,),) = stage.screen.of("show_transfer_list")
    assert listed.transfers == (transfer("running", 3),)


def test_what_is_forgotten_stands_as_before(stage: Stage):
    stage.tells(TransferChanged(transfer("running")), TransferEnded("t1"))
    assert stage.screen.last("show_transfers") == ({"t1": None, PLAN.id: None},)


def test_a_picture_is_asked_for_and_shown(stage: Stage):
    stage.controller.want_picture(PLAN.id, PLAN.id, None, 480)
    assert stage.link.of("fetch_picture") == [(PLAN.id, PLAN.id, None, 480)]
    told = PictureKnown(PLAN.id, 480, None, "broken")
    stage.tells(told)
    assert stage.screen.of("show_picture") == [(told,)]


def test_pictures_that_could_not_be_had_are_asked_for_again_once_the_relay_is_back(stage: Stage):
    stage.tells(LinkChanged(Connecting()))
    stage.tells(PictureKnown(PLAN.id, 480, None, "away", may_retry=True))
    stage.controller.tick()
    assert not stage.screen.of("retry_pictures")
    stage.tells(LinkChanged(Connected()))
    assert stage.screen.of("retry_pictures") == [()]
    stage.controller.tick()
    assert len(stage.screen.of("retry_pictures")) == 1


def test_a_download_is_given_up_at_once(stage: Stage):
    stage.controller.cancel_transfer("t1")
    assert stage.link.of("cancel_transfer") == [("t1",)]


def upload(key: str) -> PendingUpload:
    return PendingUpload(key, f"{key}.pdf", 1000, "", 0, 0, Path("/x"))


def test_an_upload_is_taken_out_of_its_message(stage: Stage):
    item = replace(waiting(7), uploads=(upload("u1"), upload("u2")))
    stage.tells(OutboxListed(GENERAL, (item,)))
    stage.controller.cancel_transfer("u1")
    assert stage.link.of("cancel_upload") == [(item.nonce, "u1")]
    assert not stage.link.of("cancel_transfer")


def test_the_words_of_a_message_that_goes_with_its_only_file_are_a_draft_again(stage: Stage):
    item = replace(waiting(7), uploads=(upload("u1"),))
    stage.tells(OutboxListed(GENERAL, (item,)))
    stage.controller.cancel_transfer("u1")
    assert stage.link.of("discard") == [(item.nonce,)]
    assert stage.link.last("save_draft") == (GENERAL, item.body)


def test_what_is_done_can_be_taken_off_the_list(stage: Stage):
    stage.tells(TransferChanged(transfer("running")), TransferChanged(transfer("done", 1000)))
    stage.controller.clear_transfers("")
    assert stage.screen.last("show_transfer_list")[0].transfers == ()


def test_nobody_signed_in_asks_for_nothing(tmp_path: Path):
    stage = Stage(tmp_path)
    controller = stage.opens()
    controller.download(PLAN)
    controller.save_file(PLAN, tmp_path)
    controller.want_picture("x", "x", None, 1)
    controller.clear_transfers("")
    controller.cancel_transfer("x")
    assert {name for name, *_rest in stage.link.calls} <= {"look_for_relays", "resume"}
