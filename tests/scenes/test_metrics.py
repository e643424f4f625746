"""`GET /metrics`: what it counts, who may read it, and that it tells of nobody."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from common.errors import wire_errors
from tests.people import Person, Stage


async def scraped(stage: Stage, **headers: str) -> dict[str, float]:
    """Every sample by its name and labels, as a program that reads metrics sees them."""
    text = await page(stage, **headers)
    return {
        sample.name + "".join(f"|{value}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def page(stage: Stage, **headers: str) -> str:
    async with stage.http.get(stage.url("/metrics"), headers=headers) as response:
        assert response.status == 200, await response.text()
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        return await response.text()


async def test_what_happens_is_counted(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    before = await scraped(stage)
    for number in range(3):
        await anna.says(f"раз {number}")
    await boris.hears_message("раз 2")
    await anna.is_refused({"type": "post", "group": 9999, "nonce": secrets.token_hex(16), "body": "куда"})
    assert (await stage.posts("login", {"username": "anna", "password": "not hers"}))["type"] == "error"
    after = await scraped(stage)

    def grown(name: str) -> float:
        return after[name] - before[name]

    assert grown("pymessenger_entries_accepted_total") == 3
    assert grown("pymessenger_deliveries_total") == 6
    assert grown("pymessenger_commit_seconds_count") == grown("pymessenger_commit_changes_count") >= 3
    assert grown("pymessenger_commit_seconds_bucket|+Inf") == grown("pymessenger_commit_seconds_count")
    assert grown("pymessenger_refusals_total|unknown_group") == 1
    assert grown("pymessenger_refusals_total|wrong_credentials") == 1
    assert (after["pymessenger_links"], after["pymessenger_people_online"]) == (2, 2)
    assert after["pymessenger_database_bytes"] > 0
    assert after["pymessenger_disk_free_bytes|data"] > 0
    assert after["pymessenger_groups|general"] == 1
    assert after["pymessenger_trouble|storage"] == after["pymessenger_journal_waiting"] == 0
    assert after["process_resident_memory_bytes"] > 0


async def test_how_many_lines_there_are_does_not_depend_on_who_is_there(stage: Stage):
    before = set(await scraped(stage))
    people = await stage.enter("anna", "boris", "vera", group="Склад")
    for person in people:
        await person.says("привет")
    assert set(await scraped(stage)) - before == {"pymessenger_groups|group"}
    assert len([name for name in before if "refusals" in name]) == len(wire_errors())


async def test_no_name_and_no_word_is_in_it(stage: Stage):
    (anna,) = await stage.enter("anna-marked", group="группа-marked")
    await anna.says("текст-marked")
    text = await page(stage)
    assert "marked" not in text
    assert stage.relay.config.name not in text
    assert anna.token not in text


def _bearer(person: Person, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {person.token}", **more}


async def test_from_elsewhere_only_owners_and_admins_read_it(stage: Stage):
    owner = await stage.registers("olga", code=stage.relay.owner_code)
    anna = await stage.registers("anna")
    through_a_proxy = {"X-Forwarded-For": "10.0.0.9"}
    assert await scraped(stage, **_bearer(owner, **through_a_proxy))
    for headers, status in ((through_a_proxy, 401), (_bearer(anna, **through_a_proxy), 403)):
        async with stage.http.get(stage.url("/metrics"), headers=headers) as response:
            assert response.status == status
            assert "pymessenger_" not in await response.text()


async def test_a_script_of_the_owner_reads_it_with_an_access_token(stage: Stage):
    owner = await stage.registers("olga", code=stage.relay.owner_code)
    made: dict[str, Any] = await owner.posts("create_token", name="prometheus", scopes=["read"])
    assert made["type"] == "ok", made
    assert await scraped(stage, Authorization=f"Bearer {made['secret']}", Via="1.1 proxy")


@pytest.mark.allows_errors
async def test_a_disk_that_takes_nothing_is_counted_and_shown(stage: Stage):
    (anna,) = await stage.enter("anna")
    database = stage.relay.parts.store._database  # type: ignore[attr-defined]
    await database.write(lambda conn: conn.execute("PRAGMA max_page_count = 1").fetchall())
    message = {"type": "post", "group": 1, "body": "полно " * 2000}
    while (await anna.asks({**message, "nonce": secrets.token_hex(16)})).get("code") != "storage_unavailable":
        pass
    found = await scraped(stage)
    assert found["pymessenger_commits_failed_total"] >= 1
    assert found["pymessenger_trouble|storage"] == 1
    assert found["pymessenger_refusals_total|storage_unavailable"] >= 1
