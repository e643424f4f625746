"""The relay that is left, state by state: who may have it, until when it may change its mind, and when it may not any more."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from common.errors import MoveOver, NotAllowed, RelayMoved, RelayMoving, StorageUnavailable, WrongTicket
from common.ids import Millis, RelayId
from relay.moving.handover import CLAIMED_S, FROZEN_S, TICKET_MS, Handover, Held, Left, Offered, Serving, State
from relay.moving.marks import MOVED, read_moved, write_mark
from relay.moving.ticket import proof_of

RELAY, CLAIM, ANOTHER = RelayId("A" * 52), "the new computer", "somebody else"

pytestmark = pytest.mark.allows_errors


class Storing:
    """What a store does when it is held: nothing."""

    def __init__(self) -> None:
        self.is_held = False

    async def hold(self) -> None:
        self.is_held = True

    def go_on(self) -> None:
        self.is_held = False


class Desk:
    """A relay that somebody wants, with a clock that can be put forward."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Storing()
        self.now = 1_000_000
        self.clock = 100.0
        self.was_told: list[Any] = []
        self.handover = self.again()

    def again(self) -> Handover:
        """As after a start."""
        mark = read_moved(self.folder)
        handover = Handover(RELAY, self.folder, self.store, lambda: Millis(self.now), lambda: self.clock, mark)

        async def left() -> None:
            self.was_told.append("left")

        handover.on_left, handover.on_gone = left, self.was_told.append
        return handover

    def claimed(self) -> Handover:
        """With a computer that fetches it."""
        self.handover.begin(proof_of(self.handover.offer().ticket), CLAIM)
        return self.handover

    def state_after(self, ms: int) -> State:
        """What it is when that time has passed and it has looked."""
        self.now += ms
        self.handover.look()
        return self.handover.state


@pytest.fixture
def relay(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


# -- who may have it ---------------------------------------------------------------------------------------------------


def test_a_ticket_begins_for_one_computer_which_may_ask_again(relay: Desk):
    ticket = relay.handover.offer().ticket
    assert relay.handover.begin(proof_of(ticket), CLAIM) == ticket
    assert relay.handover.begin(proof_of(ticket), CLAIM) == ticket
    with pytest.raises(WrongTicket):
        relay.handover.begin(proof_of(ticket), ANOTHER)


def test_a_new_ticket_makes_the_one_before_worthless(relay: Desk):
    before = relay.handover.offer().ticket
    relay.handover.offer()
    with pytest.raises(WrongTicket):
        relay.handover.begin(proof_of(before), CLAIM)


async def test_only_who_has_begun_is_heard(relay: Desk):
    handover = relay.claimed()
    for work in (handover.hold(ANOTHER), handover.commit(ANOTHER, "move"), handover.arrived(ANOTHER, [])):
        with pytest.raises(MoveOver):
            await work
    with pytest.raises(MoveOver):
        handover.give_up(ANOTHER)
    assert not relay.store.is_held
    move = await handover.hold(CLAIM)
    with pytest.raises(MoveOver):
        await handover.commit(ANOTHER, move)
    assert not (relay.folder / MOVED).exists()


# -- until when it may change its mind ---------------------------------------------------------------------------------


def test_a_ticket_that_nobody_used_is_forgotten(relay: Desk):
    relay.handover.offer()
    assert isinstance(relay.state_after(TICKET_MS - 1), Offered)
    assert relay.state_after(1) == Serving()


def test_who_fetches_and_falls_silent_has_given_up(relay: Desk):
    handover = relay.claimed()
    relay.clock += CLAIMED_S
    handover.heard(CLAIM)
    relay.clock += CLAIMED_S
    handover.look()
    handover.heard(CLAIM)
    relay.clock += CLAIMED_S + 1
    handover.look()
    assert handover.state == Serving()


async def test_while_it_is_held_nothing_is_stored_and_silence_ends_it(relay: Desk):
    handover = relay.claimed()
    move = await handover.hold(CLAIM)
    assert relay.store.is_held
    assert await handover.hold(CLAIM) == move, "who did not hear it asks again"
    with pytest.raises(NotAllowed):
        handover.offer()
    relay.clock += FROZEN_S + 1
    handover.look()
    assert (handover.state, relay.store.is_held) == (Serving(), False)
    with pytest.raises(MoveOver):
        await handover.commit(CLAIM, move)
    assert not (relay.folder / MOVED).exists()


async def test_what_was_copied_before_the_relay_went_on_is_never_handed_over(relay: Desk):
    handover = relay.claimed()
    old = await handover.hold(CLAIM)
    handover.give_up(CLAIM)
    assert not relay.store.is_held
    relay.claimed()
    assert await handover.hold(CLAIM) != old
    with pytest.raises(MoveOver):
        await handover.commit(CLAIM, old)


async def test_while_its_mark_is_being_written_it_does_not_change_its_mind(
    relay: Desk, monkeypatch: pytest.MonkeyPatch
):
    handover = relay.claimed()
    move = await handover.hold(CLAIM)
    loop = asyncio.get_running_loop()
    seen: list[bool] = []

    def meanwhile() -> None:
        relay.clock += 10 * FROZEN_S
        handover.look()
        handover.give_up(CLAIM)
        seen.append(relay.store.is_held and isinstance(handover.state, Held))

    def written(*given: Any) -> None:
        asyncio.run_coroutine_threadsafe(asyncio.to_thread(lambda: None), loop).result()
        loop.call_soon_threadsafe(meanwhile)
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result()
        write_mark(*given)

    from relay.moving import handover as module

    monkeypatch.setattr(module, "write_mark", written)
    await handover.commit(CLAIM, move)
    assert seen == [True]
    assert isinstance(handover.state, Left)


# -- handed over -------------------------------------------------------------------------------------------------------


async def test_handed_over_it_answers_for_itself_no_more_and_says_so_again(relay: Desk):
    handover = relay.claimed()
    move = await handover.hold(CLAIM)
    await handover.commit(CLAIM, move)
    assert relay.was_told == ["left"]
    await handover.commit(CLAIM, move)
    assert relay.was_told == ["left"]
    with pytest.raises(RelayMoving):
        handover.check_here()
    with pytest.raises(RelayMoved):
        handover.offer()
    await handover.arrived(CLAIM, ["10.0.0.2:5000"])
    with pytest.raises(RelayMoved, match=r"10\.0\.0\.2:5000"):
        handover.check_here()
    assert relay.was_told == ["left", ["10.0.0.2:5000"]]
    assert relay.store.is_held


async def test_after_a_crash_the_mark_says_it(relay: Desk):
    handover = relay.claimed()
    move = await handover.hold(CLAIM)
    await handover.commit(CLAIM, move)
    again = relay.again()
    await again.commit(CLAIM, move)
    with pytest.raises(MoveOver):
        await again.commit(ANOTHER, move)
    with pytest.raises(MoveOver):
        await again.arrived(ANOTHER, ["10.6.6.6:5000"])
    with pytest.raises(RelayMoving):
        again.check_here()
    await again.arrived(CLAIM, ["10.0.0.2:5000"])
    assert relay.again().moved_to == ["10.0.0.2:5000"]


async def test_a_mark_that_cannot_be_written_hands_nothing_over(relay: Desk, monkeypatch: pytest.MonkeyPatch):
    handover = relay.claimed()
    move = await handover.hold(CLAIM)
    relay.folder.rename(away := relay.folder.with_name("away"))  # a disk that is gone
    with pytest.raises(StorageUnavailable):
        await handover.commit(CLAIM, move)
    away.rename(relay.folder)
    assert relay.store.is_held, "it may be asked again"
    relay.clock += FROZEN_S + 1
    handover.look()
    assert (handover.state, relay.store.is_held) == (Serving(), False)


async def test_a_mark_that_may_stand_is_believed_until_it_is_known(relay: Desk, monkeypatch: pytest.MonkeyPatch):
    from relay.moving import handover as module

    def fails_at_the_end(*given: Any) -> None:
        write_mark(*given)
        raise OSError(5, "Input/output error")

    handover = relay.claimed()
    move = await handover.hold(CLAIM)
    monkeypatch.setattr(module, "write_mark", fails_at_the_end)
    with pytest.raises(StorageUnavailable):
        await handover.commit(CLAIM, move)
    relay.clock += FROZEN_S + 1
    handover.look()
    assert relay.store.is_held, "both would serve"
    monkeypatch.setattr(module, "write_mark", write_mark)
    await handover.commit(CLAIM, move)
    assert isinstance(handover.state, Left)
