"""What an access token is good for. Each scope holds the ones before it; a device session may do all that its person may."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, get_args

from common.errors import ScopeNeeded
from common.protocol.messages import Scope
from relay.handlers.parts import Caller, SignedIn

_RISING: Final[tuple[Scope, ...]] = get_args(Scope)


def widest(scopes: Iterable[Scope]) -> Scope:
    """The one that holds all of *scopes*, of which there is at least one."""
    return max(scopes, key=_RISING.index)


def check_scope(caller: Caller, needed: Scope | None) -> None:
    """Let *caller* pass when their token is good for *needed*; None: when it is no access token.

    Raises:
        ScopeNeeded: it is not.
    """
    if not isinstance(caller, SignedIn) or caller.scope is None:
        return
    if needed is None:
        raise ScopeNeeded
    if _RISING.index(caller.scope) < _RISING.index(needed):
        raise ScopeNeeded(f"This access token has no scope “{needed}”, which that needs. Make another one that has it.")
