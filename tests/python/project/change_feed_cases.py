"""Examples of what macros make of Delta's history: Jinja that gives JSON, and the value it must give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: It is noon of 20 March; the table is at version 9, and keeps what it does not use for a week.
NOW = "modules.datetime.datetime(2026, 3, 20, 12)"
POSITION = f"dict(version=9, table_id='t', retention=modules.datetime.timedelta(days=7), asked_at={NOW})"


def commit(version: int, operation: str, days_ago: float, **told: Mapping[str, str]) -> str:
    """An entry of Delta's history, in Jinja."""
    return (
        f"dict(version={version}, operation={operation!r},"
        f" timestamp={NOW} - modules.datetime.timedelta(days={days_ago}),"
        f" operationParameters={list(told.get('parameters', {}).items())},"
        f" operationMetrics={list(told.get('metrics', {}).items())})"
    )


def vacuum(version: int, days_ago: float, kept_days: int = 7) -> list[str]:
    """The two entries of a VACUUM, newest first."""
    kept = {"defaultRetentionMillis": str(7 * 86_400_000), "retentionCheckEnabled": "true"}
    if kept_days != 7:
        kept["specifiedRetentionMillis"] = str(kept_days * 86_400_000)
    return [
        commit(version + 1, "VACUUM END", days_ago),
        commit(version, "VACUUM START", days_ago, parameters=kept),
    ]


def merge(version: int, days_ago: float, rows: int = 1) -> str:
    counts = {"numTargetRowsInserted": "0", "numTargetRowsUpdated": str(rows), "numTargetRowsDeleted": "0"}
    return commit(version, "MERGE", days_ago, metrics={**counts, "numTargetRowsCopied": "5"})


def _lost(committed: str, commits: list[str]) -> str:
    return f"lost_range({committed}, {POSITION}, [{', '.join(commits)}])"


def _offset(version: int, table_id: str = "t") -> str:
    return f"dict(version={version}, table_id={table_id!r})"


CASES: dict[str, tuple[str, Any]] = {
    "no_offset": (_lost("none", []), "it has no committed offset"),
    "a_table_made_anew": (_lost(_offset(7, "other"), []), "the table was created anew since"),
    "a_table_that_went_back": (_lost(_offset(12), []), "its version 9 is older than the committed 12"),
    "nothing_new": (_lost(_offset(9), []), ""),
    "a_version_that_left_the_log": (
        _lost(_offset(6), [merge(9, 0.1), merge(8, 0.2)]),
        "versions from 7 on are no longer in its log",
    ),
    "changes_of_today": (_lost(_offset(7), [merge(9, 0.1), merge(8, 0.2)]), ""),
    "a_quiet_table_that_is_vacuumed_daily": (
        _lost(_offset(3), [*vacuum(8, 0.5), *vacuum(6, 7.5), *vacuum(4, 30)]),
        "",
    ),
    "maintenance_long_before_the_changes": (
        _lost(_offset(5), [merge(9, 0.1), *vacuum(7, 20), commit(6, "OPTIMIZE", 20)]),
        "",
    ),
    "a_merge_long_ago_that_changed_nothing": (_lost(_offset(6), [*vacuum(8, 0.1), merge(7, 9, rows=0)]), ""),
    "changes_that_a_vacuum_in_the_log_may_have_taken": (
        _lost(_offset(6), [*vacuum(8, 1, kept_days=2), merge(7, 3)]),
        "it was vacuumed at version 8: older changes may be gone",
    ),
    "changes_that_a_vacuum_kept": (_lost(_offset(6), [*vacuum(8, 1, kept_days=3), merge(7, 3)]), ""),
    "changes_older_than_files_surely_stay": (
        _lost(_offset(7), [merge(9, 0.1), merge(8, 7.1)]),
        "changes since version 8 may be vacuumed: files are kept for 7 days, 0:00:00",
    ),
    "an_unknown_operation_may_have_changed_rows": (
        _lost(_offset(8), [commit(9, "RESTORE", 8)]),
        "changes since version 9 may be vacuumed: files are kept for 7 days, 0:00:00",
    ),
    "commits_with_rows": (
        f"commits_with_rows([{merge(9, 0)}, {merge(8, 0, rows=0)}, {commit(7, 'OPTIMIZE', 0)},"
        f" {commit(6, 'WRITE', 0)}, {commit(5, 'MERGE', 0)}, {vacuum(3, 0)[0]}, {vacuum(3, 0)[1]}])"
        " | map(attribute='version') | list",
        [9, 6, 5],
    ),
    "commits_of_today_are_no_day_old": (
        f"is_a_day_old([{merge(9, 0.1)}, {merge(8, 0.9)}], {POSITION})",
        False,
    ),
    "the_oldest_commit_is_a_day_old": (f"is_a_day_old([{merge(9, 0.1)}, {merge(8, 1.1)}], {POSITION})", True),
    "no_commit_is_a_day_old": (f"is_a_day_old([], {POSITION})", False),
    "retention_of_a_table_that_says_nothing": (
        "retention_of([('delta.enableChangeDataFeed', 'true')]).total_seconds()",
        7 * 86_400,
    ),
    "retention_of_a_table_in_parts": (
        "retention_of([('delta.deletedFileRetentionDuration', 'interval 1 day 12 hours'),"
        " ('delta.logRetentionDuration', 'interval 30 days')]).total_seconds()",
        36 * 3600,
    ),
    "retention_of_a_table_that_keeps_nothing": (
        'retention_of(\'{"delta.deletedFileRetentionDuration":"interval 0 hours","a":"5 days"}\')'
        ".total_seconds()",
        0,
    ),
}
