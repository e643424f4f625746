"""``python -m common.protocol`` prints the JSON Schema of the protocol."""

from __future__ import annotations

import sys

import msgspec

from common.protocol.schema import message_schema


def main() -> int:
    """Print the schema; the exit code is 0."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(message_schema()), indent=2).decode() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
