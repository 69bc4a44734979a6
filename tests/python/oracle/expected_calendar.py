"""The rows that `dim_date` must hold."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from oracle.account_state import AccountState
from oracle.compare import ExpectedRows
from oracle.expected_usage import date_key
from oracle.run_rules import JOB_RUN, TASK_RUN

FIRST_YEAR, LAST_YEAR = 2023, 2035
"""The years that the calendar of the project covers."""

DIM_DATE_COLUMNS = (
    "date_key",
    "date",
    "year",
    "quarter",
    "month",
    "day",
    "day_of_week",
    "iso_week",
    "is_weekend",
    "month_start_date",
)


def expected_dim_date(state: AccountState) -> ExpectedRows:
    """The rows of `dim_date`: each day of the calendar, and those of usage and runs outside it.

    Args:
        state: The account, with ties of runs settled. Usage counts whether or not it breaks a rule.

    Returns:
        Rows keyed by date_key.

    Raises:
        ValueError: If ties of runs are not settled.
    """
    first, last = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)
    certain = {first + timedelta(days=number) for number in range((last - first).days + 1)}
    possible: set[date] = set()
    for candidates in state.usage.values():
        days = {one.row.usage_date for one in candidates if one.row.usage_date is not None}
        (certain if len(days) == len(candidates) == 1 else possible).update(days)
    for table in (JOB_RUN, TASK_RUN):
        for run in state.run_rows(table).values():
            times: list[datetime | None] = [run[f"{table.prefix}_start_time"]]
            if table is JOB_RUN:
                times.append(run["run_end_time"])
            certain.update(time.date() for time in times if time is not None)
    rows: dict[Any, Any] = {(date_key(day),): (_day_row(day), None) for day in possible}
    rows |= {(date_key(day),): (_day_row(day),) for day in certain}
    return ExpectedRows(("date_key",), DIM_DATE_COLUMNS, rows)


def _day_row(day: date) -> dict[str, Any]:
    return {
        "date_key": date_key(day),
        "date": day,
        "year": day.year,
        "quarter": (day.month + 2) // 3,
        "month": day.month,
        "day": day.day,
        "day_of_week": day.isoweekday(),
        "iso_week": day.isocalendar().week,
        "is_weekend": day.isoweekday() > 5,
        "month_start_date": day.replace(day=1),
    }
