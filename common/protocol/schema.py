"""The protocol for programs: JSON Schema of all words and the OpenAPI document of the plain door, generated from the structs."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from common.errors import WireError, wire_errors
from common.protocol.messages import (
    ANSWERS,
    COMMANDS,
    EVENTS,
    Answer,
    Command,
    Health,
    Login,
    Problem,
    Register,
    RelayCard,
)

_TEMPLATE: Final = "#/$defs/{name}"
_OPENAPI_TEMPLATE: Final = "#/components/schemas/{name}"
WITHOUT_TOKEN: Final[tuple[type[Command], ...]] = (Register, Login)
ONLY_ON_A_LINK: Final = frozenset({"hello"})


def message_schema() -> dict[str, Any]:
    """JSON Schema (2020-12): what a client may send, what a relay answers and tells."""
    kinds: list[type] = [*COMMANDS.values(), *_answers(), Problem, *EVENTS.values()]
    references, definitions = msgspec.json.schema_components(kinds, ref_template=_TEMPLATE)
    by_kind = dict(zip(kinds, references, strict=True))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Py_messenger protocol, version 1",
        "commands": {tag: by_kind[kind] for tag, kind in COMMANDS.items()},
        "answers": {tag: by_kind[ANSWERS[kind]] for tag, kind in COMMANDS.items()},
        "error": by_kind[Problem],
        "events": {tag: by_kind[kind] for tag, kind in EVENTS.items()},
        "codes": {code: kind.default for code, kind in wire_errors().items()},
        "$defs": definitions,
    }


def openapi(version: str) -> dict[str, Any]:
    """OpenAPI 3.1 of the plain HTTP door of a relay of that program *version*."""
    kinds: list[type] = [*COMMANDS.values(), *_answers(), Problem, RelayCard, Health]
    references, definitions = msgspec.json.schema_components(kinds, ref_template=_OPENAPI_TEMPLATE)
    by_kind = dict(zip(kinds, references, strict=True))
    paths: dict[str, Any] = {
        f"/api/{tag}": {"post": _operation(tag, kind, by_kind)}
        for tag, kind in COMMANDS.items()
        if tag not in ONLY_ON_A_LINK
    }
    paths["/api/relay"] = {"get": _plain_get("The relay's card", by_kind[RelayCard])}
    paths["/api/me/data"] = {"get": _archive("Everything that the relay holds about who asks, as a ZIP")}
    paths["/health"] = {"get": _plain_get("Whether the relay is well", by_kind[Health])}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Py_messenger relay", "version": version},
        "paths": paths,
        "components": {
            "schemas": definitions,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _answers() -> list[type[Answer]]:
    return list(dict.fromkeys(ANSWERS.values()))


def _operation(tag: str, kind: type[Command], by_kind: dict[type, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": tag,
        "summary": (kind.__doc__ or "").strip().splitlines()[0],
        "requestBody": {"required": True, "content": _json(by_kind[kind])},
        "responses": {
            "200": {"description": "Done", "content": _json(by_kind[ANSWERS[kind]])},
            **{
                str(status): {"description": "Refused: see the code", "content": _json(by_kind[Problem])}
                for status in _statuses()
            },
        },
    }
    if kind not in WITHOUT_TOKEN:
        operation["security"] = [{"token": []}]
    return operation


def _plain_get(summary: str, reference: Any) -> dict[str, Any]:
    return {"summary": summary, "responses": {"200": {"description": summary, "content": _json(reference)}}}


def _archive(summary: str) -> dict[str, Any]:
    content = {"application/zip": {"schema": {"type": "string", "format": "binary"}}}
    return {
        "summary": summary,
        "responses": {"200": {"description": summary, "content": content}},
        "security": [{"token": []}],
    }


def _json(reference: Any) -> dict[str, Any]:
    return {"application/json": {"schema": reference}}


def _statuses() -> list[int]:
    kinds: list[type[WireError]] = list(wire_errors().values())
    return sorted({kind.status for kind in kinds})
