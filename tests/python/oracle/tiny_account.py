"""Accounts of a few rows, written by hand in tests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from oracle.account_folder import AccountFolder

Delivery = Mapping[str, Iterable[Mapping[str, Any]]]
"""Rows by table, `billing.usage` and the like."""


def usage(record_id: str | None = "r1", **columns: Any) -> dict[str, Any]:
    """One unit of jobs compute, an hour of 1 March 2026, ingested that day; `columns` override that."""
    day = columns.get("usage_date") or "2026-03-01"
    return {
        "record_id": record_id,
        "record_type": "ORIGINAL",
        "account_id": "a1",
        "workspace_id": "w1",
        "cloud": "AWS",
        "sku_name": "JOBS",
        "billing_origin_product": "JOBS",
        "usage_type": "COMPUTE_TIME",
        "usage_unit": "DBU",
        "usage_quantity": "1",
        "usage_start_time": f"{day}T10:00:00Z",
        "usage_end_time": f"{day}T11:00:00Z",
        "usage_date": day,
        "ingestion_date": day,
    } | columns


def price(amount: str | None = "0.15", **columns: Any) -> dict[str, Any]:
    """A USD price of the SKU of `usage` from 2026 on, open-ended; `columns` override that."""
    return {
        "account_id": "a1",
        "sku_name": "JOBS",
        "cloud": "AWS",
        "usage_unit": "DBU",
        "currency_code": "USD",
        "price_start_time": "2026-01-01T00:00:00Z",
        "pricing": {"default": amount},
    } | columns


def job(change_time: str, name: str | None = "nightly", **columns: Any) -> dict[str, Any]:
    """A version of job j1 in workspace w1, changed on 1 March 2026 (`10:00`); `columns` override."""
    return {"workspace_id": "w1", "job_id": "j1", "name": name, "change_time": at(change_time)} | columns


def run_slice(start: str, end: str, result: str | None = None, **columns: Any) -> dict[str, Any]:
    """A slice of run r1 of job j1 in workspace w1, on 1 March 2026 (`10:00`); `columns` override."""
    return {
        "account_id": "a1",
        "workspace_id": "w1",
        "job_id": "j1",
        "run_id": "r1",
        "period_start_time": at(start),
        "period_end_time": at(end),
        "result_state": result,
    } | columns


def at(clock: str) -> str:
    """A time as deliveries write it: of 1 March 2026 where only the clock is given (`10:00`, `10:00:30`)."""
    if "T" in clock:
        return clock
    return f"2026-03-01T{clock}:00Z" if clock.count(":") == 1 else f"2026-03-01T{clock}Z"


def write_account(path: Path, deliveries: Mapping[str, Delivery]) -> AccountFolder:
    """Writes an account folder.

    Args:
        path: Where to; made if missing.
        deliveries: Delivery date to rows by table.

    Returns:
        The account, opened.
    """
    for day, tables in deliveries.items():
        folder = path / "deliveries" / day
        folder.mkdir(parents=True)
        for table, rows in tables.items():
            lines = "".join(json.dumps(row) + "\n" for row in rows)
            (folder / f"{table}.jsonl").write_text(lines, encoding="utf-8")
    (path / "deliveries").mkdir(parents=True, exist_ok=True)
    return AccountFolder(path)
