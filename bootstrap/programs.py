"""Handing over to the client or the relay, once it is sure that it can run here."""

import os
import re
import socket
import subprocess
import sys
from typing import NoReturn, Sequence

from bootstrap.commands import WINDOWS, mending
from bootstrap.environment import Environment, tkinter_is_here
from bootstrap.trouble import NO_TKINTER, Trouble
from bootstrap.words import say
from bootstrap.words import translated as _


def hand_over(environment: Environment, arguments: Sequence[str]) -> NoReturn:
    """Become `python -m …` of the environment, in the checkout's folder."""
    command = [environment.python, "-m"] + list(arguments)
    os.chdir(environment.folder)
    sys.stdout.flush()
    sys.stderr.flush()
    if not WINDOWS:
        os.execv(command[0], command)  # signals reach the program itself
    child = subprocess.Popen(command)
    while True:
        try:
            sys.exit(child.wait())
        except KeyboardInterrupt:  # Ctrl+C reaches the child too, which ends in its own time
            continue


def missing_display() -> str:
    """Why no window can be shown here, in words; an empty string where one can."""
    if WINDOWS or sys.platform == "darwin":
        return ""
    display = os.environ.get("DISPLAY", "")
    if not display:
        return _("DISPLAY is not set")
    local = re.match(r"(?:unix)?:(\d+)", display)
    if not local:  # another machine's: only Tk can tell
        return ""
    for name in ("\0/tmp/.X11-unix/X" + local.group(1), "/tmp/.X11-unix/X" + local.group(1)):
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(name) == 0:
                return ""
    return _("nothing answers at {display}").format(display=display)


def require_tkinter(environment: Environment) -> None:
    """Raise Trouble when neither the environment's Python nor the one that runs now has tkinter."""
    if not environment.has_tkinter() and not tkinter_is_here():
        raise Trouble(
            NO_TKINTER,
            "The window needs tkinter, which {path} does not have; run: {command}",
            path=sys.executable,
            command=mending("tkinter"),
        )


def start_client(arguments: Sequence[str]) -> NoReturn:
    environment = Environment()
    reason = missing_display()
    if not reason:
        require_tkinter(environment)  # first: nobody should wait for an installation only to hear this
    environment.prepare("run", window=not reason)
    if reason:
        say(
            _("No display here ({reason}): starting the relay in the foreground instead. Ctrl+C stops it.").format(
                reason=reason
            )
        )
        hand_over(environment, ["relay", "run"])
    hand_over(environment, ["desktop"] + list(arguments))
