"""``python -m relay users``: the accounts of the relay that runs here."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from typing import Final, get_args

from common.ids import SessionId
from common.protocol import limits
from common.protocol.messages import Fate, Role
from relay.cli.ordering import add_options, ask, do, not_confirmed, table, typed, typed_twice, when
from relay.control.words import (
    DeletePerson,
    DisablePerson,
    EnablePerson,
    FreeName,
    ListPeople,
    ListSessions,
    MutePerson,
    PasswordReset,
    People,
    Person,
    Promote,
    ResetPassword,
    RevokeSessions,
    Sessions,
    UnmutePerson,
)

_TIME: Final = re.compile(r"(\d{1,9})\s?([smhd]?)")
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 24 * 3600}
_WORDS: Final = {"s": "second", "m": "minute", "h": "hour", "d": "day"}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the commands."""
    parser = subparsers.add_parser(
        "users", help="the accounts: list, shut out, mute, delete, new password", description=__doc__
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, words: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=words, description=words)
        add_options(command, run)
        if name != "list":
            command.add_argument("username", help="the user name, as `list` shows it")
        return command

    add("list", "everybody who has an account", _list)
    add("disable", "sign somebody out everywhere, and let them in no more", _disable)
    add("enable", "let somebody in again", _enable)
    delete = add("delete", "delete the account of somebody for good; asks for the name once more", _delete)
    delete.add_argument(
        "--messages",
        required=True,
        choices=get_args(Fate),
        help="what becomes of all that they have said: destroyed, or left without a name (has to be said)",
    )
    delete.add_argument("--yes", action="store_true", help="do not ask")
    add("free", "let somebody else have the name of a deleted account", _free)
    reset = add("reset-password", "give somebody another password, and sign them out everywhere", _reset)
    reset.add_argument("--ask", action="store_true", help="type the password, instead of having one made up")
    promote = add("promote", "make somebody owner, admin or member of this relay", _promote)
    promote.add_argument("role", choices=get_args(Role), help="what they are to be")
    mute = add("mute", "let somebody write nothing anywhere on this relay; they read on", _mute)
    mute.add_argument(
        "--for",
        dest="seconds",
        type=_seconds,
        metavar="TIME",
        help="so long, as 30m, 2h or 7d, at most 366d (until it is lifted)",
    )
    add("unmute", "let somebody write again who was muted on the whole relay", _unmute)
    add("sessions", "where somebody is signed in, and their access tokens", _sessions)
    revoke = add("revoke", "sign somebody out", _revoke)
    revoke.add_argument("session", type=int, nargs="?", help="only there, by the number that `sessions` shows")


def _list(options: argparse.Namespace) -> int:
    people = ask(options, ListPeople(), People).people
    if not options.json and not people:
        print("Nobody has an account yet.")
        return 0
    if not options.json:
        head = ("id", "user name", "name", "role", "devices", "since", "")
        print(table([head, *(_row(person) for person in people)]))
    return 0


def _row(person: Person) -> tuple[str, ...]:
    state = "disabled" if person.is_disabled else "online" if person.is_online else ""
    since = when(person.created_at)
    return str(person.id), person.username, person.display_name, person.role, str(person.sessions), since, state


def _disable(options: argparse.Namespace) -> int:
    return do(options, DisablePerson(options.username), "")


def _enable(options: argparse.Namespace) -> int:
    return do(options, EnablePerson(options.username), f"{options.username} may sign in again.")


def _delete(options: argparse.Namespace) -> int:
    if not options.yes:
        goes = (
            "All that they have said is destroyed."
            if options.messages == "erase"
            else "What they said stays, nameless."
        )
        sys.stderr.write(f"The account of {options.username} is deleted. {goes} Nobody can undo it.\n")
        if typed(options, "Type the user name to go on: ", secret=False).strip() != options.username:
            return not_confirmed(options)
    return do(options, DeletePerson(options.username, options.messages), "")


def _free(options: argparse.Namespace) -> int:
    return do(options, FreeName(options.username), f"Somebody else may be called {options.username} now.")


def _reset(options: argparse.Namespace) -> int:
    password = typed_twice(options, "New password: ") if options.ask else ""
    outcome = ask(options, ResetPassword(options.username, password), PasswordReset)
    if not options.json:
        print(f"New password: {outcome.password}\nShown this once." if outcome.password else "The password is set.")
    return 0


def _promote(options: argparse.Namespace) -> int:
    return do(options, Promote(options.username, options.role), f"{options.username} is now {options.role} here.")


def _mute(options: argparse.Namespace) -> int:
    until = "until `users unmute` lifts it" if options.seconds is None else f"for {_told(options.seconds)}"
    return do(
        options, MutePerson(options.username, options.seconds), f"{options.username} can write nothing here {until}."
    )


def _unmute(options: argparse.Namespace) -> int:
    return do(options, UnmutePerson(options.username), f"{options.username} can write again.")


def _seconds(text: str) -> int:
    match = _TIME.fullmatch(text.strip().lower())
    if match is None or not 1 <= (seconds := int(match[1]) * _UNITS[match[2] or "s"]) <= limits.MUTE_S_MAX:
        raise ValueError(text)
    return seconds


_seconds.__name__ = "time as 30m, 2h or 7d, at most 366d"  # as argparse calls it in its complaint


def _told(seconds: int) -> str:
    unit = next(unit for unit in ("d", "h", "m", "s") if not seconds % _UNITS[unit])
    count = seconds // _UNITS[unit]
    return f"{count} {_WORDS[unit]}{'' if count == 1 else 's'}"


def _sessions(options: argparse.Namespace) -> int:
    sessions = ask(options, ListSessions(options.username), Sessions).sessions
    if not options.json:
        head = ("number", "device", "since", "last seen", "")
        rows = [
            (
                str(each.id),
                each.device,
                when(each.created_at),
                when(each.seen_at),
                "" if each.scopes is None else f"access token: {' '.join(each.scopes)}",
            )
            for each in sessions
        ]
        print(table([head, *rows]) if rows else "They are signed in nowhere.")
    return 0


def _revoke(options: argparse.Namespace) -> int:
    session = None if options.session is None else SessionId(options.session)
    return do(options, RevokeSessions(options.username, session), "They are signed out.")
