"""Reader of an account folder: `deliveries/<YYYY-MM-DD>/<schema>.<table>.jsonl`, one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from oracle.money import at_scale

SourceRow = Mapping[str, Any]
"""One line of a delivery, column name to JSON value; a number with a decimal point is a Decimal, no float."""

WHOLE_TABLES = frozenset({"billing.list_prices", "access.workspaces_latest", "compute.node_types"})
"""Tables that a delivery replaces whole; deliveries add to every other table."""


class AccountFolderError(ValueError):
    """The folder or a line in it is not what the account format allows; the message names file and line."""


class AccountFolder:
    """The rows an account has delivered, up to and with a date.

    Args:
        path: The folder that holds `deliveries/`.
        until: Last delivery date to read; None reads all.

    Raises:
        AccountFolderError: If `deliveries/` is missing, or holds a folder that is no date or a file that is
            no JSONL.
    """

    def __init__(self, path: Path, until: date | None = None) -> None:
        self.path = path
        self.until = until
        root = path / "deliveries"
        if not root.is_dir():
            raise AccountFolderError(f"{root}: no such folder")
        self._files: dict[date, dict[str, Path]] = {}
        for folder in sorted(root.iterdir()):
            delivered = _folder_date(folder)
            if until is None or delivered <= until:
                self._files[delivered] = {_table_name(file): file for file in sorted(folder.iterdir())}

    def delivery_dates(self) -> list[date]:
        """Dates with a delivery, in order."""
        return sorted(self._files)

    def has_table(self, table: str) -> bool:
        """Whether a delivery mentions the table (`billing.usage`); else the account does not have it."""
        return any(table in files for files in self._files.values())

    def delivered_rows(self, table: str) -> Iterator[tuple[date, SourceRow]]:
        """Every row delivered for a table, with its delivery date, in the order of delivery.

        Args:
            table: `<schema>.<table>`.

        Yields:
            Pairs of delivery date and row.

        Raises:
            AccountFolderError: If a line is not one JSON object, or names a key twice.
        """
        for delivered in self.delivery_dates():
            file = self._files[delivered].get(table)
            if file is not None:
                for row in _read_lines(file):
                    yield delivered, row

    def rows(self, table: str) -> Iterator[SourceRow]:
        """The rows of the source table after the last delivery read.

        Args:
            table: `<schema>.<table>`; one of `WHOLE_TABLES` holds only what its last delivery brought.

        Yields:
            The rows.

        Raises:
            AccountFolderError: If a line is not one JSON object, or names a key twice.
        """
        if table not in WHOLE_TABLES:
            yield from (row for _, row in self.delivered_rows(table))
            return
        for delivered in reversed(self.delivery_dates()):
            file = self._files[delivered].get(table)
            if file is not None:
                yield from _read_lines(file)
                return


def as_decimal(value: Any) -> Decimal | None:
    """A DECIMAL(38,18) column of a row.

    Args:
        value: The JSON value: a string, a number or None.

    Returns:
        The number at scale 18, or None.

    Raises:
        AccountFolderError: If it is no finite number, or has more than 18 decimals.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise AccountFolderError(f"not a decimal: {value!r}")
    try:
        number = Decimal(value)
        if not number.is_finite():
            raise AccountFolderError(f"not a finite decimal: {value!r}")
        return at_scale(number)
    except ArithmeticError as error:
        raise AccountFolderError(f"not a decimal of scale 18: {value!r}") from error


def as_timestamp(value: Any) -> datetime | None:
    """A TIMESTAMP column of a row, as an aware datetime in UTC.

    Args:
        value: `2026-01-31T23:00:00Z`, with a fraction to the microsecond or without, or None.

    Returns:
        The time in UTC, or None.

    Raises:
        AccountFolderError: If it is no such text, or names no zone.
    """
    if value is None:
        return None
    try:
        parsed = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise AccountFolderError(f"not a timestamp: {value!r}") from error
    if parsed.tzinfo is None:
        raise AccountFolderError(f"a timestamp without a zone: {value!r}")
    return parsed.astimezone(UTC)


def as_date(value: Any) -> date | None:
    """A DATE column of a row.

    Args:
        value: `2026-01-31` or None.

    Returns:
        The date, or None.

    Raises:
        AccountFolderError: If it is no such text.
    """
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise AccountFolderError(f"not a date: {value!r}") from error


def member(row: SourceRow, *names: str) -> Any:
    """A column, or a member of a struct column; None where it or a struct on the way is missing.

    Args:
        row: A source row.
        names: Column name, then member names.

    Returns:
        The JSON value, or None.
    """
    value: Any = row
    for name in names:
        if value is None:
            return None
        value = value.get(name)
    return value


def _folder_date(folder: Path) -> date:
    try:
        if folder.is_dir():
            return date.fromisoformat(folder.name)
    except ValueError:
        pass
    raise AccountFolderError(f"{folder}: a delivery is a folder named YYYY-MM-DD")


def _table_name(file: Path) -> str:
    if file.suffix != ".jsonl":
        # A Parquet export is loaded by the warehouse; leaving it out here would compare different accounts.
        raise AccountFolderError(f"{file}: only <schema>.<table>.jsonl is read here")
    return file.name.removesuffix(".jsonl")


def _read_lines(file: Path) -> Iterator[SourceRow]:
    with file.open(encoding="utf-8", newline="\n") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                row = json.loads(line, parse_float=Decimal, object_pairs_hook=_object)
            except ValueError as error:
                raise AccountFolderError(f"{file}:{number}: {error}") from error
            if not isinstance(row, dict):
                raise AccountFolderError(f"{file}:{number}: not a JSON object")
            yield row


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key is named twice")
    return members
