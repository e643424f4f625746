"""``python -m relay limits``: how much one person may, at the relay that runs here."""

from __future__ import annotations

import argparse
import re
from typing import Final, cast

from common.protocol.messages import LimitName
from relay.cli.ordering import add_options, ask, do, table
from relay.control.words import LimitShown, LimitsShown, SetLimit, ShowLimits
from relay.personal_limits import MOST, NAMES

NONE: Final = "none"
DEFAULT: Final = "default"
_AMOUNT: Final = re.compile(r"(\d{1,16})\s?(?:([KMGT])I?B?)?", re.IGNORECASE)
_MEANINGS: Final[dict[LimitName, str]] = {
    "links": "clients connected at once",
    "devices": "devices signed in",
    "messages_per_minute": "messages in a minute, on average",
    "messages_per_hour": "messages in an hour, on average",
    "files": "bytes in files",
    "uploads": "files on their way to the relay",
    "groups": "groups made",
    "invites": "invitations given out",
    "webhooks": "webhooks made",
    "tokens": "access tokens",
}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the commands."""
    parser = subparsers.add_parser("limits", help="how much one person may: show, set", description=__doc__)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    words = "how much one person may on this relay, and for whom it is otherwise"
    show = commands.add_parser("show", help=words, description=words)
    show.add_argument(
        "--person", default="", metavar="NAME", help="what that person may, and how much they have (everybody)"
    )
    add_options(show, _show)
    words = "set how much one person may; it counts at once, and takes nothing away that somebody has"
    setting = commands.add_parser("set", help=words, description=words)
    setting.add_argument("limit", choices=[_word(name) for name in NAMES], metavar="LIMIT", help="as `show` names it")
    setting.add_argument(
        "value",
        type=_value,
        metavar="VALUE",
        help=f"a number, a size such as 5G, `{NONE}` for no limit, or `{DEFAULT}` for what counts otherwise",
    )
    setting.add_argument("--person", default="", metavar="NAME", help="for that person alone (for everybody)")
    add_options(setting, _set)


def _show(options: argparse.Namespace) -> int:
    shown = ask(options, ShowLimits(options.person), LimitsShown)
    if options.json:
        return 0
    if shown.username:
        head = ("limit", "", shown.username, "has", "everybody")
        rows = [
            (_word(each.name), _MEANINGS[each.name], _marked(each), _used(each), _amount(each.name, each.otherwise))
            for each in shown.limits
        ]
    else:
        head = ("limit", "", "everybody", "default", "")
        rows = [
            (_word(each.name), _MEANINGS[each.name], _marked(each), _amount(each.name, each.otherwise), "")
            for each in shown.limits
        ]
    print(table([head, *rows]))
    if shown.exceptions:
        exceptions = [(each.username, _word(each.name), _amount(each.name, each.value)) for each in shown.exceptions]
        print("\n" + table([("person", "limit", "otherwise"), *exceptions]))
    return 0


def _set(options: argparse.Namespace) -> int:
    order = SetLimit(_name(options.limit), options.value, options.person)
    return do(options, order, f"It is set for {options.person or 'everybody'}, and counts from now on.")


def _value(text: str) -> int | None:
    """0: no limit; None: nothing is set."""
    if text == DEFAULT:
        return None
    if text == NONE:
        return 0
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    value = int(match[1]) << (10 * " KMGT".index((match[2] or " ").upper()))
    if not 1 <= value <= MOST:
        raise ValueError(text)
    return value


_value.__name__ = f"number from 1, size, `{NONE}` or `{DEFAULT}`"  # as argparse calls it in its complaint


def _word(name: LimitName) -> str:
    return name.replace("_", "-")


def _name(word: str) -> LimitName:
    return cast(LimitName, word.replace("-", "_"))


def _marked(each: LimitShown) -> str:
    return _amount(each.name, each.value) + (" *" if each.is_set else "")


def _used(each: LimitShown) -> str:
    return "" if each.used is None else _amount(each.name, each.used) if each.used else "0"


def _amount(name: LimitName, value: int) -> str:
    if not value:
        return NONE
    if name != "files":
        return f"{value:,}"
    power = min((value.bit_length() - 1) // 10, 4)
    return f"{value / (1 << 10 * power):.4g}{' KMGT'[power].strip()}"
