"""What the controller can show. The window does it with Tk; tests do it with a screen made of lists.

All methods are called in the window's thread. Texts that come from people are passed as they are: the view makes them safe.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum, auto
from typing import Final, Protocol

from msgspec import Struct

from common.ids import GroupId, Millis, RelayId, Seq
from common.protocol.messages import AccessToken, Answer, Command, Invite, User, Webhook
from desktop.autostart.seen import AutostartSeen
from desktop.events.conversations import OwnStatus
from desktop.events.relays import Finding as Finding
from desktop.events.relays import FoundRelay
from desktop.events.transfers import PictureKnown, Transfer
from desktop.export.order import Progress
from desktop.model.attached import AttachedRow
from desktop.model.reacted import ReactionNote
from desktop.model.rows import BanRow, Header, HitRow, MemberRow, PinRow, Quote, RailRow, ReaderRow, Rows, Splice
from desktop.model.transfers import TransferList
from desktop.model.unsent import UnsentRow
from desktop.moves import MoveShown
from desktop.notifications import ServiceSeen, TestShown, TraySeen
from desktop.own_data import OwnDataProgress


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


class Choice(Struct, frozen=True):
    """One button of a question; *key* is what the answer says."""

    key: str
    label: str
    kind: ChoiceKind = ChoiceKind.PLAIN


class Question(Struct, frozen=True):
    """Something that a person must decide. Escape answers with the key of the last choice."""

    title: str
    text: str
    choices: tuple[Choice, ...]


class Writing(Struct, frozen=True):
    """What is written is a new message."""


class Replying(Struct, frozen=True):
    """What is written answers *quote*."""

    quote: Quote


class Editing(Struct, frozen=True):
    """What is written replaces the text of the own message *seq*; *text* is the one that it has."""

    seq: Seq
    text: str


ComposerMode = Writing | Replying | Editing


class NotifierSight(Struct, frozen=True):
    """What the settings say of notifications. *service*: None while that is being found out; *test*: None, none was shown yet."""

    service: ServiceSeen | None = None
    test: TestShown | None = None
    tray: TraySeen = TraySeen(shown=False, possible=False)


KEYRING: Final = "keyring"


class Place(Struct, frozen=True):
    """Where one is signed in. *token_kept_in*: KEYRING, or the path of the file that holds what keeps one signed in."""

    relay_id: RelayId
    relay_name: str
    token_kept_in: str


class Screen(Protocol):
    """The window, as the controller sees it."""

    # -- choosing a relay ----------------------------------------------------------------------------------------------

    def show_chooser(self) -> None:
        """Swap to the list of relays."""

    def show_relays(self, relays: Sequence[FoundRelay], trouble: str = "", hosting: str = "", sought: str = "") -> None:
        """What was found. *trouble*: what hinders looking; *hosting*: what the own relay does; both for people, may be empty.

        *sought*: the address that the settings name instead of looking around, else empty; while nobody is there *trouble* says why.
        """

    def show_address_problem(self, message: str) -> None:
        """Beside the field of the address or invitation that was just entered; ``""`` closes that dialog: it led somewhere."""

    def show_findings(self, findings: Sequence[Finding], done: bool) -> None:
        """What the check of the connection has found so far. Nothing, and not *done*, opens the dialog; one that was closed stays closed."""

    def show_recovery_code(self, code: str, on_confirmed: Callable[[], None]) -> None:
        """The own relay's recovery code, shown once: to be written down, copied and confirmed."""

    def show_blocked(self, title: str, text: str) -> None:
        """Swap to the screen of a client that cannot begin; all that can be done there is `Intents.quit`."""

    # -- signing in ----------------------------------------------------------------------------------------------------

    def show_sign_in(
        self, relay: FoundRelay, mode: SignInMode, code: str = "", username: str = "", *, is_owners: bool = False
    ) -> None:
        """Swap to the form. *code*: an invitation or owner code (*is_owners*) that is already known."""

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

    def focus_composer(self) -> None:
        """What is typed goes into the composer."""

    def show_attachments(self, files: Sequence[AttachedRow]) -> None:
        """What is attached to what is being written here."""

    def show_wait(self, seconds: int) -> None:
        """In how many seconds the next message may be sent; until then the composer keeps its text. 0: now."""

    def show_composer_mode(self, mode: ComposerMode) -> None:
        """What comes of what is written; shown above the composer, with a way to `Intents.cancel_reply`.

        A text that goes with it comes by `show_composer`.
        """

    def show_row(self, index: int) -> None:
        """Somebody jumped to row *index*: bring it to the upper third of the view and point it out for a moment."""

    # -- files ---------------------------------------------------------------------------------------------------------

    def show_transfers(self, statuses: Mapping[str, Transfer | None]) -> None:
        """How it stands with these files, by their id at the relay or the key of their upload; None: nothing is done with them."""

    def show_transfer_list(self, transfers: TransferList) -> None:
        """All that is under way, has failed or was finished just now."""

    def show_picture(self, picture: PictureKnown) -> None:
        """What came of `Intents.want_picture`."""

    def retry_pictures(self) -> None:
        """Pictures that could not be had a while ago may be asked for again."""

    # -- lists that were asked for -------------------------------------------------------------------------------------

    def show_pins(self, group: GroupId, pins: Sequence[PinRow]) -> None:
        """The pinned messages, the newest pin first."""

    def show_readers(self, seq: Seq, readers: Sequence[ReaderRow]) -> None:
        """Who has read that own message, the first reader first."""

    def show_edits(self, seq: Seq, texts: Sequence[tuple[Millis, str]]) -> None:
        """The texts that that own message had, each with its time, the first one first."""

    def show_people(self, text: str, people: Sequence[MemberRow]) -> None:
        """People whose name begins with *text*, as `Intents.seek_people` was asked."""

    def show_hits(self, query: str, hits: Sequence[HitRow], complete: bool, more: bool) -> None:
        """What was found, newest first. *complete* is false while older messages are still being looked through."""

    def show_invite(self, invite: Invite, code: str, link: str) -> None:
        """An invitation was made. Code and link are shown this once."""

    def show_reactions(self, note: ReactionNote | None) -> None:
        """Who has reacted to own messages since they were read last; None: there is nothing to say of that."""

    def show_token_made(self, token: AccessToken, secret: str, curl: str) -> None:
        """A key for a script was made. It is shown this once, with a command that uses it."""

    def show_tokens(self, tokens: Sequence[AccessToken]) -> None:
        """The own keys for scripts that are good."""

    def show_hook_made(self, hook: Webhook, url: str, curl: str) -> None:
        """An address that posts into a group was made. It is shown this once, with a command that uses it."""

    def show_hooks(self, group: GroupId, hooks: Sequence[Webhook]) -> None:
        """The addresses that post into that group."""

    def show_bans(self, group: GroupId, bans: Sequence[BanRow]) -> None:
        """Who may not come back into that group, the last ban first."""

    def show_invites(self, group: GroupId | None, invites: Sequence[Invite]) -> None:
        """The invitations that are still good."""

    def show_ordered(self, command: Command, answer: Answer | None, problem: str) -> None:
        """What came of `Intents.order`: an answer, or None and *problem*, for people."""

    def show_move(self, shown: MoveShown) -> None:
        """The relay moves to this computer, or the move has ended."""

    def show_export(self, progress: Progress) -> None:
        """An export that was asked for goes on or has ended; while it is *there* already, ask what to do."""

    def show_own_data(self, progress: OwnDataProgress) -> None:
        """The download of what the relay holds about the person goes on, or has ended."""

    def show_not_deleted(self, code: str, problem: str) -> None:
        """The account was not deleted: *code* as on the wire, and *problem*, for people."""

    def show_unsent(self, rows: Sequence[UnsentRow]) -> None:
        """What was not sent in conversations that the person is not in any more, until `Intents.hide_unsent`."""

    def show_place(self, place: Place) -> None:
        """Where one is signed in, for the settings."""

    def show_own_status(self, status: OwnStatus) -> None:
        """What the person says of themselves."""

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

    def show_autostart(self, seen: AutostartSeen) -> None:
        """What starts when the person signs in to this computer."""

    def show_notifier(self, sight: NotifierSight) -> None:
        """What is known of the system's notifications, for the settings."""

    def come_to_front(self, token: str) -> None:
        """Bring the window before all others, from wherever it is; *token*: what the desktop gave for that, may be empty."""

    def clear_the_view(self) -> None:
        """Close what only lies over the conversations, but nothing that asks the person or holds what they typed."""

    def hide(self) -> None:
        """Put the window away; only the icon beside the clock brings it back."""

    def close(self) -> None:
        """Take the window down."""
