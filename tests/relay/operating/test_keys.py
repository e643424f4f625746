"""What opens the data is changed while the relay runs, and the next start finds it so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from common.errors import KeyUnavailable
from relay.app import RunningRelay, running
from relay.config import Config
from relay.control.asking import OrderRefused, order
from relay.control.words import (
    AddPassphrase,
    ChangePassphrase,
    ConfirmCode,
    Done,
    Keys,
    NewRecoveryCode,
    RecoveryCode,
    RemoveSlot,
    ShowKeys,
)
from tests.people import quiet_config

FIRST, SECOND = "чайник на плите", "another good one"


class Owner:
    """Who runs a relay, and asks it by the control channel."""

    def __init__(self, relay: RunningRelay) -> None:
        self.relay = relay

    async def keys(self) -> Keys:
        return await asyncio.to_thread(order, self.relay.config.data_dir, ShowKeys(), Keys)

    async def kinds(self) -> list[str]:
        return [slot.kind for slot in (await self.keys()).slots]

    async def does(self, what: ConfirmCode | AddPassphrase | ChangePassphrase | RemoveSlot) -> str:
        return (await asyncio.to_thread(order, self.relay.config.data_dir, what, Done)).note

    async def new_code(self) -> str:
        return (await asyncio.to_thread(order, self.relay.config.data_dir, NewRecoveryCode(), RecoveryCode)).code

    async def is_refused(self, what: ConfirmCode | AddPassphrase | ChangePassphrase | RemoveSlot) -> str:
        with pytest.raises(OrderRefused) as refused:
            await self.does(what)
        return str(refused.value)


@asynccontextmanager
async def owning(config: Config) -> AsyncIterator[Owner]:
    async with running(config) as relay:
        yield Owner(relay)


async def opens(config: Config) -> bool:
    """Whether a relay starts with that."""
    try:
        async with running(config):
            return True
    except KeyUnavailable:
        return False


def lose_key_file(config: Config) -> None:
    for path in config.key_file.parent.iterdir():
        path.unlink()


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return quiet_config(tmp_path)


async def test_the_slots_are_shown_and_a_code_that_nobody_typed_back_is_named(config: Config):
    async with owning(config) as owner:
        keys = await owner.keys()
        file, recovery = keys.slots
        assert (file.kind, file.opens) == ("file", True)
        assert (recovery.kind, recovery.is_confirmed) == ("recovery", False)
        assert keys.key_file == str(config.key_file)
        assert "relay keys confirm" in keys.advice[0]


async def test_a_key_file_that_was_lost_while_the_relay_runs_is_the_first_advice(config: Config):
    async with owning(config) as owner:
        lose_key_file(config)
        keys = await owner.keys()
        assert keys.slots[0].opens is False
        assert "--recovery-code" in keys.advice[0]


async def test_the_code_that_was_written_down_is_confirmed_and_stays_so(config: Config):
    async with owning(config) as owner:
        assert owner.relay.recovery_code is not None
        assert "right" in await owner.does(ConfirmCode(owner.relay.recovery_code.lower().replace("-", " ")))
        assert (await owner.keys()).slots[1].is_confirmed
    async with owning(config) as owner:
        assert (await owner.keys()).slots[1].is_confirmed
        assert (await owner.keys()).advice == []


async def test_a_slip_and_a_foreign_code_are_told_apart(config: Config, tmp_path: Path):
    async with owning(config) as owner, owning(quiet_config(tmp_path / "other")) as other:
        code = owner.relay.recovery_code or ""
        slip = ("0" if code[0] != "0" else "1") + code[1:]
        assert "group 1" in await owner.is_refused(ConfirmCode(slip))
        assert "another relay" in await owner.is_refused(ConfirmCode(other.relay.recovery_code or ""))
        assert not (await owner.keys()).slots[1].is_confirmed


async def test_a_passphrase_opens_the_data_at_the_next_start_and_alone_once_the_key_file_is_taken_away(config: Config):
    async with owning(config) as owner:
        assert "remove-slot file" in await owner.does(AddPassphrase(FIRST))
        assert "already" in await owner.is_refused(AddPassphrase(SECOND))
        assert "RELAY_PASSPHRASE" in await owner.does(RemoveSlot("file"))
        assert await owner.kinds() == ["recovery", "passphrase"]
    assert not await opens(config)
    assert await opens(replace(config, passphrase=FIRST))


async def test_a_passphrase_is_changed_by_who_knows_it(config: Config):
    config = replace(config, passphrase=FIRST)
    async with owning(config) as owner:
        assert "another one" in await owner.is_refused(ChangePassphrase("not this one", SECOND))
        await owner.does(ChangePassphrase(FIRST, SECOND))
    assert not await opens(config)
    assert await opens(replace(config, passphrase=SECOND))


@pytest.mark.parametrize("bad", ["", "short", "two\nlines of text", "x" * 1025])
async def test_a_passphrase_that_could_not_be_typed_again_is_refused(config: Config, bad: str):
    async with owning(config) as owner:
        assert "passphrase" in await owner.is_refused(AddPassphrase(bad))
        assert await owner.kinds() == ["file", "recovery"]


async def test_a_new_code_replaces_the_one_before_when_it_was_typed_back_and_not_earlier(config: Config):
    async with owning(config) as owner:
        first = owner.relay.recovery_code or ""
        unseen, second = await owner.new_code(), await owner.new_code()
        assert "replaced" in await owner.is_refused(ConfirmCode(unseen))
    assert await opens(replace(config, recovery_code=first))
    async with owning(config) as owner:
        assert "before opens nothing" in await owner.does(ConfirmCode(second))
        assert await owner.kinds() == ["file", "recovery"]
    assert not await opens(replace(config, recovery_code=first))
    assert await opens(replace(config, recovery_code=second))


async def test_the_last_way_in_is_never_taken_away(config: Config):
    async with owning(config) as owner:
        await owner.does(RemoveSlot("recovery"))
        assert "lost for good" in await owner.is_refused(RemoveSlot("file"))
        assert await owner.kinds() == ["file"]


async def test_a_code_that_nobody_has_typed_back_is_never_the_only_way_in(config: Config):
    async with owning(config) as owner:
        assert "typed it back" in await owner.is_refused(RemoveSlot("file"))
        await owner.does(ConfirmCode(owner.relay.recovery_code or ""))
        assert "--recovery-code" in await owner.does(RemoveSlot("file"))
    assert not await opens(config)
    assert await opens(replace(config, recovery_code=owner.relay.recovery_code))


async def test_what_opens_the_data_beside_a_key_file_that_is_gone_counts_as_the_last_way_in(config: Config):
    async with owning(config) as owner:
        lose_key_file(config)
        assert "lost for good" in await owner.is_refused(RemoveSlot("recovery"))
        assert await owner.kinds() == ["file", "recovery"]


async def test_a_key_file_that_is_gone_does_not_make_up_for_a_code_that_nobody_has_typed_back(config: Config):
    async with owning(config) as owner:
        await owner.does(AddPassphrase(FIRST))
        lose_key_file(config)
        assert "typed it back" in await owner.is_refused(RemoveSlot("passphrase"))
        await owner.does(ConfirmCode(owner.relay.recovery_code or ""))
        await owner.does(RemoveSlot("passphrase"))


async def test_the_slot_of_a_key_file_that_is_gone_may_go_when_another_way_opens_the_data(config: Config):
    async with owning(config) as owner:
        await owner.does(AddPassphrase(FIRST))
        lose_key_file(config)
        await owner.does(RemoveSlot("file"))
    assert await opens(replace(config, passphrase=FIRST))
