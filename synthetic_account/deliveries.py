"""The account folder on disk: what newly appears in each source table, day by day.

Rows are appended to the file of the day they arrive, in the order they were made. Nothing but a few hundred
lines a file is kept in memory, so an account of any size is written in a stream.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from synthetic_account.window import Window

USAGE = "billing.usage"
LIST_PRICES = "billing.list_prices"
JOBS = "lakeflow.jobs"
PIPELINES = "lakeflow.pipelines"
JOB_RUNS = "lakeflow.job_run_timeline"
TASK_RUNS = "lakeflow.job_task_run_timeline"
WORKSPACES = "access.workspaces_latest"
CLUSTERS = "compute.clusters"
NODE_TYPES = "compute.node_types"
WAREHOUSES = "compute.warehouses"
UPDATES = "lakeflow.pipeline_update_timeline"

TABLES = (
    USAGE,
    LIST_PRICES,
    JOBS,
    PIPELINES,
    JOB_RUNS,
    TASK_RUNS,
    WORKSPACES,
    CLUSTERS,
    NODE_TYPES,
    WAREHOUSES,
    UPDATES,
)
REPLACED_WHOLE = (LIST_PRICES, WORKSPACES, NODE_TYPES)
"""Tables of which a delivery holds every row; of all others it holds the new ones."""

_LINES_IN_MEMORY = 256


class Deliveries:
    """Writes rows to the folder of the day they arrive.

    Attributes:
        silent_day: A day without any delivery; what would have come arrives a day later. None: there is none.
        partial_day: A day that only brings `partial_tables`; the rest arrives a day later. None: there is
            none.
        lines: How many lines each table got on each day.
        repeated: How many of them have the key of an earlier line.
    """

    partial_tables = (USAGE, JOB_RUNS)
    days_for_gaps = 7

    def __init__(self, folder: Path, window: Window, stale: Mapping[str, int] | None = None) -> None:
        """Take where deliveries go.

        Args:
            folder: Where they go, one sub-folder a day.
            window: The days of the account.
            stale: Tables that stop: on how many of the last days each brings nothing.
        """
        self._last_day = {table: window.days - 1 - days for table, days in (stale or {}).items()}
        self._folder = folder
        self._window = window
        self._pending: dict[tuple[int, str], list[str]] = {}
        self._folders_made: set[int] = set()
        self.lines: dict[tuple[int, str], int] = {}
        self.repeated: dict[str, int] = {}
        room = window.days >= self.days_for_gaps
        self.silent_day: int | None = window.days * 2 // 5 if room else None
        self.partial_day: int | None = window.days * 3 // 5 + 1 if room else None

    def arrival(self, table: str, day: int) -> int | None:
        """Return the day on which rows that are ready on `day` are delivered.

        Args:
            table: The source table, one of `TABLES`.
            day: When the rows are ready. Days before the window count as its first day: the first delivery
                is what the system tables held when the project was set up.

        Returns:
            The day of the delivery, or None if that is after the window, or after the table stopped.
        """
        day = max(day, 0)
        if day == self.silent_day:
            day += 1
        if day == self.partial_day and table not in self.partial_tables:
            day += 1
        if day >= self._window.days:
            return None
        last = self._last_day.get(table)
        return day if last is None or day <= last else None

    def add(self, table: str, day: int, line: str, *, repeated: bool = False) -> None:
        """Append one row to a delivery.

        Args:
            table: The source table.
            day: The day as `arrival` gave it.
            line: The row as JSON, ending in a line feed.
            repeated: Whether an earlier line has the same key.
        """
        if repeated:
            self.repeated[table] = self.repeated.get(table, 0) + 1
        key = (day, table)
        pending = self._pending.get(key)
        if pending is None:
            pending = self._pending[key] = []
            self.lines.setdefault(key, 0)
        pending.append(line)
        if len(pending) >= _LINES_IN_MEMORY:
            self._flush(key)

    def replace(self, table: str, day: int, lines: Iterable[str]) -> None:
        """Write the whole of a table that a delivery replaces.

        Args:
            table: One of `REPLACED_WHOLE`.
            day: The day as `arrival` gave it; a second call for the same day wins.
            lines: All rows as JSON, each ending in a line feed.
        """
        text = list(lines)
        self._file(day, table).write_text("".join(text), encoding="utf-8", newline="\n")
        self.lines[(day, table)] = len(text)

    def totals(self, table: str) -> dict[str, int]:
        """Return the lines and the distinct keys of a table over the whole account."""
        days = sorted(day for day, name in self.lines if name == table)
        lines = sum(self.lines[day, table] for day in days)
        if table in REPLACED_WHOLE:
            return {"lines": lines, "keys": self.lines[days[-1], table] if days else 0}
        return {"lines": lines, "keys": lines - self.repeated.get(table, 0)}

    def flush(self, last_day: int | None = None) -> None:
        """Write what is still in memory.

        Args:
            last_day: The last day to write, so that days that are over take no memory; None: all days.
        """
        for key in sorted(self._pending):
            if last_day is None or key[0] <= last_day:
                self._flush(key)
                del self._pending[key]

    def _file(self, day: int, table: str) -> Path:
        folder = self._folder / self._window.date_of(day)
        if day not in self._folders_made:
            folder.mkdir(parents=True, exist_ok=True)
            self._folders_made.add(day)
        return folder / f"{table}.jsonl"

    def _flush(self, key: tuple[int, str]) -> None:
        pending = self._pending[key]
        if not pending:
            return
        with self._file(*key).open("a", encoding="utf-8", newline="\n") as file:
            file.write("".join(pending))
        self.lines[key] += len(pending)
        pending.clear()
