"""Settings: command line before environment before .env before default."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from common.errors import ConfigError
from relay.config import SETTINGS, Config


def read(
    environ: dict[str, str] | None = None, cli: dict[str, str | None] | None = None, dotenv: Path | None = None
) -> Config:
    return Config.read(cli or {}, dotenv, environ or {})


def test_nothing_needs_to_be_set():
    config = read()
    assert (config.host, config.port, config.is_port_asked_for) == ("", 5000, False)
    assert (config.data_dir, config.registration, config.announce, config.rate_limit) == (
        Path("data"),
        "open",
        True,
        20,
    )
    assert config.name == socket.gethostname()
    assert config.key_file.name == "relay.key"
    assert config.passphrase is None


def test_the_command_line_comes_before_the_environment_and_that_before_the_file(tmp_path: Path):
    dotenv = tmp_path / ".env"
    dotenv.write_text("SERVER_PORT=1111\nRELAY_NAME=file\nRELAY_RATE_LIMIT=1\n")
    config = read(
        {"SERVER_PORT": "2222", "RELAY_NAME": "environment"}, {"SERVER_PORT": "3333", "RELAY_NAME": None}, dotenv
    )
    assert (config.port, config.name, config.rate_limit) == (3333, "environment", 1)
    assert config.is_port_asked_for


@pytest.mark.parametrize("host", ["", "*", " "])
def test_no_host_means_all_addresses(host: str):
    assert read({"SERVER_HOST": host}).host == ""


def test_an_address_may_stand_in_brackets():
    assert read({"SERVER_HOST": "[::1]"}).host == "::1"


@pytest.mark.parametrize(
    "name, value",
    [
        ("SERVER_PORT", "70000"),
        ("SERVER_PORT", "http"),
        ("RELAY_REGISTRATION", "maybe"),
        ("RELAY_INVITERS", "nobody"),
        ("RELAY_ANNOUNCE", "perhaps"),
        ("RELAY_RATE_LIMIT", "-1"),
        ("RELAY_FILE_MAX", "much"),
        ("RELAY_FILE_MAX", "-4G"),
        ("RELAY_LOG_LEVEL", "loud"),
        ("RELAY_PASSPHRASE_FILE", "/nowhere/at/all"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(name: str, value: str):
    with pytest.raises(ConfigError, match=name):
        read({name: value})


def test_a_passphrase_is_read_from_its_file_and_never_shown(tmp_path: Path):
    path = tmp_path / "passphrase"
    path.write_text("open sesame\n")
    config = read({"RELAY_PASSPHRASE_FILE": str(path)})
    assert config.passphrase == "open sesame"
    assert "sesame" not in repr(config)


def test_a_name_that_cannot_be_seen_is_mended():
    assert read({"RELAY_NAME": "  Stock\u202e\nroom "}).name == "Stock room"


def test_every_setting_is_really_read():
    values = {
        "SERVER_HOST": "127.0.0.1",
        "SERVER_PORT": "6000",
        "RELAY_NAME": "other",
        "RELAY_DATA_DIR": "elsewhere",
        "RELAY_KEY_FILE": "key",
        "RELAY_PASSPHRASE": "secret",
        "RELAY_REGISTRATION": "closed",
        "RELAY_INVITERS": "admins",
        "RELAY_ANNOUNCE": "no",
        "RELAY_INTERFACES": "eth0, 10.0.0.1",
        "RELAY_RATE_LIMIT": "7",
        "RELAY_FILE_MAX": "750M",
        "RELAY_FILES_PER_PERSON": "0",
        "RELAY_FILES_IN_ALL": "2 TiB",
        "RELAY_BACKUP_DIR": "backups",
        "RELAY_LOG_LEVEL": "debug",
        "RELAY_LOG_FORMAT": "json",
        "RELAY_LOG_FILE": "relay.log",
        "RELAY_LOG_FILE_MAX": "1M",
    }
    assert set(values) | {"RELAY_PASSPHRASE_FILE"} == set(SETTINGS)
    default = read({"RELAY_KEY_FILE": "default"})
    for name, value in values.items():
        assert read({"RELAY_KEY_FILE": "default", name: value}) != default, name
    assert (read(values).file_max, read(values).files_in_all) == (750 * 1024**2, 2 * 1024**4)
    assert read(values).interfaces == ("eth0", "10.0.0.1")
