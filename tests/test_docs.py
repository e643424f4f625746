"""The pages are held to the code: no command, event, error, limit or setting without its row, every example true, every link leads on."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import sqlite3
import ssl
import sys
import urllib.request
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import msgspec
import pytest
from msgspec import inspect

from common import errors
from common.crypto.identity import show_relay_id
from common.errors import wire_errors
from common.ids import MAX_INTEGER
from common.protocol import limits
from common.protocol.codec import decode_command, decode_commands, decode_events
from common.protocol.messages import (
    ANSWERS,
    COMMANDS,
    EVENTS,
    AccessToken,
    Account,
    Answer,
    AuditEntry,
    Command,
    Entry,
    FileInfo,
    Forward,
    GroupInfo,
    Health,
    Hit,
    Imprint,
    Invite,
    Keeps,
    KeyWay,
    Limits,
    Member,
    Mute,
    Reader,
    RelayCard,
    RelayState,
    Session,
    Silence,
    User,
    Webhook,
)
from common.protocol.schema import WITHOUT_TOKEN
from common.protocol.session import diagram
from relay import places
from relay.app import RunningRelay, running
from relay.config import FILES_PER_PERSON, RATE_LIMIT, SETTINGS, Config
from relay.doorkeeper import STRANGERS_AT_WORK
from relay.handlers import passwords
from relay.handlers.rules import RULES
from relay.outbox import TOO_SLOW
from relay.personal_limits import NAMES, defaults, reached
from relay.search.search import STANDING_MAX
from relay.storage.migrate import migrations
from tests.common.protocol.words import fields_of, plain, tag_of

ROOT = Path(__file__).parent.parent
PROTOCOL = ROOT / "docs" / "protocol.md"
READMES = (ROOT / "README.md", ROOT / "README.ru.md")
PAGES = (*READMES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md")))
OBJECTS = (
    User,
    GroupInfo,
    Keeps,
    Entry,
    FileInfo,
    Forward,
    Imprint,
    Member,
    Mute,
    Silence,
    Reader,
    Invite,
    AccessToken,
    Webhook,
    Account,
    Session,
    AuditEntry,
    KeyWay,
    RelayState,
    Hit,
    Limits,
    RelayCard,
    Health,
)
DEADLINE_S = 20.0


# -- reading a page ----------------------------------------------------------------------------------------------------


@cache
def text_of(page: Path) -> str:
    return page.read_text("utf-8")


def section(page: Path, heading: str) -> str:
    """What stands under *heading*, up to the next one of its level or above."""
    found = _under(text_of(page), heading)
    assert found is not None, f"{page.name} has no section “{heading}”"
    return found


def command(tag: str) -> str:
    """What the page says of the command *tag*."""
    return _word("## Commands", tag)


def event(tag: str) -> str:
    """What the page says of the event *tag*: some have the name of a command."""
    return _word("## Events", tag)


def _word(chapter: str, tag: str) -> str:
    found = _under(section(PROTOCOL, chapter), f"### `{tag}`")
    assert found is not None, f"{chapter} has no section for `{tag}`"
    return found


def _under(text: str, heading: str) -> str | None:
    level = heading.partition(" ")[0]
    found = re.search(rf"^{re.escape(heading)}\n(.*?)(?=^#{{1,{len(level)}}} |\Z)", text, re.MULTILINE | re.DOTALL)
    return None if found is None else found[1]


def rows(text: str) -> list[list[str]]:
    """The cells of every table row in *text*, without heads and rulers."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    heads = {number - 1 for number, line in enumerate(lines) if set(line) <= set("|-: ")}
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for number, line in enumerate(lines)
        if number not in heads and number - 1 not in heads
    ]


def quoted(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def fences(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{re.escape(language)}\n(.*?)^```$", text_of(page), re.MULTILINE | re.DOTALL)


def documented(kind: type[msgspec.Struct]) -> set[str]:
    """The fields of *kind* as the page writes them: with a question mark where they may be left out."""
    return {name if field.required else f"{name}?" for name, field in fields_of(kind).items()}


# -- the disk ----------------------------------------------------------------------------------------------------------


def test_every_column_is_said_to_be_in_clear_or_not():
    said = {
        quoted(table)[0]: (set(quoted(clear)), set(quoted(closed)))
        for table, clear, closed in rows(section(ROOT / "docs" / "security.md", "### What stays visible on disk"))
    }
    with closing(sqlite3.connect(":memory:")) as conn:
        for script in migrations().values():
            conn.executescript(script)
        names = conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        tables = {name: conn.execute(f"PRAGMA table_info({name})").fetchall() for (name,) in names.fetchall()}
    assert set(said) == set(tables)
    for name, columns in tables.items():
        clear, closed = said[name]
        assert clear | closed == {column[1] for column in columns}, name
        assert closed <= {column[1] for column in columns if column[2] == "BLOB"}, name


# -- commands, events, objects -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", COMMANDS.values(), ids=tag_of)
def test_every_command_has_a_section_with_its_fields_and_their_limits(kind: type[Command]):
    table = {quoted(name)[0]: what for name, what, *_ in rows(command(tag_of(kind)))}
    assert set(table) == documented(kind) - {"id?"}
    for name, field in fields_of(kind).items():
        if name != "id" and (bound := upper_bound(field.type)):
            assert str(bound) in table[name if field.required else f"{name}?"].replace(",", ""), (
                f"{name} is at most {bound}"
            )


def upper_bound(kind: inspect.Type) -> int | None:
    match kind:
        case inspect.UnionType(types=types):
            return next(filter(None, map(upper_bound, types)), None)
        case inspect.IntType(le=int(most)) if most != MAX_INTEGER:
            return most
        case (
            inspect.StrType(max_length=int(most))
            | inspect.ListType(max_length=int(most))
            | inspect.VarTupleType(max_length=int(most))
            | inspect.DictType(max_length=int(most))
        ):
            return most
    return None


@pytest.mark.parametrize("kind", COMMANDS.values(), ids=tag_of)
def test_every_command_shows_an_example_and_the_fields_of_its_answer(kind: type[Command]):
    text = command(tag_of(kind))
    assert any(type(said) is kind for said, _ in conversation(text)), "no example"
    prose = text.partition("```")[0]
    assert set(fields_of(ANSWERS[kind])) - {"re"} <= set(quoted(prose))


@pytest.mark.parametrize("tag", EVENTS)
def test_every_event_has_a_section_with_its_fields_and_an_example(tag: str):
    text = event(tag)
    assert documented(EVENTS[tag]) <= set(quoted(text.partition("```")[0]))
    assert [type(word) for _, heard in conversation(text) for word in heard] == [EVENTS[tag]]


@pytest.mark.parametrize("kind", OBJECTS, ids=lambda kind: kind.__name__)
def test_every_object_has_a_row_with_its_fields(kind: type[msgspec.Struct]):
    (row,) = (cells for cells in rows(section(PROTOCOL, "## Objects")) if cells[0] == f"`{kind.__name__}`")
    always_sent = not kind.__struct_config__.omit_defaults
    assert {name.rstrip("?") if always_sent else name for name in documented(kind)} <= set(quoted(row[1]))
    for field in fields_of(kind).values():
        if isinstance(field.type, inspect.LiteralType):
            assert set(field.type.values) <= set(quoted(row[1]))


def test_nothing_is_described_that_does_not_exist():
    for chapter, words in (("## Commands", COMMANDS), ("## Events", EVENTS)):
        assert re.findall(r"^### `(\w+)`$", section(PROTOCOL, chapter), re.MULTILINE) == list(words)


def test_every_command_stands_beside_its_scope():
    described = {cells[0].strip("`"): set(quoted(cells[1])) for cells in rows(section(PROTOCOL, "### Scopes"))}
    by_scope: dict[str, set[str]] = {"none": set()}
    for kind, rule in RULES.items():
        if kind not in WITHOUT_TOKEN:
            by_scope.setdefault(rule.scope or "none", set()).add(tag_of(kind))
    by_scope["write"].add("read")  # "all of `read`"
    by_scope["manage"].add("write")
    assert described == by_scope


# -- examples ----------------------------------------------------------------------------------------------------------


def conversation(text: str) -> Iterator[tuple[Command | None, list[Any]]]:
    """What the example lines of *text* say: each command with what is heard until the next one, read by the codec."""
    said: Command | None = None
    heard: list[Any] = []
    for line in re.findall(r"^[→←] .*$", text, re.MULTILINE):
        arrow, _, shown = line.partition(" ")
        if arrow == "←":
            heard += hear(shown, said)
            continue
        if said is not None or heard:
            yield said, heard
        said, heard = (None if shown.startswith("GET ") else say(shown)), []
    yield said, heard


def say(shown: str) -> Command:
    if door := re.fullmatch(r"POST /api/(\w+) (.*)", shown):
        word = decode_command(COMMANDS[door[1]], door[2].encode())
        fields = json.loads(door[2])
    else:
        (read,) = decode_commands(shown.encode())
        assert isinstance(read, Command), f"{shown}: {read}"
        word, fields = read, json.loads(shown)
    assert fields.items() <= plain(word).items(), f"a field is not known: {shown}"
    return word


def hear(shown: str, said: Command | None) -> list[Any]:
    fields = json.loads(shown)
    if "relay_id" in fields:
        words: list[Any] = [msgspec.convert(fields, RelayCard)]
    else:
        words = list(decode_events(shown.encode(), {} if said is None else {said.id: ANSWERS[type(said)]}))
    # Written again, they are exactly what is shown: nothing misspelt, nothing that the relay would leave out.
    assert json.loads(msgspec.json.encode(words)) == (fields if isinstance(fields, list) else [fields])
    return words


def test_every_example_is_what_is_really_said():
    exchanges = list(conversation(text_of(PROTOCOL)))
    assert all(heard for said, heard in exchanges if said is not None)
    assert {type(said) for said, _ in exchanges} >= set(COMMANDS.values())
    assert all(
        isinstance(heard[0], ANSWERS[type(said)]) for said, heard in exchanges if said and isinstance(heard[0], Answer)
    )


def test_every_line_of_an_example_has_its_direction():
    for fence in fences(PROTOCOL, "text"):
        assert all(re.match(r"[→←] (\{|\[|GET |POST )", line) for line in fence.splitlines()), fence


# -- session, errors, limits -------------------------------------------------------------------------------------------


def test_the_diagram_is_printed_from_the_table():
    assert fences(PROTOCOL, "text session") == [diagram()], "put in what `python -m common.protocol --session` prints"


def test_every_error_has_its_row():
    described = {quoted(code)[0]: int(status) for code, status, *_ in rows(section(PROTOCOL, "## Errors"))}
    ours = {code: kind.status for code, kind in wire_errors().items() if kind.__module__ == errors.__name__}
    assert described == ours
    for code, _, means, to_do in rows(section(PROTOCOL, "## Errors")):
        assert means, f"{code} does not say what it means"
        assert to_do, f"{code} does not say what a client does"


def test_every_code_that_a_command_is_refused_with_exists():
    lists = re.findall(r"Refused with ([^.]*)\.", section(PROTOCOL, "## Commands"))
    mentioned = {code for codes in lists for code in quoted(codes)}
    assert mentioned
    assert mentioned <= wire_errors().keys()


def test_every_limit_of_one_person_has_its_row_with_its_default_and_its_code():
    table = {
        quoted(name)[0]: (value, quoted(code)[0])
        for name, value, _, code in rows(section(PROTOCOL, "## Limits of one person"))
    }
    shown = {"files": "20 GiB"}
    counts = defaults(RATE_LIMIT, FILES_PER_PERSON)
    assert table == {name: (shown.get(name, str(counts[name])), reached(name, 1).code) for name in NAMES}
    page = section(ROOT / "docs" / "operations.md", "## Limits")
    assert {name.replace("_", "-") for name in NAMES} <= {word for cells in rows(page) for word in quoted(cells[0])}


def test_what_there_may_be_at_once_is_said_with_its_numbers():
    line = passwords.WAITING_MAX
    expected = [
        [places.STRANGERS_IN_ALL],
        [places.STRANGERS_PER_ADDRESS],
        [places.STRANGERS_KEPT],
        [places.KNOWN_IN_ALL],
        [places.KNOWN_PER_ADDRESS],
        [places.KEPT],
        [STRANGERS_AT_WORK],
        [passwords.AT_ONCE, passwords.LEADING_AT_ONCE],
        [line["signing_in"], line["registering"], line["leading"]],
        [STANDING_MAX],
    ]
    table = rows(section(ROOT / "docs" / "operations.md", "## When somebody floods it"))
    assert [[int(number.replace(",", "")) for number in cells[1].split(";")] for cells in table] == expected


def test_every_limit_has_its_row_with_its_number():
    described = {
        quoted(name)[0]: value.strip("`").replace(",", "") for name, value, _ in rows(section(PROTOCOL, "## Limits"))
    }
    ours = {name: value for name, value in vars(limits).items() if name.isupper()}
    assert described == {name: f"{value:g}" if isinstance(value, float) else str(value) for name, value in ours.items()}


def test_every_close_code_of_its_own_is_described():
    described = {cells[0] for cells in rows(section(PROTOCOL, "## The WebSocket"))}
    assert {str(limits.SIGNED_OUT), str(TOO_SLOW), "1000", "1001", "1008", "1009"} <= described


# -- settings ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("readme", READMES, ids=lambda page: page.name)
def test_every_setting_has_its_row(readme: Path):
    described = [
        name
        for cells in rows(text_of(readme))
        for name in quoted(cells[0])
        if re.fullmatch(r"(SERVER|RELAY)_[A-Z_]+", name)
    ]
    assert sorted(described) == sorted(SETTINGS)


def test_both_readmes_give_the_same_commands():
    english, russian = ([commands_of(block) for block in blocks_of(text_of(readme))] for readme in READMES)
    assert russian == english


def blocks_of(text: str) -> list[str]:
    return re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def commands_of(block: str) -> list[str]:
    """The lines of *block* without remarks, and without what a message says."""
    return [re.sub(r'(body\\":)\\".*?\\"', r"\1", re.sub(r" {2,}#.*", "", line)) for line in block.splitlines()]


def test_every_setting_is_in_the_env_file_as_a_comment():
    lines = text_of(ROOT / ".env").splitlines()
    assert sorted(found[1] for line in lines if (found := re.match(r"# ?([A-Z_]+)=", line))) == sorted(SETTINGS)
    assert not [line for line in lines if line.strip() and not line.startswith("#")], "the committed .env sets nothing"


def test_every_setting_that_is_listed_is_read():
    source = (ROOT / "relay" / "config.py").read_text("utf-8")
    read = set(re.findall(r'sources\.\w+\("([A-Z_]+)"', source))
    assert read | {f"{name}_FILE" for name in re.findall(r'sources\.secret\("([A-Z_]+)"', source)} == set(SETTINGS)


# -- links -------------------------------------------------------------------------------------------------------------


def targets(page: Path) -> Iterator[str]:
    """Where the links and pictures of *page* lead, but for those to the world outside."""
    prose = re.sub(r"^```.*?^```$", "", text_of(page), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if not re.match(r"[a-z]+:", target):
            yield target


def anchors(page: Path) -> set[str]:
    """The names of its headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path):
    lost = []
    for target in targets(page):
        name, _, anchor = target.partition("#")
        other = (page.parent / name).resolve() if name else page
        if not other.exists() or (anchor and anchor not in anchors(other)):
            lost.append(target)
    assert not lost, f"{page.name} leads to {', '.join(lost)}, which is not there"


# -- what the reader is told to run ------------------------------------------------------------------------------------


@pytest.fixture
async def relay(tmp_path: Path) -> AsyncIterator[RunningRelay]:
    config = Config(tmp_path / "data", tmp_path / "relay.key", "docs", host="127.0.0.1", port=0, announce=False)
    async with running(config) as relay:
        yield relay


needs_curl = pytest.mark.skipif(
    not all(map(shutil.which, ("sh", "curl", "openssl", "python3"))), reason="apt-get install -y curl openssl python3"
)


def curl_of(page: Path) -> str:
    """The script of *page*, which makes the account as the page says before it signs in."""
    (script,) = re.findall(r"^```\w*\n([^`]*--pinnedpubkey.*?)^```$", text_of(page), re.MULTILINE | re.DOTALL)
    (register,) = re.findall(r"`(\$C \$R/api/register [^`]*)`", text_of(page))
    before, sign_in = script.split("TOKEN=", 1)
    return f"{before}{register}\nTOKEN={sign_in}"


async def run(*command: str, within: Path | None = None) -> str:
    """What *command* prints; run in the folder *within*."""
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE, cwd=within)
    try:
        async with asyncio.timeout(DEADLINE_S):
            out, complaints = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert (process.returncode, complaints) == (0, b""), out.decode()
    return out.decode()


async def sign_up(relay: RunningRelay, username: str, password: str, code: str | None = None) -> None:
    """Make an account, with nothing but the standard library."""

    def ask() -> None:
        asked = urllib.request.Request(
            f"https://127.0.0.1:{relay.port}/api/register",
            json.dumps({"username": username, "password": password} | ({"code": code} if code else {})).encode(),
        )
        with urllib.request.urlopen(asked, context=ssl._create_unverified_context()) as answer:
            assert answer.status == 200

    await asyncio.to_thread(ask)


@needs_curl
@pytest.mark.parametrize("page", [*READMES, PROTOCOL], ids=lambda page: page.name)
async def test_the_script_does_what_it_says(page: Path, relay: RunningRelay, tmp_path: Path):
    script = curl_of(page)
    script = re.sub(r"https://192\.168\.1\.20:5000", f"https://127.0.0.1:{relay.port}", script)
    script = re.sub(r"sha256//[\w+/]+=", relay.public_key_pin, script)
    registered, groups, sent = json_lines(await run("sh", "-ec", script, within=tmp_path))
    assert registered["user"]["username"] == "printer"
    assert [group["kind"] for group in groups["groups"]] == ["general"]
    assert sent["seq"] == 2
    if page == PROTOCOL:
        with ZipFile(tmp_path / "my-data.zip") as data:
            assert b"Paper is out" in data.read("entries/1.jsonl")


def json_lines(text: str) -> list[Any]:
    """The JSON values in *text*, which curl puts one after the other."""
    values, decoder = [], json.JSONDecoder()
    while text := text.strip():
        value, end = decoder.raw_decode(text)
        values.append(value)
        text = text[end:]
    return values


@needs_curl
async def test_the_lines_for_scripts_do_what_they_say(relay: RunningRelay):
    await sign_up(relay, "anna", "a long password", relay.owner_code)
    script = "".join(fences(ROOT / "docs" / "bots.md", "sh"))
    script = script.replace("https://192.168.1.20:5000", f"https://127.0.0.1:{relay.port}")
    script = re.sub(r"sha256//[\w+/]+=", relay.public_key_pin, script)
    *sent, page, listed = json_lines(await run("sh", "-ec", script))
    assert [answer["seq"] for answer in sent] == list(range(sent[0]["seq"], sent[0]["seq"] + 5))
    said = [(entry["body"], entry.get("via")) for entry in page["entries"]]
    assert said == [
        ("Build 7\nAll green", "printer"),
        ("Said once, however often it is sent", "printer"),
        ("Toner is low", None),
    ]
    assert [token["scopes"] for token in listed["tokens"]] == [["write"]]


async def test_the_client_does_what_it_says(relay: RunningRelay, tmp_path: Path):
    await sign_up(relay, "anna", "a kettle on the shelf")
    (program,) = fences(PROTOCOL, "python")
    path = tmp_path / "client.py"
    path.write_text(program, "utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable, path, "127.0.0.1", str(relay.port), show_relay_id(relay.relay_id), "anna", "a kettle on the shelf", "Чайник",
        stdout=PIPE, env={**os.environ, "PYTHONUTF8": "1"},
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async with asyncio.timeout(DEADLINE_S):
            printed = {(await process.stdout.readline()).decode().strip() for _ in range(2)}
    finally:
        process.kill()
        await process.wait()
    assert printed == {"1: Чайник", "on the relay's disk as number 2"}


async def test_the_client_talks_to_no_other_relay(relay: RunningRelay, tmp_path: Path):
    (program,) = fences(PROTOCOL, "python")
    path = tmp_path / "client.py"
    path.write_text(program, "utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable, path, "127.0.0.1", str(relay.port), "ABCD-" * 12 + "EFGA", "anna", "a kettle on the shelf", "Чайник",
        stderr=PIPE,
    )  # fmt: skip
    async with asyncio.timeout(DEADLINE_S):
        _, complaints = await process.communicate()
    assert process.returncode == 1
    assert b"ServerFingerprintMismatch" in complaints
