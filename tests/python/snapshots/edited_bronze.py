"""Edits Bronze directly, as deliveries in any order would leave it, and checks what snapshots make of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from end_to_end.project_run import CATALOG, ProjectRun
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

BRONZE = f"{CATALOG}.plt_bronze"
SILVER = f"{CATALOG}.plt_silver"

_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_ROWS_A_STATEMENT = 5000

_T = TypeVar("_T")


def drawn(strategy: SearchStrategy[_T], count: int) -> list[_T]:
    """Examples of a strategy, always the same ones.

    A build takes as long for a thousand keys as for one, so examples are drawn first and built together, each
    as a key of its own.

    Args:
        strategy: What to draw from.
        count: How many examples.

    Returns:
        The examples.
    """
    found: list[_T] = []

    @settings(
        max_examples=count,
        phases=[Phase.generate],
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def draw(example: _T) -> None:
        found.append(example)

    draw()
    return found


def moment(hour: int) -> str:
    """An hour of the examples as a TIMESTAMP's text."""
    return (_EPOCH + timedelta(hours=hour)).isoformat().replace("+00:00", "Z")


def hour_of(time: datetime | None) -> int | None:
    """The hour of the examples that a TIMESTAMP is; None stays None."""
    return None if time is None else round((time.astimezone(UTC) - _EPOCH) / timedelta(hours=1))


def merge_rows(
    project: ProjectRun,
    table: str,
    key: Sequence[str],
    types: Mapping[str, str],
    rows: Iterable[Mapping[str, Any]],
) -> None:
    """Write rows into a table of Bronze by their key; one that says `is_removed` is taken out.

    Args:
        project: The project.
        table: The table, in Bronze.
        key: Its key columns, compared null-safe.
        types: Its columns that are written, with their types.
        rows: The rows, by column name.
    """
    listed = list(rows)
    fields = ", ".join(f"{name}: {kind}" for name, kind in types.items())
    for start in range(0, len(listed), _ROWS_A_STATEMENT):
        text = json.dumps(listed[start : start + _ROWS_A_STATEMENT])
        assert "'" not in text and "\\" not in text
        project.fetch(
            f"merge into {BRONZE}.{table} as held using (select inline(from_json('{text}',"
            f" 'array<struct<is_removed: boolean, {fields}>>'))) as rows"
            f" on {' and '.join(f'held.{name} <=> rows.{name}' for name in key)}"
            " when matched and rows.is_removed then delete"
            f" when matched then update set {', '.join(f'{name} = rows.{name}' for name in types)}"
            " when not matched and not rows.is_removed"
            f" then insert ({', '.join(types)}) values ({', '.join(f'rows.{name}' for name in types)})"
        )


def snapshot(project: ProjectRun, *names: str) -> None:
    """Build some snapshots with the real dbt."""
    project.dbt("build", "--select", *names, "--exclude", "resource_type:test")


def assert_promises(project: ProjectRun, *names: str) -> None:
    """The project's own tests of some snapshots pass, and those of all snapshots together."""
    together = ("assert_versions_do_not_overlap", "assert_versions_have_no_gap_within_a_life")
    project.dbt("test", "--indirect-selection", "cautious", "--select", *names, *together)


def newest_version(project: ProjectRun, name: str) -> int:
    """The newest Delta version of a snapshot."""
    return int(project.fetch(f"describe history {SILVER}.{name} limit 1")[0]["version"])


def differences(
    expected: Mapping[Any, Any], held: Mapping[Any, Any], example: Callable[[Any], Any], limit: int = 5
) -> str:
    """What two mappings of keys to versions say differently, with the examples; empty if nothing."""
    keys = [key for key in {**expected, **held} if expected.get(key) != held.get(key)]
    shown = [
        f"{key}:\n  expected {expected.get(key)}\n  held     {held.get(key)}\n  example  {example(key)}"
        for key in keys[:limit]
    ]
    return "\n".join([f"{len(keys)} of {len(expected)} keys differ", *shown]) if keys else ""
