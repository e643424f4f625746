"""Somebody who sends and fetches files by the words of tus and HTTP, as the documentation says."""

from __future__ import annotations

import base64
import secrets
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

from tests.people import Json, Person

TUS = {"Tus-Resumable": "1.0.0"}
PART = {**TUS, "Content-Type": "application/offset+octet-stream"}


class Courier:
    """Moves the files of one person."""

    def __init__(self, person: Person) -> None:
        self.person = person

    def request(self, method: str, path: str, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.person.token}", **more.pop("headers", {})}
        url = self.person.stage.url(path)
        return self.person.stage.http.request(
            method, url, headers=headers, timeout=aiohttp.ClientTimeout(total=60), **more
        )

    async def asks(self, method: str, path: str, **more: Any) -> tuple[int, Any, bytes]:
        """Status, headers and body of the answer."""
        async with self.request(method, path, **more) as response:
            return response.status, response.headers, await response.read()

    async def is_refused(self, method: str, path: str, **more: Any) -> tuple[int, str]:
        """The status and code with which it is refused."""
        async with self.request(method, path, **more) as response:
            answer: Json = await response.json()
            assert answer["type"] == "error", answer
            return response.status, answer["code"]

    async def begins(self, size: int, name: str = "kettle.txt", **said: str) -> str:
        """Make an upload; its path."""
        pairs = {"filename": name, **said}
        metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())
        headers = {**TUS, "Upload-Length": str(size), "Upload-Metadata": metadata}
        status, answer, _ = await self.asks("POST", "/api/files", headers=headers)
        assert status == 201
        return str(answer["Location"])

    async def adds(self, path: str, offset: int, data: bytes | AsyncIterator[bytes], **headers: str) -> tuple[int, int]:
        """Go on with an upload; the status and where it stands then."""
        status, answer, _ = await self.asks(
            "PATCH", path, data=data, headers={**PART, "Upload-Offset": str(offset), **headers}
        )
        return status, int(answer.get("Upload-Offset", -1))

    async def stands_at(self, path: str) -> int:
        """How far an upload is."""
        status, answer, _ = await self.asks("HEAD", path, headers=TUS)
        assert (status, answer["Cache-Control"]) == (200, "no-store")
        return int(answer["Upload-Offset"])

    async def sends(self, data: bytes, name: str = "kettle.txt", **said: str) -> str:
        """Upload *data* as a whole; the id."""
        path = await self.begins(len(data), name, **said)
        if data:
            assert await self.adds(path, 0, data) == (204, len(data))
        return path.rpartition("/")[2]

    async def posts(self, *files: str, body: str | None = None) -> Json:
        """Post a message with these files; the answer."""
        command = {"type": "post", "group": self.person.group, "nonce": secrets.token_hex(16), "files": list(files)}
        return await self.person.asks(command if body is None else {**command, "body": body})

    async def fetches(self, file: str, **headers: str) -> tuple[int, Any, bytes]:
        """Download, or a part of it."""
        return await self.asks("GET", f"/api/files/{file}", headers=headers)
