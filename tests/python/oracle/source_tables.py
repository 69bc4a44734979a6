"""Typed rows of the source tables beside usage and prices, and which row of a key wins."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import islice, product
from typing import Any, TypeVar

from oracle.account_folder import (
    AccountFolder,
    AccountFolderError,
    SourceRow,
    as_date,
    as_timestamp,
)
from oracle.compare import StructValue

TypedRow = Mapping[str, Any]
"""A row by column name, with Python values: datetimes in UTC, ints, dicts for maps."""

Key = tuple[Any, ...]

Read = Callable[[Any], Any]
"""From a JSON value to the column's Python value; None stays None."""

MOST_COMBINATIONS = 1024
"""How many ways to settle the ties of one entity or run are tried before the account is called unfair."""

_T = TypeVar("_T")


def as_text(value: Any) -> str | None:
    """A STRING column.

    Args:
        value: The JSON value.

    Returns:
        The text as it is, or None.

    Raises:
        AccountFolderError: If it is no text.
    """
    if value is None or isinstance(value, str):
        return value
    raise AccountFolderError(f"not a text: {value!r}")


def as_whole_number(value: Any) -> int | None:
    """A BIGINT or INT column.

    Args:
        value: The JSON value: a number, or a text of one.

    Returns:
        The number, or None.

    Raises:
        AccountFolderError: If it is no whole number.
    """
    if value is None:
        return None
    try:
        if isinstance(value, bool):
            raise ValueError
        number = Decimal(value)
        if number != int(number):
            raise ValueError
        return int(number)
    except (ArithmeticError, TypeError, ValueError) as error:
        raise AccountFolderError(f"not a whole number: {value!r}") from error


def as_flag(value: Any) -> bool | None:
    """A BOOLEAN column.

    Args:
        value: The JSON value.

    Returns:
        The flag, or None.

    Raises:
        AccountFolderError: If it is no boolean.
    """
    if value is None or isinstance(value, bool):
        return value
    raise AccountFolderError(f"not a boolean: {value!r}")


def as_text_map(value: Any) -> dict[str, str | None] | None:
    """A MAP<STRING, STRING> column.

    Args:
        value: The JSON value.

    Returns:
        A dict, whose values may be None, or None.

    Raises:
        AccountFolderError: If it is no object.
    """
    if value is None:
        return None
    if not isinstance(value, dict):
        raise AccountFolderError(f"not a map: {value!r}")
    return {key: as_text(one) for key, one in value.items()}


def as_texts(value: Any) -> list[str | None] | None:
    """An ARRAY<STRING> column.

    Args:
        value: The JSON value.

    Returns:
        A list, or None.

    Raises:
        AccountFolderError: If it is no array.
    """
    if value is None:
        return None
    if not isinstance(value, list):
        raise AccountFolderError(f"not an array: {value!r}")
    return [as_text(one) for one in value]


def as_nested(value: Any) -> Any:
    """A STRUCT column, or an ARRAY of structs, whose members no rule looks at.

    Args:
        value: The JSON value.

    Returns:
        The same with every object as a `StructValue`, so that a missing member equals NULL.
    """
    if isinstance(value, dict):
        return StructValue({name: as_nested(one) for name, one in value.items()})
    if isinstance(value, list):
        return [as_nested(one) for one in value]
    return value


@dataclass(frozen=True, slots=True)
class SourceTable:
    """What the oracle knows of a source table.

    Attributes:
        name: `<schema>.<table>`.
        key: Columns of its natural key, compared null-safe.
        watermark: The column whose greatest value wins among rows of one key.
        columns: How each column is read.
    """

    name: str
    key: tuple[str, ...]
    watermark: str
    columns: Mapping[str, Read]

    def read(self, source: SourceRow) -> dict[str, Any]:
        """Types a row.

        Args:
            source: A row of the source.

        Returns:
            Every column of `columns`; None where the row lacks it.

        Raises:
            AccountFolderError: If a value does not fit its column's type.
        """
        return {name: read(source.get(name)) for name, read in self.columns.items()}


def _columns(read: Read, names: str) -> dict[str, Read]:
    return dict.fromkeys(names.split(), read)


JOBS = SourceTable(
    "lakeflow.jobs",
    ("workspace_id", "job_id", "change_time"),
    "change_time",
    {
        **_columns(as_text, "account_id workspace_id job_id name creator_id run_as description"),
        **_columns(as_text, "trigger_type run_as_user_name creator_user_name"),
        **_columns(as_timestamp, "change_time delete_time create_time"),
        **_columns(as_nested, "trigger health_rules deployment"),
        "tags": as_text_map,
        "paused": as_flag,
        "timeout_seconds": as_whole_number,
    },
)

PIPELINES = SourceTable(
    "lakeflow.pipelines",
    ("workspace_id", "pipeline_id", "change_time"),
    "change_time",
    {
        **_columns(as_text, "account_id workspace_id pipeline_id pipeline_type name created_by run_as"),
        **_columns(as_timestamp, "change_time delete_time create_time"),
        **_columns(as_text_map, "tags configuration"),
        "settings": as_nested,
    },
)

CLUSTERS = SourceTable(
    "compute.clusters",
    ("workspace_id", "cluster_id", "change_time"),
    "change_time",
    {
        **_columns(as_text, "account_id workspace_id cluster_id cluster_name owned_by cluster_source"),
        **_columns(as_text, "driver_node_type worker_node_type dbr_version data_security_mode policy_id"),
        **_columns(as_text, "driver_instance_pool_id worker_instance_pool_id"),
        **_columns(as_timestamp, "change_time delete_time create_time"),
        **_columns(as_whole_number, "worker_count min_autoscale_workers max_autoscale_workers"),
        **_columns(as_nested, "aws_attributes azure_attributes gcp_attributes"),
        "auto_termination_minutes": as_whole_number,
        "enable_elastic_disk": as_flag,
        "tags": as_text_map,
        "init_scripts": as_texts,
        "change_date": as_date,
    },
)

WAREHOUSES = SourceTable(
    "compute.warehouses",
    ("workspace_id", "warehouse_id", "change_time"),
    "change_time",
    {
        **_columns(as_text, "account_id workspace_id warehouse_id warehouse_name warehouse_type"),
        **_columns(as_text, "warehouse_channel warehouse_size created_by"),
        **_columns(as_whole_number, "min_clusters max_clusters auto_stop_minutes"),
        **_columns(as_timestamp, "change_time delete_time"),
        "tags": as_text_map,
    },
)

JOB_RUN_SLICES = SourceTable(
    "lakeflow.job_run_timeline",
    ("workspace_id", "job_id", "run_id", "period_start_time", "period_end_time"),
    "period_end_time",
    {
        **_columns(as_text, "account_id workspace_id job_id run_id run_type run_name trigger_type"),
        **_columns(as_text, "result_state termination_code termination_type"),
        **_columns(as_timestamp, "period_start_time period_end_time"),
        **_columns(as_whole_number, "setup_duration_seconds queue_duration_seconds run_duration_seconds"),
        **_columns(as_whole_number, "execution_duration_seconds cleanup_duration_seconds"),
        "compute_ids": as_texts,
        "compute": as_nested,
    },
)

TASK_RUN_SLICES = SourceTable(
    "lakeflow.job_task_run_timeline",
    ("workspace_id", "run_id", "period_start_time", "period_end_time"),
    "period_end_time",
    {
        **_columns(as_text, "account_id workspace_id job_id job_run_id parent_run_id run_id task_key"),
        **_columns(as_text, "result_state termination_code termination_type"),
        **_columns(as_timestamp, "period_start_time period_end_time"),
        **_columns(as_whole_number, "setup_duration_seconds execution_duration_seconds"),
        "cleanup_duration_seconds": as_whole_number,
        "compute_ids": as_texts,
        "compute": as_nested,
    },
)

UPDATE_SLICES = SourceTable(
    "lakeflow.pipeline_update_timeline",
    ("workspace_id", "update_id", "period_start_time"),
    "period_end_time",
    {
        **_columns(as_text, "account_id workspace_id pipeline_id update_id update_type request_id"),
        **_columns(as_text, "run_as_user_name trigger_type result_state"),
        **_columns(as_timestamp, "period_start_time period_end_time"),
        **_columns(as_nested, "compute trigger_details"),
    },
)


def winning_rows(table: SourceTable, rows: Iterable[SourceRow]) -> dict[Key, tuple[TypedRow, ...]]:
    """The row, or the tied rows, that win for each key.

    The greatest watermark wins; a row without one loses to any that has one. Rows that tie are told apart
    by the row hash, which only the warehouse knows: all that differ are returned, and any is right. The
    order of the rows does not matter.

    Args:
        table: The table.
        rows: All its rows, in any order.

    Returns:
        One entry a key; its rows are distinct in the columns read, and never empty.

    Raises:
        AccountFolderError: If a value does not fit its column's type.
    """
    winners: dict[Key, list[TypedRow]] = {}
    for source in rows:
        row = table.read(source)
        key = tuple(row[name] for name in table.key)
        held = winners.get(key)
        if held is None:
            winners[key] = [row]
            continue
        new, old = row[table.watermark], held[0][table.watermark]
        if new == old:
            held.append(row)
        elif old is None or (new is not None and new > old):
            winners[key] = [row]
    return {key: tuple(_distinct(held)) for key, held in winners.items()}


def account_rows(account: AccountFolder, table: SourceTable) -> dict[Key, tuple[TypedRow, ...]]:
    """The winning rows of a table of an account.

    Args:
        account: The account.
        table: The table; nothing comes of one that the account lacks.

    Returns:
        What `winning_rows` returns.

    Raises:
        AccountFolderError: If the account is malformed.
    """
    return winning_rows(table, account.rows(table.name))


def rows_beyond_overlap(
    account: AccountFolder, table: SourceTable, overlap_hours: int = 72
) -> list[tuple[date, Key]]:
    """Rows that a build after each delivery never reads, while one build after all of them would.

    As `usage_rules.rows_beyond_overlap`, for the other tables.

    Args:
        account: The account.
        table: The table.
        overlap_hours: How far a build reads back behind the newest watermark of the builds before it.

    Returns:
        Delivery date and key of each such row, in the order of delivery.
    """
    overlap = timedelta(hours=overlap_hours)
    beyond: list[tuple[date, Key]] = []
    newest_before: datetime | None = None
    newest: datetime | None = None
    reading: date | None = None
    for delivered, source in account.delivered_rows(table.name):
        if delivered != reading:
            reading, newest_before = delivered, newest
        row = table.read(source)
        watermark = row[table.watermark]
        if watermark is None:
            continue
        if newest_before is not None and watermark < newest_before - overlap:
            beyond.append((delivered, tuple(row[name] for name in table.key)))
        newest = watermark if newest is None else max(newest, watermark)
    return beyond


def grouped(
    winners: Mapping[Key, tuple[TypedRow, ...]], by: Sequence[str]
) -> dict[Key, list[tuple[TypedRow, ...]]]:
    """The winning rows of each entity or run.

    Args:
        winners: What `winning_rows` returns.
        by: Columns of the table's key that name the entity or run.

    Returns:
        For each, its rows: one element a key of the table, with the tied rows of that key.
    """
    groups: dict[Key, list[tuple[TypedRow, ...]]] = {}
    for tied in winners.values():
        groups.setdefault(tuple(tied[0][name] for name in by), []).append(tied)
    return groups


def combinations(rows: Sequence[tuple[TypedRow, ...]]) -> list[tuple[TypedRow, ...]]:
    """Every way to settle the ties among the rows of an entity or run.

    Args:
        rows: One element a key of the table, with its tied rows.

    Returns:
        One row a key, in each way; a single way where nothing ties.

    Raises:
        AccountFolderError: If there are more than `MOST_COMBINATIONS`.
    """
    ways = list(islice(product(*rows), MOST_COMBINATIONS + 1))
    if len(ways) > MOST_COMBINATIONS:
        raise AccountFolderError(f"too many ties to compare: {rows[0][0]!r}")
    return ways


def distinct_outcomes(outcomes: Iterable[_T]) -> tuple[_T, ...]:
    """The outcomes without repetition, in their order.

    Args:
        outcomes: Values that compare with `==`, hashable or not.

    Returns:
        The distinct ones.
    """
    kept: list[_T] = []
    for one in outcomes:
        if one not in kept:
            kept.append(one)
    return tuple(kept)


def _distinct(rows: list[TypedRow]) -> Iterable[TypedRow]:
    if len(rows) == 1:
        return rows
    return {json.dumps(row, sort_keys=True, default=str): row for row in rows}.values()
