"""``python -m relay invites``: who may come in by which link, at the relay that runs here."""

from __future__ import annotations

import argparse
import sys
import time
from typing import Final

import segno

from common.ids import Millis
from common.protocol import limits
from common.protocol.messages import Invite
from relay.cli.ordering import add_options, ask, do, number, table, when
from relay.control.words import CreateInvite, GoodInvite, InviteList, InviteMade, ListInvites, RevokeInvite

_DAY_MS: Final = 24 * 3600 * 1000
_DAYS_MAX: Final = 3650


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the commands."""
    parser = subparsers.add_parser("invites", help="invitations: list, make, take back", description=__doc__)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    words = "the invitations that let somebody in, to the relay and into groups"
    add_options(commands.add_parser("list", help=words, description=words), _list)
    words = "make an invitation to the relay, and show its link (in a terminal as a QR code too)"
    create = commands.add_parser("create", help=words, description=words)
    create.add_argument(
        "--uses", type=number(limits.INVITE_USES_MAX), metavar="N", help="lets so many people in [as many as come]"
    )
    create.add_argument("--days", type=number(_DAYS_MAX), metavar="N", help="is good for so many days [for ever]")
    create.add_argument(
        "--group", type=number(2**53 - 1), metavar="ID", help="brings them into that group too, by its id [none]"
    )
    create.add_argument("--no-qr", action="store_true", help="without the QR code")
    add_options(create, _create)
    words = "let nobody in by an invitation any more"
    revoke = commands.add_parser("revoke", help=words, description=words)
    revoke.add_argument("invite", type=int, metavar="NUMBER", help="its number, as `list` shows it")
    add_options(revoke, _revoke)


def _list(options: argparse.Namespace) -> int:
    invites = ask(options, ListInvites(), InviteList).invites
    if not options.json:
        head = ("number", "of", "since", "lets in", "until", "into")
        print(table([head, *map(_row, invites)]) if invites else "No invitation lets anybody in.")
    return 0


def _row(each: GoodInvite) -> tuple[str, ...]:
    invite = each.invite
    return str(invite.id), each.by, when(invite.at), *_limits(invite), each.group or "the relay"


def _limits(invite: Invite) -> tuple[str, str]:
    uses = "as many as come" if invite.uses is None else str(invite.uses)
    return uses, "for ever" if invite.expires is None else when(invite.expires)


def _create(options: argparse.Namespace) -> int:
    expires = None if options.days is None else Millis(int(time.time() * 1000) + options.days * _DAY_MS)
    order = CreateInvite(options.group, options.uses, expires)
    made = ask(options, order, InviteMade)
    if not options.json:
        uses, until = _limits(made.invite)
        print(f"Link:   {made.link}\nCode:   {made.code}\nNumber: {made.invite.id}, lets in {uses}, {until}.")
        print("\nLink and code are shown this once. Whoever has one of them can come in.")
        if sys.stdout.isatty() and not options.no_qr:
            print()
            segno.make(made.link, error="m", micro=False, boost_error=False).terminal(sys.stdout, compact=True)
    return 0


def _revoke(options: argparse.Namespace) -> int:
    return do(options, RevokeInvite(options.invite), "It lets nobody in any more.")
