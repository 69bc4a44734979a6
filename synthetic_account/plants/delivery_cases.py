"""Days on which the source brings nothing, or only part of its tables."""

from __future__ import annotations

from synthetic_account.deliveries import USAGE, Deliveries
from synthetic_account.parts import Parts
from synthetic_account.plants.cases import Case, Planted


def _silent(parts: Parts) -> Planted:
    day = parts.deliveries.silent_day
    date = None if day is None else parts.window.date_of(day)
    return Planted(
        USAGE, [], "no delivery of that date: the build is green, the next day brings both", {"date": date}
    )


def _partial(parts: Parts) -> Planted:
    day = parts.deliveries.partial_day
    date = None if day is None else parts.window.date_of(day)
    facts: dict[str, object] = {"date": date, "tables": list(Deliveries.partial_tables)}
    return Planted(
        USAGE, [], "only these tables have a file of that date; the others follow a day later", facts
    )


CASES = (
    Case("day_without_delivery", _silent, days=Deliveries.days_for_gaps),
    Case("day_with_some_tables", _partial, days=Deliveries.days_for_gaps),
)
