"""Holds a resource to the fields that the Databricks SDK knows of it."""

from __future__ import annotations

import dataclasses
import enum
import typing
from collections.abc import Iterator, Mapping
from typing import Any


def unknown_fields(
    value: Any, expected: Any, place: str, also: Mapping[str, Any] | None = None
) -> Iterator[str]:
    """What the API would not take.

    Args:
        value: A value of the bundle.
        expected: Its type in the SDK: a dataclass, an enum, a list or a mapping of such, or a plain type.
        place: Where the value stands, for the message.
        also: Fields that the bundle takes besides those of the dataclass, and their types.

    Yields:
        A line for each field that is not known or lacking, and each value of another type.
    """
    origin, arguments = typing.get_origin(expected), typing.get_args(expected)
    if origin is typing.Union:
        (inner,) = [argument for argument in arguments if argument is not type(None)]
        yield from unknown_fields(value, inner, place, also)
    elif origin is list:
        if not isinstance(value, list):
            yield f"{place}: a list is expected"
            return
        for number, item in enumerate(value):
            yield from unknown_fields(item, arguments[0], f"{place}[{number}]")
    elif origin is dict:
        for key, item in value.items():
            yield from unknown_fields(item, arguments[1], f"{place}.{key}")
    elif dataclasses.is_dataclass(expected):
        if not isinstance(value, dict):
            yield f"{place}: a mapping is expected"
            return
        types = typing.get_type_hints(expected) | dict(also or {})
        for key, item in value.items():
            if key in types:
                yield from unknown_fields(item, types[key], f"{place}.{key}")
            else:
                yield f"{place}.{key}: no such field"
        for field in dataclasses.fields(expected):
            if field.default is dataclasses.MISSING and field.name not in value:
                yield f"{place}.{field.name}: lacking"
    elif isinstance(expected, type) and issubclass(expected, enum.Enum):
        if value not in [member.value for member in expected]:
            yield f"{place}: {value!r} is none of {[member.value for member in expected]}"
    elif expected is float:
        if not isinstance(value, int | float):
            yield f"{place}: {value!r} is no number"
    elif isinstance(expected, type) and not isinstance(value, expected):
        yield f"{place}: {value!r} is no {expected.__name__}"
