"""`messenger.py test`: everything that must hold before a change goes in."""

import os
import re
import shutil
import subprocess
import sys
from typing import Dict, List, Sequence

from bootstrap.commands import install_command, tk_was_left_out
from bootstrap.environment import HERE, Environment
from bootstrap.pip import last_error
from bootstrap.progress import Progress, run_lines
from bootstrap.trouble import FAILED
from bootstrap.words import say
from bootstrap.words import translated as _

# What the tests start, and the Debian package that has it. Fonts: Russian and emoji must be drawn on every machine alike.
TEST_PROGRAMS = {
    "Xvfb": "xvfb",
    "xdotool": "xdotool",
    "openbox": "openbox",
    "xprop": "x11-utils",
    "dunst": "dunst",
    "xclip": "xclip",
    "ip": "iproute2",
    "avahi-daemon": "avahi-daemon",
    "avahi-browse": "avahi-utils",
    "dbus-daemon": "dbus",
    "gnome-keyring-daemon": "gnome-keyring",
}
TEST_FONTS = {
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf": "fonts-dejavu-core",
    "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf": "fonts-noto-core",
    "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf": "fonts-noto-color-emoji",
}


def missing_test_packages() -> List[str]:
    """The Debian packages that the tests would use and this Linux does not have."""
    from importlib.util import find_spec

    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    packages = [package for name, package in TEST_PROGRAMS.items() if not shutil.which(name, path=path)]
    packages += [package for file, package in TEST_FONTS.items() if not os.path.exists(file)]
    if sys.base_prefix == "/usr":  # the distribution's own Python comes in pieces
        packages += ["python3-tk"] if find_spec("tkinter") is None else []
        packages += ["python3.{}-venv".format(sys.version_info[1])] if find_spec("ensurepip") is None else []
    return packages + (["libtk8.6"] if tk_was_left_out() else [])


def install_test_packages() -> None:
    """Install what the tests need from the system where that is allowed; else name the command, and tests skip."""
    if not sys.platform.startswith("linux"):
        return
    packages = missing_test_packages()
    if not packages:
        return
    if not (shutil.which("apt-get") and os.geteuid() == 0):
        command = install_command(" ".join(packages), "apt-get")
        say(_("Tests that need these will be skipped; to run them: {command}").format(command=command))
        return
    progress = Progress("Installing", len(packages))
    settings = ["-o", "Acquire::Retries=2", "-o", "DPkg::Lock::Timeout=120"]
    apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"] + settings
    said: List[str] = []

    def hear(line: str) -> None:
        said.append(line)
        name = re.match(r"Setting up ([\w.+-]+)", line)
        if name and name.group(1) in packages:
            progress.step(name.group(1))

    progress.note("apt-get update")
    run_lines(apt + ["update"], hear, progress.tick)
    progress.note("apt-get install " + " ".join(packages))
    code = run_lines(apt + ["install", "-y", "--no-install-recommends"] + packages, hear, progress.tick)
    progress.end()
    if code != 0:
        say(last_error("\n".join(said)))
        by_hand = install_command(" ".join(packages), "apt-get")
        say(_("Tests that need these will be skipped; to run them: {command}").format(command=by_hand))


def run_tests(arguments: Sequence[str]) -> int:
    """Everything that must hold before a change goes in. pytest comes last, so that its closing line does too."""
    install_test_packages()
    environment = Environment()
    environment.prepare("test")
    os.chdir(HERE)
    checks = [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy", "--strict"]]
    failed = []
    for check in checks:
        say("$ " + " ".join(check))
        if subprocess.call([environment.python, "-m"] + check, stdin=subprocess.DEVNULL) != 0:
            failed.append(" ".join(check))
    for name in failed:
        say(
            _("FAILED: {name}; the tests run all the same, and the exit code will be {code}.").format(
                name=name, code=FAILED
            )
        )
    options = list(arguments) or _shared_work()
    say("$ pytest " + " ".join(options))
    code = subprocess.call(
        [environment.python, "-m", "pytest"] + options, stdin=subprocess.DEVNULL, env=_with_bytecode()
    )
    return code or (FAILED if failed else 0)


def _with_bytecode() -> Dict[str, str]:
    """The tests start the program hundreds of times: what it compiles is kept, beside the code or where the folder is to stay as it is."""
    environment = dict(os.environ)
    if environment.pop("PYTHONDONTWRITEBYTECODE", ""):
        environment.setdefault("PYTHONPYCACHEPREFIX", os.path.join(HERE, ".venv", "bytecode"))
    return environment


def _shared_work() -> List[str]:
    """All tests in two processes where there are two processors; more would only be in each other's way."""
    return ["-n", "2", "--dist", "loadgroup"] if (os.cpu_count() or 1) > 1 else []
