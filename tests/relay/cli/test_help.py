"""Every command of `python -m relay` explains itself, and speaks JSON to scripts: one table for all that there are."""

from __future__ import annotations

import argparse
import io
import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relay.__main__ import command_line, main
from relay.cli.manual import EXAMPLES, PROGRAM, every_command, is_group

ROOT = Path(__file__).parents[3]
COMMANDS = {name: parser for name, parser in every_command(command_line()) if name and not is_group(parser)}
GROUPS = {name: parser for name, parser in every_command(command_line()) if is_group(parser)}
ASKING = sorted(
    name
    for name in COMMANDS
    if name.partition(" ")[0] in ("status", "stop", "keys", "users", "limits", "invites", "audit", "backup")
)
"""Those that ask the running relay."""

commands = pytest.mark.parametrize("name", sorted(COMMANDS))


def options_of(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    return (action for action in parser._actions if not isinstance(action, argparse._HelpAction))


@commands
def test_its_help_says_what_it_does_with_examples_and_exit_codes(name: str):
    shown = COMMANDS[name].format_help()
    description = COMMANDS[name].description or ""
    assert description[0].isupper(), description
    assert description.endswith((".", "!", "?")), description
    assert "``" not in shown
    assert "\nexamples:\n" in shown, f"put examples of `{name}` into relay/cli/manual.py"
    assert "\nexit codes:\n  0    " in shown
    assert all(f"\n  {code:4} " in shown for code in ("1", "2", "130"))
    assert max(map(len, description.split(" "))) < 60


@commands
def test_each_of_its_options_is_explained_with_its_default(name: str):
    for action in options_of(COMMANDS[name]):
        assert action.help, f"{name}: {action.dest} is not explained"
        takes_value = action.option_strings and action.nargs != 0
        if takes_value:
            assert any(sign in action.help for sign in "(["), (
                f"{name} {action.option_strings[0]} does not say its default"
            )


@commands
def test_it_speaks_json(name: str):
    options = [option for action in options_of(COMMANDS[name]) for option in action.option_strings]
    assert "--json" in options


@commands
def test_its_examples_are_right(name: str):
    assert EXAMPLES.get(name), f"put examples of `{name}` into relay/cli/manual.py"
    for more in EXAMPLES[name]:
        words = shlex.split(f"{name} {more.partition('<')[0]}")
        assert command_line().parse_args(words).run is not None
        assert f"  {PROGRAM} {name} {more}".rstrip() in COMMANDS[name].format_help()


@pytest.mark.parametrize("name", sorted(GROUPS))
def test_a_group_names_its_commands_and_where_each_is_explained(name: str):
    shown = GROUPS[name].format_help()
    below = [word for word in COMMANDS if word.startswith(f"{name} ".lstrip()) and word != name]
    assert all(word.removeprefix(name).split()[0] in shown for word in below)
    assert "--help` explains each of them." in " ".join(shown.split())


def test_the_page_for_who_runs_a_relay_has_every_command():
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    assert not [name for name in COMMANDS if f"`{name}" not in page]


@pytest.mark.parametrize("name", ASKING)
def test_without_a_relay_it_says_so_in_one_line_of_json(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sys.stdin", io.StringIO("what is typed\n" * 4))
    words = shlex.split(f"{name} {EXAMPLES[name][0].partition('<')[0]}")
    assert main([*words, "--json", "--data-dir", str(tmp_path)]) == 1
    said = capsys.readouterr()
    (line,) = said.out.splitlines()
    told: dict[str, Any] = json.loads(line)
    assert told["type"] == "NotDone"
    assert told["code"] in ("not_running", "not_confirmed"), told
    assert told["message"]


@pytest.mark.parametrize(
    "words, code",
    [
        (("restore", "nowhere.backup"), "not_possible"),
        (("backup", "verify", "nowhere.backup"), "bad_backup"),
        (("run", "--host", "no.such.host.invalid"), "not_possible"),
        (("announce", "--host", "no.such.host.invalid"), "not_possible"),
        (("doctor", "--host", "no.such.host.invalid"), "not_possible"),
        (("doctor", "--port", "many"), "bad_request"),
    ],
    ids=lambda words: words[0] if isinstance(words, tuple) else words,
)
def test_what_cannot_be_done_is_one_line_of_json_and_exit_code_1(words: tuple[str, ...], code: str, tmp_path: Path):
    command = [sys.executable, "-m", "relay", *words, "--json"]
    if words[0] != "announce":
        command += ["--data-dir", str(tmp_path / "data")]
    asked = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=60)
    (line,) = asked.stdout.splitlines()
    told = json.loads(line)
    assert (asked.returncode, told["type"], told["code"]) == (1, "NotDone", code), told


@pytest.mark.parametrize("words", [(), ("fly",), ("users",), ("keys", "fly"), ("users", "promote", "anna", "king")])
def test_a_wrong_command_line_ends_with_two(words: tuple[str, ...]):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
