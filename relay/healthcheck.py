"""Asks the relay on this machine whether it is well: `python -m relay.healthcheck`, for containers and service managers.

Exit code 0 when `GET /health` answers 200, else 1. What is not well is said a line each: on standard error when the code is 1, on standard output
when the relay serves all the same. It looks at SERVER_HOST and SERVER_PORT
as the relay does, and loads little, because it starts every few seconds.
"""

from __future__ import annotations

import http.client
import json
import ssl
import sys
from typing import Final

from common.environment import Sources
from common.errors import ConfigError
from common.protocol.limits import DEFAULT_PORT

TIMEOUT_S: Final = 4.0
_ANSWER_BYTES: Final = 16 * 1024
_ANY: Final = frozenset({"", "*", "0.0.0.0"})


def ask(host: str, port: int) -> tuple[bool, list[str]]:
    """Whether the relay at *host* and *port* stores what is said to it, and what is not well, in words."""
    # It asks its own machine, and tells no secret: whose certificate answers makes no difference.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S, context=context)
    try:
        connection.request("GET", "/health")
        answer = connection.getresponse()
        said = answer.read(_ANSWER_BYTES)
    except (OSError, http.client.HTTPException) as error:
        return False, [f"No answer from {host} port {port}: {error}."]
    finally:
        connection.close()
    if answer.status not in (http.HTTPStatus.OK, http.HTTPStatus.SERVICE_UNAVAILABLE):
        return False, [f"What answers on port {port} of {host} says {answer.status} and is not a relay."]
    return answer.status == http.HTTPStatus.OK, _reasons(said)


def _reasons(said: bytes) -> list[str]:
    """What stands in the answer of `GET /health`: a code and a sentence each."""
    try:
        health = json.loads(said)
        pairs = zip(health.get("codes", []), health.get("reasons", []), strict=True)
        return [f"{code}: {words}" for code, words in pairs]
    except (ValueError, TypeError, AttributeError):
        return ["The answer cannot be understood."]


def main() -> int:
    try:
        sources = Sources.gather({})
        host = sources.text("SERVER_HOST", "").strip("[]")
        is_well, reasons = ask(_reachable(host), sources.integer("SERVER_PORT", DEFAULT_PORT, 1, 65535))
    except ConfigError as error:
        is_well, reasons = False, [str(error)]
    for reason in reasons:
        print(reason, file=sys.stdout if is_well else sys.stderr)
    return 0 if is_well else 1


def _reachable(host: str) -> str:
    """Where a relay that listens at *host* answers its own machine."""
    if host in _ANY:
        return "127.0.0.1"
    return "::1" if host == "::" else host


if __name__ == "__main__":
    sys.exit(main())
