"""The start from a bare checkout: what state .venv is in, what is done about it, and what people are told.

All of this works offline: the checkouts that are started here have requirements files without a single requirement.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bootstrap import checks, commands, programs
from bootstrap.contents import files_of, lacks, site_packages
from bootstrap.environment import Environment
from bootstrap.pip import failure, tell_progress
from bootstrap.progress import Progress
from bootstrap.trouble import NO_ENSUREPIP, NO_INDEX, NO_TKINTER, NOT_INSTALLED, TOO_OLD, USAGE
from bootstrap.words import RUSSIAN

ROOT = Path(__file__).parent.parent
TELL = "import os, sys; print({!r}, *sys.argv[1:], os.getcwd(), flush=True)\n"


def make_checkout(folder: Path) -> Path:
    """A checkout of which the start is real, the requirements are none, and the programs tell that they were started."""
    shutil.copytree(ROOT / "bootstrap", folder / "bootstrap", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "messenger.py", folder)
    (folder / "requirements.txt").write_text("# nothing\n")
    (folder / "requirements-dev.txt").write_text("-r requirements.txt\n")
    for name in ("desktop", "relay"):
        (folder / name).mkdir()
        (folder / name / "__main__.py").write_text(TELL.format(name))
    return folder


def start(
    checkout: Path, *arguments: str, python: str = sys.executable, **settings: str
) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "PYTHONUTF8": "1", **settings}
    return subprocess.run(
        [python, str(checkout / "messenger.py"), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@dataclass(frozen=True)
class FirstStarts:
    """What came of two starts at once in a checkout whose environment an earlier start had left half-made."""

    checkout: Path
    said: list[str]


@pytest.fixture(scope="module")
def first_starts(tmp_path_factory: pytest.TempPathFactory) -> FirstStarts:
    checkout = make_checkout(tmp_path_factory.mktemp("checkout with blanks"))
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "unfinished").touch()
    (checkout / ".venv" / "rest").touch()
    command = [sys.executable, str(checkout / "messenger.py"), "install"]
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    both = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) for _ in range(2)]
    said = [process.communicate(timeout=60)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    return FirstStarts(checkout, said)


@pytest.fixture
def installed(first_starts: FirstStarts) -> Path:
    """The checkout, ready; shared, so tests leave it as good as they found it."""
    return first_starts.checkout


@pytest.fixture
def environment(installed: Path) -> Environment:
    return Environment(str(installed))


# The state of .venv


def test_two_first_starts_at_once_make_one_environment(first_starts: FirstStarts, environment: Environment) -> None:
    assert sum("Making the environment" in text for text in first_starts.said) == 1, first_starts.said
    assert environment.state("run") == "ready"


def test_a_half_made_environment_is_made_anew(first_starts: FirstStarts) -> None:
    assert sum("making it anew" in text for text in first_starts.said) == 1, first_starts.said
    assert not (first_starts.checkout / ".venv" / "rest").exists()
    assert not (first_starts.checkout / ".venv" / "unfinished").exists()


def test_the_second_start_says_nothing_and_hands_over(installed: Path) -> None:
    answer = start(installed, "relay", "run", "--name", "two words")
    assert answer.stdout == f"relay run --name two words {installed}\n"
    assert answer.stderr == ""


def test_no_environment_is_missing(tmp_path: Path) -> None:
    assert Environment(str(make_checkout(tmp_path))).state("run") == "missing"


def test_an_interrupted_installation_is_unfinished(installed: Path, environment: Environment) -> None:
    mark = installed / ".venv" / "unfinished"
    mark.touch()
    try:
        assert environment.state("run") == "unfinished"
    finally:
        mark.unlink()


def test_changed_requirements_are_installed_again(installed: Path, environment: Environment) -> None:
    requirements = installed / "requirements.txt"
    before = requirements.read_text()
    requirements.write_text(before + "# changed\n")
    assert environment.state("run") == "bare"
    assert start(installed, "install").returncode == 0
    assert environment.state("run") == "ready"


def test_other_line_ends_are_no_change(installed: Path, environment: Environment) -> None:
    requirements = installed / "requirements.txt"
    requirements.write_bytes(requirements.read_bytes().replace(b"\n", b"\r\n"))
    assert environment.state("run") == "ready"


def test_each_set_of_requirements_has_its_own_stamp(environment: Environment) -> None:
    assert environment.state("run") == "ready"
    assert environment.state("test") == "bare"


def test_a_moved_folder_is_missing(installed: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(installed, moved, symlinks=True)
    assert Environment(str(moved)).state("run") == "missing"


@pytest.mark.skipif(sys.platform == "win32", reason="there the environment has a copy of Python, not a link")
def test_a_removed_python_is_missing(installed: Path, environment: Environment) -> None:
    link = installed / ".venv" / "bin" / "python"
    target = link.readlink()
    link.unlink()
    link.symlink_to("/nowhere/python")
    try:
        assert environment.state("run") == "missing"
    finally:
        link.unlink()
        link.symlink_to(target)


def test_a_python_replaced_by_the_same_version_stays(installed: Path, environment: Environment) -> None:
    stamp = installed / ".venv" / "messenger.json"
    before = stamp.read_text()
    try:
        stamp.write_text(json.dumps({**json.loads(before), "interpreter": ["/elsewhere/python", 1, 1]}))
        assert environment.state("run") == "ready"
        stamp.write_text(
            json.dumps({**json.loads(before), "interpreter": ["/elsewhere/python", 1, 1], "version": "3.9"})
        )
        assert environment.state("run") == "missing"
    finally:
        stamp.write_text(before)


def test_an_environment_without_our_stamp_is_used_if_it_works(installed: Path, environment: Environment) -> None:
    stamp = installed / ".venv" / "messenger.json"
    before = stamp.read_text()
    try:
        stamp.write_text('{"torn')
        assert environment.state("run") == "bare"
    finally:
        stamp.write_text(before)


def test_a_folder_that_is_no_environment_is_left_alone(tmp_path: Path) -> None:
    checkout = make_checkout(tmp_path)
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / "diary.txt").write_text("mine")
    answer = start(checkout, "relay")
    assert answer.returncode == NOT_INSTALLED
    assert "is not a virtual environment; move it away" in answer.stderr
    assert (checkout / ".venv" / "diary.txt").read_text() == "mine"


# What was deleted from .venv


@pytest.fixture
def tea(installed: Path, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The checkout needs the package tea, and its relay uses it. Yields the settings with which pip finds it."""
    with zipfile.ZipFile(tmp_path / "tea-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tea/__init__.py", "")
        wheel.writestr("tea/green/__init__.py", "NAME = 'sencha'\n")
        wheel.writestr("tea-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tea\nVersion: 1.0\n")
        wheel.writestr("tea-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("tea-1.0.dist-info/RECORD", "")
    requirements, program = installed / "requirements.txt", installed / "relay" / "__main__.py"
    before = requirements.read_bytes(), program.read_text()
    requirements.write_text("tea==1.0\n")
    program.write_text("import tea.green\nprint(tea.green.NAME)\n")
    here = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path), "PIP_CONFIG_FILE": os.devnull}
    try:
        answer = start(installed, "relay", **here)
        assert answer.stdout == "sencha\n", answer.stderr
        yield here
    finally:
        requirements.write_bytes(before[0])
        program.write_text(before[1])
        start(installed, "install")


def test_a_package_that_was_deleted_is_installed_again(
    tea: dict[str, str], installed: Path, environment: Environment
) -> None:
    shutil.rmtree(Path(site_packages(environment.path)) / "tea" / "green")
    assert environment.state("run") == "missing"
    answer = start(installed, "relay", **tea)
    assert answer.stdout == "sencha\n", answer.stderr
    assert "incomplete" in answer.stderr
    assert start(installed, "relay").stderr == ""


def test_half_a_package_is_no_base_for_other_requirements(
    tea: dict[str, str], installed: Path, environment: Environment
) -> None:
    with (installed / "requirements.txt").open("a") as requirements:
        requirements.write("# changed\n")
    assert environment.state("run") == "bare"
    package = Path(site_packages(environment.path)) / "tea"
    package.rename(package.with_name("coffee"))
    assert environment.state("run") == "missing"
    package.with_name("coffee").rename(package)


def test_what_is_compiled_is_looked_for_and_what_other_systems_need_is_not(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("Py.Tea==1.0\nuvloop==1.0 ; sys_platform == 'sun'\n")
    (tmp_path / "py_tea-1.0.dist-info").mkdir()
    recorded = ["tea/__init__.py", "tea/hot.py", "tea/_fast.pyd", "_tea.so", "tea.py", "../../bin/tea.py", "tea/a.txt"]
    text = "".join(f"{name},sha256=x,1\n" for name in recorded)
    (tmp_path / "py_tea-1.0.dist-info" / "RECORD").write_text(text)
    (tmp_path / "milk-1.0.dist-info").mkdir()
    (tmp_path / "milk-1.0.dist-info" / "RECORD").write_text("milk.py,,\n")
    files = files_of(str(tmp_path), [str(tmp_path / "requirements.txt")])
    assert files == ["tea/__init__.py", "tea/_fast.pyd", "_tea.so", "tea.py"]
    assert lacks(str(tmp_path), files)


# Handing over


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there is always a display")
@pytest.mark.parametrize(
    "settings, reason", [({}, "DISPLAY is not set"), ({"DISPLAY": ":59999"}, "nothing answers at :59999")]
)
def test_without_a_display_the_relay_is_started(installed: Path, settings: dict[str, str], reason: str) -> None:
    answer = start(installed, "client", **settings)
    assert answer.stdout == f"relay run {installed}\n"
    assert f"No display here ({reason}): starting the relay" in answer.stderr


@pytest.mark.window
def test_with_a_display_the_client_is_started(installed: Path, display: str) -> None:
    assert start(installed, DISPLAY=display).stdout == f"desktop {installed}\n"
    assert (
        start(installed, "client", "--language", "ru", DISPLAY=display).stdout == f"desktop --language ru {installed}\n"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_a_signal_reaches_the_program_itself(installed: Path) -> None:
    program = installed / "relay" / "__main__.py"
    before = program.read_text()
    program.write_text("import signal, sys\nprint('up', flush=True)\nsignal.sigwait([signal.SIGTERM])\nsys.exit(7)\n")
    # Blocked here and so in the child: sigwait is the only one to take it.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    try:
        command = [sys.executable, str(installed / "messenger.py"), "relay"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "up\n"
            process.terminate()
            assert process.wait(timeout=20) == 7
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
        program.write_text(before)


def test_an_unknown_command_is_named(tmp_path: Path) -> None:
    answer = start(make_checkout(tmp_path), "replay")
    assert answer.returncode == USAGE
    assert '"replay" is not a command; run: ' in answer.stderr
    assert answer.stderr.rstrip().endswith("--help")
    assert not (tmp_path / ".venv").exists()


def test_help_names_every_command_and_exit_code() -> None:
    answer = start(ROOT, "--help")
    assert answer.returncode == 0
    for word in ("client", "relay", "doctor", "install", "test", "bench", "--help"):
        assert f"messenger.py {word}" in answer.stdout
    for code in (0, 1, 2, 10, 11, 12, 13, 14, 130):
        assert re.search(rf"\b{code}\b", answer.stdout), code


def test_help_is_russian_in_a_russian_locale() -> None:
    assert "мессенджер для локальной сети" in start(ROOT, "--help", LANG="ru_RU.UTF-8").stdout


# What people are told when something is missing


def old_pythons() -> list[str]:
    """The oldest and the youngest Python that are too old, wherever this machine may keep them."""
    folders = [Path(path) for path in os.environ["PATH"].split(os.pathsep)]
    folders += sorted(Path(sys.base_prefix).parent.glob("3.*/bin"))
    found = [folder / f"python3.{minor}" for minor in range(6, 11) for folder in folders]
    working = [str(path) for path in found if path.exists() and answers(path)]
    return list(dict.fromkeys([*working[:1], *working[-1:]]))


def answers(python: Path) -> bool:
    return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("python", old_pythons() or [None])
def test_an_old_python_says_so_in_one_sentence(python: str | None) -> None:
    if python is None:
        pytest.skip("no Python older than 3.11 on this machine; test_floors.py parses the start as Python 3.6 would")
    answer = start(ROOT, "relay", python=python)
    assert answer.returncode == TOO_OLD
    assert re.fullmatch(
        r"messenger\.py: Py_messenger needs Python 3\.11 or newer, and this is 3\.\d+\.\d+ \(.*\); run: .+\n",
        answer.stderr,
    )


@pytest.mark.window
def test_no_tkinter_is_one_sentence_with_the_command(tmp_path: Path, display: str) -> None:
    checkout = make_checkout(tmp_path)
    hide(checkout, "tkinter")
    answer = start(checkout, DISPLAY=display)
    assert answer.returncode == NO_TKINTER
    assert re.fullmatch(r"messenger\.py: The window needs tkinter, which .* does not have; run: .+\n", answer.stderr)
    assert not (checkout / ".venv").exists(), "nobody waits for an installation only to hear this"


def test_no_ensurepip_is_one_sentence_and_leaves_nothing_half_made(tmp_path: Path) -> None:
    checkout = make_checkout(tmp_path)
    hide(checkout, "ensurepip")
    answer = start(checkout, "relay")
    assert answer.returncode == NO_ENSUREPIP
    assert re.fullmatch(
        r"messenger\.py: .* cannot make virtual environments, because its ensurepip is missing; run: .+\n",
        answer.stderr,
    )
    assert not (checkout / ".venv").exists()


@pytest.fixture
def small_disks() -> None:
    """Skip the test where a small disk cannot be mounted."""
    command = ["unshare", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    if shutil.which("unshare") is None or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("no small disk can be mounted here")


@pytest.mark.parametrize(
    "checkout, temporary, rights, sentence",
    [
        ("1m", "64m", "rw", "The disk is full; free about 300 MB where {checkout}/.venv is, then run: .+"),
        ("64m", "1m", "rw", "The disk is full; free about 300 MB where {temporary} is, then run: .+"),
        ("64m", "64m", "ro", r"{checkout}/.venv.lock cannot be written \(Read-only file system\); .+ run: .+"),
    ],
    ids=["checkout full", "temporary files full", "checkout read-only"],
)
def test_an_environment_that_finds_no_room_is_one_sentence_with_the_place(
    tmp_path: Path, small_disks: None, checkout: str, temporary: str, rights: str, sentence: str
) -> None:
    make_checkout(tmp_path / "whole")
    places = {"checkout": tmp_path / "checkout", "temporary": tmp_path / "temporary"}
    for place in places.values():
        place.mkdir()
    script = f"""
        mount -t tmpfs -o size={checkout} tmpfs {places["checkout"]}
        mount -t tmpfs -o size={temporary} tmpfs {places["temporary"]}
        cp -r {tmp_path}/whole/. {places["checkout"]}
        mount -o remount,{rights} {places["checkout"]}
        exec {sys.executable} {places["checkout"]}/messenger.py relay
    """
    answer = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-ec", script],
        env={"PATH": os.environ["PATH"], "PYTHONUTF8": "1", "TMPDIR": str(places["temporary"])},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == NOT_INSTALLED, answer.stderr
    wanted = sentence.format(**{name: re.escape(str(place)) for name, place in places.items()})
    assert re.fullmatch(f"messenger.py: {wanted}", answer.stderr.splitlines()[-1]), answer.stderr


def hide(checkout: Path, module: str) -> None:
    """Have the start run as under a Python from which *module* was left out, as distributions do."""
    messenger = checkout / "messenger.py"
    hiding = f"""
import importlib.util
sys.modules["_" + {module!r}] = None
whole = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name.strip("_") == {module!r} else whole(name, *rest)
"""
    messenger.write_text(messenger.read_text().replace("import sys\n", "import sys\n" + hiding, 1))


@pytest.mark.parametrize("retries", ["0", "1"])
def test_no_network_is_one_sentence_and_the_next_start_tries_again(
    installed: Path, environment: Environment, retries: str
) -> None:
    requirements = installed / "requirements.txt"
    before = requirements.read_bytes()
    requirements.write_text("no-such-package==1.0\n")
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": retries, "PIP_CONFIG_FILE": os.devnull}
    try:
        answer = start(installed, "relay", **nowhere)
        assert answer.returncode == NO_INDEX
        assert re.search(r"^messenger\.py: The package index cannot be reached; .* run: .* relay$", answer.stderr, re.M)
        assert "Traceback" not in answer.stderr
        assert environment.state("run") == "bare", "what is there is still good"
    finally:
        requirements.write_bytes(before)
    assert environment.state("run") == "ready"


@pytest.mark.parametrize(
    "said, code, sentence",
    [
        ("WARNING: Retrying … NewConnectionError", NO_INDEX, "The package index cannot be reached"),
        ("ERROR: Could not find a version that satisfies x==1 (from versions: none)", NO_INDEX, "cannot be reached"),
        ("SSLCertVerificationError: CERTIFICATE_VERIFY_FAILED", NO_INDEX, "certificate is not trusted"),
        ("ERROR: Could not install: [Errno 28] No space left on device", NOT_INSTALLED, "The disk is full"),
        ("ERROR: [Errno 13] Permission denied: '/x'", NOT_INSTALLED, "cannot be written"),
        ("ERROR: No matching distribution found for uvloop==1", NOT_INSTALLED, "no ready package of uvloop==1"),
        ("Building …\nERROR: something new", NOT_INSTALLED, "The installation failed (ERROR: something new)"),
    ],
)
def test_what_pip_says_becomes_one_sentence(said: str, code: int, sentence: str) -> None:
    trouble = failure(said, "/checkout/.venv/install.log")
    assert trouble.code == code
    assert sentence in str(trouble)
    assert "\n" not in str(trouble)
    assert "messenger.py" in str(trouble) or "run: " in str(trouble)


@pytest.mark.parametrize("tool", commands.INSTALL)
def test_every_system_has_a_command_for_everything(tool: str) -> None:
    for what in commands.PACKAGES:
        assert commands.PACKAGES[what][tool]
    assert commands.install_command("package", tool).endswith(commands.INSTALL[tool] + " package")


@pytest.mark.parametrize(
    "what, prefix, ending",
    [
        ("python", "/usr", "~/.pyenv/versions/3.12*/bin/python messenger.py"),
        ("python", "/opt/python", "python3 python3-venv python3-tk && /usr/bin/python3 messenger.py"),
        ("tkinter", "/usr", "apt-get install -y python3-tk && python9 messenger.py"),
        ("tkinter", "/opt/python", "python3 python3-venv python3-tk && /usr/bin/python3 messenger.py"),
        (
            "tkinter",
            "/home/anna/.pyenv/versions/3.12.1",
            f"pyenv install --force {sys.version.split()[0]} && python9 messenger.py",
        ),
        ("ensurepip", "/usr", f"apt-get install -y python3.{sys.version_info[1]}-venv && python9 messenger.py"),
    ],
)
def test_the_command_mends_the_python_that_runs(
    monkeypatch: pytest.MonkeyPatch, what: str, prefix: str, ending: str
) -> None:
    monkeypatch.setattr(commands, "installer", lambda: "apt-get")
    monkeypatch.setattr(commands, "again", lambda python="python9": f"{python} messenger.py")
    monkeypatch.setattr(commands, "tk_was_left_out", lambda: False)
    monkeypatch.setattr(sys, "base_prefix", prefix)
    assert commands.mending(what).endswith(ending)


def test_progress_is_visible_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("Installing", 3)
    for line in (
        "Collecting aiohttp==3.14.5 (from -r requirements.txt (line 3))",
        "  Downloading aiohttp.whl (1.7 MB)",
        "Processing /wheels/msgspec-0.22.0-cp311-cp311-linux.whl",
        "Installing collected packages: aiohttp, msgspec",
    ):
        tell_progress(progress, line)
    assert capsys.readouterr().err.splitlines() == [
        "Installing  1/3 aiohttp 3.14.5",
        "Installing  2/3 msgspec 0.22.0",
        "Installing: unpacking 2 packages",
    ]


def test_the_tests_name_the_packages_that_a_linux_lacks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(checks, "TEST_PROGRAMS", {"sh": "dash", "no-such-program": "its-package"})
    monkeypatch.setattr(checks, "TEST_FONTS", {str(tmp_path / "font.ttf"): "fonts-x", str(tmp_path): "fonts-y"})
    assert checks.missing_test_packages()[:2] == ["its-package", "fonts-x"]


def test_every_sentence_is_translated_with_the_same_places() -> None:
    places = re.compile(r"\{[^}]*\}")
    for english, russian in RUSSIAN.items():
        assert sorted(set(places.findall(english))) == sorted(set(places.findall(russian))), english


def test_the_relay_is_called_by_the_word_of_the_window_and_the_documents() -> None:
    assert [text for text in RUSSIAN.values() if "ретранслятор" in text] == []


def test_every_sentence_that_is_said_has_a_translation() -> None:
    sentences = set()
    for path in [ROOT / "messenger.py", *(ROOT / "bootstrap").glob("*.py")]:
        sentences |= said_in(path)
    assert sentences <= set(RUSSIAN), sentences - set(RUSSIAN)


def said_in(path: Path) -> set[str]:
    """The constant texts that *path* gives to _() and to Trouble()."""
    import ast

    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Call(func=ast.Name(id="_" | "Progress"), args=[ast.Constant(value=str(text)), *_]):
                found.add(text)
            case ast.Call(func=ast.Name(id="Trouble"), args=[_, ast.Constant(value=str(text)), *_]):
                found.add(text)
    return found


def test_a_display_on_another_machine_is_left_to_tk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", "far.example:0")
    assert programs.missing_display() == ""
