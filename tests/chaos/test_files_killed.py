"""A relay that is killed in the middle of an upload: what it said it has, it has."""

from __future__ import annotations

import http.client
import json
import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from common.crypto.tls import client_context
from tests.desktop.link.relays import RelayProcess, relay_in

SIZE = 6_000_000
SENT = 5_000_001
DATA = os.urandom(SIZE)
TUS = {"Tus-Resumable": "1.0.0"}


class Caller:
    """Plain requests, each on a connection of its own."""

    def __init__(self, relay: RelayProcess) -> None:
        self.relay = relay
        self.headers: dict[str, str] = {}

    def connects(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection("127.0.0.1", self.relay.port, context=client_context(), timeout=20)

    def asks(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] = MappingProxyType({})
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = self.connects()
        try:
            connection.request(method, path, body, {**self.headers, **headers})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def stands_at(self, path: str) -> int:
        return int(self.asks("HEAD", path, headers=TUS)[1]["Upload-Offset"])


def arrives(blob: Path) -> None:
    """Wait until most of it is written."""
    until = time.monotonic() + 20
    while not (blob.exists() and blob.stat().st_size > SENT // 2):
        assert time.monotonic() < until, "nothing arrives"
        threading.Event().wait(0.005)


def test_an_upload_goes_on_after_a_kill(tmp_path: Path):
    with relay_in(tmp_path) as relay:
        caller = Caller(relay)
        account = json.dumps({"username": "anna", "password": "correct horse"}).encode()
        token = json.loads(caller.asks("POST", "/api/register", account)[2])["token"]
        caller.headers = {"Authorization": f"Bearer {token}"}
        path = caller.asks("POST", "/api/files", headers={**TUS, "Upload-Length": str(SIZE)})[1]["Location"]
        part = {**caller.headers, **TUS, "Content-Type": "application/offset+octet-stream"}
        sending = caller.connects()
        sending.putrequest("PATCH", path)
        for name, value in {**part, "Upload-Offset": "0", "Content-Length": str(SIZE)}.items():
            sending.putheader(name, value)
        sending.endheaders(DATA[:SENT])
        arrives(tmp_path / "data" / "files" / path[11:13] / path[11:])
        said = caller.stands_at(path)  # ends the other one, which keeps what it has
        assert 0 < said <= SENT
        relay.kill()
        sending.close()
        relay.start()
        assert caller.stands_at(path) == said
        status, _, _ = caller.asks("PATCH", path, DATA[said:], {**part, "Upload-Offset": str(said)})
        assert status == 204
        assert caller.asks("GET", path)[2] == DATA
