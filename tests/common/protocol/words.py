"""Words by the thousand: Hypothesis strategies made from the structs themselves, so that a new command is tested as it is added.

Fields are plain Python values and frames are written by the standard library's json, which knows nothing of the codec.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from common.protocol.messages import Command

Fields = dict[str, Any]

_TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def frame(*words: object) -> bytes:
    """One word as an object, several as an array, in UTF-8."""
    return json.dumps(words[0] if len(words) == 1 else words, ensure_ascii=False).encode()


def tag_of(kind: type[msgspec.Struct]) -> str:
    return str(kind.__struct_config__.tag)


def fields_of(kind: type[msgspec.Struct]) -> dict[str, inspect.Field]:
    """The fields of *kind* by their names on the wire, without the tag."""
    described = inspect.type_info(kind)
    assert isinstance(described, inspect.StructType)
    return {field.encode_name: field for field in described.fields}


@cache
def right(kind: type[msgspec.Struct]) -> st.SearchStrategy[Fields]:
    """Every valid object of *kind*; optional fields may be missing."""
    fields = fields_of(kind)
    tag = kind.__struct_config__.tag
    return st.fixed_dictionaries(
        ({} if tag is None else {"type": st.just(tag)})
        | {name: _right(field.type) for name, field in fields.items() if field.required},
        optional={name: _right(field.type) for name, field in fields.items() if not field.required},
    )


@cache
def wrong(kind: type[Command]) -> st.SearchStrategy[tuple[str, Fields]]:
    """An object of *kind* with one field that is mistyped or out of its range; and which one."""

    def spoil(name: str, field: inspect.Field) -> st.SearchStrategy[tuple[str, Fields]]:
        return st.tuples(right(kind), _wrong(field.type)).map(lambda parts: (name, parts[0] | {name: parts[1]}))

    return st.one_of([spoil(name, field) for name, field in fields_of(kind).items()])


def wrong_fields(kind: type[msgspec.Struct]) -> st.SearchStrategy[Fields]:
    """An object of *kind* with one field that is mistyped or out of its range."""
    spoilt = [
        st.tuples(right(kind), _wrong(field.type)).map(lambda parts, name=name: parts[0] | {name: parts[1]})  # type: ignore[misc]
        for name, field in fields_of(kind).items()
    ]
    return st.one_of(spoilt)


def json_values() -> st.SearchStrategy[Any]:
    """Any JSON, with integers of any size and strings of any characters, halves of surrogate pairs too."""
    scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
    return st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10)


def broken(valid: bytes) -> st.SearchStrategy[bytes]:
    """*valid* with some bytes put in, left out or changed."""

    def cut(places: tuple[int, int, bytes]) -> bytes:
        start, length, filling = places
        return valid[:start] + filling + valid[start + length :]

    return st.tuples(st.integers(0, len(valid)), st.integers(0, 8), st.binary(max_size=8)).map(cut)


def _right(kind: inspect.Type) -> st.SearchStrategy[Any]:
    match kind:
        case inspect.IntType(ge=low, le=high):
            return st.integers(low, high) if low is not None else st.integers(-(2**53), 2**53)
        case inspect.StrType(pattern=str(pattern)):
            return st.from_regex(pattern.replace("$", r"\Z"), fullmatch=True)
        case inspect.StrType(min_length=low, max_length=high):
            text = st.text(st.characters(exclude_categories=["Cs"]), min_size=low or 0, max_size=min(high or 50, 50))
            return text if high is None else text | st.just("я" * high)
        case inspect.BoolType():
            return st.booleans()
        case inspect.FloatType():
            return st.floats(0, 1e6)
        case inspect.NoneType():
            return st.none()
        case inspect.LiteralType(values=values):
            return st.sampled_from(values)
        case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item):
            # As many as fit: where there must be some, a few; a list of JSON for both, as a tuple is one on the wire.
            return st.lists(_right(item), min_size=kind.min_length or 0, max_size=min(kind.max_length or 5, 5))
        case inspect.TupleType(item_types=items):
            return st.tuples(*map(_right, items)).map(list)
        case inspect.DictType(key_type=key, value_type=value):
            return st.dictionaries(_right(key).map(str), _right(value), max_size=5)
        case inspect.UnionType(types=types):
            return st.one_of([_right(each) for each in types])
        case inspect.StructType(cls=struct):
            return right(struct)
    raise AssertionError(f"words.py cannot make {kind}")


def _wrong(kind: inspect.Type) -> st.SearchStrategy[Any]:
    other = st.sampled_from([[], [1], {}, {"a": 1}, 1.5, None])
    match kind:
        case inspect.IntType(ge=int(low), le=int(high)):
            return other | st.just(True) | _TEXT | st.integers(max_value=low - 1) | st.integers(high + 1, 10**400)
        case inspect.StrType(pattern=str()):
            return other | st.integers() | _TEXT | st.sampled_from(["f" * 31, "f" * 33, "F" * 32, "f" * 32 + "\n"])
        case inspect.StrType(min_length=low, max_length=int(high)):
            too_short = [""] if low else []
            return other | st.integers() | st.booleans() | st.sampled_from([*too_short, "я" * (high + 1)])
        case inspect.BoolType():
            return other | st.integers() | _TEXT
        case inspect.LiteralType():
            return other | st.integers() | st.sampled_from(["", "nothing of the kind"])
        case inspect.StructType(cls=struct):
            return st.sampled_from([[], 1, "a", True]) | wrong_fields(struct)
        case (
            inspect.ListType(item_type=item, max_length=int(high))
            | inspect.VarTupleType(item_type=item, max_length=int(high))
        ):
            wrong_item = st.tuples(_right(item), _wrong(item)).map(list)
            return st.just({}) | st.integers() | _TEXT | wrong_item | _right(item).map(lambda one: [one] * (high + 1))
        case inspect.DictType(key_type=key, value_type=value, max_length=int(high)):
            keys = st.sampled_from(["", "a", "-1", "0", "1.5", "9" * 30])
            return (
                st.sampled_from([[], 1, "a", None, {str(number): 1 for number in range(1, high + 2)}])
                | st.dictionaries(keys, _right(value), min_size=1)
                | st.dictionaries(_right(key).map(str), _wrong(value), min_size=1, max_size=3)
            )
        case inspect.UnionType(types=types):
            (real,) = (each for each in types if not isinstance(each, inspect.NoneType))
            return _wrong(real).filter(lambda value: value is not None)
    raise AssertionError(f"words.py cannot spoil {kind}")


def plain(word: msgspec.Struct) -> Mapping[str, Any]:
    """*word* as JSON has it, with what was left out because it is the default."""
    described = msgspec.structs.asdict(word) | {"type": word.__struct_config__.tag}
    return {name: json.loads(msgspec.json.encode(value)) for name, value in described.items()}
