"""The commands that mend what is missing, for the package installer of this system."""

import os
import shutil
import subprocess
import sys

NEEDED = (3, 11)
WINDOWS = sys.platform == "win32"
ENTRY = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "messenger.py")


def quoted(path: str) -> str:
    return '"{}"'.format(path) if " " in path else path


def short(path: str) -> str:
    """*path* the way a person would type it here."""
    try:
        near = os.path.relpath(path)
    except ValueError:  # another drive on Windows
        near = path
    return quoted(near if len(near) < len(path) else path)


def own_name() -> str:
    """The command that starts the Python that runs now: the usual name where that leads here, else its path."""
    usual = "python" if WINDOWS else "python3"
    found = shutil.which(usual)
    leads_here = found and os.path.realpath(found) == os.path.realpath(sys.executable)
    managed = found and ".pyenv" in found and ".pyenv" in sys.base_prefix  # a shim, which starts the chosen version
    return usual if leads_here or managed or not sys.executable else quoted(sys.executable)


def again(python: str = "") -> str:
    """The command that was given, to be given once more."""
    words = [python or own_name(), short(ENTRY)] + [quoted(word) for word in sys.argv[1:]]
    return " ".join(words)


PACKAGES = {
    "python": {
        "apt-get": "python3 python3-venv python3-tk",
        "dnf": "python3 python3-tkinter",
        "zypper": "python311 python311-tk",
        "pacman": "python tk",
        "apk": "python3 python3-tkinter",
        "brew": "python@3.13 python-tk@3.13",
        "winget": "Python.Python.3.13",
    },
    "tkinter": {
        "apt-get": "python3-tk",
        "dnf": "python3-tkinter",
        "zypper": "python3{minor}-tk",
        "pacman": "tk",
        "apk": "python3-tkinter",
        "brew": "python-tk@3.{minor}",
        "winget": "Python.Python.3.13",
    },
    "ensurepip": {
        "apt-get": "python3.{minor}-venv",
        "dnf": "python3-pip",
        "zypper": "python3{minor}-base",
        "pacman": "python",
        "apk": "python3",
        "brew": "python@3.{minor}",
        "winget": "Python.Python.3.13",
    },
}
# What pyenv needs to build Python with tkinter.
TK_SOURCES = {"apt-get": "tk-dev", "dnf": "tk-devel", "zypper": "tk-devel", "pacman": "tk", "apk": "tk-dev"}
INSTALL = {
    "apt-get": "apt-get install -y",
    "dnf": "dnf install -y",
    "zypper": "zypper install -y",
    "pacman": "pacman -S --noconfirm",
    "apk": "apk add",
    "brew": "brew install",
    "winget": "winget install",
}


def installer() -> str:
    """The package installer of this system."""
    if WINDOWS:
        return "winget"
    if sys.platform == "darwin":
        return "brew"
    return next((name for name in INSTALL if shutil.which(name)), "apt-get")


def install_command(packages: str, tool: str = "") -> str:
    tool = tool or installer()
    command = INSTALL[tool] + " " + packages
    return command if tool in ("brew", "winget") or os.geteuid() == 0 else "sudo " + command


def tk_was_left_out() -> bool:
    """Was this Python built for Tk, on a system that has since lost (or never had) Tk's own library?"""
    from importlib.util import find_spec

    if find_spec("_tkinter") is None:
        return False
    try:
        import _tkinter  # noqa: F401
    except ImportError:
        return True
    return False


def mending(what: str) -> str:
    """The command that gives this machine *what*: "python", "tkinter" or "ensurepip"."""
    tool = installer()
    if tool in ("brew", "winget"):
        return _then(install_command(PACKAGES[what][tool].format(minor=sys.version_info[1]), tool), again())
    of_distribution = sys.base_prefix == "/usr"
    if what == "tkinter" and tool == "apt-get" and tk_was_left_out():
        return _then(install_command("libtk8.6", tool), again())
    if what == "tkinter" and ".pyenv" in sys.base_prefix:
        version = "{}.{}.{}".format(*sys.version_info[:3])
        return _then(install_command(TK_SOURCES[tool], tool), "pyenv install --force " + version, again())
    if what == "python" and of_distribution:  # so what it has is too old
        return _then(
            "curl -fsSL https://pyenv.run | bash",
            "~/.pyenv/bin/pyenv install 3.12",
            again("~/.pyenv/versions/3.12*/bin/python"),
        )
    if what == "python" or not of_distribution:  # its packages are for its own Python
        return _then(install_command(PACKAGES["python"][tool], tool), again("/usr/bin/python3"))
    return _then(install_command(PACKAGES[what][tool].format(minor=sys.version_info[1]), tool), again())


def _then(*commands: str) -> str:
    return " && ".join(commands)


def newer_python() -> str:
    """A Python on the path that is new enough, or an empty string."""
    for minor in range(14, NEEDED[1] - 1, -1):
        found = shutil.which("python3.{}".format(minor))
        if found and subprocess.call([found, "-c", ""], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0:
            return os.path.basename(found)
    return ""
