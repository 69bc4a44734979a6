"""Account folders: which deliveries there are, and their files as typed columns, strictly or not at all.

A JSON value either is what its column holds, to the last digit, or the file is refused with file, line,
column and reason. Nothing is rounded, cut, guessed or turned into NULL.
"""

from __future__ import annotations

import bisect
import codecs
import datetime
import hashlib
import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation
from itertools import chain, repeat
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from local_warehouse.source_tables import (
    TIMESTAMP,
    SourceTable,
    known_tables,
    merge_columns,
    name_problem,
    widen_columns,
)

_BLOCK_BYTES = 1024 * 1024
"""What is made of a piece so small stays in the processor's cache; larger ones take half as long again."""

_TIMESTAMP_PATTERN = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z$"
_DATE_PATTERN = r"^\d{4}-\d{2}-\d{2}$"
_DECIMAL_PATTERN = r"^-?\d+(\.\d+)?([eE][+-]?\d{1,3})?$"


class DeliveryError(ValueError):
    """Something delivered is refused.

    Attributes:
        file: The file, or the folder of the delivery.
        line: The line of the file, counted from 1; None where the whole file is meant.
        column: The name of the column (`a.b` inside structs), or the position in a line that is no JSON.
        reason: What is wrong with it.
    """

    def __init__(self, file: Path, reason: str, line: int | None = None, column: str | None = None) -> None:
        self.file = file
        self.line = line
        self.column = column
        self.reason = reason
        place = [str(file)]
        if line is not None:
            place.append(f"line {line}")
        if column is not None:
            place.append(f"column {column}")
        super().__init__(f"{', '.join(place)}: {reason}")

    def __reduce__(self) -> tuple[Any, ...]:
        return DeliveryError, (self.file, self.reason, self.line, self.column)


@dataclass(frozen=True)
class SourceFile:
    """One file (or folder of Parquet files) of a delivery.

    Attributes:
        path: Where it is.
        table: The table its rows belong to.
        format: `jsonl` or `parquet`.
    """

    path: Path
    table: SourceTable
    format: str

    def parts(self) -> list[Path]:
        """List the files behind it: itself, or the visible files of a Parquet folder."""
        if not self.path.is_dir():
            return [self.path]
        found = sorted(path for path in self.path.rglob("*.parquet") if path.is_file())
        inside = [path.relative_to(self.path).parts for path in found]
        return [
            path
            for path, names in zip(found, inside, strict=True)
            if not any(name.startswith(("_", ".")) for name in names)
        ]

    def size(self) -> int:
        """Count its bytes."""
        return sum(part.stat().st_size for part in self.parts())


@dataclass(frozen=True)
class Delivery:
    """What newly appears in the system tables on one day.

    Attributes:
        date: The day.
        folder: Its folder.
        files: What it holds, by table name.
    """

    date: datetime.date
    folder: Path
    files: tuple[SourceFile, ...]

    def content_hash(self) -> str:
        """Hash what it delivers: the names and bytes of all its files."""
        digest = hashlib.sha256()
        for file in self.files:
            for part in file.parts():
                with part.open("rb") as content:
                    of_file = hashlib.file_digest(content, "sha256").hexdigest()
                digest.update(f"{part.relative_to(self.folder).as_posix()}\n{of_file}\n".encode())
        return digest.hexdigest()

    def size(self) -> int:
        """Count the bytes it delivers."""
        return sum(file.size() for file in self.files)


def list_deliveries(account: Path, until: datetime.date | None = None) -> list[Delivery]:
    """List the deliveries of an account folder, oldest first.

    Args:
        account: The account folder.
        until: Leave out what is newer.

    Returns:
        The deliveries.

    Raises:
        DeliveryError: There is no such folder, or it holds something that cannot be delivered.
    """
    root = account / "deliveries"
    if not root.is_dir():
        raise DeliveryError(account, "an account folder has a folder 'deliveries', and this has none")
    found = []
    for folder in sorted(root.iterdir()):
        if folder.name.startswith((".", "_")):
            continue
        try:
            if not re.fullmatch(_DATE_PATTERN, folder.name) or not folder.is_dir():
                raise ValueError
            date = datetime.date.fromisoformat(folder.name)
        except ValueError:
            raise DeliveryError(
                folder, "a delivery is a folder named by its date, such as 2026-01-31"
            ) from None
        if until is None or date <= until:
            found.append(Delivery(date, folder, tuple(_list_files(folder))))
    return found


def _list_files(folder: Path) -> Iterator[SourceFile]:
    seen: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "_")):
            continue
        name, _, ending = path.name.rpartition(".")
        if ending not in ("jsonl", "parquet") or (ending == "jsonl" and not path.is_file()):
            raise DeliveryError(path, "expected <schema>.<table>.jsonl or <schema>.<table>.parquet")
        if name not in known_tables():
            known = ", ".join(sorted(known_tables()))
            raise DeliveryError(path, f"{name!r} is not a system table known here; known are {known}")
        if name in seen:
            raise DeliveryError(
                path, f"{name} is delivered twice on one day: {seen[name].name} is there as well"
            )
        seen[name] = path
        yield SourceFile(path, known_tables()[name], ending)


@dataclass(frozen=True)
class Extent:
    """A part of a JSON file that holds whole lines.

    Attributes:
        start: Its first byte.
        end: The byte after its last one.
    """

    start: int
    end: int


def count_lines(path: Path, end: int) -> int:
    """Count the lines of a file that end before a byte."""
    return sum(block.count(b"\n") for block in _blocks(path, Extent(0, end)))


def read(file: SourceFile, columns: pa.Schema, extent: Extent | None = None) -> Iterator[pa.Table]:
    """Read one file in pieces.

    Args:
        file: The file.
        columns: The columns of its table as far as they are known; `grown_columns` gives those the file adds.
        extent: Which part of a JSON file to read; None for all. Lines are counted from its start.

    Yields:
        The rows, with exactly these columns.

    Raises:
        UnknownColumnsError: The file has columns that are not among them.
        DeliveryError: Something in it does not fit its column.
    """
    if file.format == "jsonl":
        return _read_jsonl(file.path, columns, extent)
    return _read_parquet(file, columns)


def grown_columns(file: SourceFile, columns: pa.Schema) -> pa.Schema:
    """Find the columns and fields a file adds to its table.

    Args:
        file: The file.
        columns: The columns of its table as far as they are known.

    Returns:
        The columns with the new ones at the end. Those that hold nothing but NULL are still left out: nothing
        says yet what they are.

    Raises:
        DeliveryError: A new column has values of several kinds, or a name that no table can have.
    """
    if file.format == "parquet":
        return _grow_by_parquet(file, columns)
    growth = _Growth(file.path)
    for first, rows in _parse(file.path):
        for offset, row in enumerate(rows):
            growth.observe(row, pa.struct(list(columns)), first + offset)
    return growth.result(columns)


def widened_columns(file: SourceFile, columns: pa.Schema) -> pa.Schema:
    """Find the types that columns which a table has grown must have to hold a file's values as well.

    Args:
        file: The file.
        columns: The columns of its table, those that the file adds included.

    Returns:
        The same columns, some of wider types; `source_tables.widen_columns` says which become what.

    Raises:
        DeliveryError: A column has values of several kinds, or the file cannot be read.
    """
    found = grown_columns(file, file.table.columns)
    return widen_columns(columns, found, file.table.columns)


class UnknownColumnsError(Exception):
    """A file has columns that are not known yet."""


# -- JSON ----------------------------------------------------------------------------------------------------


class _Number(str):
    """A JSON number with a fraction or an exponent, as it was written: a binary float would lose digits."""

    __slots__ = ()


class _NotJsonError(ValueError):
    """JSON that Python's reader takes and we do not."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for at, name in enumerate(names) if name in names[:at])
        raise _NotJsonError(f"the key {twice!r} is there twice in one object")
    return made


def _constant(name: str) -> NoReturn:
    raise _NotJsonError(f"{name} is not a JSON value")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_Number, parse_constant=_constant)


def _parse(path: Path, extent: Extent | None = None) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Read the objects of a file in blocks, each with the number of its first line."""
    number = 1
    for block in _blocks(path, extent):
        lines = block.split(b"\n")
        if lines[-1] == b"":
            lines.pop()
        first = number
        rows = []
        for line in lines:
            try:
                rows.append(_parse_line(path, number, line))
            except DeliveryError:
                # A line before it may not fit its columns: the first that is wrong is named.
                yield first, rows
                raise
            number += 1
        yield first, rows


def _blocks(path: Path, extent: Extent | None) -> Iterator[bytes]:
    rest = b""
    with path.open("rb") as content:
        left = path.stat().st_size
        if extent is not None:
            content.seek(extent.start)
            left = extent.end - extent.start
        while piece := content.read(min(_BLOCK_BYTES, left)):
            left -= len(piece)
            cut = piece.rfind(b"\n") + 1
            if cut == 0:
                rest += piece
                continue
            yield rest + piece[:cut]
            rest = piece[cut:]
    if rest:
        yield rest


def _parse_line(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        row = _DECODER.decode(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise DeliveryError(path, f"not UTF-8: {error.reason}", number, str(error.start + 1)) from None
    except json.JSONDecodeError as error:
        reason = f"not valid JSON: {error.msg}"
        if not line.strip():
            reason = "the line is empty"
        elif line.startswith(codecs.BOM_UTF8):
            reason = "not valid JSON: the file begins with a byte order mark (BOM)"
        raise DeliveryError(path, reason, number, str(error.pos + 1)) from None
    except RecursionError:
        raise DeliveryError(path, "not valid JSON: nested too deeply", number) from None
    except ValueError as error:
        raise DeliveryError(path, f"not valid JSON: {error}", number, _column_of(line, error)) from None
    if type(row) is not dict:
        raise DeliveryError(path, f"a line must be a JSON object, and this is {_kind(row)}", number, "1")
    return row


def _column_of(line: bytes, error: ValueError) -> str | None:
    quoted = re.search(r"the key '(.*)' is there twice", str(error))
    return quoted.group(1) if quoted else None


def _read_jsonl(path: Path, columns: pa.Schema, extent: Extent | None) -> Iterator[pa.Table]:
    for first, rows in _parse(path, extent):
        whole = _Place(path, first.__add__, "")
        try:
            made = _struct_children(rows, list(columns), whole)
        except DeliveryError as error:
            # Columns are checked one after the other: look whether another one is wrong in an earlier line.
            for offset, row in enumerate(rows[: (error.line or first) - first]):
                _struct_children([row], list(columns), _Place(path, (first + offset).__add__, ""))
            raise
        yield pa.Table.from_arrays(made, schema=columns)


@dataclass(frozen=True)
class _Place:
    """Where a list of values comes from, so that one that does not fit can be named."""

    path: Path
    line: Callable[[int], int]
    column: str

    def field(self, name: str) -> _Place:
        return _Place(self.path, self.line, f"{self.column}.{name}" if self.column else name)

    def inside(self, offsets: Sequence[int], name: str) -> _Place:
        """The place of the elements of lists or maps, which `offsets` delimit."""

        def line(index: int) -> int:
            return self.line(bisect.bisect_right(offsets, index) - 1)

        return _Place(self.path, line, f"{self.column}.{name}")

    def refuse(self, index: int, reason: str) -> NoReturn:
        raise DeliveryError(self.path, reason, self.line(index), self.column)


_NONE = type(None)


def _array(values: list[Any], arrow: pa.DataType, place: _Place) -> pa.Array:
    """Turn JSON values into a column of one type, or name the first that does not fit."""
    if pa.types.is_struct(arrow):
        _require(values, {dict}, arrow, place)
        if not arrow.num_fields:
            raise DeliveryError(place.path, "a struct must have fields", place.line(0), place.column)
        nothing = pa.array([value is None for value in values], pa.bool_())
        children = _struct_children(values, list(arrow), place)
        return pa.StructArray.from_arrays(children, fields=list(arrow), mask=nothing)
    if pa.types.is_list(arrow):
        _require(values, {list}, arrow, place)
        offsets, nothing = _offsets(values)
        elements = [element for value in values if value for element in value]
        made = _array(elements, arrow.value_type, place.inside(offsets, "element"))
        return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), made, type=arrow, mask=nothing)
    if pa.types.is_map(arrow):
        _require(values, {dict}, arrow, place)
        offsets, nothing = _offsets(values)
        keys = [key for value in values if value for key in value]
        items = [item for value in values if value for item in value.values()]
        return pa.MapArray.from_arrays(
            pa.array(offsets, pa.int32()),
            _array(keys, arrow.key_type, place.inside(offsets, "key")),
            _array(items, arrow.item_type, place.inside(offsets, "value")),
            type=arrow,
            mask=nothing,
        )
    return _scalars(values, arrow, place)


def _offsets(values: list[Any]) -> tuple[list[int], pa.Array]:
    offsets = [0]
    total = 0
    for value in values:
        total += len(value) if value else 0
        offsets.append(total)
    return offsets, pa.array([value is None for value in values], pa.bool_())


def _struct_children(values: list[Any], fields: list[pa.Field], place: _Place) -> list[pa.Array]:
    rows = values if None not in values else [value or {} for value in values]
    present: set[str] = set(chain.from_iterable(rows))
    if not present <= {field.name for field in fields}:
        unknown = present - {field.name for field in fields}
        if any(_tells_a_type(row.get(name)) for row in rows for name in unknown):
            raise UnknownColumnsError
    return [
        _array(list(map(dict.get, rows, repeat(field.name))), field.type, place.field(field.name))
        if field.name in present
        # Most fields of a wide struct are in no row at all.
        else pa.nulls(len(values), field.type)
        for field in fields
    ]


def _tells_a_type(value: Any) -> bool:
    """Whether there is a value in it: nothing can be known of a column of NULL, `{}` and `[]`."""
    if isinstance(value, dict):
        return any(map(_tells_a_type, value.values()))
    if isinstance(value, list):
        return any(map(_tells_a_type, value))
    return value is not None


def _require(values: list[Any], allowed: set[type], arrow: pa.DataType, place: _Place) -> None:
    if not set(map(type, values)) - {_NONE} <= allowed:
        at = next(at for at, value in enumerate(values) if type(value) not in allowed and value is not None)
        place.refuse(at, f"{_expected(arrow)} is expected, and this is {_kind(values[at])}")


def _scalars(values: list[Any], arrow: pa.DataType, place: _Place) -> pa.Array:
    if pa.types.is_string(arrow):
        _require(values, {str}, arrow, place)
        return _convert(values, arrow, place, "not text that UTF-8 can hold (half of a surrogate pair)")
    if pa.types.is_boolean(arrow):
        _require(values, {bool}, arrow, place)
        return pa.array(values, arrow)
    if pa.types.is_integer(arrow):
        _require(values, {int}, arrow, place)
        return _convert(values, arrow, place, f"out of the range of {arrow.bit_width} bits")
    if pa.types.is_floating(arrow):
        _require(values, {int, _Number}, arrow, place)
        return _doubles(values, arrow, place)
    if pa.types.is_decimal(arrow):
        _require(values, {str, int, _Number}, arrow, place)
        texts = [None if value is None else str(value) for value in values]
        _require_pattern(texts, _DECIMAL_PATTERN, "is not a decimal number, such as 12.50", place)
        return _decimals(texts, arrow, place)
    if pa.types.is_date(arrow):
        _require(values, {str}, arrow, place)
        _require_pattern(values, _DATE_PATTERN, "is not a date, such as 2026-01-31", place)
        return _not_year_zero(_cast(values, arrow, place, "is not a day of the calendar"), values, place)
    if pa.types.is_timestamp(arrow):
        _require(values, {str}, arrow, place)
        _require_pattern(
            values,
            _TIMESTAMP_PATTERN,
            "is not a timestamp in UTC, to the microsecond at most, such as 2026-01-31T23:00:00Z",
            place,
        )
        return _not_year_zero(_cast(values, arrow, place, "is not a time of the calendar"), values, place)
    raise DeliveryError(
        place.path, f"{_expected(arrow)} cannot be delivered as JSON", place.line(0), place.column
    )


def _convert(values: list[Any], arrow: pa.DataType, place: _Place, reason: str) -> pa.Array:
    try:
        return pa.array(values, arrow)
    except (pa.ArrowInvalid, OverflowError, UnicodeEncodeError):
        for at, value in enumerate(values):
            try:
                pa.array([value], arrow)
            except (pa.ArrowInvalid, OverflowError, UnicodeEncodeError):
                place.refuse(at, f"{_shown(value)} is {reason}")
        raise


def _decimals(texts: list[str | None], arrow: Any, place: _Place) -> pa.Array:
    before, after = arrow.precision - arrow.scale, arrow.scale
    plain = pa.array(texts, pa.string())
    fits = rf"^-?\d{{1,{before}}}(\.\d{{1,{after}}})?$"
    if not pc.all(pc.match_substring_regex(plain, fits), min_count=0).as_py():
        # Arrow wraps around, silently, for some numbers with exponents that are too large for the type.
        unit = Decimal((0, (1,), -after))
        exact = Context(prec=arrow.precision, traps=[Inexact, InvalidOperation])
        written = []
        for at, text in enumerate(texts):
            try:
                value = None if text is None else Decimal(text).quantize(unit, context=exact)
            except (Inexact, InvalidOperation):
                place.refuse(
                    at,
                    f"{_shown(text)} does not fit DECIMAL({arrow.precision},{after}): at most {before}"
                    f" digits before and {after} after the point, and nothing is rounded",
                )
            written.append(None if value is None else format(value, "f"))
        plain = pa.array(written, pa.string())
    return pc.cast(plain, arrow)


def _doubles(values: list[Any], arrow: pa.DataType, place: _Place) -> pa.Array:
    made = []
    for at, value in enumerate(values):
        try:
            number = None if value is None else float(value)
        except OverflowError:
            number = math.inf
        if number is not None and math.isinf(number):
            place.refuse(at, f"{_shown(value)} is out of the range of a double")
        made.append(number)
    return pa.array(made, arrow)


def _require_pattern(values: list[Any], pattern: str, reason: str, place: _Place) -> None:
    try:
        texts = pa.array(values, pa.string())
    except UnicodeEncodeError:
        texts = None
    # Arrow's `\d` and `$` are those of RE2: ASCII digits, the very end.
    if texts is not None and pc.all(pc.match_substring_regex(texts, pattern), min_count=0).as_py():
        return
    exact = re.compile(pattern.replace("$", r"\Z"), re.ASCII)
    for at, value in enumerate(values):
        if value is not None and not exact.match(value):
            place.refuse(at, f"{_shown(value)} {reason}")


def _cast(values: list[Any], arrow: pa.DataType, place: _Place, reason: str) -> pa.Array:
    try:
        return pc.cast(pa.array(values, pa.string()), arrow)
    except pa.ArrowInvalid:
        for at, value in enumerate(values):
            try:
                pc.cast(pa.array([value], pa.string()), arrow)
            except pa.ArrowInvalid:
                place.refuse(at, f"{_shown(value)} {reason}")
        raise


def _not_year_zero(made: pa.Array, values: list[Any], place: _Place) -> pa.Array:
    # Spark's calendar, like ours, begins with the year 1.
    for at, value in enumerate(values):
        if value is not None and value.startswith("0000"):
            place.refuse(at, f"{_shown(value)} is not a day of the calendar")
    return made


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, _Number)):
        return f"the number {_shown(value)}"
    if isinstance(value, str):
        return f"the string {_shown(value)}"
    return "an object" if isinstance(value, dict) else "an array" if isinstance(value, list) else "null"


def _expected(arrow: pa.DataType) -> str:
    if pa.types.is_string(arrow):
        return "a string"
    if pa.types.is_boolean(arrow):
        return "true or false"
    if pa.types.is_integer(arrow):
        return "a whole number"
    if pa.types.is_floating(arrow):
        return "a number"
    if pa.types.is_decimal(arrow):
        return "a decimal number, as a string"
    if pa.types.is_date(arrow):
        return "a date, as a string"
    if pa.types.is_timestamp(arrow):
        return "a timestamp, as a string"
    if pa.types.is_struct(arrow) or pa.types.is_map(arrow):
        return "an object"
    return "an array" if pa.types.is_list(arrow) else str(arrow)


def _shown(value: Any) -> str:
    if isinstance(value, str) and not isinstance(value, _Number):
        return json.dumps(value if len(value) <= 60 else value[:60] + "…", ensure_ascii=True)
    text = str(value)
    return text if len(text) <= 60 else text[:60] + "…"


# -- growth --------------------------------------------------------------------------------------------------

_TAG_LIKE = re.compile(r"(^|_)(tags|labels|parameters|properties|headers|attributes)$", re.IGNORECASE)


class _Inferred:
    """The type of a new column, as far as its values tell."""

    def __init__(self, path: Path, column: str) -> None:
        self._path = path
        self._column = column
        self._kind = ""
        self._line = 0
        self.fields: dict[str, _Inferred] = {}
        self._element: _Inferred | None = None

    def observe(self, value: Any, line: int) -> None:
        if value is None:
            return
        kind = self._joined(self._of(value), line)
        if kind != self._kind:
            self._kind, self._line = kind, line
        if isinstance(value, dict):
            for name, item in value.items():
                if name not in self.fields:
                    self.fields[name] = _Inferred(self._path, f"{self._column}.{name}")
                self.fields[name].observe(item, line)
        elif isinstance(value, list):
            self._element = self._element or _Inferred(self._path, f"{self._column}.element")
            for item in value:
                self._element.observe(item, line)

    def _of(self, value: Any) -> str:
        if isinstance(value, bool):
            return "BOOLEAN"
        if isinstance(value, int):
            return "BIGINT"
        if isinstance(value, _Number):
            return "DOUBLE"
        if isinstance(value, str):
            if re.fullmatch(_TIMESTAMP_PATTERN[1:-1], value, re.ASCII) and _is_value(value, TIMESTAMP):
                return "TIMESTAMP"
            if re.fullmatch(_DATE_PATTERN[1:-1], value, re.ASCII) and _is_value(value, pa.date32()):
                return "DATE"
            return "STRING"
        return "OBJECT" if isinstance(value, dict) else "ARRAY"

    def _joined(self, kind: str, line: int) -> str:
        kinds = {self._kind or kind, kind}
        if len(kinds) == 1:
            return kind
        if kinds == {"BIGINT", "DOUBLE"}:
            return "DOUBLE"
        if kinds <= {"STRING", "DATE", "TIMESTAMP"}:
            return "STRING"
        raise DeliveryError(
            self._path,
            f"the new column has values of two kinds: {kind} here, {self._kind} before (line {self._line})",
            line,
            self._column,
        )

    def type(self) -> pa.DataType | None:
        """Decide; None while all that was seen is NULL or empty."""
        if self._kind == "ARRAY":
            element = self._element.type() if self._element is not None else None
            return None if element is None else pa.list_(element)
        if self._kind != "OBJECT":
            plain = {"BOOLEAN": pa.bool_(), "BIGINT": pa.int64(), "DOUBLE": pa.float64(), "DATE": pa.date32()}
            return (plain | {"TIMESTAMP": TIMESTAMP, "STRING": pa.string()}).get(self._kind)
        types = {name: inferred.type() for name, inferred in self.fields.items()}
        known = {name: found for name, found in types.items() if found is not None}
        if not known:
            return None
        # Keys are either names somebody chose for values of one kind (a map) or the names of fields.
        fit_as_names = all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) for name in self.fields)
        one_type = len(set(known.values())) == 1
        folded = {name.casefold() for name in self.fields}
        if one_type and (
            not fit_as_names
            or len(folded) < len(self.fields)
            or _TAG_LIKE.search(self._column)
            or len(known) > 100
        ):
            return pa.map_(pa.string(), next(iter(known.values())))
        for name in known:
            problem = name_problem(name, list(known))
            if problem is not None:
                raise DeliveryError(self._path, problem, self._line, f"{self._column}.{name}")
        return pa.struct([pa.field(name, found) for name, found in known.items()])


def _is_value(text: str, arrow: pa.DataType) -> bool:
    try:
        pc.cast(pa.array([text]), arrow)
    except pa.ArrowInvalid:
        return False
    return not text.startswith("0000")


class _Growth:
    """What a file has beyond the known columns, found row by row."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._new: dict[tuple[str, ...], dict[str, _Inferred]] = {}
        self._lines: dict[tuple[str, ...], int] = {}

    def observe(self, value: Any, arrow: pa.DataType, line: int, at: tuple[str, ...] = ()) -> None:
        """Look at one value of a known type; one of the wrong kind is left for `read` to refuse."""
        if pa.types.is_struct(arrow) and isinstance(value, dict):
            for name, item in value.items():
                index = arrow.get_field_index(name)
                if index >= 0:
                    if pa.types.is_nested(arrow.field(index).type):
                        self.observe(item, arrow.field(index).type, line, (*at, name))
                elif item is not None:
                    column = ".".join((*at, name))
                    problem = name_problem(name, [field.name for field in arrow])
                    if problem is not None:
                        raise DeliveryError(self._path, problem, line, column)
                    siblings = self._new.setdefault(at, {})
                    if name not in siblings:
                        problem = name_problem(name, list(siblings))
                        if problem is not None:
                            raise DeliveryError(self._path, problem, line, column)
                        siblings[name] = _Inferred(self._path, column)
                    siblings[name].observe(item, line)
        elif pa.types.is_list(arrow) and isinstance(value, list):
            for item in value:
                self.observe(item, arrow.value_type, line, (*at, "element"))
        elif pa.types.is_map(arrow) and isinstance(value, dict):
            for item in value.values():
                self.observe(item, arrow.item_type, line, (*at, "value"))

    def result(self, columns: pa.Schema) -> pa.Schema:
        """Join the known columns with what was found."""
        return pa.schema(list(self._grown(pa.struct(list(columns)), ())))

    def _grown(self, arrow: pa.DataType, at: tuple[str, ...]) -> Any:
        if pa.types.is_struct(arrow):
            fields = [pa.field(field.name, self._grown(field.type, (*at, field.name))) for field in arrow]
            for name, inferred in self._new.get(at, {}).items():
                found = inferred.type()
                if found is not None:
                    fields.append(pa.field(name, found))
            return pa.struct(fields)
        if pa.types.is_list(arrow):
            return pa.list_(self._grown(arrow.value_type, (*at, "element")))
        if pa.types.is_map(arrow):
            return pa.map_(arrow.key_type, self._grown(arrow.item_type, (*at, "value")))
        return arrow


# -- Parquet -------------------------------------------------------------------------------------------------


def _read_parquet(file: SourceFile, columns: pa.Schema) -> Iterator[pa.Table]:
    for part in file.parts():
        with _parquet(part) as content:
            unknown = set(_parquet_columns(part, content).names) - set(columns.names)
            if unknown:
                raise UnknownColumnsError
            for batch in content.iter_batches(batch_size=65536):
                yield pa.Table.from_arrays(
                    [
                        _fit(batch.column(field.name), field.type, part, field.name)
                        if field.name in batch.schema.names
                        else pa.nulls(batch.num_rows, field.type)
                        for field in columns
                    ],
                    schema=columns,
                )


def _parquet(path: Path) -> pq.ParquetFile:
    try:
        # Spark writes timestamps as INT96 by default, whose nanoseconds Arrow would overflow on far dates.
        return pq.ParquetFile(path, coerce_int96_timestamp_unit="us")
    except (pa.ArrowInvalid, OSError) as error:
        raise DeliveryError(path, f"not a Parquet file: {error}") from None


def _parquet_columns(path: Path, content: pq.ParquetFile) -> pa.Schema:
    fields: list[pa.Field] = []
    for field in content.schema_arrow:
        if field.name in [known.name for known in fields]:
            raise DeliveryError(path, "the column is there twice", column=field.name)
        fields.append(pa.field(field.name, _plain(field.type, path, field.name)))
    return pa.schema(fields)


def _grow_by_parquet(file: SourceFile, columns: pa.Schema) -> pa.Schema:
    grown = columns
    for part in file.parts():
        with _parquet(part) as content:
            found = _parquet_columns(part, content)
            for name in found.names:
                problem = None if name in grown.names else name_problem(name, grown.names)
                if problem is not None:
                    raise DeliveryError(part, problem, column=name)
            # Of two parts, the later may have the wider type.
            grown = merge_columns(widen_columns(grown, found, columns), found)
    return grown


def _plain(arrow: pa.DataType, path: Path, column: str) -> pa.DataType:
    """Give the type a column of a Parquet file has as a table's column."""
    if pa.types.is_dictionary(arrow):
        return _plain(arrow.value_type, path, column)
    if pa.types.is_struct(arrow):
        return pa.struct([pa.field(f.name, _plain(f.type, path, f"{column}.{f.name}")) for f in arrow])
    if pa.types.is_map(arrow):
        return pa.map_(_plain(arrow.key_type, path, column), _plain(arrow.item_type, path, f"{column}.value"))
    if pa.types.is_list(arrow) or pa.types.is_large_list(arrow) or pa.types.is_fixed_size_list(arrow):
        return pa.list_(_plain(arrow.value_type, path, f"{column}.element"))
    if pa.types.is_timestamp(arrow):
        return TIMESTAMP
    if pa.types.is_date(arrow):
        return pa.date32()
    if pa.types.is_string(arrow) or pa.types.is_large_string(arrow) or pa.types.is_string_view(arrow):
        return pa.string()
    if pa.types.is_null(arrow):
        return pa.string()
    if pa.types.is_decimal(arrow) and arrow.precision <= 38:
        return pa.decimal128(arrow.precision, arrow.scale)
    if pa.types.is_unsigned_integer(arrow) or pa.types.is_signed_integer(arrow):
        fits_int = arrow.bit_width < 32 or (arrow.bit_width == 32 and pa.types.is_signed_integer(arrow))
        return pa.int32() if fits_int else pa.int64()
    if pa.types.is_float32(arrow) or pa.types.is_float64(arrow) or pa.types.is_boolean(arrow):
        return arrow
    if pa.types.is_binary(arrow) or pa.types.is_large_binary(arrow):
        return pa.binary()
    raise DeliveryError(path, f"a column of type {arrow} cannot be stored", column=column)


def _fit(array: Any, arrow: pa.DataType, path: Path, column: str) -> pa.Array:
    """Cast a column of a Parquet file to its table's type where nothing is lost, and refuse it otherwise."""
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if array.type == arrow:
        return array
    if array.null_count == len(array):
        return pa.nulls(len(array), arrow)
    if pa.types.is_struct(arrow) and pa.types.is_struct(array.type):
        names = [field.name for field in array.type]
        if set(names) - {field.name for field in arrow}:
            raise UnknownColumnsError
        children = [
            _fit(array.field(names.index(f.name)), f.type, path, f"{column}.{f.name}")
            if f.name in names
            else pa.nulls(len(array), f.type)
            for f in arrow
        ]
        return pa.StructArray.from_arrays(children, fields=list(arrow), mask=array.is_null())
    is_list = pa.types.is_list(array.type) or pa.types.is_large_list(array.type)
    if pa.types.is_list(arrow) and is_list:
        offsets, starts, stops = _bounds(array)
        inner = _fit(array.values[starts:stops], arrow.value_type, path, f"{column}.element")
        return pa.ListArray.from_arrays(offsets, inner, type=arrow, mask=array.is_null())
    if pa.types.is_map(arrow) and pa.types.is_map(array.type):
        offsets, starts, stops = _bounds(array)
        return pa.MapArray.from_arrays(
            offsets,
            _fit(array.keys[starts:stops], arrow.key_type, path, f"{column}.key"),
            _fit(array.items[starts:stops], arrow.item_type, path, f"{column}.value"),
            type=arrow,
            mask=array.is_null(),
        )
    if not _is_lossless_kind(array.type, arrow):
        raise DeliveryError(path, f"{array.type} cannot be stored as {_expected(arrow)}", column=column)
    if pa.types.is_timestamp(array.type) and array.type.tz is None:
        # Spark's INT96 timestamps carry no zone and are in UTC.
        array = array.cast(pa.timestamp(array.type.unit, tz="UTC"))
    try:
        made = array.cast(arrow)
        # Arrow wraps around, silently, when the digits of a decimal do not fit the other scale.
        is_same = not pa.types.is_decimal(arrow) or made.cast(array.type).equals(array)
    except pa.ArrowInvalid as error:
        raise DeliveryError(path, f"a value does not fit: {error}", column=column) from None
    if not is_same:
        raise DeliveryError(path, f"a value does not fit {arrow}", column=column)
    return made


def _bounds(array: Any) -> tuple[pa.Array, int, int]:
    offsets = pc.cast(array.offsets, pa.int32())
    start, stop = offsets[0].as_py(), offsets[-1].as_py()
    return pc.subtract(offsets, pa.scalar(start, pa.int32())), start, stop


def _is_lossless_kind(found: pa.DataType, wanted: pa.DataType) -> bool:
    types = pa.types
    if types.is_string(wanted):
        return bool(types.is_large_string(found) or types.is_string_view(found))
    if types.is_integer(wanted):
        return bool(types.is_integer(found))
    if types.is_floating(wanted):
        return bool(types.is_integer(found) or types.is_float16(found) or types.is_float32(found))
    if types.is_decimal(wanted):
        return bool(types.is_decimal(found) or types.is_integer(found))
    if types.is_timestamp(wanted):
        return bool(types.is_timestamp(found))
    if types.is_date(wanted):
        return bool(types.is_date(found))
    return bool(types.is_binary(wanted) and types.is_large_binary(found))
