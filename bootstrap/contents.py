"""What the packages that pip installed consist of, so that one that was deleted since is noticed before a program fails on it."""

import glob
import os
import re
from typing import List, Sequence

CODE = (".py", ".so", ".pyd")


def site_packages(environment: str) -> str:
    """The folder of packages of the virtual environment in the folder *environment*; an empty string when it has none."""
    found = glob.glob(os.path.join(glob.escape(environment), "lib", "python3*", "site-packages"))
    return (found or glob.glob(os.path.join(glob.escape(environment), "Lib", "site-packages")) or [""])[0]


def files_of(site: str, requirements: Sequence[str]) -> List[str]:
    """Files in the folder *site* without which a package that the files *requirements* pin cannot be imported.

    Not all files, since each start looks whether they are there: the modules at the top, the beginning of each package in it,
    and what was compiled. Packages that are not installed (there are some for other systems) have none.
    """
    wanted = {_plain(name) for path in requirements for name in _pins(path)}
    return [
        line
        for name in sorted(os.listdir(site) if site else [])
        if name.endswith(".dist-info") and _plain(name.split("-")[0]) in wanted
        for line in _recorded(os.path.join(site, name, "RECORD"))
        if _matters(line)
    ]


def there(site: str, files: Sequence[str]) -> List[str]:
    """Those of *files* that are in the folder *site*."""
    return [name for name in files if os.path.exists(os.path.join(site, name))]


def lacks(site: str, files: Sequence[str]) -> bool:
    """Is one of *files* not in the folder *site*?"""
    return len(there(site, files)) < len(files)


def _pins(path: str) -> List[str]:
    with open(path, encoding="utf-8") as file:
        return re.findall(r"^([\w.-]+)==", file.read(), re.MULTILINE)


def _plain(name: str) -> str:
    return re.sub("[-_.]+", "_", name).lower()


def _recorded(path: str) -> List[str]:
    import csv  # not at every start

    try:
        with open(path, encoding="utf-8", newline="") as file:
            return [row[0] for row in csv.reader(file) if row]
    except OSError:  # taken apart by hand: then pip finds out
        return []


def _matters(name: str) -> bool:
    at_top_or_compiled = "/" not in name or not name.endswith(".py")
    return name.endswith(CODE) and not name.startswith("..") and (at_top_or_compiled or name.endswith("/__init__.py"))
