"""A program that is started by a Python without the packages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The program alone, as a clone has it."""
    for name in ("common", "relay", "desktop", "messenger.py"):
        part = ROOT / name
        if part.is_dir():
            shutil.copytree(part, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(part, tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has nothing but its standard library."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def started(python: Path, checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([python, "-m", *arguments], cwd=checkout, capture_output=True, text=True, timeout=60)


def test_it_goes_on_in_the_environment_of_the_checkout(checkout: Path, bare_python: Path) -> None:
    (checkout / ".venv").symlink_to(sys.prefix)
    done = started(bare_python, checkout, "relay", "--version")
    assert (done.returncode, done.stdout.strip()) == (0, "0.1.0"), done.stderr
    assert "--server" in started(bare_python, checkout, "desktop", "--help").stdout


@pytest.mark.parametrize(
    "program, command",
    [("relay", "python3 messenger.py relay keys status"), ("desktop", "python3 messenger.py keys status")],
)
def test_without_an_environment_it_names_the_command_that_makes_one(
    checkout: Path, bare_python: Path, program: str, command: str
) -> None:
    done = started(bare_python, checkout, program, "keys", "status")
    assert done.returncode == 1
    assert (
        done.stderr
        == f"This Python lacks the packages that Py_messenger needs, and no .venv has them; run: {command}\n"
    )


def test_an_environment_without_the_packages_does_not_start_itself_for_ever(checkout: Path, bare_python: Path) -> None:
    (checkout / ".venv").symlink_to(bare_python.parent.parent)
    done = started(checkout / ".venv" / "bin" / "python", checkout, "relay", "run")
    assert done.stderr.endswith("run: python3 messenger.py relay run\n")
