"""The relay is killed while an account is being deleted, and while old messages are, at each step: each step is done or was not, the next
start goes on, in the end nothing of it is on the disk, and what others said is as it was."""

from __future__ import annotations

import secrets
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from common.ids import Millis
from relay.config import Config
from relay.operating.purging import Purger
from tests.chaos.test_rotation_killed import DyingRelay
from tests.files import Courier
from tests.people import PASSWORD, Json, Person, Stage, quiet_config, staged, tls
from tests.rotation import found_in
from tests.scenes.test_retention import owner_of, until_tidy

pytestmark = pytest.mark.chaos

MESSAGES = 450
"""More than two steps of them."""
AT_ONCE = (
    "before 1 relay.storage.erasure:Erasure.begin",
    "after 1 relay.storage.erasure:Erasure.begin",
    "before 1 relay.storage.audit:Audit.add",
)
"""The account is as it was."""
FOLLOWING = (
    "before 1 relay.operating.erasing:Eraser._finish",
    "before 1 relay.storage.files:Files.remove",
    "after 1 relay.storage.files:Files.remove",
    "before 2 relay.operating.steps:Steps.once",
    "before 1 relay.storage.erasure:Erasure.forget_in",
    "after 1 relay.operating.erasing:leave",
    "after 2 relay.operating.erasing:leave",
    "after 1 relay.storage.transaction:Transaction.take_out",
    "before 1 relay.storage.erasure:Erasure.said_by",
    "after 7 relay.storage.transaction:Transaction.take_back",
    "before 2 relay.storage.erasure:Erasure.said_by",
    "after 1 relay.storage.retention:Retention.count_purge",
    "after 1 relay.operating.erasing:_copies",
    "before 1 relay.operating.erasing:Eraser._destroy_found",
    "after 1 relay.storage.audit:Audit.naming",
    "after 1 relay.storage.audit:Audit.rename",
    "before 1 relay.storage.erasure:Erasure.finish",
    "after 1 relay.storage.erasure:Erasure.finish",
)
"""In the order in which they come: each is done when the one before it was made up for."""
PURGING = (
    "before 1 relay.storage.retention:Retention.purge",
    "after 1 relay.storage.retention:Retention.purge",
    "before 2 relay.storage.retention:Retention.purge",
    "after 2 relay.storage.retention:Retention.count_purge",
    "before 1 relay.storage.retention:Retention.reclaim",
    "after 1 relay.storage.retention:Retention.reclaim",
)
DAY_MS = 24 * 3600 * 1000


async def asks(relay: DyingRelay, token: str | None, command: str, **fields: Any) -> Json | None:
    """The answer by plain HTTP; None: the relay died before it."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls())) as http:
        try:
            url = f"https://127.0.0.1:{relay.port}/api/{command}"
            async with http.post(url, json=fields, headers=headers) as response:
                answer: Json = await response.json()
                return answer
        except aiohttp.ClientError:
            return None


def sealed(config: Config, select: str, *given: Any) -> set[bytes]:
    """What stands in the database, as another program finds it; short ones cannot be told apart."""
    with closing(sqlite3.connect(config.data_dir / "relay.db")) as conn:
        return {value for row in conn.execute(select, given).fetchall() for value in row if value and len(value) >= 48}


async def talked(config: Config) -> tuple[Person, Person]:
    """Anna, who is going to go, and Boris, who stays and has forwarded something of hers."""
    async with staged(config) as stage:
        await owner_of(stage, "olga")
        anna, boris = await stage.enter("anna", "boris", group="tea")
        seqs = [await anna.says(f"message {number} of anna's") for number in range(MESSAGES)]
        for number in range(5):
            await boris.says(f"message {number} of boris's")
        edit = {"type": "edit", "group": anna.group, "target": seqs[0], "nonce": secrets.token_hex(16)}
        await anna.gets({**edit, "body": "another text of anna's"})
        for file in (secrets.token_bytes(4_000), secrets.token_bytes(5_000)):
            await Courier(anna).posts(await Courier(anna).sends(file), body="look")
        await anna.says("in the group of everybody", stage.general)
        forward = {"type": "post", "group": stage.general, "nonce": secrets.token_hex(16)}
        await boris.gets({**forward, "forward": {"group": anna.group, "seq": seqs[1]}})
        notes = (await anna.gets({"type": "open_direct", "user": anna.id}))["group"]["id"]
        await anna.says("a note to anna herself", notes)
        return anna, boris


async def returns(stage: Stage, person: Person) -> Person:
    again = Person(stage, person.name, person.token, person.user)
    again.group = person.group
    stage.people.append(again)
    await again.comes()
    return again


@pytest.mark.timeout(600)
async def test_whenever_it_is_killed_the_account_is_deleted_in_the_end(tmp_path: Path):
    config = quiet_config(tmp_path)
    anna, boris = await talked(config)
    theirs = sealed(config, "SELECT body FROM entries WHERE sender = ? AND nonce IS NOT NULL", anna.id)
    theirs |= sealed(
        config, "SELECT body FROM entries WHERE sender = ? AND group_id = 1 AND kind = 'message'", boris.id
    )
    theirs |= sealed(config, "SELECT username, display_name, password_hash FROM users WHERE id = ?", anna.id)
    theirs |= sealed(config, "SELECT key_wrapped FROM files")
    assert len(theirs) > MESSAGES
    assert found_in(config.data_dir, theirs) == theirs
    relay = DyingRelay(tmp_path)
    for step in AT_ONCE:
        relay.step = step
        await relay.starts()
        assert await asks(relay, anna.token, "delete_account", password=PASSWORD, messages="erase") is None, step
        assert await relay.has_died() == signal.SIGKILL, step
        relay.step = ""
        await relay.starts()
        answer = await asks(relay, None, "login", username="anna", password=PASSWORD)
        assert answer is not None
        assert answer["type"] == "ok", step
        assert await relay.stops() == 0
    for number, step in enumerate(FOLLOWING):
        relay.step = step
        await relay.starts()
        if not number:
            answer = await asks(relay, anna.token, "delete_account", password=PASSWORD, messages="erase")
            assert answer is None or answer["type"] == "ok"
        assert await relay.has_died() == signal.SIGKILL, step
    relay.step = ""
    async with staged(config) as stage:
        await Purger(stage.relay.parts).look()
        store = stage.relay.parts.store
        assert await store.read(lambda tables: tables.erasure.unfinished()) == []
        await until_tidy(stage)
        again = await returns(stage, boris)
        entries = await again.reads()
        assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
        assert [entry["body"] for entry in entries if entry["kind"] == "message" and "body" in entry] == [
            f"message {number} of boris's" for number in range(5)
        ]
        assert [entry["body"] for entry in entries if entry["kind"] == "deleted"] == ["erase"]
        answer = await stage.posts("login", {"username": "anna", "password": PASSWORD})
        assert answer["code"] == "wrong_credentials"
        audit = await store.read(lambda tables: tables.audit.newest(100))
        assert "anna" not in str(audit)
        assert [entry.act for entry in audit].count("account_deleted") == 1
        assert stage.relay.parts.store.damaged == 0
    assert found_in(config.data_dir, theirs) == set()


@pytest.mark.timeout(600)
async def test_whenever_it_is_killed_what_has_had_its_time_goes_and_nothing_else(tmp_path: Path):
    config = quiet_config(tmp_path)
    long_ago = Millis(1_700_000_000_000)
    async with staged(config, now=lambda: long_ago) as stage:
        olga = await owner_of(stage, "olga")
        for number in range(MESSAGES):
            await olga.says(f"message {number}, which has had its time")
        old = await olga.says("the last one that goes")
    async with staged(config) as stage:
        olga = await returns(stage, olga)
        kept = [await olga.says(f"message {number} of today") for number in range(5)]
    gone = sealed(config, "SELECT body FROM entries WHERE seq <= ?", old)
    assert len(gone) >= MESSAGES
    relay = DyingRelay(tmp_path)
    for number, step in enumerate(PURGING):
        relay.step = step
        await relay.starts()
        # Another rule each time, so that the relay looks at once and not after ten minutes.
        answer = await asks(relay, olga.token, "set_retention", days=number + 1, loses=10_000)
        assert answer is None or answer["type"] == "ok"
        assert await relay.has_died() == signal.SIGKILL, step
    relay.step = ""
    async with staged(config) as stage:
        await Purger(stage.relay.parts).look()
        await until_tidy(stage)
        again = await returns(stage, olga)
        page = await again.gets({"type": "history", "group": stage.general, "after": 0})
        assert page["floor"] == old
        assert [entry["seq"] for entry in page["entries"] if entry["kind"] == "message"] == kept
        assert stage.relay.parts.store.damaged == 0
        assert await stage.relay.parts.store.read(lambda tables: tables.retention.free_pages()) == 0
    assert found_in(config.data_dir, gone) == set()
