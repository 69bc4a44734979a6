"""What delivering a day of 100,000 usage rows takes once Spark is up."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from statistics import median

from steps import step

from benchmarks.accounts import delivery_days, generate
from benchmarks.tables import Verdict, seconds, show
from benchmarks.trial import Cost, Trial

#: Seconds for such a day.
GOAL = 10.0
_ROWS = 100_000


def measure(folder: Path, project: Path, days: int) -> list[Verdict]:
    """Measure and print: the usage alone, and with what else such an account's day has.

    Args:
        folder: Scratch space.
        project: The copy of the project to run from.
        days: How many days are delivered one by one, each way.

    Returns:
        The median of the seconds of a whole day, by the clock.

    Raises:
        StepFailed: A program failed.
    """
    with step(f"Generating days of {_ROWS:,} usage rows"):
        large = generate(folder / "large", "large", 2)
        accounts = {
            "usage alone": _days_of(large, folder / "usage_alone", days, only_usage=True),
            "whole day": _days_of(large, folder / "whole_day", days, only_usage=False),
        }
    costs: dict[str, list[Cost]] = {}
    for name, (account, _) in accounts.items():
        trial = Trial(folder / f"trial_{account.name}", project)
        try:
            with step(f"Starting a warehouse for: {name}"):
                trial.up()
            for day in delivery_days(account):
                with step(f"Delivering {day}"):
                    costs.setdefault(name, []).append(trial.deliver(account, day))
        finally:
            trial.down()
    show(
        "Delivering a day into a warehouse that is up; its Java is cold on the first",
        ["what", "tables", "rows", *(f"day {number + 1} s" for number in range(days)), "median s", "CPU s"],
        [
            [
                name,
                str(len(rows)),
                f"{sum(rows.values()):,}",
                *(f"{cost.wall:.1f}" for cost in costs[name]),
                seconds([cost.wall for cost in costs[name]]),
                seconds([cost.processor for cost in costs[name]]),
            ]
            for name, (_, rows) in accounts.items()
        ],
    )
    result = median(cost.wall for cost in costs["whole day"])
    return [Verdict("seconds of delivering a whole day", result, GOAL)]


def _days_of(large: Path, target: Path, days: int, *, only_usage: bool) -> tuple[Path, dict[str, int]]:
    """Cut the fullest day of a larger account to size, and write it as several days.

    Returns:
        The account folder, and the rows of a day by table.
    """
    folders = [large / "deliveries" / day.isoformat() for day in delivery_days(large)]
    fullest = max(folders, key=lambda of: (of / "billing.usage.jsonl").stat().st_size)
    first = target / "deliveries" / fullest.name
    first.mkdir(parents=True)
    share = min(1.0, _ROWS / _count(fullest / "billing.usage.jsonl"))
    rows = {}
    for file in [fullest / "billing.usage.jsonl"] if only_usage else sorted(fullest.iterdir()):
        wanted = _ROWS if file.name == "billing.usage.jsonl" else round(share * _count(file))
        with file.open(encoding="utf-8") as lines, (first / file.name).open("w", encoding="utf-8") as kept:
            kept.writelines(islice(lines, wanted))
        rows[file.stem] = wanted
    for number in range(1, days):
        later = date.fromisoformat(fullest.name) + timedelta(days=number)
        shutil.copytree(first, target / "deliveries" / later.isoformat())
    return target, rows


def _count(file: Path) -> int:
    with file.open(encoding="utf-8") as lines:
        return sum(1 for _ in lines)
