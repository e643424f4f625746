"""What the controller can show. The window does it with Tk; tests do it with a screen made of lists.

All methods are called in the window's thread. Texts that come from people are passed as they are: the view makes them safe.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from common.ids import RelayId
from common.protocol.messages import User
from desktop.events import Finding as Finding
from desktop.events import FoundRelay
from desktop.model.rows import Header, MemberRow, RailRow, Rows, Splice


class Tone(Enum):
    """How a status feels: the colour of its dot."""

    GOOD = auto()
    BUSY = auto()
    BAD = auto()


class SignInMode(Enum):
    """Which of the two forms."""

    SIGN_IN = auto()
    REGISTER = auto()


class SignInField(Enum):
    """Beside which field an error belongs."""

    USERNAME = auto()
    PASSWORD = auto()
    DISPLAY_NAME = auto()
    CODE = auto()
    FORM = auto()
    """None of them: above the button."""


class ChoiceKind(Enum):
    """How a button looks."""

    PRIMARY = auto()
    PLAIN = auto()
    DANGER = auto()


@dataclass(frozen=True, slots=True)
class Choice:
    """One button of a question; *key* is what the answer says."""

    key: str
    label: str
    kind: ChoiceKind = ChoiceKind.PLAIN


@dataclass(frozen=True, slots=True)
class Question:
    """Something that a person must decide. Escape answers with the key of the last choice."""

    title: str
    text: str
    choices: tuple[Choice, ...]


class Screen(Protocol):
    """The window, as the controller sees it."""

    # -- choosing a relay ----------------------------------------------------------------------------------------------

    def show_chooser(self) -> None:
        """Swap to the list of relays."""

    def show_relays(self, relays: Sequence[FoundRelay], trouble: str = "", hosting: str = "", sought: str = "") -> None:
        """What was found. *trouble*: what hinders looking; *hosting*: what the own relay does; both for people, may be empty.

        *sought*: the address that the settings name, while the relay there is waited for (*trouble* says why), else empty.
        """

    def show_address_problem(self, message: str) -> None:
        """Beside the field of the address or invitation that was just entered; ``""`` closes that dialog: it led somewhere."""

    def show_findings(self, findings: Sequence[Finding], done: bool) -> None:
        """What the check of the connection has found so far; opens the dialog when it is not open."""

    def show_recovery_code(self, code: str, on_confirmed: Callable[[], None]) -> None:
        """The own relay's recovery code, shown once: to be written down, copied and confirmed."""

    # -- signing in ----------------------------------------------------------------------------------------------------

    def show_sign_in(self, relay: FoundRelay, mode: SignInMode, code: str = "", username: str = "") -> None:
        """Swap to the form. *code*: an invitation or owner code that is already known."""

    def show_sign_in_busy(self, busy: bool) -> None:
        """The relay was asked; the form waits."""

    def show_sign_in_problem(self, field: SignInField, message: str) -> None:
        """Beside *field*; ends waiting."""

    def show_identity_alarm(self, relay_name: str, expected: RelayId, found: RelayId) -> None:
        """Another identity answers where the known relay should be: explain, let nobody through."""

    # -- the main screen -----------------------------------------------------------------------------------------------

    def show_main(self, relay_name: str, user: User) -> None:
        """Swap to the conversations."""

    def show_status(self, text: str, tone: Tone) -> None:
        """Connected · 5 online / Connecting… / Not connected, next try in 5 s."""

    def show_rail(self, rows: Sequence[RailRow], selected: int | None) -> None:
        """The conversations; *selected*: index of the open one."""

    def show_header(self, header: Header | None) -> None:
        """Above the timeline; None: no conversation is open, and neither timeline nor composer are there."""

    def open_timeline(self, rows: Rows, anchor: int | None) -> None:
        """Another conversation: row *anchor* comes to the upper third of the view; None: at the newest row."""

    def splice_timeline(self, splice: Splice) -> None:
        """The open rows have changed so; what the reader looks at stays where it is."""

    def show_new_count(self, count: int) -> None:
        """How many messages came below while the reader was further up."""

    def show_members(self, members: Sequence[MemberRow]) -> None:
        """Who is in the open conversation."""

    def show_composer(self, text: str, enabled: bool, hint: str = "") -> None:
        """Put *text* (a draft) into the composer. *hint*: said in place of it when not enabled (not a member, no group)."""

    # -- over everything -----------------------------------------------------------------------------------------------

    def show_toast(self, text: str) -> None:
        """A short remark that goes by itself."""

    def ask(self, question: Question, on_answer: Callable[[str], None]) -> None:
        """Ask, and call *on_answer* with the key of the choice."""

    def show_unread(self, count: int) -> None:
        """In the window's title."""

    def redraw(self) -> None:
        """The language has changed: build everything anew. Texts that the controller made have to be shown again."""

    def beep(self) -> None:
        """A sound for a new message while the window has no focus."""

    def close(self) -> None:
        """Take the window down."""
