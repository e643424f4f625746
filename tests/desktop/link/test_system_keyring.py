"""The client's secrets in a real keyring of a desktop: gnome-keyring on a session bus, as it is found, locked, killed and brought back."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backends.fail import Keyring as NoKeyring
from keyring.backends.SecretService import Keyring as OfSecretService

from common.ids import RelayId, UserId
from desktop.events.link import CommandRefused, SignedIn, SignedOut
from desktop.events.relays import DiscoveryTrouble
from desktop.link import vault as vaults
from desktop.link.vault import FILE_NAME, IN_KEYRING, MARK_NAME, KeptToken, Vault, VaultLocked
from tests.desktop.link.clients import Enter
from tests.desktop.link.relays import RelayProcess
from tests.secret_service import Prompter, SecretService, choose_afresh, secret_service

# The library leaves its connection to the collector when a keyring is locked.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")

HERE = KeptToken(RelayId("A" * 52), UserId(1), "token-of-here")
THERE = KeptToken(RelayId("B" * 51 + "A"), UserId(7), "token-of-there")
PATIENCE_S = 1.5
"""Enough for a keyring that is not asked for its password, on a busy machine."""


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretService]:
    """A bus without a keyring."""
    with secret_service(monkeypatch) as made:
        yield made
    gc.collect()


@pytest.fixture
def running(service: SecretService) -> SecretService:
    """A bus with an unlocked keyring."""
    service.start()
    choose_afresh()
    return service


async def opened(home: Path, patience_s: float = 5.0) -> Vault:
    vault = Vault(home, patience_s)
    await vault.open()
    return vault


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_the_keyring_of_the_desktop_is_found_and_used(running: SecretService, tmp_path: Path) -> None:
    vault = await opened(tmp_path)
    await vault.remember(HERE)
    assert isinstance(keyring.get_keyring(), OfSecretService)
    assert vault.kept_in == IN_KEYRING
    assert files_in(tmp_path) == [MARK_NAME]
    (record,) = running.records()
    assert HERE.token in record
    assert vault.archive_key.hex() in record
    assert HERE.token not in (tmp_path / MARK_NAME).read_text()
    assert vault.archive_key.hex() not in (tmp_path / MARK_NAME).read_text()
    again = await opened(tmp_path)
    assert (again.current, again.archive_key) == (HERE, vault.archive_key)
    await again.forget(HERE.relay_id)
    (record,) = running.records()
    assert HERE.token not in record


async def test_it_is_read_after_the_keyring_was_started_again(running: SecretService, tmp_path: Path) -> None:
    vault = await opened(tmp_path)
    await vault.remember(HERE)
    running.stop()
    running.start()
    assert (await opened(tmp_path)).current == HERE


async def test_a_bus_without_a_keyring_means_the_file(service: SecretService, tmp_path: Path) -> None:
    vault = await opened(tmp_path)
    await vault.remember(HERE)
    assert isinstance(keyring.get_keyring(), NoKeyring)
    assert files_in(tmp_path) == [FILE_NAME]


async def test_a_keyring_that_dies_between_means_the_file_until_it_is_back(
    running: SecretService, tmp_path: Path
) -> None:
    vault = await opened(tmp_path)
    await vault.remember(HERE)
    running.stop()
    await vault.remember(THERE)
    assert vault.kept_in == str(tmp_path / FILE_NAME)
    assert files_in(tmp_path) == [FILE_NAME]
    running.start()
    again = await opened(tmp_path)
    assert (again.current, again.archive_key) == (THERE, vault.archive_key)
    await again.settle()
    assert again.kept_in == IN_KEYRING
    assert files_in(tmp_path) == [MARK_NAME]
    (record,) = running.records()
    assert THERE.token in record
    assert (await opened(tmp_path)).current == THERE


async def test_what_is_in_the_file_moves_into_a_keyring_that_appears_later(
    service: SecretService, tmp_path: Path
) -> None:
    first = await opened(tmp_path)
    await first.remember(HERE)
    assert files_in(tmp_path) == [FILE_NAME]
    service.start()
    choose_afresh()
    second = await opened(tmp_path)
    assert second.current == HERE
    await second.settle()
    assert files_in(tmp_path) == [MARK_NAME]
    third = await opened(tmp_path)
    assert (third.current, third.archive_key, third.kept_in) == (HERE, first.archive_key, IN_KEYRING)


async def test_without_a_keyring_the_file_stays_as_it_is(service: SecretService, tmp_path: Path) -> None:
    vault = await opened(tmp_path)
    before = (tmp_path / FILE_NAME).stat()
    await vault.settle()
    assert (tmp_path / FILE_NAME).stat() == before


async def test_a_locked_keyring_that_nobody_can_unlock_is_told_and_nothing_is_made_anew(
    running: SecretService, tmp_path: Path
) -> None:
    vault = await opened(tmp_path)
    await vault.remember(HERE)
    for is_dead in (False, True):
        running.lock()
        if is_dead:
            running.stop()
        began = time.monotonic()
        with pytest.raises(VaultLocked, match=MARK_NAME) as locked:
            await opened(tmp_path)
        assert time.monotonic() - began < 2
        assert not locked.value.is_asking
        assert files_in(tmp_path) == [MARK_NAME]
    running.start()
    assert (await opened(tmp_path)).current == HERE


async def test_a_keyring_that_asks_for_its_password_is_waited_for_as_long_as_its_owner_takes(
    running: SecretService, tmp_path: Path
) -> None:
    await (await opened(tmp_path)).remember(HERE)
    running.lock()
    prompter = Prompter(running)
    vault = Vault(tmp_path, PATIENCE_S)
    with pytest.raises(VaultLocked) as locked:
        await vault.open()
    assert locked.value.is_asking
    prompter.is_asked()
    waiting = asyncio.create_task(vault.unlocked())
    running.unlock()
    prompter.leave()
    async with asyncio.timeout(5):
        await waiting
    await vault.open()
    assert (vault.current, files_in(tmp_path)) == (HERE, [MARK_NAME])


async def test_while_the_keyring_asks_the_file_is_used_and_the_owner_is_asked_once(
    running: SecretService, tmp_path: Path
) -> None:
    vault = await opened(tmp_path, PATIENCE_S)
    await vault.remember(HERE)
    running.lock()
    prompter = Prompter(running)
    await vault.remember(THERE)
    prompter.is_asked()
    assert files_in(tmp_path) == [FILE_NAME]
    began = time.monotonic()
    await vault.forget(THERE.relay_id)
    assert time.monotonic() - began < PATIENCE_S, "the open question was waited for again"
    moving = asyncio.create_task(vault.settle())
    running.unlock()
    prompter.leave()
    async with asyncio.timeout(5):
        await moving
    assert vault.kept_in == IN_KEYRING
    (record,) = running.records()
    assert THERE.token not in record, "what was asked first came last"
    assert HERE.token in record


def test_a_client_in_a_session_with_a_keyring_comes_back_and_signs_out(
    running: SecretService, relay: RelayProcess, enter: Enter
) -> None:
    anna = enter("anna")
    anna.register(relay.address, "anna")
    anna.ends()
    assert FILE_NAME not in files_in(anna.home)
    (record,) = running.records()
    assert relay.said["relay_id"] in record

    anna = enter("anna")
    anna.link.resume()
    assert anna.until_told(SignedIn).token_kept_in == IN_KEYRING
    anna.until_connected()
    anna.link.sign_out()
    anna.until_told(SignedOut)
    deadline = time.monotonic() + 10
    while relay.said["relay_id"] in (record := running.records()[0]):
        assert time.monotonic() < deadline, f"the relay was told and the token stays: {record}"
        threading.Event().wait(0.02)


@pytest.mark.allows_errors
def test_a_client_whose_keyring_is_locked_says_so_and_goes_on_when_it_is_not(
    running: SecretService, relay: RelayProcess, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = enter("anna")
    anna.register(relay.address, "anna")
    anna.says("было")
    anna.until(lambda: anna.messages() == ["было"])
    anna.ends()

    monkeypatch.setattr(vaults.Vault.__init__, "__defaults__", (PATIENCE_S,))
    running.lock()
    prompter = Prompter(running)
    anna = enter("anna")
    anna.link.resume()
    assert "Unlock it" in anna.until_told(CommandRefused).message
    began = time.monotonic()
    anna.ends()
    assert time.monotonic() - began < 10, "a client that waits for the keyring cannot be closed"

    anna = enter("anna")
    anna.link.resume()
    anna.until_told(CommandRefused)
    running.unlock()
    prompter.leave()
    anna.until_connected()
    anna.link.open_group(anna.general)
    anna.until(lambda: anna.messages() == ["было"])
    assert DiscoveryTrouble("") in anna.events, "the sentence about the keyring stands there for ever"

    anna.ends()
    running.stop()
    anna = enter("anna")
    assert MARK_NAME in anna.until_told(CommandRefused).message
