"""Rows of a result as text for people and programs: every digit, times in UTC, NULL unlike empty text."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

FORMATS = ("table", "csv", "json")
"""How `write` can write rows."""


def write(batches: Iterable[pa.Table], columns: Sequence[str], style: str) -> Iterator[str]:
    """Write all rows of a result.

    Args:
        batches: The rows, in pieces.
        columns: The columns' names, which may repeat.
        style: One of `FORMATS`.

    Yields:
        Pieces of text, line ends included.

    Raises:
        ValueError: There is no such format.
    """
    if style not in FORMATS:
        raise ValueError(f"{style!r} is no format: choose one of {', '.join(FORMATS)}")
    rows = _rows(batches)
    yield from {"table": _table, "csv": _csv, "json": _json}[style](rows, columns)


def _rows(batches: Iterable[pa.Table]) -> Iterator[list[Any]]:
    for batch in batches:
        columns = [[plain(value, of.type) for value in of.to_pylist()] for of in batch.columns]
        for at in range(batch.num_rows):
            yield [column[at] for column in columns]


def plain(value: Any, arrow: pa.DataType) -> Any:
    """Turn a value into what JSON has.

    Args:
        value: A Python value as Arrow gives it.
        arrow: Its type.

    Returns:
        Decimals as strings with all digits, timestamps as `2026-01-31T23:00:00Z`, structs and maps as
        objects; whole numbers, doubles, booleans and None as they are.
    """
    if value is None:
        return None
    if pa.types.is_struct(arrow):
        return {of.name: plain(value[of.name], of.type) for of in arrow}
    if pa.types.is_map(arrow):
        return {_text(plain(key, arrow.key_type)): plain(item, arrow.item_type) for key, item in value}
    if pa.types.is_list(arrow) or pa.types.is_large_list(arrow):
        return [plain(element, arrow.value_type) for element in value]
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return _timestamp(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
    if isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def _timestamp(value: datetime) -> str:
    if value.tzinfo is None:
        return value.isoformat()
    return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


_CONTROL = {code: f"\\x{code:02x}" for code in [*range(32), 127]} | {9: "\\t", 10: "\\n", 13: "\\r"}


def _table(rows: Iterator[list[Any]], columns: Sequence[str]) -> Iterator[str]:
    # A line end or an escape sequence inside a value would break the frame or reach the terminal.
    shown = [["NULL" if value is None else _text(value).translate(_CONTROL) for value in row] for row in rows]
    names = [name.translate(_CONTROL) for name in columns]
    widths = [max([len(name), *(len(row[at]) for row in shown)]) for at, name in enumerate(names)]
    yield " | ".join(name.ljust(width) for name, width in zip(names, widths, strict=True)).rstrip() + "\n"
    yield "-+-".join("-" * width for width in widths) + "\n"
    for row in shown:
        yield " | ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() + "\n"
    yield f"({len(shown):,} row{'' if len(shown) == 1 else 's'})\n"


def _csv(rows: Iterator[list[Any]], columns: Sequence[str]) -> Iterator[str]:
    yield ",".join(_csv_field(name) for name in columns) + "\n"
    for row in rows:
        yield ",".join(_csv_field(None if value is None else _text(value)) for value in row) + "\n"


def _csv_field(text: str | None) -> str:
    """Write one field: nothing at all for NULL, quotes where they are needed, and for empty text."""
    if text is None:
        return ""
    if text == "" or any(character in text for character in ',"\r\n') or text != text.strip():
        return '"' + text.replace('"', '""') + '"'
    return text


def _json(rows: Iterator[list[Any]], columns: Sequence[str]) -> Iterator[str]:
    names: list[str] = []
    for name in columns:
        count = 1
        free = name
        while free in names:
            count += 1
            free = f"{name}_{count}"
        names.append(free)
    separator = "[\n "
    for row in rows:
        yield separator + json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False)
        separator = ",\n "
    yield "[]\n" if separator.startswith("[") else "\n]\n"
