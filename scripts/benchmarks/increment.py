"""What one day's build costs on top of 1, 4 and 16 times the history."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from statistics import median

from steps import say, step

from benchmarks.accounts import delivery_days, generate, rows_until, shorten
from benchmarks.changes import write_change_day
from benchmarks.rows_read import rows_by_table, scanned, write_configuration
from benchmarks.tables import Verdict, paired, ratio, seconds, show
from benchmarks.trial import Build, Cost, Trial

#: How much longer the day's build may take on 16 times the history.
GOAL = 1.25
_WRITTEN = {
    "rows written": (
        "numTargetRowsInserted",
        "numTargetRowsUpdated",
        "numTargetRowsDeleted",
        "numOutputRows",
    ),
    "rows copied": ("numTargetRowsCopied", "numCopiedRows"),
    "files removed": ("numTargetFilesRemoved", "numRemovedFiles"),
}


@dataclass(frozen=True)
class Plan:
    """What to measure.

    Attributes:
        size: The account's size, which sets the rows a day.
        base_days: Days of history at x1.
        scales: How many times the base each history has; the first is what the others are held against.
        increments: How many days are built one by one, each at every scale.
        threads: Nodes dbt runs at once. With 1, the seconds of a model are its own and no neighbour's.
        warehouse_size: The warehouse's Spark settings.
        select: Nodes to build, as dbt selects them; empty for all.
    """

    size: str = "small"
    base_days: int = 6
    scales: tuple[int, ...] = (1, 4, 16)
    increments: int = 3
    threads: int = 1
    warehouse_size: str = "small"
    select: tuple[str, ...] = ()

    @property
    def selection(self) -> tuple[str, ...]:
        """Words of dbt's command line that select the nodes."""
        return ("--select", *self.select) if self.select else ()


@dataclass
class Scale:
    """One history and what was measured on it.

    Attributes:
        times: How many times the base history.
        trial: Its warehouse.
        account: Its account folder.
        idle: The builds with nothing new.
        builds: The increments, in order.
        written: Rows and files of each increment by node, by kind.
        change: The build of the day on which one key in a hundred changes.
        change_written: Its rows and files by node, by kind.
        change_read: The rows its nodes read, by node and table.
    """

    times: int
    trial: Trial
    account: Path
    idle: list[Build] = field(default_factory=list)
    builds: list[Build] = field(default_factory=list)
    written: list[dict[str, dict[str, int]]] = field(default_factory=list)
    change: Build | None = None
    change_written: dict[str, dict[str, int]] = field(default_factory=dict)
    change_read: dict[str, dict[str, int]] = field(default_factory=dict)


def measure(folder: Path, project: Path, plan: Plan) -> list[Verdict]:
    """Measure and print.

    Each history is loaded and built, built once more with nothing new, and then day by day. Ratios are of
    builds of one day; those of processor time are hardly touched by what else the machine does. A last day
    changes one key in a hundred: of that, the rows read and written by each model of Silver are told.

    Args:
        folder: Scratch space.
        project: The copy of the project to run from.
        plan: What to measure.

    Returns:
        Of a day's processor time on the longest history over that on the shortest, the median ratio.

    Raises:
        StepFailed: A program failed.
    """
    days = plan.base_days * max(plan.scales) + plan.increments + 2
    whole = folder / "account"
    with step(f"Generating {days} days of the {plan.size} account"):
        generate(whole, plan.size, days)
    new_days = delivery_days(whole)[-plan.increments :]
    last = max(day for day in delivery_days(whole) if day < new_days[0])
    delivered = write_change_day(whole, folder / "change", new_days[-1], plan.base_days)
    scales = []
    for times in plan.scales:
        account = shorten(whole, folder / f"account_x{times}", last, times * plan.base_days)
        scale = Scale(times, Trial(folder / f"x{times}", project), account)
        scales.append(scale)
        trial = scale.trial
        try:
            with step(f"x{times}: starting the warehouse and delivering {times * plan.base_days} days"):
                os.environ.update(write_configuration(trial.folder / "spark"))
                trial.up(plan.warehouse_size)
                trial.deliver(account, last)
            with step(f"x{times}: building the history"):
                trial.build(plan.threads, *plan.selection)
            with step(f"x{times}: building with nothing new"):
                scale.idle.append(trial.build(plan.threads, *plan.selection))
            for day in new_days:
                with step(f"x{times}: delivering and building {day}"):
                    _build_day(scale, day, plan)
            with step(f"x{times}: delivering and building a day that changes 1 % of keys"):
                _build_change(scale, folder / "change", plan)
        finally:
            trial.down()
        _save(folder / "figures.json", scales)
    _report_change(scales, delivered)
    return _report(scales, plan, last)


def _build_day(scale: Scale, day: date, plan: Plan) -> None:
    trial = scale.trial
    trial.deliver(scale.account, day)
    built = trial.build(plan.threads, *plan.selection)
    scale.builds.append(built)
    scale.written.append({name: _written(trial, of, built.started) for name, of in built.relations.items()})
    models = _models(built)
    say(
        f"    dbt {built.cost.wall:.1f} s by the clock, models {models.wall:.1f} s; "
        f"processor {built.cost.processor:.1f} s, models {models.processor:.1f} s"
    )


def _build_change(scale: Scale, change: Path, plan: Plan) -> None:
    trial = scale.trial
    trial.deliver(change)
    # One node at a time, so that what is read meanwhile is read for it.
    scale.change = built = trial.build(1, *plan.selection)
    scale.change_written = {name: _written(trial, of, built.started) for name, of in built.relations.items()}
    scans = scanned(trial.folder / "spark")
    scale.change_read = {name: rows_by_table(scans, *span) for name, span in built.spans.items()}


def _models(build: Build) -> Cost:
    """Add up all nodes."""
    return Cost(sum(of.wall for of in build.nodes.values()), sum(of.processor for of in build.nodes.values()))


def _written(trial: Trial, relation: str, since: float) -> dict[str, int]:
    """Add up what the commits to one table since a time say they wrote; nothing for a view."""
    from local_warehouse.client import RefusedError

    try:
        history = trial.rows(f"describe history {relation} limit 10")
    except RefusedError:
        return {}
    found: dict[str, int] = defaultdict(int)
    for commit in history:
        if commit["timestamp"].timestamp() >= since:
            metrics = dict(commit["operationMetrics"] or {})
            # A merge counts its copied and its changed rows as output once more.
            names = [
                name for name in metrics if name != "numOutputRows" or "numTargetRowsCopied" not in metrics
            ]
            for kind, of in _WRITTEN.items():
                found[kind] += sum(int(metrics[name]) for name in names if name in of)
    return dict(found)


def _report(scales: list[Scale], plan: Plan, last: date) -> list[Verdict]:
    first, longest = scales[0], scales[-1]
    show(
        f"Histories up to {last}, increments of a day each",
        ["history", "days", "usage rows", "run rows"],
        [
            [
                f"x{scale.times}",
                str(scale.times * plan.base_days),
                f"{rows_until(scale.account, 'billing.usage', last):,}",
                f"{rows_until(scale.account, 'lakeflow.job_task_run_timeline', last):,}",
            ]
            for scale in scales
        ],
    )
    measures: dict[str, Callable[[Build], float]] = {
        "all models, processor": lambda build: _models(build).processor,
        "all models, clock": lambda build: _models(build).wall,
        "all of dbt, processor": lambda build: build.cost.processor,
        "all of dbt, clock": lambda build: build.cost.wall,
    }
    heads = [
        "",
        *(f"x{scale.times} s" for scale in scales),
        *(f"x{of.times}/x{first.times}" for of in scales[1:]),
    ]
    rows = []
    for label, kind in (("one day: ", "builds"), ("nothing new: ", "idle")):
        for name, of in measures.items():
            figures = [[of(build) for build in getattr(scale, kind)] for scale in scales]
            rows.append(
                [
                    label + name,
                    *(seconds(some) for some in figures),
                    *(ratio(some, figures[0]) for some in figures[1:]),
                ]
            )
    show(f"Seconds, median of {plan.increments} days; ratios, median of pairs (least-greatest)", heads, rows)

    by_model = []
    for name in first.builds[0].nodes:
        figures = [[build.nodes[name].processor for build in scale.builds] for scale in scales]
        wrote = [
            {kind: round(median(of.get(name, {}).get(kind, 0) for of in scale.written)) for kind in _WRITTEN}
            for scale in (first, longest)
        ]
        added = median(b - a for a, b in zip(figures[0], figures[-1], strict=True))
        cells = [seconds(some) for some in figures] + [ratio(some, figures[0]) for some in figures[1:]]
        counts = [f"{wrote[0][kind]:,} / {wrote[1][kind]:,}" for kind in _WRITTEN]
        by_model.append((added, [name, *cells, f"{added:+.2f}", *counts]))
    by_model.sort(key=lambda row: -row[0])
    show(
        f"By model, CPU seconds, greatest growth first; rows and files x{first.times} / x{longest.times}",
        ["model", *heads[1:], "grew s", *_WRITTEN],
        [row for _, row in by_model],
    )
    result = median(
        paired(
            [_models(of).processor for of in longest.builds], [_models(of).processor for of in first.builds]
        )
    )
    return [Verdict(f"one day at x{longest.times} history to one at x{first.times}", result, GOAL)]


def _report_change(scales: list[Scale], delivered: dict[str, int]) -> None:
    first, longest = scales[0], scales[-1]
    assert first.change is not None
    rows = []
    for name, relation in first.change.relations.items():
        if "plt_silver" not in relation:
            continue
        reads = [scale.change_read[name] for scale in scales]
        most = sorted(reads[-1].items(), key=lambda item: -item[1])[:3]
        rows.append(
            [
                name,
                *(f"{scale.change_written[name].get('rows written', 0):,}" for scale in scales),
                *(f"{sum(of.values()):,}" for of in reads),
                ", ".join(f"{table.rpartition('/')[2]} {count:,}" for table, count in most),
            ]
        )
    show(
        "A day that changes 1 % of the keys of x1, the same at each history: "
        + ", ".join(f"{count:,} rows of {table}" for table, count in delivered.items()),
        [
            "model of Silver",
            *(f"written x{scale.times}" for scale in scales),
            *(f"read x{scale.times}" for scale in scales),
            f"most read at x{longest.times}",
        ],
        rows,
    )


def _save(file: Path, scales: list[Scale]) -> None:
    """Keep the figures of every run, for a closer look."""
    kept = {
        f"x{scale.times}": {
            "idle": [asdict(build) for build in scale.idle],
            "days": [asdict(build) for build in scale.builds],
            "written": scale.written,
            "change": None if scale.change is None else asdict(scale.change),
            "change_written": scale.change_written,
            "change_read": scale.change_read,
        }
        for scale in scales
    }
    file.write_text(json.dumps(kept, indent=1), encoding="utf-8")
