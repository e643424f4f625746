"""``python -m relay move …``: the whole relay to another computer, at once and with everybody following."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Final

from common.crypto.identity import show_relay_id
from common.ids import Millis
from common.moving import BadMoveLink, parse_move_link
from relay.cli.container import how_to_start
from relay.cli.ordering import add_options, ask, confirmed, data_dir, not_confirmed, typed, when
from relay.cli.progress import Bar
from relay.cli.settings import KEY_OPTIONS, add_recovery_code, add_settings, config_of
from relay.config import Config
from relay.control.place import NotRunning
from relay.control.words import Move, MoveOffered, OfferMove, ShowMove
from relay.exits import INTERRUPTED, NOT_DONE
from relay.moving.marks import MOVED, read_moved, read_receiving, receiving_folder, remove_mark
from relay.moving.receiving import GivenUp, InDoubt, NoMove, Received, Stage, finish, give_up, receive
from relay.opening import open_store
from relay.storage.folder import lock_folder

_EVERY_S: Final = 0.2
_TAKE_BACK: Final = (
    "What was said since the relay moved is not here, and its clients forget it. Go on only when the relay over there has stopped for good: two "
    "relays with one identity would tell people different things."
)
_GIVE_UP: Final = "What was fetched is deleted. Should the relay have been handed over already, it is taken back over there with `python -m relay move take-back`."


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the commands."""
    words = "the whole relay to another computer, with everybody following"
    commands = subparsers.add_parser("move", help=words, description=f"{words[0].upper()}{words[1:]}.").add_subparsers(
        metavar="COMMAND", required=True
    )

    def add(name: str, help_words: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=help_words, description=f"{help_words[0].upper()}{help_words[1:]}.")
        add_options(command, lambda options: _reported(options, run))
        return command

    add("offer", "on the computer that the relay runs on: show the link by which another one takes it over", _offer)
    receiving = add("receive", "on the other computer: take over the relay of a link, which is asked for", _receive)
    add_settings(receiving, *KEY_OPTIONS)
    receiving.add_argument("--stop-with-parent", action="store_true", help="give up when standard input ends")
    finishing = add("finish", "on the other computer: finish a move that was broken off at its last step", _finish)
    add_settings(finishing, *KEY_OPTIONS)
    giving_up = add("give-up", "on the other computer: forget such a move", _give_up)
    giving_up.add_argument("--yes", action="store_true", help="do not ask")
    taking_back = add("take-back", "on the computer that the relay has left: let it run there again", _take_back)
    taking_back.add_argument("--yes", action="store_true", help="do not ask")
    add_settings(taking_back, *KEY_OPTIONS)
    add_recovery_code(taking_back, "open the data by the recovery code, which is asked for, or the first line of FILE")
    add("status", "whether the relay moves, or has moved", _status)


def _offer(options: argparse.Namespace) -> int:
    offered = ask(options, OfferMove(), MoveOffered)
    if not options.json:
        print(
            f"{offered.link}\nWhoever has this link gets the whole relay with all its keys. It is good for one computer, until {when(offered.until)}. There:\n"
            "  python -m relay move receive\nand paste it. The relay goes on running here until the other computer has everything."
        )
    return 0


def _receive(options: argparse.Namespace) -> int:
    os.umask(0o077)
    config = config_of(options)
    link = parse_move_link(typed(options, "Link: "))
    stop = threading.Event()
    _stop_on_signals(stop)
    if options.stop_with_parent:
        threading.Thread(target=_stop_at_end_of_input, args=(stop,), name="parent watch", daemon=True).start()
    with _Telling(options.json) as told:
        received = receive(link, config, _now, told, stop)
    return _say(options, received)


def _finish(options: argparse.Namespace) -> int:
    os.umask(0o077)
    with _Telling(options.json) as told:
        received = finish(config_of(options), told)
    return _say(options, received)


def _say(options: argparse.Namespace, received: Received) -> int:
    if options.json:
        print(
            json.dumps(
                {
                    "type": "Received",
                    "relay_id": received.relay_id,
                    "name": received.name,
                    "data_dir": str(received.folder.resolve()),
                    "held_ms": round(received.held_s * 1000),
                    "moved": None if received.moved is None else str(received.moved),
                },
                ensure_ascii=False,
            )
        )
        return 0
    print(
        f"Relay {show_relay_id(received.relay_id)} is here now, in {received.folder.resolve()}. Start it at once with {how_to_start()}: nobody "
        "can write until then. Over there it does not run again."
    )
    if received.moved is not None:
        print(f"Data of it from an earlier time is in {received.moved}.")
    return 0


def _give_up(options: argparse.Namespace) -> int:
    folder = data_dir(options)
    if read_receiving(receiving_folder(folder)) is None:
        raise NoMove("No move to this computer was broken off here.")
    if not confirmed(options, _GIVE_UP):
        return not_confirmed(options)
    give_up(Config.read({"RELAY_DATA_DIR": str(folder)}))
    return _done(options, "It is forgotten.")


def _take_back(options: argparse.Namespace) -> int:
    config = config_of(options)
    if read_moved(config.data_dir) is None:
        raise NoMove(f"The relay in {config.data_dir} has not moved.")
    lock_folder(config.data_dir).release()
    if not confirmed(options, _TAKE_BACK):
        return not_confirmed(options)
    asyncio.run(_begin_anew(config))
    remove_mark(config.data_dir, MOVED)
    return _done(options, f"The relay may run here again: {how_to_start()}")


async def _begin_anew(config: Config) -> None:
    """Another epoch: clients that were at the other one do not take its log for this one's."""
    store = await open_store(config, _now)
    try:
        await store.write(lambda transaction: transaction.meta.renew_epoch())
    finally:
        await store.close()


def _status(options: argparse.Namespace) -> int:
    folder = data_dir(options)
    try:
        move = ask(replace_json(options), ShowMove(), Move)
    except NotRunning:
        moved = read_moved(folder)
        waiting = read_receiving(receiving_folder(folder))
        state = (
            "unfinished" if waiting is not None else "none" if moved is None else "moved" if moved.is_there else "left"
        )
        move = Move(state, [] if moved is None else moved.to)
    if options.json:
        print(json.dumps({"type": "Move", "state": move.state, "to": move.to}))
    else:
        print(_STATES[move.state].format(to=", ".join(move.to) or "another computer"))
    return 0


_STATES: Final = {
    "none": "It does not move.",
    "offered": "A link was shown; no computer has begun yet.",
    "copying": "Another computer fetches it. People go on talking.",
    "holding": "Another computer takes it over at this moment: nobody can write.",
    "left": "It was handed over to another computer, which has not said yet that it runs there.",
    "moved": "It has moved to {to}.",
    "unfinished": "A relay was to move here, and that was broken off at the last step: python -m relay move finish",
}


def replace_json(options: argparse.Namespace) -> argparse.Namespace:
    """*options*, so that asking prints nothing."""
    return argparse.Namespace(**{**vars(options), "json": False})


# -- telling and stopping ----------------------------------------------------------------------------------------------


class _Telling:
    """How far it is: a bar, or lines of JSON."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._bar = Bar(as_json)
        self._said: tuple[Stage, float] | None = None

    def __enter__(self) -> _Telling:
        self._bar.__enter__()
        return self

    def __exit__(self, *_how: object) -> None:
        self._bar.__exit__(None, None, None)

    def __call__(self, stage: Stage, done: int, total: int) -> None:
        """Say it, not too often."""
        if not self._as_json:
            self._bar(done, total)
            return
        now = time.monotonic()
        if self._said is None or self._said[0] is not stage or now - self._said[1] > _EVERY_S or done == total:
            self._said = stage, now
            print(json.dumps({"type": "Progress", "stage": stage.value, "done": done, "total": total}), flush=True)


def _stop_on_signals(stop: threading.Event) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())


def _stop_at_end_of_input(stop: threading.Event) -> None:
    while os.read(0, 1024):
        pass
    stop.set()


def _done(options: argparse.Namespace, words: str) -> int:
    print(json.dumps({"type": "Done", "note": words}) if options.json else words)
    return 0


def _reported(options: argparse.Namespace, run: Callable[[argparse.Namespace], int]) -> int:
    try:
        return run(options)
    except GivenUp:
        _not_done(options, "given_up", "It was given up. The relay goes on where it was.")
        return INTERRUPTED
    except NoMove as error:
        return _not_done(options, "not_moved", str(error), error.reason)
    except BadMoveLink as error:
        return _not_done(options, "not_moved", str(error))
    except InDoubt as error:
        return _not_done(options, "in_doubt", str(error))


def _not_done(options: argparse.Namespace, code: str, message: str, reason: str = "") -> int:
    """*reason*: a word for programs where *code* says too little."""
    if options.json:
        more = {"reason": reason} if reason else {}
        print(json.dumps({"type": "NotDone", "code": code, "message": message, **more}, ensure_ascii=False))
    else:
        sys.stderr.write(f"{message}\n")
    return NOT_DONE


def _now() -> Millis:
    return Millis(time.time_ns() // 1_000_000)
