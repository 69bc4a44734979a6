"""What a planted case is, and how it is put into an account."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from synthetic_account.parts import Parts

Facts = dict[str, object]
Key = dict[str, str | None]


@dataclass(frozen=True)
class Planted:
    """What a case put into the account.

    Attributes:
        table: The source table the keys belong to.
        keys: Its rows, by the columns of the table's key.
        expect: One line that says what must be found.
        facts: Figures that go with it.
    """

    table: str
    keys: Sequence[Key]
    expect: str
    facts: Facts


@dataclass(frozen=True)
class Case:
    """A case that can be planted.

    Attributes:
        name: Stays the same between versions.
        make: Puts it into the account.
        days: How many days the account must have at least.
        over_month_end: Whether a month must end within the window.
    """

    name: str
    make: Callable[[Parts], Planted]
    days: int = 5
    over_month_end: bool = False

    def no_room(self, parts: Parts) -> str | None:
        """Return why the account cannot hold the case; None if it can."""
        if parts.window.days < self.days:
            return f"needs {self.days} days"
        if self.over_month_end and not parts.window.month_starts():
            return "needs the end of a month within the window"
        return None


def plant_all(cases: Sequence[Case], parts: Parts) -> None:
    """Put cases into an account and note them in its truths.

    Args:
        cases: In a fixed order.
        parts: The account.
    """
    for case in cases:
        reason = case.no_room(parts)
        if reason is not None:
            parts.truths.no_room(case.name, reason)
            continue
        planted = case.make(parts)
        parts.truths.plant(case.name, planted.table, planted.expect, list(planted.keys), **planted.facts)
