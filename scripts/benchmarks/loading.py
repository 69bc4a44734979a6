"""What delivering a day of 100,000 usage rows takes once Spark is up."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from statistics import median

from steps import say, step

from benchmarks.accounts import delivery_days, generate
from benchmarks.tables import show
from benchmarks.trial import Trial

#: Seconds for such a day.
GOAL = 10.0
_ROWS = 100_000


def measure(folder: Path, project: Path, days: int) -> float:
    """Measure and print.

    Args:
        folder: Scratch space.
        project: The copy of the project to run from.
        days: How many such days are delivered, one by one.

    Returns:
        The median of the seconds a day.

    Raises:
        StepFailed: A program failed.
    """
    with step(f"Generating a day of {_ROWS:,} usage rows"):
        large = generate(folder / "large", "large", 2)
        account, rows = _days_of(large, folder / "account", days)
    trial = Trial(folder / "trial", project)
    costs = []
    try:
        with step("Starting the warehouse"):
            trial.up()
        for day in delivery_days(account):
            with step(f"Delivering {day}"):
                costs.append(trial.deliver(account, day))
    finally:
        trial.down()
    every = sum(rows.values())
    show(
        f"Delivering a day: {rows['billing.usage']:,} usage rows, {every:,} rows of {len(rows)} tables",
        ["day", "seconds", "CPU seconds", "usage rows a second"],
        [
            [
                str(number + 1),
                f"{of.wall:.1f}",
                f"{of.processor:.1f}",
                f"{rows['billing.usage'] / of.wall:,.0f}",
            ]
            for number, of in enumerate(costs)
        ],
    )
    result = median(cost.wall for cost in costs)
    say()
    say(f"  A day takes {result:.1f} s: {'within' if result <= GOAL else 'over'} the goal of {GOAL:.0f} s")
    return result


def _days_of(large: Path, target: Path, days: int) -> tuple[Path, dict[str, int]]:
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
    for file in sorted(fullest.iterdir()):
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
