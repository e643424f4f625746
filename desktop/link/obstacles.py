"""What hinders multicast DNS, in the person's language: the relay says the same in English only."""

from __future__ import annotations

from desktop.locale import _, mark

ALL = (
    mark(
        "Another program keeps UDP port 5353 (multicast DNS) to itself. Let it share the port "
        "(avahi: disallow-other-stacks=no), or stop it; until then, enter addresses by hand."
    ),
    mark(
        "Multicast cannot be sent: there is no route for it, or on macOS the permission is missing (System Settings, "
        "Privacy & Security, Local Network). Until then, enter addresses by hand."
    ),
    mark(
        "A firewall on this computer forbids multicast DNS. Allow UDP port 5353 in and out; "
        "until then, enter addresses by hand."
    ),
)
"""Each as `common.discovery.mdns.sockets.reason_in_words` has it."""


def in_words(trouble: str) -> str:
    """*trouble* as multicast DNS tells it (may be empty), in the person's language where it is one that is known."""
    return _(trouble) if trouble else ""
