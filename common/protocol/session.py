"""Who may say what next on a link: a table, no I/O.

Whoever opens a link has shown a token before the upgrade, so the account is known. What is left to agree on is where the
client stands in each log: hello comes first, and once.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final, get_args

from common.errors import UnexpectedMessage
from common.protocol.messages import AnyCommand, Command, Hello, Login, Logout, Register


class State(Enum):
    """Where a link stands."""

    AWAITING_HELLO = auto()
    ESTABLISHED = auto()
    ENDED = auto()


_ANY_TIME: Final = tuple(kind for kind in get_args(AnyCommand) if kind not in (Hello, Login, Logout, Register))

TRANSITIONS: Final[dict[tuple[State, type[Command]], State]] = {
    (State.AWAITING_HELLO, Hello): State.ESTABLISHED,
    (State.AWAITING_HELLO, Logout): State.ENDED,
    (State.ESTABLISHED, Logout): State.ENDED,
    **{(State.ESTABLISHED, kind): State.ESTABLISHED for kind in _ANY_TIME},
}


def diagram() -> str:
    """The table as lines of text, for docs/protocol.md: state, command, state."""
    rows = [(before.name, str(kind.__struct_config__.tag), after.name) for (before, kind), after in TRANSITIONS.items()]
    from_width = max(len(before) for before, _, _ in rows)
    tag_width = max(len(tag) for _, tag, _ in rows)
    lines = [f"{'(opened)':{from_width}} ──{'─' * tag_width}──▶ {Session().state.name}"]
    lines += [f"{before:{from_width}} ─ {tag + ' ':─<{tag_width + 1}}──▶ {after}" for before, tag, after in rows]
    return "\n".join(lines) + "\n"


class Session:
    """The state of one link."""

    def __init__(self) -> None:
        """A link that has just been opened."""
        self.state = State.AWAITING_HELLO

    def receive(self, command: Command) -> None:
        """Move on by *command*, or raise and stay.

        Raises:
            UnexpectedMessage: the command does not belong here.
        """
        try:
            self.state = TRANSITIONS[self.state, type(command)]
        except KeyError:
            raise UnexpectedMessage(re=command.id) from None
