"""The floors of the house and its doors, held by reading what each module imports.

A module imports from lower floors, and on its own floor only from its own package (common.discovery, desktop.view); floor 0
is one package in this. A new module belongs into FLOORS, on the lowest floor from which it can do its work.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("common", "relay", "desktop")

# The longest name that matches counts: "common.crypto" stands for all its modules but common.crypto.sealing.
FLOORS = {
    # 0: words and values, no I/O
    "common": 0,
    "common.errors": 0,
    "common.ids": 0,
    "common.packages": 0,
    "common.protocol": 0,
    "common.protocol.messages": 0,
    "common.protocol.limits": 0,
    "common.crypto.sealing": 0,
    "common.discovery": 0,
    "common.discovery.record": 0,
    # 1: what both programs do alike
    "common.awake": 1,
    "common.protocol.codec": 1,
    "common.protocol.session": 1,
    "common.protocol.schema": 1,
    "common.protocol.__main__": 1,
    "common.crypto": 1,
    "common.discovery.adapters": 1,
    "common.discovery.broadcast": 1,
    "common.discovery.mdns": 1,
    "common.environment": 1,
    "common.moving": 1.5,  # a landing: on identities
    # 2 and above: the relay
    "relay": 2,
    "relay.config": 2,
    "relay.doorkeeper": 2,
    "relay.exits": 2,
    "relay.lifting": 2,
    "relay.listening": 2,
    "relay.logs": 1.5,  # a landing: the settings name its formats
    "relay.outbox": 2,
    "relay.places": 1.5,  # numbers and values, below who counts by them
    "relay.personal_limits": 1.5,  # values that the storage and the doors speak of
    "relay.roster": 2,
    "relay.storage": 2,
    "relay.tally": 1.5,  # a landing: plain numbers, for all parts
    "relay.sizes": 1.5,  # a landing: words, for all parts
    "relay.together": 1.5,  # a landing: below the queues that it counts
    "relay.throttle": 2,
    "relay.ways_in": 2,
    "relay.carrying": 3,
    "relay.fanout": 3,
    "relay.journal": 3,
    "relay.keeping": 1.5,  # values that the storage and the roster speak of
    "relay.opening": 3,
    "relay.moving": 3.7,  # a landing: on backups, below who speaks HTTP
    "relay.moving.marks": 2.5,
    "relay.moving.ticket": 2,
    "relay.moving.words": 2,
    "relay.moving.handover": 3,
    "relay.search": 3,
    "relay.files": 3.5,  # a landing: on the journal, below who speaks HTTP
    "relay.control.words": 2,
    "relay.control.place": 2,
    "relay.control.asking": 2.5,
    "relay.handlers": 4,
    "relay.backup": 3.5,
    "relay.operating": 4.5,  # a landing: it asks as the handlers do, and uses their parts
    "relay.health": 3.6,  # a landing: it looks at what is below the doors
    "relay.metrics": 4.7,
    "relay.control": 5,
    "relay.replies": 4,
    "relay.packing": 2,
    "relay.asking": 4.7,  # a landing: below who speaks HTTP
    "relay.own_data": 5,
    "relay.api": 5,
    "relay.beacon": 5,
    "relay.entrance": 4.6,  # a landing: it asks whose token it is, and all doors are behind it
    "relay.gateway": 5,
    "relay.handing_over": 5,
    "relay.hooks": 5,
    "relay.transfers": 5,
    "relay.app": 6,
    "relay.cli": 6.5,  # a landing below its __main__
    "relay.__main__": 7,
    "relay.healthcheck": 7,
    "relay.service": 4,
    # 2 and above: the desktop client
    "desktop": 2,
    "desktop.autostart": 5.5,  # a landing: it starts the relay where hosting would
    "desktop.autostart.seen": 2,
    "desktop.autostart.launch": 2,  # a program of its own
    "desktop.litter": 2,
    "desktop.locale": 2,
    "desktop.durations": 2.5,
    "desktop.refusals": 2.5,  # a landing: it speaks the person's language
    "desktop.sizes": 2.5,
    "desktop.settings": 2,
    "desktop.thumbnailer": 2,  # a program of its own
    "desktop.events": 2,
    "desktop.hosted": 2,
    "desktop.ordered": 1,
    "desktop.own_data": 1,
    "desktop.export.order": 1,  # values that cross the border of the link
    "desktop.unsent": 1,  # as these
    "desktop.export.records": 3,
    "desktop.notifications": 2,
    "desktop.intents": 3,
    "desktop.model": 3,
    "desktop.screen": 3.5,  # a landing: it speaks of the model, and the view speaks of it
    "desktop.link": 4,
    "desktop.notify": 4,
    "desktop.pump": 4,
    "desktop.view": 4,
    "desktop.export": 4.5,  # a program of its own, which writes text as the view formats it
    "desktop.bot": 5,
    "desktop.bot_state": 2,
    "desktop.controller": 5,
    "desktop.hosting": 5,
    "desktop.moves": 1,  # values, also of the link
    "desktop.moving": 5,
    "desktop.standing": 4.5,
    "desktop.app": 6,
    "desktop.__main__": 7,
}

# Who alone may use what.
DOORS = {
    "tkinter": ("desktop.view", "desktop.app", "desktop.pump"),
    "aiohttp": (
        "relay.gateway",
        "relay.api",
        "relay.asking",
        "relay.entrance",
        "relay.handing_over",
        "relay.hooks",
        "relay.own_data",
        "relay.replies",
        "relay.transfers",
        "relay.app",
        "desktop.link",
    ),
    "aiosqlite": ("relay.storage", "desktop.link.archive"),
    "nacl": ("common.crypto",),
    "cryptography": ("common.crypto",),
    "prometheus_client": ("relay.metrics",),
    "zeroconf": ("common.discovery.mdns",),
    "jeepney": ("desktop.notify",),
    "desktop_notifier": ("desktop.notify",),
    "os.environ": ("common.environment",),
}

# Who never imports whom, whatever the floors say.
APART = [
    ("relay", "desktop"),
    ("desktop", "relay"),
    ("desktop.view", "desktop.link"),
    ("desktop.link", "desktop.view"),
    ("desktop.view", "desktop.notify"),
    ("desktop.notify", "desktop.view"),
    ("desktop.notify", "desktop.link"),
    ("common", "relay"),
    ("common", "desktop"),
    *((package, outside) for package in PACKAGES for outside in ("bench", "tests", "bootstrap", "messenger")),
]


@dataclass(frozen=True)
class Module:
    """One file: its dotted name, and the names it imports, each with its line."""

    name: str
    imports: tuple[tuple[str, int], ...]

    def __str__(self) -> str:
        return self.name


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def used_names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every imported name, wherever in the file, and "os.environ" for each way to the environment."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((alias.name, node.lineno) for alias in names)
            case ast.ImportFrom(module=str(module), names=names):
                yield from ((f"{module}.{alias.name}", node.lineno) for alias in names)
            case ast.Attribute(value=ast.Name(id="os"), attr="environ" | "environb" | "getenv" | "putenv"):
                yield "os.environ", node.lineno


def read(path: Path) -> Module:
    tree = ast.parse(path.read_text("utf-8"))
    return Module(dotted(path), tuple(used_names(tree)))


@cache
def modules() -> tuple[Module, ...]:
    return tuple(read(path) for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))


@cache
def known() -> frozenset[str]:
    return frozenset(module.name for module in modules())


def imported_module(name: str) -> str | None:
    """The module of ours behind an imported *name*, which may be a module or something in one."""
    while name and name not in known():
        name = name.rpartition(".")[0]
    return name or None


def our_imports(module: Module) -> Iterator[tuple[str, int]]:
    for name, line in module.imports:
        ours = imported_module(name)
        if ours and ours != module.name:
            yield ours, line


def is_within(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(prefix + ".")


def row(name: str) -> str | None:
    """The row of FLOORS that *name* stands in. A package's own name stands for what is in it, but for the top ones."""
    rows = [key for key in FLOORS if is_within(name, key) and (key not in PACKAGES or name == key)]
    return max(rows, key=len, default=None)


def household(name: str) -> list[str]:
    return name.split(".")[:2]


def test_every_module_has_a_floor() -> None:
    homeless = [module.name for module in modules() if row(module.name) is None]
    assert not homeless, f"give these a floor in FLOORS of tests/test_floors.py: {', '.join(homeless)}"


def test_every_row_has_a_module() -> None:
    empty = [key for key in FLOORS if not any(row(module.name) == key for module in modules())]
    assert not empty, f"nothing stands there any more; remove from FLOORS of tests/test_floors.py: {', '.join(empty)}"


@pytest.mark.parametrize("module", modules(), ids=str)
def test_a_module_imports_only_from_lower_floors(module: Module) -> None:
    own = row(module.name)
    assert own is not None, f"{module.name} has no floor"
    wrong = []
    for name, line in our_imports(module):
        other = row(name)
        assert other is not None, f"{name} has no floor"
        beside = FLOORS[own] == 0 or household(name) == household(module.name)
        if FLOORS[other] > FLOORS[own] or (FLOORS[other] == FLOORS[own] and not beside):
            wrong.append(f"{module.name}:{line} (floor {FLOORS[own]}) imports {name} (floor {FLOORS[other]})")
    assert not wrong, "\n".join(wrong)


def test_no_import_goes_in_a_circle() -> None:
    # What is imported only when it is needed, or only for the type checker, counts as well. A package imports nothing by being
    # the parent of what is imported.
    graph = {module.name: {name for name, _line in our_imports(module)} for module in modules()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail("imports go in a circle: " + " -> ".join(error.args[1]))


@pytest.mark.parametrize("inside, outside", APART)
def test_who_lives_apart_does_not_visit(inside: str, outside: str) -> None:
    visits = [
        f"{module.name}:{line} imports {name}"
        for module in modules()
        if is_within(module.name, inside)
        for name, line in module.imports
        if is_within(name, outside)
    ]
    assert not visits, "\n".join(visits)


@pytest.mark.parametrize("library", DOORS)
def test_a_library_comes_in_by_its_one_door(library: str) -> None:
    visits = [
        f"{module.name}:{line} uses {name}"
        for module in modules()
        if not any(is_within(module.name, door) for door in DOORS[library])
        for name, line in module.imports
        if is_within(name, library)
    ]
    assert not visits, f"{library} only in {', '.join(DOORS[library])}:\n" + "\n".join(visits)


def start_files() -> list[Path]:
    return [ROOT / "messenger.py", *sorted((ROOT / "bootstrap").glob("*.py"))]


@pytest.mark.parametrize("path", start_files(), ids=dotted)
def test_the_start_needs_nothing_but_an_old_python(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"), feature_version=(3, 6))
    names = {name.partition(".")[0] for name, _ in used_names(tree)}
    foreign = names - sys.stdlib_module_names - {"bootstrap"}
    assert not foreign, f"{path.name} imports {', '.join(sorted(foreign))} before anything is installed"
    assert "__future__" not in names, "from __future__ import annotations is newer than Python 3.6"
