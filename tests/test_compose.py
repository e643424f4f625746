"""The container files: what they promise about rights, volumes and settings, read without an engine."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from common.environment import Sources
from relay.cli.container import IMAGE_MARK
from relay.config import SETTINGS, Config

ROOT = Path(__file__).parent.parent
SERVICES = ("relay", "relay-lan")


def compose() -> dict[str, Any]:
    whole: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    return whole


def service(name: str) -> dict[str, Any]:
    one: dict[str, Any] = compose()["services"][name]
    return one


def dockerfile() -> list[list[str]]:
    """The instructions, each as its words; continued lines are one."""
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text("utf-8"))
    return [shlex.split(line) for line in text.splitlines() if line and not line.startswith("#")]


def dotenv_names() -> list[str]:
    return re.findall(r"^#([A-Z_]+)=", (ROOT / ".env").read_text("utf-8"), re.M)


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_has_no_rights_that_it_does_not_need(name: str) -> None:
    one = service(name)
    assert one["read_only"] is True
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges"]
    assert one["init"] is True
    assert one["tmpfs"] == ["/tmp"]  # noqa: S108
    assert "privileged" not in one


@pytest.mark.parametrize("name", SERVICES)
def test_data_and_keys_are_in_two_named_volumes_and_backups_where_somebody_wants_them(name: str) -> None:
    backups = "${RELAY_BACKUP_DIR:-relay-backups}:/backups"
    assert service(name)["volumes"] == ["relay-data:/data", "relay-keys:/keys", backups]
    assert set(compose()["volumes"]) == {"relay-data", "relay-keys", "relay-backups"}


def test_the_image_can_be_told_from_any_other_container() -> None:
    build, image = (number for number, words in enumerate(dockerfile()) if words[0] == "FROM")
    runs = [words for words in dockerfile()[image:] if words[0] == "RUN"]
    assert build < image
    assert any(words[-2:] == ["touch", str(IMAGE_MARK)] for words in runs)


def test_the_default_profile_publishes_a_port_and_announces_nothing() -> None:
    one = service("relay")
    assert "profiles" not in one
    assert "network_mode" not in one
    assert one["ports"] == ["${SERVER_PORT:-5000}:5000"]
    assert one["environment"]["SERVER_PORT"] == "5000"
    assert one["environment"]["RELAY_ANNOUNCE"] == "no"


def test_the_lan_profile_announces_itself_on_the_hosts_network() -> None:
    one = service("relay-lan")
    assert one["profiles"] == ["lan"]
    assert one["network_mode"] == "host"
    assert "ports" not in one
    assert one["environment"]["RELAY_ANNOUNCE"] == "yes"


@pytest.mark.parametrize("name", SERVICES)
def test_every_setting_passed_on_is_one_that_the_relay_reads(name: str) -> None:
    assert set(service(name)["environment"]) <= set(SETTINGS)


@pytest.mark.parametrize("name", SERVICES)
def test_what_nobody_has_set_leaves_the_relay_its_defaults(name: str) -> None:
    unset = {
        key: re.sub(r"\$\{[A-Z_]+:[-+]?([^}]*)\}", "", value) for key, value in service(name)["environment"].items()
    }
    config = Config.read(environ={key: value for key, value in unset.items() if not key.startswith("SERVER")})
    assert config.passphrase is None
    assert config.registration == "open"
    assert config.announce is (name == "relay-lan")


def test_the_image_runs_the_relay_without_root() -> None:
    lines = dockerfile()
    last_stage = lines[max(index for index, line in enumerate(lines) if line[0] == "FROM") :]
    assert ["USER", "10001"] in last_stage
    assert ["STOPSIGNAL", "SIGTERM"] in last_stage
    assert 'ENTRYPOINT ["python", "-m", "relay"]' in (ROOT / "Dockerfile").read_text("utf-8")


def test_no_argument_of_the_health_check_has_blanks() -> None:
    # Some engines split them there.
    found = re.search(r"HEALTHCHECK .* CMD (\[.*\])", (ROOT / "Dockerfile").read_text("utf-8"))
    assert found
    arguments = yaml.safe_load(found.group(1))
    assert arguments == ["python", "-m", "relay.healthcheck"]
    assert not any(" " in argument for argument in arguments)


def test_the_image_has_what_the_relay_imports_and_nothing_of_the_window() -> None:
    copied = {line[1] for line in dockerfile() if line[0] == "COPY" and not line[1].startswith("--")}
    assert copied == {"requirements.txt", "common", "relay"}
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    assert allowed == copied


def test_dotenv_has_every_setting_and_sets_none() -> None:
    assert sorted(dotenv_names()) == sorted(SETTINGS)
    sources = Sources.gather({}, ROOT / ".env", environ={})
    assert not [name for name in SETTINGS if sources.is_given(name)]


def test_dotenv_shows_the_defaults() -> None:
    text = re.sub(r"^#([A-Z_]+=)", r"\1", (ROOT / ".env").read_text("utf-8"), flags=re.M)
    shown = {name: value for name, value in re.findall(r"^([A-Z_]+)=(.*)$", text, re.M) if value}
    assert Config.read(environ={**shown, "RELAY_NAME": "x"}) == Config.read(
        environ={"RELAY_NAME": "x", "SERVER_PORT": shown["SERVER_PORT"]}
    )


@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="docker-compose is not installed")
@pytest.mark.parametrize("profile", [[], ["--profile", "lan"]])
def test_compose_understands_the_file(profile: list[str]) -> None:
    command = ["docker-compose", "--project-directory", str(ROOT), "-f", str(ROOT / "docker-compose.yml"), *profile]
    answer = subprocess.run([*command, "config", "-q"], capture_output=True, text=True, timeout=30, check=False)
    assert answer.returncode == 0, answer.stderr
