"""Accounts to measure with: generated ones, and shorter histories of one that end in the same days."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from steps import ROOT

#: The natural key without its time of change: the newest row of before a history is the state it begins with.
_ENTITIES = {
    "lakeflow.jobs": ("workspace_id", "job_id"),
    "lakeflow.pipelines": ("workspace_id", "pipeline_id"),
    "compute.clusters": ("workspace_id", "cluster_id"),
    "compute.warehouses": ("workspace_id", "warehouse_id"),
}
#: A delivery replaces these whole.
_REPLACED = ("access.workspaces_latest", "billing.list_prices", "compute.node_types")


def generate(target: Path, size: str, days: int) -> Path:
    """Generate an account.

    Args:
        target: The folder to write; it must be missing.
        size: Its size, as the generator names it.
        days: Its days.

    Returns:
        `target`.

    Raises:
        subprocess.CalledProcessError: The generator failed.
    """
    command = [sys.executable, "-m", "synthetic_account", str(target), "--size", size, "--days", str(days)]
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    return target


def delivery_days(account: Path) -> list[date]:
    """List the days an account folder delivers, the first one first."""
    return sorted(date.fromisoformat(folder.name) for folder in (account / "deliveries").iterdir())


def shorten(account: Path, target: Path, last: date, days: int) -> Path:
    """Write the account as it would be had it begun some days before a date.

    Facts of earlier days are left out. Jobs, pipelines and clusters that were there when it begins have their
    newest row of before, and prices, workspaces and node types their newest state, all in a delivery on the
    day before. Every delivery from then on is the same file, so increments compare.

    Args:
        account: The whole account folder.
        target: The folder to write; it must be missing.
        last: The last day of the history.
        days: Days of history up to `last`, included.

    Returns:
        `target`.

    Raises:
        ValueError: The account has no delivery before the history begins.
    """
    first = last - timedelta(days=days - 1)
    all_days = delivery_days(account)
    before = [day for day in all_days if day < first]
    if not before:
        raise ValueError(f"{account} begins on {all_days[0]}: there is no state of before {first}")
    opening = target / "deliveries" / (first - timedelta(days=1)).isoformat()
    opening.mkdir(parents=True)
    for table in _REPLACED:
        files = [file for day in before if (file := _file(account, day, table)).exists()]
        if files:
            shutil.copy2(files[-1], opening / files[-1].name)
    for table, key in _ENTITIES.items():
        newest: dict[tuple[str, ...], tuple[str, str]] = {}
        for row, line in _rows(account, before, table):
            if "change_time" not in row:
                continue
            change, of = str(row["change_time"]), tuple(str(row.get(column)) for column in key)
            if of not in newest or newest[of][0] <= change:
                newest[of] = (change, line if row.get("delete_time") is None else "")
        (opening / f"{table}.jsonl").write_text(
            "".join(line for _, line in newest.values()), encoding="utf-8"
        )
    for day in all_days:
        if day >= first:
            kept = target / "deliveries" / day.isoformat()
            kept.mkdir()
            for file in (account / "deliveries" / day.isoformat()).iterdir():
                os.link(file, kept / file.name)
    return target


def rows_until(account: Path, table: str, last: date) -> int:
    """Count the rows of a table that an account delivers up to a day."""
    return sum(1 for _ in _lines(account, [day for day in delivery_days(account) if day <= last], table))


def _file(account: Path, day: date, table: str) -> Path:
    return account / "deliveries" / day.isoformat() / f"{table}.jsonl"


def _lines(account: Path, days: list[date], table: str) -> Iterator[str]:
    for day in days:
        file = _file(account, day, table)
        if file.exists():
            with file.open(encoding="utf-8") as lines:
                yield from lines


def _rows(account: Path, days: list[date], table: str) -> Iterator[tuple[dict[str, Any], str]]:
    for line in _lines(account, days, table):
        yield json.loads(line), line
