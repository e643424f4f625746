"""Who stands above whom in a group, and what that allows."""

from __future__ import annotations

from typing import Final

from common.protocol.messages import Role

_RANKS: Final[dict[Role, int]] = {"member": 0, "admin": 1, "owner": 2}


def higher(one: Role, other: Role) -> Role:
    """The higher one of two roles: whoever runs the relay stands as high in each group that they are in."""
    return max(one, other, key=_RANKS.__getitem__)


def is_admin(rank: Role) -> bool:
    """Whether it is an admin or an owner."""
    return rank != "member"


def outranks(rank: Role, role: Role) -> bool:
    """Whether who stands at *rank* may take members of that *role* away: owners anybody, admins no owner and no other admin."""
    return rank == "owner" or (rank == "admin" and role == "member")
