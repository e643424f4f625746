"""``python -m common.protocol`` prints the JSON Schema of the protocol, ``--session`` the diagram of who may say what next."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import msgspec

from common.protocol.schema import message_schema
from common.protocol.session import diagram


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what was asked for; the exit code is 0."""
    parser = argparse.ArgumentParser(prog="python -m common.protocol", description=__doc__)
    parser.add_argument("--session", action="store_true", help="print the diagram of a link's states instead")
    is_session = parser.parse_args(arguments).session
    # JSON is UTF-8 wherever it is written, whatever this console speaks.
    sys.stdout.buffer.write(diagram().encode() if is_session else _schema())
    sys.stdout.flush()
    return 0


def _schema() -> bytes:
    return msgspec.json.format(msgspec.json.encode(message_schema()), indent=2) + b"\n"


if __name__ == "__main__":
    sys.exit(main())
