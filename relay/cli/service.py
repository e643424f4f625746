"""``python -m relay service``: the relay as a service of the system, which starts with the computer and after a failure."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

from msgspec.structs import asdict

from relay.config import Config
from relay.exits import NOT_DONE
from relay.service.systemd import SETTINGS, NoService, Service, State, is_root

_DOTENV: Final = Path(".env")
_NOT_INSTALLED: Final = "The relay is not a service here. `service install` makes it one."


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the commands."""
    words = "let systemd run the relay: from the start of the computer, and again after a failure"
    service = subparsers.add_parser("service", help=words, description=words)
    commands = service.add_subparsers(metavar="COMMAND", required=True)
    install = commands.add_parser("install", help="put it in place, start it now and with the computer")
    uninstall = commands.add_parser("uninstall", help="stop it and take it away; data and key stay")
    status = commands.add_parser("status", help="whether it is in place, and runs")
    shown = commands.add_parser("print", help="show the unit, change nothing")
    for parser, run in ((install, _install), (uninstall, _uninstall), (status, _status), (shown, _print)):
        which = parser.add_mutually_exclusive_group()
        which.add_argument(
            "--system",
            dest="of_system",
            action="store_true",
            default=None,
            help="of this computer (as root the default)",
        )
        which.add_argument(
            "--user",
            dest="of_system",
            action="store_false",
            help="of you alone, with the data that you have (else the default)",
        )
        parser.add_argument("--data-dir", dest="RELAY_DATA_DIR", metavar="FOLDER", help="with --user [RELAY_DATA_DIR]")
        parser.add_argument("--key-file", dest="RELAY_KEY_FILE", metavar="FILE", help="with --user [RELAY_KEY_FILE]")
        parser.add_argument("--json", action="store_true", help="say what became of it in one line of JSON")
        parser.set_defaults(run=run, user=None)
    for parser, meaning in ((install, "it from the next sign-in on, and not now"), (uninstall, "what runs go on")):
        parser.add_argument("--later", action="store_true", help=f"with --user: let {meaning}")
    for parser in (install, shown):
        parser.add_argument(
            "--as",
            dest="user",
            metavar="NAME",
            help="run as this user of the computer (one that exists only while the relay runs)",
        )


def _service(options: argparse.Namespace) -> Service:
    of_system = is_root() if options.of_system is None else options.of_system
    settings = {name: getattr(options, name) for name in ("RELAY_DATA_DIR", "RELAY_KEY_FILE")}
    if of_system and any(settings.values()):
        raise NoService("The service of the system has its data in /var/lib. Folders can be named with --user only.")
    if of_system and getattr(options, "later", False):
        raise NoService("The service of the system starts with the computer: --later is for --user only.")
    return Service(of_system=of_system, config=Config.read(settings, _DOTENV), user=options.user)


def _install(options: argparse.Namespace) -> int:
    try:
        service = _service(options)
        state = service.install(later=options.later)
    except NoService as error:
        return _not_done(options, error)
    when = "when you sign in" if options.later else "with the computer"
    words = [
        f"The relay is a service now, and starts {when}. {_in_words(state)}",
        f"Data:      {service.data_dir}",
        f"Key file:  {service.key_file} (keep a copy elsewhere, not beside one of the data)",
        f"Log:       {service.log_command}",
    ]
    if service.of_system:
        words.append(f"Settings:  lines NAME=VALUE in {SETTINGS}, then: systemctl restart {service.unit.name}")
    words += [
        "To do once, with the relay running:",
        f"  a recovery code:  python3 messenger.py relay keys new-recovery-code --data-dir {service.data_dir}",
        f"  the first owner:  register in the client, then python3 messenger.py relay users promote NAME owner --data-dir {service.data_dir}",
    ]
    return _done(options, _as_json(service, state), "\n".join(words))


def _uninstall(options: argparse.Namespace) -> int:
    try:
        service = _service(options)
        was_there = service.uninstall(later=options.later)
    except NoService as error:
        return _not_done(options, error)
    if not was_there:
        return _not_done(options, NoService(_NOT_INSTALLED))
    words = f"The relay is no service any more. Its data is still in {service.data_dir}, its key in {service.key_file}."
    return _done(options, _as_json(service, service.state()), words)


def _status(options: argparse.Namespace) -> int:
    try:
        service = _service(options)
    except NoService as error:
        return _not_done(options, error)
    state = service.state()
    words = _in_words(state) if state.installed else _NOT_INSTALLED
    _done(options, _as_json(service, state), words)
    return 0 if state.is_running else NOT_DONE


def _print(options: argparse.Namespace) -> int:
    try:
        service = _service(options)
        text = service.text()
    except NoService as error:
        return _not_done(options, error)
    return _done(options, {"unit": str(service.unit), "text": text}, text.rstrip("\n"))


def _in_words(state: State) -> str:
    words = f"It is {state.active or 'unknown to systemd'}"
    words += f" ({state.sub})" if state.sub else ""
    words += f", process {state.pid}" if state.pid else ""
    return f"{words}. {state.says}".strip()


def _as_json(service: Service, state: State) -> dict[str, Any]:
    where = {"data_dir": str(service.data_dir), "key_file": str(service.key_file)}
    return asdict(state) | {"unit": str(state.unit), "running": state.is_running} | where


def _done(options: argparse.Namespace, said: dict[str, Any], words: str) -> int:
    print(json.dumps({"type": "Done", **said}, ensure_ascii=False) if options.json else words)
    return 0


def _not_done(options: argparse.Namespace, error: NoService) -> int:
    if options.json:
        print(json.dumps({"type": "NotDone", "code": "not_possible", "message": str(error)}, ensure_ascii=False))
    else:
        sys.stderr.write(f"{error}\n")
    return NOT_DONE
