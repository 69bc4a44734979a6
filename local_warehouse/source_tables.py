"""The system tables a delivery can hold: their columns and types, and how a table grows when its source does.

Types are Arrow types throughout; `parse_type` and `type_text` translate from and to SQL.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

CATALOG = "system"
"""The catalog all source tables are in."""

REPLACED = frozenset({"billing.list_prices", "access.workspaces_latest", "compute.node_types"})
"""Tables that hold the current state: a delivery replaces them whole. All others are appended to."""

TIMESTAMP = pa.timestamp("us", tz="UTC")

_SCALARS: dict[str, pa.DataType] = {
    "STRING": pa.string(),
    "BOOLEAN": pa.bool_(),
    "TINYINT": pa.int8(),
    "SMALLINT": pa.int16(),
    "INT": pa.int32(),
    "BIGINT": pa.int64(),
    "FLOAT": pa.float32(),
    "DOUBLE": pa.float64(),
    "DATE": pa.date32(),
    "TIMESTAMP": TIMESTAMP,
    "BINARY": pa.binary(),
}
_NAMES = {arrow: name for name, arrow in _SCALARS.items()}

_UNSUITABLE = frozenset(" ,;{}()\n\t=<>:`")
"""What plain Delta tables do not take in a name, and what would be a sign in the text of a type."""


@dataclass(frozen=True)
class SourceTable:
    """One system table as it is known here.

    Attributes:
        name: `schema.table`.
        keys: The columns that identify a row.
        columns: Its columns and their types, in order.
        comments: What the columns mean, where known.
    """

    name: str
    keys: tuple[str, ...]
    columns: pa.Schema
    comments: Mapping[str, str]

    @property
    def is_replaced(self) -> bool:
        """Whether a delivery replaces the table whole."""
        return self.name in REPLACED

    @property
    def schema(self) -> str:
        """The schema part of its name."""
        return self.name.partition(".")[0]

    @property
    def table(self) -> str:
        """The table part of its name."""
        return self.name.partition(".")[2]

    def statistics_columns(self) -> list[str]:
        """Name the columns whose range each file should record: times, dates and keys.

        Readers skip files by them. Delta records ranges of the first 32 columns by default (its manual,
        "Data skipping"), which the nested columns of `billing.usage` use up before the dates come.
        """
        timed = [field.name for field in self.columns if field.type in (TIMESTAMP, pa.date32())]
        return timed + [key for key in self.keys if key not in timed]


@functools.cache
def known_tables() -> Mapping[str, SourceTable]:
    """Read the tables this project knows, by `schema.table`."""
    described = json.loads((Path(__file__).parent / "system_tables.json").read_text(encoding="utf-8"))
    return {
        name: SourceTable(
            name=name,
            keys=tuple(table["keys"]),
            columns=pa.schema([pa.field(c["name"], parse_type(c["type"])) for c in table["columns"]]),
            comments={c["name"]: c["comment"] for c in table["columns"] if c.get("comment")},
        )
        for name, table in described.items()
    }


def parse_type(text: str) -> pa.DataType:
    """Translate a SQL type.

    Args:
        text: Such as `MAP<STRING, STRING>` or `STRUCT<a: INT, b: ARRAY<DATE>>`.

    Returns:
        The Arrow type.

    Raises:
        ValueError: It is no type of a source table.
    """
    parser = _TypeParser(text)
    found = parser.type()
    parser.end()
    return found


class _TypeParser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = [
            quoted.replace("``", "`") if quoted else plain
            for quoted, plain in re.findall(r"`((?:[^`]|``)+)`|([<>(),:]|[^\s<>(),:`]+)", text)
        ]
        self._at = 0

    def _next(self) -> str:
        if self._at >= len(self._tokens):
            raise ValueError(f"{self._text!r} ends too early to be a type")
        self._at += 1
        return str(self._tokens[self._at - 1])

    def _expect(self, token: str) -> None:
        found = self._next()
        if found != token:
            raise ValueError(f"{self._text!r} is no type: {token!r} expected, {found!r} found")

    def end(self) -> None:
        if self._at < len(self._tokens):
            raise ValueError(f"{self._text!r} is no type: {self._tokens[self._at]!r} is left over")

    def type(self) -> pa.DataType:
        name = self._next().upper()
        if name in _SCALARS:
            return _SCALARS[name]
        if name == "DECIMAL":
            self._expect("(")
            precision = int(self._next())
            self._expect(",")
            scale = int(self._next())
            self._expect(")")
            return pa.decimal128(precision, scale)
        if name not in ("ARRAY", "MAP", "STRUCT"):
            raise ValueError(f"{self._text!r} is no type: {name!r} is unknown")
        self._expect("<")
        made: pa.DataType
        if name == "ARRAY":
            made = pa.list_(self.type())
        elif name == "MAP":
            key = self.type()
            self._expect(",")
            made = pa.map_(key, self.type())
        else:
            made = pa.struct(list(self._fields()))
        self._expect(">")
        return made

    def _fields(self) -> Iterator[pa.Field]:
        while True:
            name = self._next()
            self._expect(":")
            yield pa.field(name, self.type())
            if self._at >= len(self._tokens) or self._tokens[self._at] != ",":
                return
            self._at += 1


def type_text(arrow: pa.DataType) -> str:
    """Translate an Arrow type to SQL.

    Args:
        arrow: A type that `parse_type` can give.

    Returns:
        The SQL type, field names quoted.

    Raises:
        ValueError: There is no such SQL type.
    """
    if arrow in _NAMES:
        return _NAMES[arrow]
    if pa.types.is_decimal(arrow):
        return f"DECIMAL({arrow.precision},{arrow.scale})"
    if pa.types.is_list(arrow):
        return f"ARRAY<{type_text(arrow.value_type)}>"
    if pa.types.is_map(arrow):
        return f"MAP<{type_text(arrow.key_type)}, {type_text(arrow.item_type)}>"
    if pa.types.is_struct(arrow):
        fields = (f"{quote(field.name)}: {type_text(field.type)}" for field in arrow)
        return f"STRUCT<{', '.join(fields)}>"
    raise ValueError(f"{arrow} has no SQL type")


def quote(name: str) -> str:
    """Quote a name for SQL."""
    return "`" + name.replace("`", "``") + "`"


def columns_text(columns: pa.Schema, comments: Mapping[str, str] | None = None) -> str:
    """Write columns as in CREATE TABLE.

    Args:
        columns: Names and types.
        comments: Their meanings, where known.

    Returns:
        The list, without brackets.
    """
    parts = []
    for field in columns:
        comment = (comments or {}).get(field.name, "")
        # Both escapes are Spark's own (SQL reference, "Literals").
        text = comment.replace("\\", "\\\\").replace("'", "\\'")
        parts.append(f"{quote(field.name)} {type_text(field.type)}" + (f" COMMENT '{text}'" if text else ""))
    return ", ".join(parts)


def name_problem(name: str, taken: Sequence[str]) -> str | None:
    """Say why a new column cannot be added.

    Args:
        name: The new name.
        taken: The names beside it.

    Returns:
        The reason, or None if it can.
    """
    if not name:
        return "a column must have a name"
    if set(name) & _UNSUITABLE:
        return "a new column's name may not hold blanks or any of , ; { } ( ) = < > : `"
    for other in taken:
        if other != name and other.casefold() == name.casefold():
            return (
                f"there is a column {other!r}, and names differing by upper and lower case only are one name"
            )
    return None


def merge_columns(known: pa.Schema, found: pa.Schema) -> pa.Schema:
    """Join two versions of a table: everything known, then what only the other has, nested fields included.

    Args:
        known: Columns that keep their place and type.
        found: Columns that may be more.

    Returns:
        The joined columns.
    """
    merged = _merge_fields(list(known), list(found))
    return pa.schema(merged)


def _merge_fields(known: list[pa.Field], found: list[pa.Field]) -> list[pa.Field]:
    theirs = {field.name: field for field in found}
    names = {field.name for field in known}
    merged = [
        pa.field(field.name, _merge_types(field.type, theirs[field.name].type))
        if field.name in theirs
        else field
        for field in known
    ]
    return merged + [field for field in found if field.name not in names]


def _merge_types(known: pa.DataType, found: pa.DataType) -> pa.DataType:
    if pa.types.is_struct(known) and pa.types.is_struct(found):
        return pa.struct(_merge_fields(list(known), list(found)))
    if pa.types.is_list(known) and pa.types.is_list(found):
        return pa.list_(_merge_types(known.value_type, found.value_type))
    if pa.types.is_map(known) and pa.types.is_map(found):
        return pa.map_(known.key_type, _merge_types(known.item_type, found.item_type))
    return known


def widen_columns(known: pa.Schema, found: pa.Schema, declared: pa.Schema) -> pa.Schema:
    """Give columns that a table has grown the types that hold what it has of them and what comes now.

    Args:
        known: The table's columns.
        found: The columns as their newest values tell.
        declared: Columns, and fields of structs, that keep their types.

    Returns:
        The known columns: whole numbers become DOUBLE where fractions come, dates and timestamps STRING where
        other text comes. What only differs otherwise stays as it is.
    """
    return pa.schema(_widen_fields(list(known), list(found), list(declared)))


def _widen_fields(known: list[pa.Field], found: list[pa.Field], declared: list[pa.Field]) -> list[pa.Field]:
    theirs = {field.name: field.type for field in found}
    kept = {field.name: field.type for field in declared}
    return [
        pa.field(field.name, _widen_type(field.type, theirs[field.name], kept.get(field.name)))
        if field.name in theirs
        else field
        for field in known
    ]


def _widen_type(known: Any, found: Any, declared: Any) -> pa.DataType:
    types = pa.types
    if types.is_struct(known) and types.is_struct(found):
        return pa.struct(_widen_fields(list(known), list(found), list(declared or [])))
    if types.is_list(known) and types.is_list(found):
        inside = None if declared is None else declared.value_type
        return pa.list_(_widen_type(known.value_type, found.value_type, inside))
    if types.is_map(known) and types.is_map(found):
        inside = None if declared is None else declared.item_type
        return pa.map_(known.key_type, _widen_type(known.item_type, found.item_type, inside))
    if declared is not None:
        return known
    if types.is_integer(known) and (types.is_floating(found) or types.is_integer(found)):
        return known if types.is_integer(found) and found.bit_width <= known.bit_width else found
    if types.is_float32(known) and types.is_float64(found):
        return found
    is_text = types.is_date(found) or types.is_timestamp(found) or types.is_string(found)
    if (types.is_date(known) or types.is_timestamp(known)) and is_text and known != found:
        return pa.string()
    return known


def new_names(before: pa.Schema, after: pa.Schema) -> list[tuple[str, str]]:
    """List what one version has and the other had not: dotted names and SQL types."""
    return list(_new_fields([*before], [*after], ""))


def _new_fields(before: list[pa.Field], after: list[pa.Field], path: str) -> Iterator[tuple[str, str]]:
    had = {field.name: field.type for field in before}
    for field in after:
        name = f"{path}{field.name}"
        if field.name not in had:
            yield name, type_text(field.type)
        else:
            yield from _new_inside(had[field.name], field.type, name)


def _new_inside(before: Any, after: Any, name: str) -> Iterator[tuple[str, str]]:
    if pa.types.is_struct(after):
        yield from _new_fields(list(before), list(after), f"{name}.")
    elif pa.types.is_list(after):
        yield from _new_inside(before.value_type, after.value_type, f"{name}.element")
    elif pa.types.is_map(after):
        yield from _new_inside(before.item_type, after.item_type, f"{name}.value")
