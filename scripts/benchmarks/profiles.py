"""Which of the warehouse's settings suit which size of account, and what dbt's threads are worth."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from steps import step

from benchmarks.accounts import delivery_days, generate
from benchmarks.tables import Verdict, paired, ratio, seconds, show
from benchmarks.trial import Cost, Trial

_PARTS = ("first build", "build of a day")


@dataclass(frozen=True)
class Account:
    """An account to build.

    Attributes:
        size: Its size, as the generator names it.
        days: Its days.
        suits: Name of the way that is meant for it, where it is one of those compared.
    """

    size: str
    days: int
    suits: str


@dataclass(frozen=True)
class Way:
    """One of two ways to build it.

    Attributes:
        name: What it is called in the tables.
        settings: The warehouse's Spark settings, as `up --size` names them.
        threads: Nodes dbt runs at once.
    """

    name: str
    settings: str
    threads: int


#: About 20,000 and about 200,000 usage rows.
FULL = (Account("small", 45, "small"), Account("medium", 9, "large"))
QUICK = (Account("small", 9, "small"), Account("medium", 3, "large"))

SETTINGS = (Way("small", "small", 4), Way("large", "large", 4))
THREADS = (Way("4 threads", "small", 4), Way("1 thread", "small", 1))


@dataclass
class _Figures:
    """What was measured of one account built one way: costs by part, round by round."""

    costs: dict[str, list[Cost]] = field(default_factory=lambda: {part: [] for part in _PARTS})


def measure(
    folder: Path,
    project: Path,
    accounts: tuple[Account, ...],
    ways: tuple[Way, Way],
    rounds: int,
    decisive: str,
) -> list[Verdict]:
    """Measure and print.

    Each account is built in a fresh home each way, one after the other: all days but the last, then the last.

    Args:
        folder: Scratch space.
        project: The copy of the project to run from.
        accounts: What to build.
        ways: The ways to compare: the second is held against the first.
        rounds: How often; the order of the ways changes each time.
        decisive: Which figure says what is better: `wall` or `processor`.

    Returns:
        For each account, what the way meant for it takes over what the other one does.

    Raises:
        StepFailed: A program failed.
    """
    figures: dict[tuple[Account, Way], _Figures] = {}
    for account in accounts:
        with step(f"Generating {account.days} days of the {account.size} account"):
            generated = generate(folder / f"{account.size}_{account.days}", account.size, account.days)
        for number in range(rounds):
            for way in ways if number % 2 == 0 else reversed(ways):
                with step(f"{account.size} account, {way.name}, round {number + 1} of {rounds}"):
                    _build(
                        Trial(folder / "trial", project),
                        generated,
                        way,
                        figures.setdefault((account, way), _Figures()),
                    )
    return _report(accounts, ways, figures, rounds, decisive)


def _build(trial: Trial, account: Path, way: Way, figures: _Figures) -> None:
    try:
        trial.up(way.settings)
        trial.deliver(account, delivery_days(account)[-2])
        figures.costs["first build"].append(trial.build(way.threads).cost)
        trial.deliver(account)
        figures.costs["build of a day"].append(trial.build(way.threads).cost)
    finally:
        trial.down()
        shutil.rmtree(trial.home, ignore_errors=True)


def _report(
    accounts: tuple[Account, ...],
    ways: tuple[Way, Way],
    figures: dict[tuple[Account, Way], _Figures],
    rounds: int,
    decisive: str,
) -> list[Verdict]:
    first, second = ways
    rows = []
    verdicts = []
    for account in accounts:
        name = f"{account.size}, {account.days} days"
        for part in _PARTS:
            cells = [f"{name}: {part}"]
            for kind in ("wall", "processor"):
                under = [getattr(cost, kind) for cost in figures[account, first].costs[part]]
                over = [getattr(cost, kind) for cost in figures[account, second].costs[part]]
                cells += [seconds(under), seconds(over), ratio(over, under)]
            rows.append(cells)
        totals = {
            way: [
                sum(getattr(figures[account, way].costs[part][number], decisive) for part in _PARTS)
                for number in range(rounds)
            ]
            for way in ways
        }
        meant = next((way for way in ways if way.name == account.suits), first)
        (other,) = (way for way in ways if way is not meant)
        told = "processor time" if decisive == "processor" else "seconds by the clock"
        verdicts.append(
            Verdict(
                f"{name}: {meant.name} to {other.name}, in {told}",
                median(paired(totals[meant], totals[other])),
                1.0,
            )
        )
    show(
        f"dbt both ways; medians of {rounds}, ratios {second.name} over {first.name}",
        [
            "account",
            *(f"{way.name} s" for way in ways),
            "ratio",
            *(f"{way.name} CPU s" for way in ways),
            "CPU ratio",
        ],
        rows,
    )
    return verdicts
