"""What is known of transfers: by transfer, by file, and all of them together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec.structs import replace

from common.ids import GroupId
from desktop.events.transfers import Transfer, TransferChanged, TransferEnded
from desktop.model.transfers import Transfers

KETTLE = "a" * 32
PLAN = "b" * 32


def transfer(key: str, state: Any = "running", done: int = 0, **more: Any) -> Transfer:
    said: dict[str, Any] = {"kind": "download", "file": KETTLE, "size": 100} | more
    return Transfer(
        key,
        said["kind"],
        GroupId(1),
        Path("/downloads") / key,
        key,
        said["size"],
        done,
        state,
        said["file"],
        problem=said.get("problem", ""),
    )


def heard(*transfers: Transfer) -> Transfers:
    model = Transfers()
    for one in transfers:
        model.fold(TransferChanged(one))
    return model


def test_a_transfer_is_found_by_its_key_and_by_its_file():
    model = heard(transfer("t1"))
    assert model.of("t1") == model.of(KETTLE) == transfer("t1")
    assert model.of(PLAN) is None


def test_what_changed_is_named_by_key_and_file():
    model = Transfers()
    assert model.fold(TransferChanged(transfer("t1"))) == {"t1", KETTLE}
    assert model.fold(TransferEnded("t1")) == {"t1", KETTLE}
    assert model.statuses({"t1", KETTLE}) == {"t1": None, KETTLE: None}


def test_an_upload_that_gets_its_file_is_known_by_both():
    model = heard(transfer("u1", kind="upload", file=""))
    assert model.of("u1") is not None
    assert model.fold(TransferChanged(transfer("u1", kind="upload", file=PLAN))) == {"u1", PLAN}
    assert model.of(PLAN) == model.of("u1")


def test_of_several_transfers_of_a_file_the_one_under_way_counts_then_the_one_that_arrived():
    arrived, failed = transfer("t1", "done", 100), transfer("t2", "failed")
    assert heard(arrived, failed).of(KETTLE) == arrived
    assert heard(arrived, failed, transfer("t3", done=5)).of(KETTLE) == transfer("t3", done=5)
    assert heard(transfer("u1", "done", kind="upload"), failed).of(KETTLE) == failed


def test_the_list_has_the_newest_first_and_says_how_far_all_of_it_is():
    model = heard(
        transfer("t1", "running", 30),
        transfer("t2", "paused", 10, file=PLAN, size=300),
        transfer("t3", "failed", file="c" * 32),
    )
    listed = model.list()
    assert [one.key for one in listed.transfers] == ["t3", "t2", "t1"]
    assert (listed.under_way, listed.failed, listed.finished, listed.share) == (2, 1, 0, 0.1)


def test_nothing_under_way_has_no_share_and_empty_files_have_one():
    assert Transfers().list().share is None
    assert heard(transfer("t1", size=0)).list().share == 0.0


def test_what_was_finished_before_the_client_was_started_is_known_but_not_listed():
    model = heard(transfer("t1", "done", 100))
    assert model.list().transfers == ()
    assert model.of(KETTLE) is not None
    model.fold(TransferChanged(transfer("t2", "running")))
    model.fold(TransferChanged(transfer("t2", "done")))
    assert [one.key for one in model.list().transfers] == ["t2"]


def test_clearing_takes_off_the_list_only_what_is_done_and_forgets_nothing():
    model = heard(transfer("t1"), transfer("t2", file=PLAN), transfer("t3", "failed", file="c" * 32))
    for key, file in (("t1", KETTLE), ("t2", PLAN)):
        model.fold(TransferChanged(replace(transfer(key, "done", 100, file=file))))
    model.clear_finished("t1")
    assert [one.key for one in model.list().transfers] == ["t3", "t2"]
    model.clear_finished()
    assert [one.key for one in model.list().transfers] == ["t3"]
    assert model.of(KETTLE) is not None
    assert model.of(PLAN) is not None


def test_an_upload_that_begins_afresh_is_no_longer_known_by_its_old_file():
    model = heard(transfer("u1", kind="upload", file=KETTLE), transfer("u1", kind="upload", file=PLAN))
    assert model.of(KETTLE) is None
    assert model.of(PLAN) is not None
    model.fold(TransferEnded("u1"))
    assert model.of(PLAN) is None
