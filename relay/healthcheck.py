"""Asks the relay on this machine whether it is well: `python -m relay.healthcheck`, for containers and service managers.

Exit code 0 when `GET /health` answers 200, else 1 with the reason on standard error. It looks at SERVER_HOST and SERVER_PORT
as the relay does, and loads little, because it starts every few seconds.
"""

from __future__ import annotations

import http.client
import ssl
import sys
from typing import Final

from common.environment import Sources
from common.errors import ConfigError
from common.protocol.limits import DEFAULT_PORT

TIMEOUT_S: Final = 4.0
_ANY: Final = frozenset({"", "*", "0.0.0.0"})


def ask(host: str, port: int) -> str:
    """Why the relay at *host* and *port* is not well; empty when it is."""
    # It asks its own machine, and tells no secret: whose certificate answers makes no difference.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S, context=context)
    try:
        connection.request("GET", "/health")
        answer = connection.getresponse()
        text = answer.read(1000).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return f"No answer from {host} port {port}: {error}."
    finally:
        connection.close()
    return "" if answer.status == http.HTTPStatus.OK else f"The relay answers {answer.status}: {text}"


def main() -> int:
    try:
        sources = Sources.gather({})
        host = sources.text("SERVER_HOST", "").strip("[]")
        reason = ask(_reachable(host), sources.integer("SERVER_PORT", DEFAULT_PORT, 1, 65535))
    except ConfigError as error:
        reason = str(error)
    if reason:
        print(reason, file=sys.stderr)
    return 1 if reason else 0


def _reachable(host: str) -> str:
    """Where a relay that listens at *host* answers its own machine."""
    if host in _ANY:
        return "127.0.0.1"
    return "::1" if host == "::" else host


if __name__ == "__main__":
    sys.exit(main())
