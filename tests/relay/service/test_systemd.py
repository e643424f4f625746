"""The relay under a real systemd, shut in as its unit says: it serves, keeps its data and key, comes back, and goes without a trace."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from common.ids import Millis, RelayId
from relay.exits import MOVED_AWAY
from relay.moving.marks import Moved
from relay.service.unit import KEYS, NAME, STATE
from tests.relay.service.booted import Computer, booted, why_not

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240), pytest.mark.xdist_group("systemd")]

DATA = f"/var/lib/{STATE}"
KEY = f"/var/lib/{KEYS}/relay.key"


@pytest.fixture(scope="module")
def computer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Computer]:
    if reason := why_not():
        pytest.skip(reason)
    with booted(tmp_path_factory.mktemp("computer") / "log") as computer:
        yield computer


@pytest.fixture(scope="module")
def installed(computer: Computer) -> Computer:
    """With the service installed."""
    done = computer.relay("service", "install", "--system")
    assert done.returncode == 0, (done.stderr, computer.journal())
    return computer


@pytest.fixture
def serving(installed: Computer) -> Iterator[Computer]:
    """With the service running, as its unit says."""
    yield installed
    installed.says("sh", "-c", f"rm -rf /etc/systemd/system/{NAME}.d && systemctl daemon-reload")
    # The control group of the stopped one may go in the middle of that start: then systemd makes another one by itself.
    installed.runs("systemctl", "restart", NAME)
    installed.until(NAME, "ActiveState", "active")


def asks(computer: Computer, path: str, body: dict[str, Any] | None = None, token: str = "") -> dict[str, Any]:
    """A request of somebody on that computer."""
    command = ["curl", "--silent", "--insecure", f"https://10.9.0.1:5000{path}"]
    if body is not None:
        command += ["--header", "Content-Type: application/json", "--data", json.dumps(body)]
    if token:
        command += ["--header", f"Authorization: Bearer {token}"]
    answer: dict[str, Any] = json.loads(computer.says(*command))
    return answer


def drop_in(computer: Computer, *lines: str, fails: bool = False) -> None:
    """Change the service as an administrator does."""
    text = "[Service]\n" + "\n".join(lines) + "\n"
    folder = f"/etc/systemd/system/{NAME}.d"
    computer.says(
        "sh", "-c", 'mkdir -p "$0" && printf %s "$1" > "$0/test.conf" && systemctl daemon-reload', folder, text
    )
    (computer.runs if fails else computer.says)("systemctl", "restart", NAME)


def pid_of(computer: Computer) -> int:
    return int(computer.shows(NAME, "MainPID"))


def test_what_keeps_it_from_starting_is_said(computer: Computer):
    computer.says(
        "sh",
        "-c",
        "umask 077; mkdir -p /var/lib/private/py-messenger/files/aa && echo x > /var/lib/private/py-messenger/files/aa/aa",
    )
    done = computer.relay("service", "install", "--system")
    assert done.returncode == 1
    assert "There is no database in" in done.stderr
    assert "It is tried again" in done.stderr
    assert computer.relay("service", "uninstall", "--system").returncode == 0
    computer.says("rm", "-rf", "/var/lib/private/py-messenger", DATA)


def test_it_serves_and_keeps_what_is_said(serving: Computer):
    made = asks(serving, "/api/register", {"username": "anna", "password": "correct horse"})
    post = {"group": 1, "nonce": "1" * 32, "body": "Чайник"}
    assert asks(serving, "/api/post", post, made["token"])["type"] == "ok"
    serving.says("systemctl", "restart", NAME)
    page = asks(serving, "/api/history", {"group": 1}, made["token"])
    assert page["entries"][-1]["body"] == "Чайник"
    health = asks(serving, "/health")
    assert "announcement" not in str(health), health


def test_it_is_shut_in(serving: Computer):
    status = dict(
        line.split(":", 1)
        for line in serving.says("cat", f"/proc/{pid_of(serving)}/status").splitlines()
        if ":" in line
    )
    uid = int(status["Uid"].split()[0])
    assert uid > 60_000  # one that exists only while it runs
    assert (status["CapEff"].strip(), status["CapBnd"].strip()) == ("0" * 16, "0" * 16)
    assert (status["NoNewPrivs"].strip(), status["Seccomp"].strip()) == ("1", "2")
    of_it = ["nsenter", "-t", str(pid_of(serving)), "--mount", "--"]
    for place in ("/usr/x", "/etc/x", "/opt/x"):
        assert serving.runs(*of_it, "touch", place).returncode != 0, place
    assert serving.says(*of_it, "ls", "/home") == ""


def test_data_and_key_are_its_own_and_apart(serving: Computer):
    for place in (f"{DATA}/relay.db", KEY, f"{KEY}.copy"):
        assert serving.says("stat", "--dereference", "--format=%a", place).strip() == "600", place
    for folder in (DATA, str(Path(KEY).parent)):
        assert serving.says("stat", "--dereference", "--format=%a", f"{folder}/").strip() == "700", folder
    assert serving.runs("test", "-e", f"{DATA}/relay.key").returncode != 0


def test_its_codes_are_in_no_log_and_orders_reach_it(serving: Computer):
    done = serving.relay("keys", "new-recovery-code", "--data-dir", DATA, "--json")
    assert done.returncode == 0, done.stderr
    code = json.loads(done.stdout)["code"]
    asks(serving, "/api/register", {"username": "anna", "password": "correct horse"})
    assert serving.relay("users", "promote", "anna", "owner", "--data-dir", DATA).returncode == 0
    journal = serving.journal()
    assert "keys new-recovery-code" in journal
    assert "Recovery code:" not in journal
    assert "Owner code:" not in journal
    assert code not in journal


def test_a_crash_and_a_hang_are_followed_by_a_start(serving: Computer):
    drop_in(serving, "RestartSec=100ms", "WatchdogSec=2")
    before = pid_of(serving)
    serving.says("kill", "-KILL", str(before))
    serving.until(NAME, "NRestarts", "1")
    serving.until(NAME, "ActiveState", "active")
    hung = pid_of(serving)
    assert hung != before
    serving.says("kill", "-STOP", str(hung))
    serving.until(NAME, "NRestarts", "2")
    serving.until(NAME, "ActiveState", "active")
    assert asks(serving, "/api/relay")["name"]


def test_a_passphrase_is_handed_over_as_a_credential(serving: Computer):
    passphrase = "correct horse battery staple"
    added = serving.runs(
        "sh", "-c", f'echo "{passphrase}" | "$0" -m relay keys add-passphrase --data-dir {DATA}', sys.executable
    )
    assert added.returncode == 0, added.stderr
    secret, away = "/run/py-messenger.passphrase", f"{KEY}.away"
    serving.says("sh", "-c", f"umask 077; echo '{passphrase}' > {secret}; mv {KEY} {away}; rm {KEY}.copy")
    try:
        drop_in(serving, f"LoadCredential=passphrase:{secret}", "Environment=RELAY_PASSPHRASE_FILE=%d/passphrase")
        assert asks(serving, "/health") == {"status": "ok"}
        assert passphrase not in serving.journal()
    finally:
        serving.says("mv", away, KEY)


def test_one_that_has_moved_away_is_not_started_again_and_again(serving: Computer):
    moved = Moved(RelayId("x"), b"claim", "move", Millis(1), ["10.0.0.2:5000"], is_there=True)
    mark = f"{DATA}/relay.moved"
    command = f"printf %s '{msgspec.json.encode(moved).decode()}' > {mark} && chown --reference={DATA}/relay.db {mark}"
    serving.says("sh", "-c", command)
    try:
        drop_in(serving, "RestartSec=10ms", fails=True)
        serving.until(NAME, "ActiveState", "failed")
        assert (serving.shows(NAME, "ExecMainStatus"), serving.shows(NAME, "NRestarts")) == (str(MOVED_AWAY), "0")
        again = serving.relay("service", "install", "--system")
        assert "10.0.0.2:5000" in again.stderr
        assert "It is not tried again" in again.stderr
    finally:
        serving.says("rm", mark)


def test_status_tells_scripts_and_people(serving: Computer):
    said = json.loads(serving.relay("service", "status", "--json").stdout)
    assert (said["running"], said["active"], said["sub"], said["enabled"]) == (True, "active", "running", "enabled")
    assert said["pid"] == pid_of(serving)
    assert "port 5000" in said["says"]
    assert (said["data_dir"], said["key_file"]) == (DATA, KEY)
    serving.says("systemctl", "stop", NAME)
    stopped = serving.relay("service", "status")
    assert (stopped.returncode, stopped.stdout.split(".")[0]) == (1, "It is inactive (dead)")


def test_somebody_s_own_service_runs_under_their_own_manager(computer: Computer):
    home, runtime = "/tmp/home", "/run/user/0"  # noqa: S108  of that computer
    own = {"HOME": home, "XDG_RUNTIME_DIR": runtime, "XDG_CONFIG_HOME": f"{home}/.config"}
    units = f"{home}/.config/systemd/user:/usr/lib/systemd/user"
    computer.says("mkdir", "-p", "-m", "700", runtime, home)
    manager = ["systemd-run", "--unit=manager", "--property=Delegate=yes", "--property=Type=notify"]
    manager += [f"--setenv={name}={value}" for name, value in {**own, "SYSTEMD_UNIT_PATH": units}.items()]
    computer.says(*manager, "/lib/systemd/systemd", "--user")
    where = ("--data-dir", f"{home}/data", "--key-file", f"{home}/keys/relay.key")
    relay = (sys.executable, "-m", "relay")
    done = computer.runs(*relay, "service", "install", "--user", *where, **own)
    # Nobody here keeps it running after they sign out: that takes logind. It runs all the same.
    assert (done.returncode, "enable-linger" in done.stderr) == (1, True), done
    said = json.loads(computer.says(*relay, "service", "status", "--user", "--json", *where, **own))
    assert (said["running"], said["enabled"]) == (True, "enabled")
    assert json.loads(computer.says(*relay, "status", "--json", *where[:2]))["pid"] == said["pid"]
    computer.says(*relay, "service", "uninstall", "--user", *where, **own)
    assert computer.runs(*relay, "status", *where[:2]).returncode == 1
    computer.says("systemctl", "stop", "manager")


def test_taken_away_it_leaves_only_the_data_and_the_key(installed: Computer):
    serving = installed
    done = serving.relay("service", "uninstall", "--json")
    assert (done.returncode, json.loads(done.stdout)["type"]) == (0, "Done")
    listed = serving.says("systemctl", "list-units", "--all", "--no-legend", "--plain", "py-messenger*")
    # systemd may remember for a moment the name of one that is not there any more.
    units = [line for line in listed.splitlines() if "not-found" not in line]
    files = serving.says("find", "/etc/systemd/system", "-name", "*messenger*").strip()
    assert (units, files) == ([], "")
    assert sorted(serving.says("ls", f"{DATA}/relay.db", KEY).split()) == sorted([f"{DATA}/relay.db", KEY])
    again = serving.relay("service", "uninstall")
    assert (again.returncode, again.stderr.strip()) == (
        1,
        "The relay is not a service here. `service install` makes it one.",
    )
