"""Secrets go into the keyring, else into a file that only its owner can read."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring

from common.ids import RelayId, UserId
from desktop.link.vault import FILE_NAME, IN_KEYRING, MARK_NAME, KeptToken, OwnerCode, Vault, VaultDamaged, VaultLocked

HERE = KeptToken(RelayId("A" * 52), UserId(1), "token-of-here")
THERE = KeptToken(RelayId("B" * 51 + "A"), UserId(7), "token-of-there")


class InMemory(KeyringBackend):
    """A keyring as the systems have them."""

    priority = -1.0
    """The library knows every class of this kind in the process, and is never to choose this one by itself."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


class Forgetful(InMemory):
    """Takes everything, keeps nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        return


class Asking(InMemory):
    """Waits for its owner to type a password."""

    def __init__(self) -> None:
        super().__init__()
        self.typed = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.typed.wait(20)
        return super().get_password(service, username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self.typed.wait(20)
        super().set_password(service, username, password)


@pytest.fixture(autouse=True)
def _restore_keyring() -> Iterator[None]:
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


async def opened(home: Path, keyring_s: float = 5.0) -> Vault:
    vault = Vault(home, keyring_s)
    await vault.open()
    return vault


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_an_owner_code_is_kept_beside_the_tokens_until_it_is_used(tmp_path: Path) -> None:
    vault = await opened(tmp_path)
    await vault.keep_owner_code(OwnerCode(HERE.relay_id, "ABCD"))
    await vault.remember(HERE)
    vault = await opened(tmp_path)
    kept = vault.owner_code
    assert kept == OwnerCode(HERE.relay_id, "ABCD")
    assert "ABCD" not in repr(kept)
    await vault.keep_owner_code(None)
    assert (vault.owner_code, vault.current) == (None, HERE)


async def test_with_a_keyring_no_secret_is_in_a_file(tmp_path: Path) -> None:
    keyring.set_keyring(InMemory())
    vault = await opened(tmp_path)
    await vault.remember(HERE)
    again = await opened(tmp_path)
    assert again.current == HERE
    assert again.archive_key == vault.archive_key
    assert len(vault.archive_key) == 32
    assert vault.kept_in == again.kept_in == IN_KEYRING
    assert files_in(tmp_path) == [MARK_NAME]


@pytest.mark.parametrize("backend", [NoKeyring, Forgetful])
async def test_without_a_keyring_they_are_in_a_file_for_the_owner_only(
    tmp_path: Path, backend: type[KeyringBackend]
) -> None:
    keyring.set_keyring(backend())
    vault = await opened(tmp_path / "home")
    await vault.remember(HERE)
    path = tmp_path / "home" / FILE_NAME
    again = await opened(tmp_path / "home")
    assert again.current == HERE
    assert again.archive_key == vault.archive_key
    assert vault.kept_in == again.kept_in == str(path)
    assert files_in(path.parent) == [FILE_NAME]
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        path.chmod(0o644)
        await opened(tmp_path / "home")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_keyring_that_does_not_answer_is_not_waited_for(tmp_path: Path) -> None:
    backend = Asking()
    keyring.set_keyring(backend)
    vault = await opened(tmp_path, keyring_s=0.05)
    assert vault.kept_in == str(tmp_path / FILE_NAME)
    backend.typed.set()
    for thread in [one for one in threading.enumerate() if one.name == "keyring"]:
        thread.join(10)
    again = await opened(tmp_path)
    assert again.archive_key == vault.archive_key, "what a late keyring says must not replace what was used meanwhile"
    await again.remember(HERE)
    assert again.kept_in == IN_KEYRING
    assert not (tmp_path / FILE_NAME).exists()
    assert (await opened(tmp_path)).current == HERE


async def test_two_client_folders_do_not_share_secrets(tmp_path: Path) -> None:
    keyring.set_keyring(InMemory())
    one, two = await opened(tmp_path / "one"), await opened(tmp_path / "two")
    await one.remember(HERE)
    assert one.archive_key != two.archive_key
    assert (await opened(tmp_path / "two")).current is None


async def test_each_relay_has_one_token_and_the_last_used_is_resumed(tmp_path: Path) -> None:
    keyring.set_keyring(NoKeyring())  # type: ignore[no-untyped-call]
    vault = await opened(tmp_path)
    await vault.remember(HERE)
    await vault.remember(THERE)
    assert vault.current == THERE
    newer = KeptToken(HERE.relay_id, HERE.user, "newer")
    await vault.remember(newer)
    assert (vault.current, vault.token_of(HERE.relay_id), vault.token_of(THERE.relay_id)) == (newer, newer, THERE)
    await vault.forget(THERE.relay_id)
    assert (vault.current, vault.token_of(THERE.relay_id)) == (newer, None)
    await vault.forget(HERE.relay_id)
    assert (await opened(tmp_path)).current is None


async def test_after_leaving_nothing_is_resumed_but_the_token_is_kept(tmp_path: Path) -> None:
    keyring.set_keyring(NoKeyring())  # type: ignore[no-untyped-call]
    vault = await opened(tmp_path)
    await vault.remember(HERE)
    await vault.leave()
    again = await opened(tmp_path)
    assert (again.current, again.token_of(HERE.relay_id)) == (None, HERE)


async def test_a_keyring_that_has_the_secrets_and_does_not_answer_is_no_reason_for_others(tmp_path: Path) -> None:
    kept, asking = InMemory(), Asking()
    keyring.set_keyring(kept)
    first = await opened(tmp_path)
    await first.remember(HERE)
    before = dict(kept.kept)

    asking.kept = kept.kept
    keyring.set_keyring(asking)
    vault = Vault(tmp_path, 0.05)
    with pytest.raises(VaultLocked, match="Unlock"):
        await vault.open()
    assert (kept.kept, files_in(tmp_path)) == (before, [MARK_NAME])
    asking.typed.set()
    await vault.unlocked()
    await vault.open()
    assert (vault.current, vault.archive_key) == (HERE, first.archive_key)


async def test_a_keyring_that_is_unlocked_too_late_does_not_take_what_went_into_the_file(tmp_path: Path) -> None:
    kept, asking = InMemory(), Asking()
    keyring.set_keyring(kept)
    vault = await opened(tmp_path, keyring_s=0.05)
    before = dict(kept.kept)
    asking.kept = kept.kept
    keyring.set_keyring(asking)
    await vault.remember(HERE)
    await vault.forget(HERE.relay_id)
    asking.typed.set()
    await vault.unlocked()
    assert kept.kept == before
    assert HERE.token not in (tmp_path / FILE_NAME).read_text()


async def test_a_key_that_the_keyring_did_not_give_is_never_written_over(tmp_path: Path) -> None:
    kept, asking = InMemory(), Asking()
    keyring.set_keyring(kept)
    first = await opened(tmp_path)
    await first.remember(HERE)
    before = dict(kept.kept)

    (tmp_path / MARK_NAME).unlink()  # as its owner is told to do when the keyring is gone for good
    asking.kept = kept.kept
    keyring.set_keyring(asking)
    locked = await opened(tmp_path, keyring_s=0.05)
    assert locked.archive_key != first.archive_key
    asking.typed.set()
    await locked.remember(THERE)
    await locked.settle()
    assert kept.kept == before
    assert locked.kept_in == str(tmp_path / FILE_NAME)
    assert (await opened(tmp_path)).current == THERE


@pytest.mark.parametrize("record", ["nonsense", "{}", '{"archive_key":"zz"}', '{"archive_key":"00"}'])
async def test_a_damaged_record_of_the_keyring_is_left_alone_and_told(tmp_path: Path, record: str) -> None:
    kept = InMemory()
    keyring.set_keyring(kept)
    await opened(tmp_path)
    (place,) = kept.kept
    kept.kept[place] = record
    with pytest.raises(VaultDamaged, match="keyring"):
        await opened(tmp_path)
    assert kept.kept == {place: record}


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"archive_key":"zz"}', b'{"archive_key":"00"}'])
async def test_a_damaged_file_is_left_alone_and_named(tmp_path: Path, content: bytes) -> None:
    keyring.set_keyring(NoKeyring())  # type: ignore[no-untyped-call]
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(VaultDamaged, match=FILE_NAME):
        await opened(tmp_path)
    assert (tmp_path / FILE_NAME).read_bytes() == content


async def test_a_token_does_not_show_in_a_trace() -> None:
    assert HERE.token not in repr(HERE)
