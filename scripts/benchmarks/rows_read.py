"""How many rows Spark's scans of tables gave, from the event log of a warehouse."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_ROWS = "number of output rows"
_SCAN = re.compile(r"\bScan parquet\b")
_LOCATION = re.compile(r"\[([^\]]*)\]")


@dataclass(frozen=True)
class Scanned:
    """Rows that one task read from one table.

    Attributes:
        at: When the task ended, as epoch seconds.
        table: The last two parts of the table's folder.
        rows: How many rows the scan gave: those of the files it could not skip, before filters.
    """

    at: float
    table: str
    rows: int


def write_configuration(folder: Path) -> dict[str, str]:
    """Write a configuration that makes Spark keep an event log.

    Args:
        folder: Holds the configuration and the log; created where it is missing.

    Returns:
        The environment variable that makes a Spark that starts take it.
    """
    events = folder / "events"
    events.mkdir(parents=True, exist_ok=True)
    settings = {
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": events.as_uri(),
        "spark.eventLog.rolling.enabled": "false",
        "spark.eventLog.compress": "false",
        # The folder of a table is told in full.
        "spark.sql.maxMetadataStringLength": "2000",
    }
    (folder / "spark-defaults.conf").write_text(
        "".join(f"{name} {value}\n" for name, value in settings.items()), encoding="utf-8"
    )
    return {"SPARK_CONF_DIR": str(folder)}


def scanned(folder: Path) -> list[Scanned]:
    """Read what has been scanned so far.

    Args:
        folder: Where `write_configuration` wrote.

    Returns:
        One entry a task and table, in the order of the log, without the files of Delta logs.
    """
    found = []
    for log in sorted((folder / "events").iterdir()):
        tables: dict[int, str] = {}
        for event in _events(log):
            if "sparkPlanInfo" in event:
                tables.update(_scans(event["sparkPlanInfo"]))
            elif event["Event"] == "SparkListenerTaskEnd":
                info = event["Task Info"]
                for update in info["Accumulables"]:
                    table = tables.get(int(update["ID"]))
                    if table is not None:
                        found.append(
                            Scanned(info["Finish Time"] / 1000, table, int(update.get("Update") or 0))
                        )
    return found


def rows_by_table(scans: list[Scanned], start: float, end: float) -> dict[str, int]:
    """Add up the rows scanned from each table within a span of epoch times."""
    rows: dict[str, int] = defaultdict(int)
    for scan in scans:
        if start <= scan.at <= end:
            rows[scan.table] += scan.rows
    return dict(rows)


def _events(log: Path) -> Iterator[Mapping[str, Any]]:
    with log.open(encoding="utf-8") as lines:
        for line in lines:
            # Most of a log is of no interest here, and its last line may still be being written.
            if ('"sparkPlanInfo"' in line or '"SparkListenerTaskEnd"' in line) and line.endswith("\n"):
                yield json.loads(line)


def _scans(plan: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    """Find the counters of scans of tables in a plan, with the table of each."""
    location = str(plan.get("metadata", {}).get("Location", ""))
    if _SCAN.search(plan["nodeName"]) and location and "_delta_log" not in location:
        matched = _LOCATION.search(location)
        path = (matched.group(1) if matched else location).split(",")[0].rstrip("/")
        for metric in plan["metrics"]:
            if metric["name"] == _ROWS:
                yield int(metric["accumulatorId"]), "/".join(path.split("/")[-2:])
    for child in plan["children"]:
        yield from _scans(child)
