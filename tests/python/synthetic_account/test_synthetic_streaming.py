"""Memory does not grow with the number of rows, only with the number of things that make them."""

import tracemalloc
from datetime import date
from pathlib import Path

from synthetic_account.account import Request, build
from synthetic_account.sizes import Size
from synthetic_account.window import Window

BUSY = Size("busy", 8, 60, 2400, 10, 40, 10, 10, 20, 20)


def peak_of(folder: Path, days: int) -> tuple[int, int]:
    """Return the most memory held while an account of so many days is made, and its usage keys."""
    folder.mkdir()
    tracemalloc.start()
    try:
        truths = build(Request(1, BUSY, Window(date(2026, 10, 31), days)), folder, lambda done, keys: None)
        return tracemalloc.get_traced_memory()[1], truths["usage"]["keys"]  # type: ignore[index]
    finally:
        tracemalloc.stop()


def test_four_times_the_days_need_little_more_memory(tmp_path: Path) -> None:
    """Lines wait in short lists; sums grow by day and SKU, which is far less than by row."""
    short, few = peak_of(tmp_path / "short", 5)
    long, many = peak_of(tmp_path / "long", 20)
    written = sum(path.stat().st_size for path in (tmp_path / "long").rglob("*.jsonl"))
    assert many > 3 * few
    assert long < 2 * short
    assert long < written / 3
