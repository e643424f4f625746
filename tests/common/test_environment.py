from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from common.environment import Sources, child_environment, has_display, system_language
from common.errors import ConfigError

SOMEBODY = 65534


def sources(cli=None, environ=None, dotenv: Path | None = None) -> Sources:
    return Sources.gather(cli or {}, dotenv, environ or {})


@pytest.fixture
def dotenv(tmp_path):
    path = tmp_path / ".env"
    path.write_text(
        "# comment\n#RELAY_LOG_LEVEL=debug\nRELAY_NAME=Склад № 5\nSERVER_PORT=5003\nRELAY_DATA_DIR=\nPRICE='5 ${HOME} $x'\n",
        encoding="utf-8",
    )
    return path


def test_the_command_line_wins_over_the_environment_which_wins_over_the_file(dotenv):
    assert (
        sources({"SERVER_PORT": "5001"}, {"SERVER_PORT": "5002"}, dotenv).integer("SERVER_PORT", 5000, 1, 65535) == 5001
    )
    assert (
        sources({"SERVER_PORT": None}, {"SERVER_PORT": "5002"}, dotenv).integer("SERVER_PORT", 5000, 1, 65535) == 5002
    )
    assert sources({}, {}, dotenv).integer("SERVER_PORT", 5000, 1, 65535) == 5003
    assert sources().integer("SERVER_PORT", 5000, 1, 65535) == 5000


def test_an_empty_value_counts_as_none(dotenv):
    asked = sources({"RELAY_NAME": ""}, {"RELAY_NAME": "  "}, dotenv)
    assert asked.text("RELAY_NAME", "host") == "Склад № 5"
    assert not asked.is_given("RELAY_DATA_DIR")
    assert asked.path("RELAY_DATA_DIR", Path("data")) == Path("data")


def test_a_setting_is_given_when_anybody_set_it(dotenv):
    assert sources({}, {}, dotenv).is_given("SERVER_PORT")
    assert not sources({"SERVER_PORT": None}).is_given("SERVER_PORT")


def test_the_file_is_read_as_it_stands_and_exports_nothing(dotenv):
    before = dict(os.environ)
    asked = sources({}, {}, dotenv)
    assert asked.text("PRICE", "") == "5 ${HOME} $x"
    assert asked.text("RELAY_LOG_LEVEL", "info") == "info"
    assert dict(os.environ) == before


def test_a_file_as_windows_editors_save_it_is_read(tmp_path):
    path = tmp_path / ".env"
    path.write_bytes("\ufeffRELAY_NAME=Склад\r\nSERVER_PORT=5001\r\n".encode())
    assert sources({}, {}, path).text("RELAY_NAME", None) == "Склад"
    assert sources({}, {}, path).integer("SERVER_PORT", None, 1, 65535) == 5001


def test_a_missing_file_is_no_error_and_one_that_is_no_text_is(tmp_path):
    assert sources({}, {}, tmp_path / ".env").text("RELAY_NAME", None) is None
    (tmp_path / ".env").write_bytes(b"RELAY_NAME=\xff\xfe\n")
    with pytest.raises(ConfigError, match="UTF-8"):
        sources({}, {}, tmp_path / ".env")


def test_without_a_given_environment_the_real_one_is_read(monkeypatch):
    monkeypatch.setenv("RELAY_NAME", "Склад")
    assert Sources.gather({}).text("RELAY_NAME", "host") == "Склад"


WRONG = {
    "not a number": (lambda asked: asked.integer("X", 1, 0, 9), "five", "a whole number from 0 to 9"),
    "too small": (lambda asked: asked.integer("X", 1, 0, 9), "-1", "a whole number from 0 to 9"),
    "too large": (lambda asked: asked.integer("X", 1, 0, 9), "10", "a whole number from 0 to 9"),
    "fraction": (lambda asked: asked.integer("X", 1, 0, 9), "1.5", "a whole number from 0 to 9"),
    "no such option": (lambda asked: asked.choice("X", ["open", "closed"], "open"), "ajar", "one of open, closed"),
    "neither yes nor no": (lambda asked: asked.flag("X", True), "maybe", "yes or no"),
    "nobody's home": (lambda asked: asked.path("X", None), "~nobody-of-this-name/x", "a path"),
}


@pytest.mark.parametrize("read, value, allowed", WRONG.values(), ids=WRONG)
def test_a_wrong_value_is_refused_with_name_value_origin_and_what_is_allowed(read, value, allowed):
    for asked, origin in ((sources({"X": value}), "command line"), (sources({}, {"X": value}), "environment")):
        with pytest.raises(ConfigError) as raised:
            read(asked)
        for part in ("X is", f"“{value}”", origin, allowed):
            assert part in str(raised.value)


def test_a_wrong_value_in_the_file_is_said_with_the_files_path(dotenv):
    with pytest.raises(ConfigError) as raised:
        sources({}, {}, dotenv).integer("RELAY_NAME", 1, 0, 9)
    assert str(dotenv) in str(raised.value)


@pytest.mark.parametrize(
    "value, flag",
    [
        ("yes", True),
        ("TRUE", True),
        ("on", True),
        (" 1 ", True),
        ("no", False),
        ("False", False),
        ("off", False),
        ("0", False),
    ],
)
def test_a_flag_is_read_in_every_usual_spelling(value, flag):
    assert sources({"X": value}).flag("X", not flag) is flag


def test_options_words_and_paths_are_read():
    asked = sources({"POLICY": " Closed ", "ADAPTERS": "eth0, wlan0  10.0.0.1", "DIR": " ~/relay "})
    assert asked.choice("POLICY", ["open", "closed"], "open") == "closed"
    assert asked.words("ADAPTERS") == ("eth0", "wlan0", "10.0.0.1")
    assert asked.words("NOTHING", ("all",)) == ("all",)
    assert asked.path("DIR", None) == Path.home() / "relay"


def test_a_passphrase_keeps_its_spaces():
    assert sources({}, {"PASS": " a b "}).secret("PASS") == " a b "
    assert sources().secret("PASS") is None


@pytest.mark.parametrize("content", [" a b \n", " a b ", " a b \r\nremark\n", "\ufeff a b \n"])
def test_a_passphrase_is_the_first_line_of_its_file(tmp_path, content):
    path = tmp_path / "passphrase"
    path.write_bytes(content.encode())
    assert sources({}, {"PASS_FILE": str(path)}).secret("PASS") == " a b "


def test_a_passphrase_file_that_does_not_serve_is_named(tmp_path):
    (tmp_path / "empty").write_text("\nsecond line")
    (tmp_path / "binary").write_bytes(b"\xff\xff")
    for name, reason in (("nowhere", "cannot be read"), ("empty", "nothing in its first line"), ("binary", "UTF-8")):
        with pytest.raises(ConfigError, match=reason) as raised:
            sources({}, {"PASS_FILE": str(tmp_path / name)}).secret("PASS")
        assert "PASS_FILE" in str(raised.value)
        assert "second line" not in str(raised.value)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="users have no numbers here")
def test_a_passphrase_file_of_somebody_else_says_who_must_be_let_in(tmp_path):
    path = tmp_path / "passphrase"
    path.write_text("hush")
    path.chmod(0)
    me = os.geteuid()
    if me == 0:
        os.seteuid(SOMEBODY)  # root reads everything
    try:
        with pytest.raises(ConfigError, match=f"Let user {os.geteuid()} read it") as raised:
            sources({}, {"PASS_FILE": str(path)}).secret("PASS")
    finally:
        os.seteuid(me)
    assert "PASS_FILE" in str(raised.value)


def test_a_passphrase_and_a_passphrase_file_together_are_refused_without_showing_either(tmp_path):
    with pytest.raises(ConfigError, match="one of the two") as raised:
        sources({}, {"PASS": "hush", "PASS_FILE": str(tmp_path)}).secret("PASS")
    assert "hush" not in str(raised.value)


def test_values_do_not_show_in_a_repr():
    assert "hush" not in repr(sources({}, {"RELAY_PASSPHRASE": "hush"}))


LANGUAGES = {
    "nothing set": ({}, "en"),
    "plain": ({"LANG": "ru_RU.UTF-8"}, "ru"),
    "without country": ({"LANG": "ru"}, "ru"),
    "messages over lang": ({"LC_MESSAGES": "de_DE.UTF-8", "LANG": "ru_RU.UTF-8"}, "de"),
    "all over messages": ({"LC_ALL": "fr_FR", "LC_MESSAGES": "de_DE", "LANG": "ru_RU"}, "fr"),
    "list first": ({"LANGUAGE": "ru:en", "LANG": "en_US.UTF-8"}, "ru"),
    "no list in locale C": ({"LANGUAGE": "ru:en", "LANG": "C.UTF-8"}, "en"),
    "C": ({"LANG": "C"}, "en"),
    "POSIX": ({"LC_ALL": "POSIX", "LANG": "ru_RU"}, "en"),
    "nonsense": ({"LANG": "42"}, "en"),
}


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="the language comes from the system there")
@pytest.mark.parametrize("environ, language", LANGUAGES.values(), ids=LANGUAGES)
def test_the_language_is_the_one_that_gettext_would_take(environ, language, monkeypatch):
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert system_language() == language


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="there is always a display there")
@pytest.mark.parametrize("display, found", [(":0", True), ("", False), (None, False)])
def test_a_display_is_there_when_the_x_server_is_named(display, found, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    if display is not None:
        monkeypatch.setenv("DISPLAY", display)
    assert has_display() is found


def test_a_child_process_gets_the_environment_with_the_changes(monkeypatch):
    monkeypatch.setenv("SERVER_HOST", "10.0.0.1")
    program = "import os; print(os.environ.get('SERVER_HOST'), os.environ.get('RELAY_NAME'))"
    changed = child_environment({"SERVER_HOST": None, "RELAY_NAME": "store"})
    answer = subprocess.run([sys.executable, "-c", program], env=changed, capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["None", "store"]
    assert os.environ["SERVER_HOST"] == "10.0.0.1"
