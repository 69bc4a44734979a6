"""Puts the parts of an account together and writes it day by day."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from synthetic_account.clusters import deliver_clusters, make_clusters, node_types
from synthetic_account.deliveries import (
    JOB_RUNS,
    LIST_PRICES,
    NODE_TYPES,
    TABLES,
    TASK_RUNS,
    WORKSPACES,
    Deliveries,
)
from synthetic_account.jobs import deliver_jobs, make_jobs
from synthetic_account.organisation import make_teams
from synthetic_account.parts import Parts
from synthetic_account.pipelines import deliver_pipelines, make_pipelines
from synthetic_account.plants.all_cases import ALL_CASES
from synthetic_account.plants.cases import plant_all
from synthetic_account.prices import PriceBook
from synthetic_account.runs import RunWriter, run_jobs
from synthetic_account.services import bill_services, make_services
from synthetic_account.sizes import Size
from synthetic_account.streams import Stream
from synthetic_account.truths import Truths
from synthetic_account.updates import UpdateWriter, run_pipelines
from synthetic_account.usage import Meter, Places
from synthetic_account.warehouses import deliver_warehouses, make_warehouses
from synthetic_account.window import Window
from synthetic_account.workspaces import Workspace, listing, listing_days, make_workspaces


@dataclass(frozen=True)
class Request:
    """What account is asked for; the same request always gives the same bytes.

    Attributes:
        seed: Any whole number.
        size: How large.
        window: Which days.
        stale: Tables that stop: the name of each, and on how many of the last days it brings nothing.
    """

    seed: int
    size: Size
    window: Window
    stale: tuple[tuple[str, int], ...] = ()


def build(request: Request, folder: Path, progress: Callable[[int, int], None]) -> dict[str, object]:
    """Write an account into an empty folder.

    Args:
        request: What account.
        folder: Where `deliveries/` and `truths.json` go.
        progress: Called after each day with the number of days done and of usage keys so far.

    Returns:
        The truths, as written.
    """
    size, window = request.size, request.window
    # The numbers of an account must not depend on how long it is, so only the seed and the size name the
    # stream.
    root = Stream(f"synthetic account {request.seed} {size.name}")
    account_id = root.part("account").uuid()
    workspaces = make_workspaces(root.part("workspaces"), window, size.workspaces)
    book = PriceBook(account_id, window, workspaces)
    teams = make_teams(root.part("teams"))
    places = Places()
    truths = Truths()
    deliveries = Deliveries(folder / "deliveries", window, dict(request.stale))

    clusters = make_clusters(root.part("clusters"), account_id, size, window, workspaces, teams)
    warehouses = make_warehouses(root.part("services"), account_id, size, window, workspaces, teams)
    services = make_services(
        root.part("services"), account_id, size, workspaces, teams, clusters, warehouses, book, places
    )
    pipelines = make_pipelines(
        root.part("pipelines"), account_id, size, window, workspaces, teams, book, places
    )
    jobs = make_jobs(root.part("jobs"), size, window, workspaces, teams, clusters)
    meter = Meter(deliveries, truths.ledger, window)
    runs = RunWriter(account_id, window, deliveries, meter, book, places)
    updates = UpdateWriter(account_id, window, deliveries)
    parts = Parts(
        account_id,
        window,
        root,
        workspaces,
        teams,
        clusters,
        warehouses,
        jobs,
        pipelines,
        book,
        places,
        deliveries,
        runs,
        updates,
        truths,
    )
    plant_all(ALL_CASES, parts)
    deliver_clusters(clusters, window, deliveries)
    deliver_warehouses(warehouses, window, deliveries)
    deliver_pipelines(pipelines, account_id, window, deliveries)
    deliver_jobs(jobs, account_id, window, deliveries)

    for day in range(window.days):
        run_jobs(jobs, window, day, runs, root.part("runs"))
        run_pipelines(pipelines, window, day, updates, meter, root.part("updates"))
        bill_services(services, window, day, meter, root.part("service hours"))
        deliveries.flush(day)
        progress(day + 1, truths.ledger.keys)

    _deliver_whole_tables(window, deliveries, book, workspaces, account_id)
    deliveries.flush()
    written = _truths(request, account_id, truths, deliveries, runs, updates)
    text = json.dumps(written, ensure_ascii=False, indent=1)
    (folder / "truths.json").write_text(text + "\n", encoding="utf-8", newline="\n")
    return written


def _deliver_whole_tables(
    window: Window, deliveries: Deliveries, book: PriceBook, workspaces: list[Workspace], account_id: str
) -> None:
    for day in book.listing_days():
        arrival = deliveries.arrival(LIST_PRICES, day)
        if arrival is not None:
            deliveries.replace(LIST_PRICES, arrival, book.listing(day))
    for day in listing_days(workspaces, window):
        arrival = deliveries.arrival(WORKSPACES, day)
        if arrival is not None:
            deliveries.replace(WORKSPACES, arrival, listing(workspaces, account_id, day))
    for day in (0, window.days // 2):
        arrival = deliveries.arrival(NODE_TYPES, day)
        if arrival is not None:
            deliveries.replace(NODE_TYPES, arrival, node_types(account_id, with_new=day > 0))


def _truths(
    request: Request,
    account_id: str,
    truths: Truths,
    deliveries: Deliveries,
    runs: RunWriter,
    updates: UpdateWriter,
) -> dict[str, object]:
    window = request.window
    days = sorted({day for day, _ in deliveries.lines})
    head: dict[str, object] = {
        "account_id": account_id,
        "arguments": {
            "days": window.days,
            "seed": request.seed,
            "size": request.size.name,
            "end_date": window.last.isoformat(),
            "stale": dict(request.stale),
        },
        "first_date": window.date_of(0),
        "last_date": window.last.isoformat(),
        "delivery_dates": [window.date_of(day) for day in days],
        "dates_without_delivery": [window.date_of(day) for day in range(window.days) if day not in days],
        "lines_by_delivery": {
            window.date_of(day): {t: deliveries.lines[day, t] for t in TABLES if (day, t) in deliveries.lines}
            for day in days
        },
    }
    tables = {table: deliveries.totals(table) for table in TABLES}
    head["runs"] = {
        "job_runs_by_state": dict(sorted(runs.states[JOB_RUNS].items())),
        "task_attempts_by_state": dict(sorted(runs.states[TASK_RUNS].items())),
        "pipeline_updates_by_state": dict(sorted(updates.states.items())),
    }
    return truths.written(head, tables)


DEFAULT_LAST_DAY = date(2026, 10, 31)
