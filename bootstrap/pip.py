"""pip, understood: what its lines mean while it works, and which trouble is behind its failure."""

import errno
import os
import re
import shutil
import sys
import tempfile
from typing import List, Optional

from bootstrap.commands import WINDOWS, again
from bootstrap.progress import Progress
from bootstrap.trouble import NO_INDEX, NOT_INSTALLED, Trouble
from bootstrap.words import translated as _


def pip_command(python: str, requirements: str) -> List[str]:
    options = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off", "--prefer-binary"]
    if "PIP_RETRIES" not in os.environ:
        options += ["--retries", "2"]
    return [python, "-m", "pip", "install"] + options + ["-r", requirements]


def count_pins(name: str) -> int:
    with open(name, encoding="utf-8") as file:
        return sum(1 for line in file if re.match(r"[\w.-]+==", line))


def tell_progress(progress: Progress, line: str) -> None:
    """What a line of pip's output means for the person who waits."""
    collecting = re.match(r"(?:Collecting|Requirement already satisfied:) ([\w.-]+)==(\S+)", line) or re.match(
        r"Processing .*[/\\]([\w.]+)-([^-/\\]+)-[^/\\]+\.whl$",
        line,  # a wheel on this machine
    )
    if collecting:
        progress.step("{} {}".format(*collecting.groups()))
    elif line.startswith("Installing collected packages:"):
        progress.note(_("unpacking {count} packages").format(count=line.count(",") + 1))
    elif "Retrying" in line:
        progress.note(_("the package index does not answer, trying again"))


NO_NETWORK = re.compile(
    r"NewConnectionError|NameResolutionError|ConnectTimeoutError|ReadTimeoutError|ProxyError|ConnectionResetError"
    r"|Temporary failure in name resolution|getaddrinfo failed|Network is unreachable|Connection (?:refused|aborted)"
    r"|Max retries exceeded"
    r"|from versions: none"  # every pinned package has versions: no index has answered
)


def failure(said: str, path: str) -> Trouble:
    """The trouble behind what pip *said*, which can be read in *path*."""
    return known_failure(said, path) or Trouble(
        NOT_INSTALLED,
        "The installation failed ({reason}); all that pip said is in {path}; to try again, run: {command}",
        reason=last_error(said),
        path=path,
    )


def known_failure(said: str, path: str) -> Optional[Trouble]:
    """The trouble behind what pip (or venv) *said* while it wrote beside *path*, if that is one with a remedy."""
    if "No space left on device" in said or "not enough space on the disk" in said:
        return Trouble(
            NOT_INSTALLED,
            "The disk is full; free about 300 MB where {path} is, then run: {command}",
            path=_fuller(path),
        )
    if "CERTIFICATE_VERIFY_FAILED" in said:
        return Trouble(
            NO_INDEX,
            "The package index's certificate is not trusted here; name your network's certificate authority and run: {command}",
            command=("set PIP_CERT=ca.pem && " if WINDOWS else "PIP_CERT=/path/to/ca.pem ") + again(),
        )
    if NO_NETWORK.search(said):
        return Trouble(
            NO_INDEX,
            "The package index cannot be reached; connect this machine to the network (behind a proxy, set HTTPS_PROXY), then "
            "run: {command}",
        )
    if re.search(r"Permission denied|Access is denied|WinError 32|Read-only file system", said):
        return Trouble(
            NOT_INSTALLED,
            "{path} cannot be written ({reason}); close Py_messenger if it runs, make the folder yours, then run: {command}",
            path=os.path.dirname(path),
            reason=last_error(said),
        )
    absent = re.search(r"No matching distribution found for (\S+)", said)
    if absent:
        return Trouble(
            NOT_INSTALLED,
            "Python {version} on this system has no ready package of {package}; use Python 3.11, 3.12 or 3.13: {command}",
            version="{}.{}".format(*sys.version_info[:2]),
            package=absent.group(1),
        )
    return None


def _fuller(path: str) -> str:
    """*path*, or the folder of temporary files if that has less room left: pip unpacks there first."""
    try:
        temporary = tempfile.gettempdir()
    except OSError:  # there is none that can be written
        return path
    return temporary if _free(temporary) < _free(path) else path


def _free(path: str) -> int:
    """Bytes that can still be written where *path* is, or would be."""
    while not os.path.exists(path) and os.path.dirname(path) != path:
        path = os.path.dirname(path)
    return shutil.disk_usage(path).free


def last_error(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith("error")]
    return (errors or lines or ["?"])[-1][:200]


def unwritable(error: OSError, path: str) -> Trouble:
    if error.errno == errno.ENOSPC:
        return failure("No space left on device", path)
    return Trouble(
        NOT_INSTALLED,
        "{path} cannot be written ({reason}); close Py_messenger if it runs, make the folder yours, then run: {command}",
        path=error.filename or path,
        reason=error.strerror or error,
    )
