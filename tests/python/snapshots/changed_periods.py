"""Holds the macro changed_periods to a plain comparison of two timelines."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from end_to_end.project_run import ProjectRun

from snapshots.edited_bronze import SILVER, differences, hour_of

Version = tuple[int, int | None, bool, int]
"""valid_from, valid_to, is_deleted and the content."""

ATTRIBUTES: tuple[Sequence[str] | None, ...] = (None, ("name",), ("tags", "name"))

# All that happens lies well between these hours, which therefore stand for all time.
_FIRST, _LAST = -6, 17
_FROM, _TO = "7777001", "7777002"
_BETWEEN = "\n-- between two queries\n"


class Periods:
    """What the macro gives for a snapshot. It is rendered once, since dbt takes long to start.

    Args:
        project: The project.
        name: The snapshot.
        key: Its key columns.
    """

    def __init__(self, project: ProjectRun, name: str, key: Sequence[str]) -> None:
        self.project = project
        self.key = key
        read = (
            f"dict(mode='changes', relation=ref('{name}'), source='{SILVER}.{name}',"
            f" from_version={_FROM}, to_version={_TO})"
        )
        calls = [
            f"{{{{ changed_periods({read}, {list(key)}, {list(attributes) if attributes else 'none'}) }}}}"
            for attributes in ATTRIBUTES
        ]
        printed = project.dbt("--quiet", "compile", "--inline", _BETWEEN.join(calls), "--output", "json")
        self.queries = json.loads(printed[printed.index("{") :])["compiled"].split(_BETWEEN)

    def found(self, attributes: Sequence[str] | None, start: int, end: int) -> dict[Any, set[int]]:
        """By key, the hours on which something differs because of a range of Delta versions."""
        query = self.queries[ATTRIBUTES.index(attributes)]
        hours: dict[Any, set[int]] = defaultdict(set)
        for row in self.project.fetch(query.replace(_FROM, str(start)).replace(_TO, str(end))):
            first, last = hour_of(row["period_start"]), hour_of(row["period_end"])
            hours[tuple(row[name] for name in self.key)].update(
                range(_FIRST if first is None else first, _LAST if last is None else last)
            )
        return dict(hours)

    def assert_exact(
        self,
        versions: tuple[int, int],
        before: Mapping[Any, Sequence[Version]],
        after: Mapping[Any, Sequence[Version]],
        example: Callable[[Any], Any],
    ) -> None:
        """The periods cover the hours on which something differs, and no other, with and without attributes.

        Args:
            versions: The first and the last Delta version that are read.
            before: The versions of every key before the first of them.
            after: The versions of every key after the last of them.
            example: What is shown of a key that differs.
        """
        for attributes in ATTRIBUTES:
            expected = {
                key: hours
                for key in {**before, **after}
                if (hours := changed_hours(before.get(key, ()), after.get(key, ()), attributes is not None))
            }
            assert not (found := differences(expected, self.found(attributes, *versions), example)), found


def in_effect(versions: Sequence[Version], hour: int) -> Version | None:
    """The last version that has begun, else the first; None where there is none."""
    begun = [version for version in versions if version[0] <= hour]
    return begun[-1] if begun else versions[0] if versions else None


def match(version: Version | None, hour: int) -> tuple[int, bool] | None:
    """Which version it is, and whether it covers the hour."""
    if version is None:
        return None
    start, end, *_ = version
    return start, start <= hour and (end is None or hour < end)


def changed_hours(before: Sequence[Version], after: Sequence[Version], by_content: bool) -> set[int]:
    """The hours on which the as-of match differs."""

    def seen(versions: Sequence[Version], hour: int) -> Any:
        version = in_effect(versions, hour)
        return (version and version[3]) if by_content else match(version, hour)

    return {hour for hour in range(_FIRST, _LAST) if seen(before, hour) != seen(after, hour)}
