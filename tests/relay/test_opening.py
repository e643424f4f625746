"""The first start, every later one, and all that keeps a relay from opening its database."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from common.crypto.keyfile import copy_of, write_key_file
from common.errors import ConfigError, DatabaseTooNew, KeyUnavailable, StartupError
from relay.opening import open_store
from relay.storage import folder as folders
from relay.storage.checkup import look_over
from relay.storage.store import Store
from tests.relay.stores import Clock, add_person, config_in, database_in, log_of, message, store_in, tamper


async def _open(folder: Path, recovery_code: str | None = None, **settings: Any) -> Store:
    return await open_store(config_in(folder, recovery_code=recovery_code, **settings), Clock())


async def _say(store: Store, text: str) -> None:
    user = await add_person(store, text)
    await store.write(lambda tx: tx.append(message(store.general, user, text)))


# -- the first start and the second ------------------------------------------------------------------------------------


async def test_the_first_start_makes_everything_and_shows_the_recovery_code_once(tmp_path: Path) -> None:
    async with store_in(tmp_path) as store:
        assert await store.read(lambda tables: tables.groups.general()) == store.general
        assert store.recovery_code is not None
        assert len(store.recovery_code) == 39
        assert store.key_protection == f"key file {tmp_path / 'config' / 'relay.key'} or recovery code"
    async with store_in(tmp_path) as store:
        assert store.recovery_code is None


async def test_the_same_owner_code_is_shown_at_each_start_until_somebody_has_used_it(tmp_path: Path) -> None:
    async with store_in(tmp_path) as store:
        code = store.owner_code or ""
        assert await store.read(lambda tables: tables.meta.is_owner_code(code))
    async with store_in(tmp_path) as store:
        assert store.owner_code == code
        assert await store.write(lambda transaction: transaction.meta.take_owner_code(code))
    async with store_in(tmp_path) as store:
        assert store.owner_code is None


async def test_where_only_the_hash_of_the_owner_code_was_kept_there_is_a_new_one(tmp_path: Path) -> None:
    async with store_in(tmp_path) as store:
        first = store.owner_code
    assert tamper(tmp_path, "DELETE FROM settings WHERE name = 'owner_code_text'") == 1
    async with store_in(tmp_path) as store:
        second = store.owner_code or ""
        assert second != first
        assert await store.read(lambda tables: tables.meta.is_owner_code(second))


@pytest.mark.parametrize("left", ["search.snapshot", "files/ab/file", "relay.db-wal"])
@pytest.mark.parametrize("is_empty", [True, False])
async def test_a_relay_whose_database_is_gone_is_not_begun_anew(tmp_path: Path, left: str, is_empty: bool) -> None:
    async with store_in(tmp_path):
        pass
    database = database_in(tmp_path)
    database.unlink()
    if is_empty:
        database.touch()
    path = database.parent / left
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"of the relay that was there")
    with pytest.raises(StartupError, match="relay restore"):
        async with store_in(tmp_path):
            pass
    assert path.read_bytes() == b"of the relay that was there"
    assert database.exists() == is_empty


async def test_the_relay_stays_who_it_is(tmp_path: Path) -> None:
    async with store_in(tmp_path) as store:
        first = (
            store.relay_id,
            store.identity.certificate_pem,
            store.identity.private_key_pem,
            store.epoch,
            store.general,
        )
        await _say(store, "до")
    async with store_in(tmp_path, name="Another name") as store:
        assert (
            store.relay_id,
            store.identity.certificate_pem,
            store.identity.private_key_pem,
            store.epoch,
            store.general,
        ) == first
        assert store.relay_id == store.identity.relay_id
        assert [entry.body for entry in await log_of(store, store.general)] == ["до"]
        assert await store.read(lambda tables: tables.meta.relay_name()) == "Another name"


async def test_a_first_start_that_ended_after_the_key_file_is_begun_again(tmp_path: Path) -> None:
    write_key_file(tmp_path / "config" / "relay.key", bytes(range(32)))
    async with store_in(tmp_path) as store:
        assert store.recovery_code is not None
    async with store_in(tmp_path) as store:
        assert store.recovery_code is None


async def test_a_bare_secret_from_a_container_is_a_key_file(tmp_path: Path) -> None:
    secret = tmp_path / "master_key"
    secret.write_text("0123456789abcdef" * 4 + "\n")
    secret.chmod(0o600)
    for _ in range(2):
        async with store_in(tmp_path, key_file=secret) as store:
            assert str(secret) in store.key_protection
    assert secret.read_text() == "0123456789abcdef" * 4 + "\n"


# -- key slots ---------------------------------------------------------------------------------------------------------


async def test_a_passphrase_opens_and_no_key_file_is_made_beside_it(tmp_path: Path) -> None:
    async with store_in(tmp_path, passphrase="чайник со свистком") as store:
        assert store.key_protection == "passphrase or recovery code"
        relay_id = store.relay_id
    assert not (tmp_path / "config").exists()
    async with store_in(tmp_path, passphrase="чайник со свистком") as store:
        assert store.relay_id == relay_id


@pytest.mark.parametrize(
    "passphrase, why", [("Чайник", "the passphrase is wrong"), (None, "RELAY_PASSPHRASE")], ids=["wrong", "missing"]
)
async def test_without_the_right_passphrase_nothing_opens_and_nothing_changes(
    tmp_path: Path, passphrase: str | None, why: str
) -> None:
    async with store_in(tmp_path, passphrase="чайник"):
        pass
    content = database_in(tmp_path).read_bytes()
    with pytest.raises(KeyUnavailable, match=why):
        await _open(tmp_path, passphrase=passphrase)

    assert database_in(tmp_path).read_bytes() == content
    assert not (tmp_path / "config").exists()


async def _begun_and_lost(folder: Path, **settings: Any) -> str:
    """A database with one message, whose key file is gone; its recovery code."""
    async with store_in(folder, **settings) as store:
        assert store.recovery_code is not None
        await _say(store, "до")
        code = store.recovery_code
    _lose_key_file(folder)
    return code


def _lose_key_file(folder: Path) -> None:
    for path in folder.glob("config/*"):
        path.rename(folder / f"lost {path.name}")


async def _assert_opens(folder: Path, **settings: Any) -> None:
    async with store_in(folder, **settings) as store:
        assert [entry.body for entry in await log_of(store, store.general)] == ["до"]


async def test_the_recovery_code_opens_and_a_new_key_file_does_at_the_next_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    code = await _begun_and_lost(tmp_path)
    await _assert_opens(tmp_path, recovery_code=code.lower().replace("-", " "))
    assert f"From now on the key file {tmp_path / 'config' / 'relay.key'} opens it again" in caplog.text
    assert code not in caplog.text
    await _assert_opens(tmp_path)
    assert copy_of(tmp_path / "config" / "relay.key").exists()
    with pytest.raises(KeyUnavailable, match="belongs to another database"):  # whoever has found the lost one
        await _open(tmp_path, key_file=tmp_path / "lost relay.key")
    await _assert_opens(tmp_path, recovery_code=code)  # it stays good for the next time
    assert "Nothing was changed" in caplog.text


async def test_damaged_key_files_are_kept_beside_the_new_ones(tmp_path: Path) -> None:
    code = await _begun_and_lost(tmp_path)
    for name in ("relay.key", "relay.key.copy"):
        (tmp_path / "config" / name).write_text("Py_messenger key file, version 1\nspilled coffee\n")
    with pytest.raises(KeyUnavailable, match="is damaged"):
        await _open(tmp_path)
    await _assert_opens(tmp_path, recovery_code=code)
    await _assert_opens(tmp_path)
    kept = sorted(path.name for path in (tmp_path / "config").iterdir())
    assert kept == ["relay.key", "relay.key.copy", "relay.key.copy.damaged", "relay.key.damaged"]


async def test_the_key_file_of_another_database_is_not_overwritten_but_opens_this_one_too(tmp_path: Path) -> None:
    async with store_in(tmp_path / "other"):
        pass
    key_file = tmp_path / "other" / "config" / "relay.key"
    content = key_file.read_bytes()
    code = await _begun_and_lost(tmp_path)
    await _assert_opens(tmp_path, recovery_code=code, key_file=key_file)
    assert key_file.read_bytes() == content
    await _assert_opens(tmp_path, key_file=key_file)
    async with store_in(tmp_path / "other"):
        pass


async def test_with_the_recovery_code_a_new_passphrase_takes_the_place_of_the_forgotten_one(tmp_path: Path) -> None:
    code = await _begun_and_lost(tmp_path, passphrase="чайник")
    await _assert_opens(tmp_path, passphrase="самовар", recovery_code=code)
    await _assert_opens(tmp_path, passphrase="самовар")
    with pytest.raises(KeyUnavailable, match="the passphrase is wrong"):
        await _open(tmp_path, passphrase="чайник")
    assert not (tmp_path / "config").exists()


async def test_a_passphrase_beside_a_key_file_protects_nothing_until_the_recovery_code_puts_it_in_its_place(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with store_in(tmp_path) as store:
        assert store.recovery_code is not None
        await _say(store, "до")
        code = store.recovery_code
    await _assert_opens(tmp_path, passphrase="чайник")
    assert "it protects nothing" in caplog.text
    await _assert_opens(tmp_path, passphrase="чайник", recovery_code=code)
    assert "From now on the passphrase opens it again" in caplog.text
    await _assert_opens(tmp_path, passphrase="чайник")
    with pytest.raises(KeyUnavailable, match="RELAY_PASSPHRASE"):
        await _open(tmp_path)


async def test_without_a_new_passphrase_the_recovery_code_opens_for_one_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    code = await _begun_and_lost(tmp_path, passphrase="чайник")
    await _assert_opens(tmp_path, recovery_code=code)
    assert "for this start only" in caplog.text
    assert not (tmp_path / "config").exists()
    with pytest.raises(KeyUnavailable, match="RELAY_PASSPHRASE"):
        await _open(tmp_path)
    await _assert_opens(tmp_path, passphrase="чайник")


async def test_the_recovery_code_of_another_relay_opens_and_changes_nothing(tmp_path: Path) -> None:
    code = await _begun_and_lost(tmp_path / "other")
    async with store_in(tmp_path):
        pass
    content = database_in(tmp_path).read_bytes()
    with pytest.raises(KeyUnavailable, match="belongs to another relay"):
        await _open(tmp_path, recovery_code=code)  # though the key file is there
    assert database_in(tmp_path).read_bytes() == content


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can make a folder that nobody can write to")
async def test_where_no_key_file_can_be_written_the_recovery_code_changes_nothing(tmp_path: Path) -> None:
    code = await _begun_and_lost(tmp_path)
    content = database_in(tmp_path).read_bytes()
    with pytest.raises(ConfigError, match="cannot be written"):
        await _open(tmp_path, recovery_code=code, key_file=Path("/proc/relay.key"))
    assert database_in(tmp_path).read_bytes() == content


async def test_a_key_file_that_was_lost_is_not_made_anew(tmp_path: Path) -> None:
    async with store_in(tmp_path):
        pass
    for path in (tmp_path / "config").iterdir():
        path.unlink()
    content = database_in(tmp_path).read_bytes()
    with pytest.raises(KeyUnavailable, match=r"relay\.key is missing"):
        await _open(tmp_path)

    assert list((tmp_path / "config").iterdir()) == []
    assert database_in(tmp_path).read_bytes() == content


async def test_the_key_file_of_another_database_does_not_open_this_one(tmp_path: Path) -> None:
    async with store_in(tmp_path / "one"), store_in(tmp_path / "two"):
        pass
    with pytest.raises(KeyUnavailable, match="belongs to another database"):
        await _open(tmp_path / "one", key_file=tmp_path / "two" / "config" / "relay.key")


async def test_the_second_copy_of_the_key_file_is_enough(tmp_path: Path) -> None:
    async with store_in(tmp_path) as store:
        relay_id = store.relay_id
    key_file = tmp_path / "config" / "relay.key"
    key_file.unlink()
    assert copy_of(key_file).exists()
    async with store_in(tmp_path) as store:
        assert store.relay_id == relay_id


# -- what cannot be opened ---------------------------------------------------------------------------------------------


async def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    async with store_in(tmp_path):
        pass
    tamper(tmp_path, "PRAGMA user_version = 99")
    with pytest.raises(DatabaseTooNew, match="version 99"):
        await _open(tmp_path)


async def test_a_file_that_is_no_database_is_refused_untouched(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    database_in(tmp_path).write_bytes(b"this is a letter, not a database. " * 200)
    content = database_in(tmp_path).read_bytes()
    with pytest.raises(StartupError, match="cannot be used"):
        await _open(tmp_path)

    assert database_in(tmp_path).read_bytes() == content


@pytest.mark.parametrize(
    "statement, why",
    [
        ("UPDATE settings SET value = zeroblob(500) WHERE name = 'identity'", "identity in .* cannot be opened"),
        ("DELETE FROM settings WHERE name = 'identity'", "identity in .* cannot be opened"),
        (
            "UPDATE settings SET value = CAST('8' || substr(value, 2) AS BLOB) WHERE name = 'relay_id'",
            "comes from another relay",
        ),
        ("DELETE FROM settings WHERE name = 'relay_id'", "has key slots but no relay id"),
    ],
)
async def test_a_damaged_identity_is_never_replaced_by_a_new_one(tmp_path: Path, statement: str, why: str) -> None:
    async with store_in(tmp_path):
        pass
    assert tamper(tmp_path, statement)
    content = database_in(tmp_path).read_bytes()
    with pytest.raises(StartupError, match=why):
        await _open(tmp_path)

    assert database_in(tmp_path).read_bytes() == content


def _spoil(path: Path, page: int) -> None:
    content = bytearray(path.read_bytes())
    content[page * 4096 : (page + 1) * 4096] = b"\xff" * 4096
    path.write_bytes(content)


async def test_a_database_with_a_spoiled_page_is_refused_untouched(tmp_path: Path) -> None:
    async with store_in(tmp_path) as store:
        anna = await add_person(store, "anna")
        await store.write(lambda tx: tx.append_all([message(store.general, anna, f"{n} " * 500) for n in range(100)]))
    path = database_in(tmp_path)
    whole = path.read_bytes()
    _spoil(path, len(whole) // 4096 * 2 // 3)
    content = path.read_bytes()
    with pytest.raises(StartupError, match=r"is damaged \(.*Restore the data folder from a backup"):
        await _open(tmp_path)
    assert path.read_bytes() == content

    path.write_bytes(whole)
    async with store_in(tmp_path):
        pass


async def test_an_index_that_has_lost_a_name_is_refused(tmp_path: Path) -> None:
    async with store_in(tmp_path) as store:
        for name in ("anna", "boris"):
            await add_person(store, name)
    content = database_in(tmp_path).read_bytes()
    with closing(sqlite3.connect(database_in(tmp_path))) as conn:
        (hashed,) = conn.execute("SELECT username_hash FROM users WHERE id = 1").fetchone()
        (root,) = conn.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_users_1'").fetchone()
    index = content[(root - 1) * 4096 : root * 4096]
    assert hashed in index
    other = index.replace(hashed, hashed[:-1] + bytes([hashed[-1] ^ 1]))
    database_in(tmp_path).write_bytes(content.replace(index, other))
    with pytest.raises(StartupError, match="is damaged"):
        await _open(tmp_path)


async def test_a_large_database_is_looked_over_for_a_moment_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with store_in(tmp_path) as store:
        anna = await add_person(store, "anna")
        await store.write(lambda tx: tx.append_all([message(store.general, anna, str(n)) for n in range(3000)]))
    caplog.set_level("INFO")
    with closing(sqlite3.connect(database_in(tmp_path))) as conn:
        look_over(conn, database_in(tmp_path), within_s=-1.0)
        assert "not to its end" in caplog.text
        assert conn.execute("SELECT count(*) FROM entries").fetchone() == (3000,)


async def test_a_database_without_key_slots_stays_closed(tmp_path: Path) -> None:
    async with store_in(tmp_path):
        pass
    tamper(tmp_path, "DELETE FROM key_slots")
    with pytest.raises(KeyUnavailable, match="no key slot at all"):
        await _open(tmp_path)


async def test_where_no_slot_is_left_it_says_which_there_were_and_what_can_be_done(tmp_path: Path) -> None:
    async with store_in(tmp_path) as store:
        (code,) = [slot for slot in await store.read(lambda tables: tables.slots.all()) if slot.kind == "recovery"]
        await store.write(lambda transaction: transaction.meta.set_confirmed_slot(code.salt))
    tamper(tmp_path, "DELETE FROM key_slots")
    with pytest.raises(KeyUnavailable) as refused:
        await _open(tmp_path)
    said = str(refused.value)
    assert f"the key file {tmp_path / 'config' / 'relay.key'}, which was made for this relay" in said
    assert "a recovery code, which somebody typed back" in said
    assert "relay restore FILE --replace" in said
    assert "damaged" not in said


async def test_where_no_slot_opens_it_says_which_there_are_and_what_can_be_done(tmp_path: Path) -> None:
    async with store_in(tmp_path):
        pass
    (tmp_path / "config").rename(tmp_path / "lost")
    with pytest.raises(
        KeyUnavailable, match=r"Its ways in: key file \(since 2025-06-15\), recovery code \(since"
    ) as refused:
        await _open(tmp_path)
    assert "relay restore FILE --replace" in str(refused.value)
    assert refused.value.code == "key_unavailable"


async def test_a_key_file_beside_it_that_opens_the_data_is_named(tmp_path: Path) -> None:
    async with store_in(tmp_path):
        pass
    old = tmp_path / "config" / "relay.key.before-20260921-141320"
    (tmp_path / "config" / "relay.key").rename(old)
    copy_of(tmp_path / "config" / "relay.key").unlink()
    with pytest.raises(KeyUnavailable) as refused:
        await _open(tmp_path)
    assert f"{old} opens it: give --key-file" in str(refused.value)
    async with store_in(tmp_path, key_file=old):
        pass


async def test_a_recovery_code_for_data_that_has_none_is_no_damage(tmp_path: Path) -> None:
    async with store_in(tmp_path) as store:
        code = store.recovery_code
    tamper(tmp_path, "DELETE FROM key_slots WHERE kind = 'recovery'")
    with pytest.raises(KeyUnavailable, match="has no recovery code, so none opens it") as refused:
        await _open(tmp_path, recovery_code=code)
    assert "damaged" not in str(refused.value)


async def test_what_failed_to_open_can_be_opened_later(tmp_path: Path) -> None:
    async with store_in(tmp_path):
        pass
    hidden = tmp_path / "hidden"
    (tmp_path / "config").rename(hidden)
    with pytest.raises(KeyUnavailable):
        await _open(tmp_path)
    hidden.rename(tmp_path / "config")
    async with store_in(tmp_path):
        pass


async def test_two_relays_do_not_share_a_folder(tmp_path: Path) -> None:
    async with store_in(tmp_path) as store:
        with pytest.raises(StartupError, match="Another relay is running"):
            await _open(tmp_path)
        await _say(store, "после")


async def test_another_process_does_not_open_a_live_folder(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    program = (
        "import asyncio, sys\nfrom pathlib import Path\nfrom tests.relay.stores import config_in, Clock\n"
        "from relay.opening import open_store\nasyncio.run(open_store(config_in(Path(sys.argv[1])), Clock()))\n"
    )
    async with store_in(tmp_path):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            program,
            str(tmp_path),
            stderr=subprocess.PIPE,
            cwd=root,
            env=os.environ | {"PYTHONPATH": str(root)},
        )
        _, errors = await asyncio.wait_for(process.communicate(), timeout=30)

    assert process.returncode == 1
    assert b"Another relay is running" in errors


async def test_on_a_network_disk_there_is_no_write_ahead_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with store_in(tmp_path) as store:
        await _say(store, "до")
    monkeypatch.setattr(folders, "can_share_memory", lambda folder: False)
    async with store_in(tmp_path) as store:
        await _say(store, "там")
        await _say(store, "и сям")
        assert [entry.body for entry in await log_of(store, store.general)] == ["до", "там", "и сям"]
        await store.checkpoint(truncate=True)
        assert not list((tmp_path / "data").glob("*-wal"))

    assert "network file system" in caplog.text
