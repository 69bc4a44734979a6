"""A day on which one key in a hundred changes, in every table that Silver is made of."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks.accounts import delivery_days

Row = dict[str, Any]
_EVERY = 100


def write_change_day(account: Path, target: Path, last: date, days: int) -> dict[str, int]:
    """Write the delivery of one more day, which changes one per cent of what the last days brought.

    Usage is corrected, runs and updates are repaired, tasks are tried again, and entities are edited. What is
    not picked does not appear, so all else that a build reads or writes is read or written for this.

    Args:
        account: An account folder.
        target: The account folder to write; it must be missing.
        last: The day after which the delivery comes.
        days: How many days up to `last`, included, records and runs are picked from; entities from all days.

    Returns:
        The rows it delivers, by table.
    """
    at = last + timedelta(days=1)
    folder = target / "deliveries" / at.isoformat()
    folder.mkdir(parents=True)
    until = [day for day in delivery_days(account) if day <= last]
    recent = [day for day in until if day > last - timedelta(days=days)]
    delivered = {}
    for table, (key, change) in _CHANGES.items():
        newest = _newest(account, until if change is _edited else recent, table, key)
        rows = [row for name in sorted(newest)[::_EVERY] for row in change(newest[name], at)]
        if rows:
            (folder / f"{table}.jsonl").write_text(
                "".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8"
            )
            delivered[table] = len(rows)
    return delivered


def _newest(
    account: Path, days: list[date], table: str, key: tuple[str, ...]
) -> Mapping[tuple[str, ...], Row]:
    """Find the row delivered last for each key that still exists; of usage, the originals."""
    found: dict[tuple[str, ...], Row] = {}
    for row in _rows(account, days, table):
        of = tuple(str(row.get(column)) for column in key)
        if row.get("delete_time") is not None:
            found.pop(of, None)
        elif row.get("record_type", "ORIGINAL") == "ORIGINAL":
            found[of] = row
    return found


def _rows(account: Path, days: list[date], table: str) -> Iterator[Row]:
    for day in days:
        file = account / "deliveries" / day.isoformat() / f"{table}.jsonl"
        if file.exists():
            with file.open(encoding="utf-8") as lines:
                yield from map(json.loads, lines)


def _corrected(row: Row, at: date) -> list[Row]:
    quantity = Decimal(row["usage_quantity"] or 0)
    corrections = (("RETRACTION", -quantity), ("RESTATEMENT", 2 * quantity))
    return [
        {**row, "record_type": kind, "usage_quantity": str(amount), "ingestion_date": at.isoformat()}
        for kind, amount in corrections
    ]


def _repaired(row: Row, at: date) -> list[Row]:
    return [{**row, **_period(at)}]


def _tried_again(row: Row, at: date) -> list[Row]:
    return [{**row, **_period(at), "run_id": f"{row['run_id']}9"}]


def _edited(row: Row, at: date) -> list[Row]:
    return [{**row, "tags": {**(row.get("tags") or {}), "reviewed": "yes"}, "change_time": f"{at}T05:00:00Z"}]


def _period(at: date) -> Row:
    return {"period_start_time": f"{at}T06:00:00Z", "period_end_time": f"{at}T06:10:00Z"}


_CHANGES: dict[str, tuple[tuple[str, ...], Callable[[Row, date], list[Row]]]] = {
    "billing.usage": (("record_id",), _corrected),
    "lakeflow.job_run_timeline": (("workspace_id", "run_id"), _repaired),
    "lakeflow.job_task_run_timeline": (("workspace_id", "job_run_id"), _tried_again),
    "lakeflow.pipeline_update_timeline": (("workspace_id", "update_id"), _repaired),
    "lakeflow.jobs": (("workspace_id", "job_id"), _edited),
    "lakeflow.pipelines": (("workspace_id", "pipeline_id"), _edited),
    "compute.clusters": (("workspace_id", "cluster_id"), _edited),
    "compute.warehouses": (("workspace_id", "warehouse_id"), _edited),
}
