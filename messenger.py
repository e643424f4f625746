"""Start Py_messenger from a bare checkout: this file and the package bootstrap need nothing but Python.

It makes the virtual environment .venv, installs the pinned requirements into it, and hands over to the program.
"""

import sys
from typing import Sequence

from bootstrap.checks import run_tests
from bootstrap.commands import ENTRY, NEEDED, again, mending, newer_python, own_name, short
from bootstrap.environment import Environment
from bootstrap.programs import hand_over, start_client
from bootstrap.trouble import INTERRUPTED, TOO_OLD, USAGE, Trouble
from bootstrap.words import HELP, say
from bootstrap.words import translated as _

PROGRAMS = {"relay": ["relay"], "doctor": ["relay", "doctor"], "bench": ["bench"]}


def require_new_python() -> None:
    if sys.version_info >= NEEDED:
        return
    newer = newer_python()
    raise Trouble(
        TOO_OLD,
        "Py_messenger needs Python 3.11 or newer, and this is {version} ({path}); run: {command}",
        version="{}.{}.{}".format(*sys.version_info[:3]),
        path=sys.executable,
        command=again(newer) if newer else mending("python"),
    )


def run(arguments: Sequence[str]) -> int:
    """Do what the command line says; return the exit code if no program takes over. Raises Trouble."""
    require_new_python()
    name, rest = (arguments[0], arguments[1:]) if arguments else ("client", [])
    if name in ("-h", "--help", "help"):
        print(_(HELP).format(python=own_name()), end="", flush=True)
        return 0
    if name == "client" or name.startswith("-"):
        start_client(rest if name == "client" else arguments)
    if name == "test":
        return run_tests(rest)
    if name != "install" and name not in PROGRAMS:
        command = "{} {} --help".format(own_name(), short(ENTRY))
        raise Trouble(USAGE, '"{name}" is not a command; run: {command}', name=name, command=command)
    environment = Environment()
    environment.prepare("run")
    if name != "install":
        hand_over(environment, PROGRAMS[name] + list(rest))
    return 0


def main(arguments: Sequence[str]) -> int:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without Russian letters is no reason to stop
    try:
        return run(arguments)
    except Trouble as trouble:
        say("messenger.py: {}".format(trouble))
        return trouble.code
    except KeyboardInterrupt:
        say("\n" + _("Interrupted. Nothing is lost: the next start begins again."))
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
