"""Makes the database of a schema version: the real relay of that time, in which people talk. See the README beside this file.

    python -m tests.data.make [CHECKOUT]

*CHECKOUT* is a working tree whose newest migration is the version that is wanted; without it, this one. Everything goes over the wire,
as the documentation of every version says it.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
import sys
import tempfile
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parent.parent
PASSWORD: Final = "correct horse"
PARTS: Final = ("data/relay.db", "data/search.snapshot", "data/files/", "keys/relay.key")
"""What of a relay's folder is kept."""

Json = dict[str, Any]


class Relay:
    """A running one, asked by plain HTTP."""

    def __init__(self, said: Json, http: aiohttp.ClientSession) -> None:
        self.said = said
        self._http = http

    def url(self, path: str) -> str:
        return f"https://127.0.0.1:{self.said['port']}{path}"

    async def asks(self, token: str | None, command: str, **fields: Any) -> Json:
        """The answer to *command*, which must be ok."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        async with self._http.post(self.url(f"/api/{command}"), json=fields, headers=headers) as response:
            answer: Json = await response.json()
        if answer["type"] != "ok":
            raise RuntimeError(f"{command} {fields}: {answer}")
        return answer

    async def uploads(self, token: str, name: str, contents: bytes) -> str:
        """A whole file; its id."""
        headers = {"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0"}
        about = {
            "Upload-Length": str(len(contents)),
            "Upload-Metadata": "filename " + base64.b64encode(name.encode()).decode(),
        }
        async with self._http.post(self.url("/api/files"), headers=headers | about) as response:
            response.raise_for_status()
            path = response.headers["Location"]
        more = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        async with self._http.patch(self.url(path), headers=headers | more, data=contents) as response:
            response.raise_for_status()
        return path.rpartition("/")[2]

    async def hooks(self, path: str, text: str) -> None:
        """*text* by a webhook."""
        async with self._http.post(self.url(path), data=text.encode(), headers={"Content-Type": "text/plain"}) as done:
            done.raise_for_status()


class Life:
    """What people do, and what is written down of it."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self.people: dict[str, Json] = {}
        self.said: list[Json] = []
        """What is to be read in the end: {group, seq, body}."""
        self.questions: list[Json] = []
        """{who, command, fields, answer}: a later relay answers the same, and perhaps more."""
        self.more: Json = {}
        """What only some versions have, by its name."""

    async def does(self, who: str, command: str, **fields: Any) -> Json:
        return await self.relay.asks(self.people[who]["token"], command, **fields)

    async def acts(self, who: str, command: str, group: int, **fields: Any) -> Json:
        """A command that makes an entry."""
        return await self.does(who, command, group=group, nonce=secrets.token_hex(16), **fields)

    async def says(self, who: str, group: int, body: str, **fields: Any) -> int:
        seq = int((await self.acts(who, "post", group, body=body, **fields))["seq"])
        self.said.append({"group": group, "seq": seq, "body": body})
        return seq

    async def asks(self, who: str, command: str, **fields: Any) -> Json:
        """A question whose answer is written down."""
        answer = await self.does(who, command, **fields)
        self.questions.append({"who": who, "command": command, "fields": fields, "answer": answer})
        return answer

    def reads_otherwise(self, group: int, seq: int, body: str | None) -> None:
        """The message was edited or (None) taken back."""
        self.said = [one for one in self.said if (one["group"], one["seq"]) != (group, seq)]
        if body is not None:
            self.said.append({"group": group, "seq": seq, "body": body})

    # -- version 1 -----------------------------------------------------------------------------------------------------

    async def begins(self) -> tuple[int, int, int]:
        """Accounts, groups, messages. The general group, an open and a private one."""
        owner = {"code": self.relay.said["owner_code"]}
        for name, shown, more in (("anna", "Анна", owner), ("boris", "Борис", {}), ("vera", "Вера", {})):
            answer = await self.relay.asks(
                None,
                "register",
                username=name,
                password=PASSWORD,
                display_name=shown,
                device=f"ноутбук {shown}",
                **more,
            )
            self.people[name] = {"token": answer["token"], "password": PASSWORD, "user": answer["user"]}
        groups = (await self.does("anna", "list_groups"))["groups"]
        general = next(int(group["id"]) for group in groups if group["kind"] == "general")
        made = await self.does("anna", "create_group", name="склад", topic="что привезли")
        store = int(made["group"]["id"])
        made = await self.does("boris", "create_group", name="Дирекция", private=True)
        board = int(made["group"]["id"])
        await self.does("boris", "join_group", group=store)
        await self.does("vera", "join_group", group=store)
        await self.acts_on_names(store)
        for number in range(12):
            await self.says(("anna", "boris", "vera")[number % 3], general, f"Строка {number}: доброе утро, коллеги")
        first = await self.says("anna", store, "Чайник вскипел — the kettle is boiling 🫖")
        await self.says("boris", store, "Иду!", reply_to=first)
        await self.says("vera", store, "Опись. " + "Коробка, ещё коробка. " * 60)
        await self.says("boris", board, "Никому ни слова о бюджете")
        await self.does("vera", "leave_group", group=store)
        await self.does("vera", "join_group", group=store)
        await self.does("boris", "mark_read", group=general, seq=7)
        await self.does("anna", "mark_read", group=store, seq=first)
        return general, store, board

    async def acts_on_names(self, store: int) -> None:
        await self.does("anna", "rename_group", group=store, name="Склад №2")

    # -- version 2 -----------------------------------------------------------------------------------------------------

    async def converses(self, general: int, store: int, board: int) -> None:
        """Edits, reactions, pins, mentions, files, directs, bans, invitations, tokens, webhooks."""
        boris, vera = (self.people[name]["user"]["id"] for name in ("boris", "vera"))
        edited = await self.says("anna", store, "Привезли сто коробок")
        for body in ("Привезли сто десять коробок", "Привезли 120 коробок"):
            await self.acts("anna", "edit", store, target=edited, body=body)
        self.reads_otherwise(store, edited, body)
        gone = await self.says("boris", store, "Это лишнее")
        await self.acts("boris", "redact", store, target=gone)
        self.reads_otherwise(store, gone, None)
        await self.acts("vera", "react", store, target=edited, emoji="👍")
        await self.acts("boris", "react", store, target=edited, emoji="❤️")
        await self.acts("boris", "react", store, target=edited, emoji="❤️", on=False)
        await self.acts("anna", "pin", store, target=edited)
        await self.says("anna", store, "Борис, посмотри", mentions=[boris])
        await self.says("anna", store, "Всем привет", mentions=[0])
        await self.acts("boris", "post", board, forward={"group": store, "seq": edited})
        await self.does("anna", "set_topic", group=store, topic="приёмка и отгрузка")
        await self.does("anna", "set_role", group=store, user=boris, role="admin")
        direct = int((await self.does("anna", "open_direct", user=boris))["group"]["id"])
        await self.says("anna", direct, "Только между нами: отпуск в марте")
        notes = int((await self.does("vera", "open_direct", user=vera))["group"]["id"])
        await self.says("vera", notes, "Купить чай")
        await self.does("boris", "set_receipts", on=False)
        await self.sends_files(store, board)
        made = await self.does("anna", "create_group", name="Курилка")
        smoke = int(made["group"]["id"])
        await self.does("boris", "join_group", group=smoke)
        await self.does("anna", "ban_member", group=smoke, user=boris)
        self.more["banned"] = {"who": "boris", "group": smoke}
        invited = await self.does("anna", "create_invite", group=store, uses=2)
        self.more["invite"] = {"code": invited["code"], "group": store}
        script = await self.does("vera", "create_token", name="погода", scopes=["write"])
        self.more["script"] = {"secret": script["secret"], "group": general}
        hook = await self.does("anna", "create_webhook", group=store, name="принтер")
        await self.relay.hooks(hook["path"], "Бумага кончилась")
        self.more["webhook"] = {"path": hook["path"], "group": store}
        await self.asks("anna", "list_edits", group=store, target=edited)
        await self.asks("vera", "list_pins", group=store)
        await self.asks("anna", "list_invites", group=store)
        await self.asks("vera", "list_tokens")
        await self.asks("anna", "list_webhooks", group=store)
        for query, who in (("чайник", "vera"), ("коробок", "anna"), ("бюджет", "boris"), ("накладная", "vera")):
            while not (await self.does(who, "search", query=query))["complete"]:
                pass
            await self.asks(who, "search", query=query)

    async def sends_files(self, store: int, board: int) -> None:
        files = []
        for name, contents, group in (
            ("Накладная №7.txt", "Чайник — 1 шт.\n".encode() * 40, store),
            ("план.bin", hashlib.shake_256(b"plan").digest(70_000), board),
        ):
            file = await self.relay.uploads(self.people["boris"]["token"], name, contents)
            await self.says("boris", group, f"Смотрите: {name}", files=[file])
            files.append({"id": file, "name": name, "sha256": hashlib.sha256(contents).hexdigest(), "who": "boris"})
        self.more["files"] = files

    # -- version 3 -----------------------------------------------------------------------------------------------------

    async def chooses(self, store: int, board: int) -> None:
        """How people want their conversations."""
        await self.does("vera", "choose", group=store, notify="mentions")
        await self.does("boris", "choose", group=board, notify="nothing", hidden=True)
        banned = self.more["banned"]
        await self.asks("anna", "list_bans", group=banned["group"])

    # -- versions 4 and 5 ----------------------------------------------------------------------------------------------

    async def is_audited(self) -> None:
        """What was done to the relay, for its owner."""
        await self.asks("anna", "list_audit")

    async def is_limited(self, store: int) -> None:
        """Who may not write for a time, and how often one may."""
        vera = self.people["vera"]["user"]["id"]
        await self.does("anna", "mute_member", group=store, user=vera)
        await self.does("anna", "set_slow", group=store, seconds=30)
        self.more["muted"] = {"who": "vera", "group": store}
        await self.asks("anna", "list_mutes", group=store)

    # -- version 7 -----------------------------------------------------------------------------------------------------

    async def is_kept(self, store: int) -> None:
        """How much of the past is kept, and that nothing is deleted."""
        await self.does("anna", "set_retention", days=3650)
        await self.does("anna", "set_retention", group=store, days=365)
        await self.does("anna", "set_hold", group=self.more["banned"]["group"])
        await self.asks("vera", "get_retention")

    # -- in the end ----------------------------------------------------------------------------------------------------

    async def looks_back(self) -> None:
        """Write down what everybody sees, and make sure that it is what was said."""
        seen: dict[tuple[int, int], str | None] = {}
        for who in self.people:
            groups = (await self.asks(who, "list_groups"))["groups"]
            for group in groups:
                if "role" not in group:  # an open one that they have not joined
                    continue
                await self.asks(who, "list_members", group=group["id"])
                page = await self.asks(who, "history", group=group["id"], after=0, limit=200)
                for entry in page["entries"]:
                    seen[group["id"], entry["seq"]] = entry.get("body")
        for one in self.said:
            if seen[one["group"], one["seq"]] != one["body"]:
                raise RuntimeError(f"{one} reads {seen[one['group'], one['seq']]}")

    def content(self, version: int) -> Json:
        """All that a test needs to know."""
        kept = ("relay_id", "recovery_code")
        return {
            "version": version,
            **{name: self.relay.said[name] for name in kept},
            "people": self.people,
            "said": self.said,
            **self.more,
            "questions": self.questions,
        }


@asynccontextmanager
async def running(checkout: Path, folder: Path) -> AsyncIterator[Relay]:
    """`python -m relay run` of *checkout*, with its data and key under *folder*; stopped as by Ctrl+C."""
    command = [sys.executable, "-m", "relay", "run", "--json", "--host", "127.0.0.1", "--port", "0", "--name", "Архив"]
    command += ["--announce", "no", "--rate-limit", "0", "--data-dir", str(folder / "data")]
    command += ["--key-file", str(folder / "keys" / "relay.key")]
    process = await asyncio.create_subprocess_exec(*command, cwd=checkout, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        said = json.loads(await process.stdout.readline())
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=False)) as http:
            yield Relay(said, http)
    finally:
        process.terminate()
        await process.wait()


def newest_migration(checkout: Path) -> int:
    """The schema version of that working tree."""
    return max(int(path.name[:4]) for path in (checkout / "relay" / "storage" / "migrations").glob("[0-9]*.sql"))


def packed(folder: Path, place: Path) -> None:
    """One file of all that a later relay needs."""
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if path.is_file() and name.startswith(PARTS) and not name.endswith(".copy"):
                archive.write(path, name)


async def make(checkout: Path) -> None:
    """Write ``NNNN.zip`` and ``NNNN.json`` beside this file."""
    version = newest_migration(checkout)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with running(checkout, folder) as relay:
            life = Life(relay)
            general, store, board = await life.begins()
            if version >= 2:
                await life.converses(general, store, board)
            if version >= 3:
                await life.chooses(store, board)
            if version >= 4:
                await life.is_audited()
            if version >= 5:
                await life.is_limited(store)
            if version >= 7:
                await life.is_kept(store)
            await life.looks_back()
        packed(folder, HERE / f"{version:04}.zip")
    content = json.dumps(life.content(version), ensure_ascii=False, indent=1)
    (HERE / f"{version:04}.json").write_text(content + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(make(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT))
