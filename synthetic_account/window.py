"""The days an account covers, and how their times are written.

Times are whole seconds since 1970-01-01 UTC and days are counted from the first day of the window: cheap to
compute with, and free of time zones.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache

HOUR = 3600
DAY = 86400
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


def seconds_of(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    """Return a UTC time as seconds since 1970."""
    return int(datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp())


@lru_cache(maxsize=4096)
def _date_text(days_since_epoch: int) -> str:
    return date.fromordinal(_EPOCH_ORDINAL + days_since_epoch).isoformat()


def date_text(seconds: int) -> str:
    """Return the UTC date of a time, as `2026-01-31`."""
    return _date_text(seconds // DAY)


def time_text(seconds: int) -> str:
    """Return a time as the account folder writes it: `2026-01-31T23:00:00Z`."""
    days, rest = divmod(seconds, DAY)
    return f"{_date_text(days)}T{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}Z"


@dataclass(frozen=True)
class Window:
    """The days of an account.

    Attributes:
        last: The last day, included.
        days: How many days there are.
    """

    last: date
    days: int

    @property
    def start(self) -> int:
        """The first second of the window."""
        return self.end - self.days * DAY

    @property
    def end(self) -> int:
        """The first second after the window."""
        return (self.last.toordinal() - _EPOCH_ORDINAL + 1) * DAY

    def at(self, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> int:
        """Return a time of a day of the window, in seconds since 1970.

        Args:
            day: 0 for the first day; days before and after the window count on.
            hour: Hour of the day.
            minute: Minute of the hour.
            second: Second of the minute.
        """
        return self.start + day * DAY + hour * HOUR + minute * 60 + second

    def day_of(self, seconds: int) -> int:
        """Return the day of a time: 0 for the first day, negative before it."""
        return (seconds - self.start) // DAY

    def date_of(self, day: int) -> str:
        """Return the date of a day of the window."""
        return date_text(self.at(day))

    def weekday(self, day: int) -> int:
        """Return 0 for a Monday to 6 for a Sunday."""
        return (self.start // DAY + day + 3) % 7

    def is_weekend(self, day: int) -> bool:
        """Whether the day is a Saturday or a Sunday."""
        return self.weekday(day) >= 5

    def month_starts(self) -> list[int]:
        """Return the days of the window, other than the first, that begin a month."""
        return [day for day in range(1, self.days) if self.date_of(day).endswith("-01")]
