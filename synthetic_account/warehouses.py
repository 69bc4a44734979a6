"""SQL warehouses and their versions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from synthetic_account.deliveries import WAREHOUSES, Deliveries
from synthetic_account.organisation import Team, environment_of
from synthetic_account.sizes import Size
from synthetic_account.streams import Stream
from synthetic_account.window import DAY, HOUR, Window, time_text
from synthetic_account.workspaces import Workspace

SERVERLESS, PRO, CLASSIC = "SERVERLESS", "PRO", "CLASSIC"

_SIZES = ("2X_SMALL", "X_SMALL", "SMALL", "MEDIUM", "LARGE", "X_LARGE")


@dataclass
class Warehouse:
    """A SQL warehouse.

    Attributes:
        kind: `SERVERLESS`, `PRO` or `CLASSIC`.
        owner: User name.
        usage_tags: What its billing records carry as `custom_tags`.
        rate: DBU an hour, in millionths.
        versions: The rows of its history: change time, and the row with `delete_time` where it is deleted.
        latency: Seconds until the version of a change time appears in the source, where it is not an hour.
    """

    warehouse_id: str
    workspace: Workspace
    kind: str
    owner: str
    usage_tags: dict[str, str]
    rate: int
    versions: list[tuple[int, dict[str, object]]]
    latency: dict[int, int] = field(default_factory=dict)


def make_warehouses(
    stream: Stream,
    account_id: str,
    size: Size,
    window: Window,
    workspaces: Sequence[Workspace],
    teams: Sequence[Team],
) -> list[Warehouse]:
    """Make the SQL warehouses and their versions.

    Args:
        stream: The random numbers of this part.
        account_id: Of the account.
        size: How many.
        window: The days of the account; about every third warehouse is edited within it.
        workspaces: Where they are.
        teams: Whose they are.

    Returns:
        The warehouses in a fixed order.
    """
    warehouses = []
    for number in range(size.warehouses):
        own = stream.part("warehouse", number)
        workspace = workspaces[number % len(workspaces)]
        team = own.pick(teams)
        kind = own.weighted(((SERVERLESS, 6), (PRO, 3), (CLASSIC, 1)))
        tags = team.tags(environment_of(workspace.purpose, own), "reporting", own, 60)
        warehouse_id = own.word(16)
        owner = own.pick(team.people)
        rate = int(own.between(3, 8) * 1_000_000 * own.long_tail(6))
        past = own.part("history")
        created = (
            max(workspace.create_time, window.start - past.between(10, 700) * DAY)
            + past.between(1, 36) * HOUR
        )
        row: dict[str, object] = {
            "warehouse_id": warehouse_id,
            "workspace_id": workspace.workspace_id,
            "account_id": account_id,
            "warehouse_name": f"{team.name} {past.pick(('bi', 'reporting', 'adhoc', 'shared'))} {number}",
            "warehouse_type": kind,
            "warehouse_channel": past.weighted((("CURRENT", 9), ("PREVIEW", 1))),
            "warehouse_size": past.pick(_SIZES[:4]),
            "min_clusters": 1,
            "max_clusters": past.between(1, 4),
            "auto_stop_minutes": past.weighted(((10, 6), (30, 2), (120, 1), (0, 1))),
            "tags": tags,
            "created_by": owner,
        }
        versions = [(created, row)]
        for _ in range(past.weighted(((0, 6), (1, 3), (2, 1)))):
            edited = window.at(past.below(window.days), past.between(7, 18), past.below(60))
            if edited <= versions[-1][0]:
                continue
            if past.chance(0.6):
                row = {**row, "warehouse_size": past.pick(_SIZES)}
            else:
                row = {**row, "max_clusters": past.between(2, 8), "auto_stop_minutes": 15}
            versions.append((edited, row))
        warehouses.append(Warehouse(warehouse_id, workspace, kind, owner, tags, rate, versions))
    return warehouses


def deliver_warehouses(warehouses: Sequence[Warehouse], window: Window, deliveries: Deliveries) -> None:
    """Write every version of the warehouses to the day it becomes known."""
    for warehouse in warehouses:
        for change, row in warehouse.versions:
            day = deliveries.arrival(WAREHOUSES, window.day_of(change + warehouse.latency.get(change, HOUR)))
            if day is not None:
                line = json.dumps({**row, "change_time": time_text(change)}, ensure_ascii=False)
                deliveries.add(WAREHOUSES, day, line + "\n")
