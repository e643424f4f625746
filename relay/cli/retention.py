"""``python -m relay retention``: how much of the past is kept, at the relay that runs here."""

from __future__ import annotations

import argparse
from typing import Final

from common.protocol import limits
from common.protocol.messages import Keeps
from relay.cli.ordering import add_options, ask, confirmed, not_confirmed, number, table
from relay.control.words import CountExpired, Expired, RetentionShown, SetHold, SetRetention, ShowRetention

_WHERE: Final = "in that group, by its name or number (on the whole relay)"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the commands."""
    parser = subparsers.add_parser(
        "retention", help="how much of the past is kept: show, set, hold, release", description=__doc__
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    words = "how much of the past is kept, on the relay and in the groups where it is otherwise"
    show = commands.add_parser("show", help=words, description=words)
    show.add_argument("--group", default="", metavar="GROUP", help="what holds " + _WHERE)
    add_options(show, _show)
    words = "keep so much from now on; tells first how many messages go, and asks"
    setting = commands.add_parser("set", help=words, description=words)
    days, entries = number(limits.KEEP_DAYS_MAX), number(limits.KEEP_ENTRIES_MAX)
    setting.add_argument("--days", type=days, metavar="N", help="what was said in the last N days (however old)")
    setting.add_argument("--entries", type=entries, metavar="N", help="of each conversation the last N entries (all)")
    setting.add_argument("--all", action="store_true", help="all of it, for ever")
    setting.add_argument("--default", action="store_true", help="what the relay keeps; only with --group")
    setting.add_argument("--group", default="", metavar="GROUP", help=_WHERE)
    setting.add_argument("--yes", action="store_true", help="do not ask, whatever goes by it")
    setting.set_defaults(refuse=setting.error)  # what excludes each other is a wrong command line
    add_options(setting, _set)
    words = "let nothing be deleted, neither by the relay nor by people"
    hold = commands.add_parser("hold", help=words, description=words)
    hold.add_argument("--group", default="", metavar="GROUP", help=_WHERE)
    add_options(hold, _hold)
    words = "let things be deleted again; tells first how many messages go, and asks"
    release = commands.add_parser("release", help=words, description=words)
    release.add_argument("--group", default="", metavar="GROUP", help=_WHERE)
    release.add_argument("--yes", action="store_true", help="do not ask, whatever goes by it")
    add_options(release, _release)


def _show(options: argparse.Namespace) -> int:
    shown = ask(options, ShowRetention(options.group), RetentionShown)
    if options.json:
        return 0
    rows: list[tuple[str, ...]] = [("number", "where", "keeps", "")]
    if not options.group:
        rows.append(("", "the whole relay", *_row(shown.relay)))
    rows += [(str(each.id), each.name, *_row(each.keeps)) for each in shown.groups]
    print(table(rows))
    return 0


def _row(keeps: Keeps) -> tuple[str, str]:
    parts = [f"{keeps.days:,} days"] if keeps.days else []
    parts += [f"the last {keeps.entries:,} entries"] if keeps.entries else []
    return " and ".join(parts) or "all", "on hold: nothing is deleted" if keeps.held else ""


def _set(options: argparse.Namespace) -> int:
    given = [options.days is not None or options.entries is not None, options.all, options.default]
    if given.count(True) != 1:
        options.refuse("give --days or --entries or both, or --all, or --default with --group")
    if options.default and not options.group:
        options.refuse("the relay keeps what it is told: give --all in place of --default")
    days, entries = (0, 0) if options.all else (options.days, options.entries)
    lost = _counted(options, CountExpired(options.group, days, entries))
    if lost and not confirmed(options, f"{lost:,} messages are deleted by that, for good."):
        return not_confirmed(options)
    return _done(options, SetRetention(options.group, days, entries, lost))


def _hold(options: argparse.Namespace) -> int:
    return _done(options, SetHold(options.group))


def _release(options: argparse.Namespace) -> int:
    lost = _counted(options, CountExpired(options.group, release=True))
    if lost and not confirmed(options, f"{lost:,} messages have had their time meanwhile, and go for good."):
        return not_confirmed(options)
    return _done(options, SetHold(options.group, on=False, loses=lost))


def _counted(options: argparse.Namespace, what: CountExpired) -> int:
    """How many messages would go; nothing is printed of it."""
    return ask(argparse.Namespace(**vars(options) | {"json": False}), what, Expired).messages


def _done(options: argparse.Namespace, what: SetRetention | SetHold) -> int:
    lost = ask(options, what, Expired).messages
    if not options.json:
        print(f"It is so from now on. {lost:,} messages go." if lost else "It is so from now on.")
    return 0
