"""Which of the warehouse's settings suit which size of account."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from steps import say, step

from benchmarks.accounts import delivery_days, generate
from benchmarks.tables import paired, ratio, seconds, show
from benchmarks.trial import Cost, Trial

_PROFILES = ("small", "large")
_PARTS = ("first build", "build of a day")


@dataclass(frozen=True)
class Account:
    """An account to build.

    Attributes:
        size: Its size, as the generator names it.
        days: Its days.
    """

    size: str
    days: int


#: About 20,000 and about 200,000 usage rows.
FULL = (Account("small", 45), Account("medium", 9))
QUICK = (Account("small", 9), Account("medium", 3))


@dataclass
class _Figures:
    """What was measured of one account under one profile: costs by part, round by round."""

    costs: dict[str, list[Cost]] = field(default_factory=lambda: {part: [] for part in _PARTS})


def measure(
    folder: Path, project: Path, accounts: tuple[Account, ...], rounds: int, threads: int = 4
) -> None:
    """Measure and print.

    Each account is built in a fresh home under each profile, one after the other: all days but the last, then
    the last.

    Args:
        folder: Scratch space.
        project: The copy of the project to run from.
        accounts: What to build.
        rounds: How often; the order of the profiles changes each time.
        threads: Nodes dbt runs at once, as the project's profile has it.

    Raises:
        StepFailed: A program failed.
    """
    figures: dict[tuple[Account, str], _Figures] = {}
    for account in accounts:
        with step(f"Generating {account.days} days of the {account.size} account"):
            generated = generate(folder / f"{account.size}_{account.days}", account.size, account.days)
        for number in range(rounds):
            for profile in _PROFILES if number % 2 == 0 else reversed(_PROFILES):
                with step(f"{account.size} account, {profile} settings, round {number + 1} of {rounds}"):
                    _build(
                        Trial(folder / "trial", project),
                        generated,
                        profile,
                        threads,
                        figures.setdefault((account, profile), _Figures()),
                    )
    _report(accounts, figures, rounds)


def _build(trial: Trial, account: Path, profile: str, threads: int, figures: _Figures) -> None:
    try:
        trial.up(profile)
        trial.deliver(account, delivery_days(account)[-2])
        figures.costs["first build"].append(trial.build(threads).cost)
        trial.deliver(account)
        figures.costs["build of a day"].append(trial.build(threads).cost)
    finally:
        trial.down()
        shutil.rmtree(trial.home, ignore_errors=True)


def _report(accounts: tuple[Account, ...], figures: dict[tuple[Account, str], _Figures], rounds: int) -> None:
    small, large = _PROFILES
    rows = []
    advice = []
    for account in accounts:
        name = f"{account.size}, {account.days} days"
        for part in _PARTS:
            cells = [f"{name}: {part}"]
            for kind in ("wall", "processor"):
                under = [getattr(cost, kind) for cost in figures[account, small].costs[part]]
                over = [getattr(cost, kind) for cost in figures[account, large].costs[part]]
                cells += [seconds(under), seconds(over), ratio(over, under)]
            rows.append(cells)
        total = [
            sum(figures[account, profile].costs[part][number].processor for part in _PARTS)
            for profile in (large, small)
            for number in range(rounds)
        ]
        factor = median(paired(total[:rounds], total[rounds:]))
        better, by = (small, factor) if factor >= 1 else (large, 1 / factor)
        advice.append(f"  {name}: the {better} settings, by a factor of {by:.2f} in processor time")
    show(
        f"dbt under the settings of each size; medians of {rounds}, ratios large over small",
        ["account", "small s", "large s", "ratio", "small CPU s", "large CPU s", "CPU ratio"],
        rows,
    )
    say()
    for line in advice:
        say(line)
