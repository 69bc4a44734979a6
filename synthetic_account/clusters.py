"""Node types, all-purpose clusters with their versions, and the one-shot clusters of job runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from synthetic_account.deliveries import CLUSTERS, Deliveries
from synthetic_account.organisation import Team, environment_of
from synthetic_account.sizes import Size
from synthetic_account.streams import Stream
from synthetic_account.window import DAY, HOUR, Window, date_text, time_text
from synthetic_account.workspaces import Workspace

NODE_TYPE_ROWS = (
    # name, cloud, cores, memory in MB, GPUs
    ("m5d.large", "AWS", 2.0, 8192, 0),
    ("m5d.xlarge", "AWS", 4.0, 16384, 0),
    ("i3.xlarge", "AWS", 4.0, 31232, 0),
    ("i3.2xlarge", "AWS", 8.0, 62464, 0),
    ("r5d.4xlarge", "AWS", 16.0, 131072, 0),
    ("g5.2xlarge", "AWS", 8.0, 32768, 1),
    ("Standard_DS3_v2", "AZURE", 4.0, 14336, 0),
    ("Standard_D8ds_v5", "AZURE", 8.0, 32768, 0),
    ("Standard_E16ds_v5", "AZURE", 16.0, 131072, 0),
    ("Standard_NC6s_v3", "AZURE", 6.0, 114688, 1),
    ("n2-highmem-4", "GCP", 4.0, 32768, 0),
    ("n2-standard-8", "GCP", 8.0, 32768, 0),
    ("e2-small", "GCP", 0.5, 2048, 0),
    ("a2-highgpu-1g", "GCP", 12.0, 87040, 1),
)
PLANTED_NODE_TYPES = (
    ("x1e.16xlarge", "AWS", 64.0, 1998848, 0),
    ("p3.16xlarge", "AWS", 64.0, 499712, 8),
    ("p4d.24xlarge", "AWS", 96.0, 1179648, 8),
)
"""Node types that only planted clusters run on."""

NEW_NODE_TYPE = ("r7gd.2xlarge", "AWS", 8.0, 65536, 0)
"""A node type the source lists only from the middle of the window on."""
CORRECTED_NODE_TYPE = (
    ("c7gd.large", "AWS", 2.0, 4096, 0),
    ("c7gd.large", "AWS", 2.0, 3891, 0),
)
"""A node type as the source lists it at first, and from the middle of the window on."""

RUNTIMES = (
    ("17.3.x-scala2.13", 6),
    ("16.4.x-scala2.12", 8),
    ("15.4.x-photon-scala2.12", 5),
    ("14.3.x-scala2.12", 3),
    ("16.4.x-cpu-ml-scala2.12", 1),
    ("12.2.x-scala2.12", 1),
)


def node_types(account_id: str, with_new: bool) -> list[str]:
    """Return all rows of `node_types`, as lines of JSON.

    Args:
        account_id: Of the account.
        with_new: Whether it is the list of the second half of the window, which has one more node type and
            another size of one.
    """
    rows = [*NODE_TYPE_ROWS, *PLANTED_NODE_TYPES, CORRECTED_NODE_TYPE[1 if with_new else 0]]
    if with_new:
        rows.append(NEW_NODE_TYPE)
    return [
        json.dumps(
            {
                "account_id": account_id,
                "node_type": name,
                "core_count": cores,
                "memory_mb": memory,
                "gpu_count": gpus,
            }
        )
        + "\n"
        for name, _, cores, memory, gpus in rows
    ]


def node_types_of(cloud: str) -> list[str]:
    """Return the names of the node types of a cloud without GPUs."""
    return [name for name, in_cloud, _, _, gpus in NODE_TYPE_ROWS if in_cloud == cloud and gpus == 0]


def cloud_attributes(cloud: str) -> dict[str, object]:
    """Return the attribute column of a cluster's cloud; those of the other clouds stay NULL."""
    if cloud == "AWS":
        return {
            "aws_attributes": {
                "first_on_demand": 1,
                "availability": "SPOT_WITH_FALLBACK",
                "zone_id": "auto",
                "spot_bid_price_percent": 100,
                "ebs_volume_count": 0,
            }
        }
    if cloud == "AZURE":
        return {
            "azure_attributes": {
                "first_on_demand": 1,
                "availability": "ON_DEMAND_AZURE",
                "spot_bid_max_price": -1.0,
            }
        }
    return {
        "gcp_attributes": {
            "use_preemptible_executors": False,
            "availability": "ON_DEMAND_GCP",
            "zone_id": "HA",
            "local_ssd_count": 0,
        }
    }


@dataclass
class AllPurposeCluster:
    """A cluster people work on, with the configuration of its newest version.

    Attributes:
        usage_tags: What its billing records carry as `custom_tags`.
        versions: The rows of its history: change time and row.
        rate: DBU an hour, in millionths.
        latency: Seconds until the version of a change time appears in the source, where it is not at once.
    """

    cluster_id: str
    workspace: Workspace
    owner: str
    photon: bool
    driver_node_type: str
    worker_node_type: str
    usage_tags: dict[str, str]
    versions: list[tuple[int, dict[str, object]]]
    rate: int
    latency: dict[int, int] = field(default_factory=dict)


def make_clusters(
    stream: Stream,
    account_id: str,
    size: Size,
    window: Window,
    workspaces: Sequence[Workspace],
    teams: Sequence[Team],
) -> list[AllPurposeCluster]:
    """Make the all-purpose clusters and their versions.

    Args:
        stream: The random numbers of this part.
        account_id: Of the account.
        size: How many.
        window: The days of the account; about every second cluster is edited within it.
        workspaces: Where they are.
        teams: Whose they are.

    Returns:
        The clusters in a fixed order.
    """
    clusters = []
    for number in range(size.clusters):
        own = stream.part(number)
        workspace = workspaces[number % len(workspaces)]
        team = own.pick(teams)
        owner = own.pick(team.people)
        nodes = node_types_of(workspace.cloud)
        worker = own.pick(nodes)
        driver = worker if own.chance(0.7) else own.pick(nodes)
        tags = team.tags(
            environment_of(workspace.purpose, own), own.pick(("exploration", "bi", "backfill")), own, 75
        )
        cluster_id = f"{own.digits(4)}-{own.digits(6)}-{own.word(8)}"
        created = (
            max(workspace.create_time, window.start - own.between(10, 700) * DAY) + own.between(1, 36) * HOUR
        )
        autoscale = own.chance(0.6)
        runtime = own.weighted(RUNTIMES)
        row: dict[str, object] = {
            "account_id": account_id,
            "workspace_id": workspace.workspace_id,
            "cluster_id": cluster_id,
            "cluster_name": f"{team.name} {own.pick(('shared', 'adhoc', 'bi', 'debug'))} {number}",
            "owned_by": owner,
            "create_time": time_text(created),
            "driver_node_type": driver,
            "worker_node_type": worker,
            "worker_count": None if autoscale else own.between(1, 8),
            "min_autoscale_workers": 1 if autoscale else None,
            "max_autoscale_workers": own.between(3, 12) if autoscale else None,
            "auto_termination_minutes": own.weighted(((30, 5), (60, 4), (120, 2), (0, 1))),
            "enable_elastic_disk": True,
            "tags": tags,
            "cluster_source": own.weighted((("UI", 4), ("API", 1))),
            "init_scripts": [] if own.chance(0.8) else [f"/Volumes/main/{team.name}/scripts/init.sh"],
            **cloud_attributes(workspace.cloud),
            "dbr_version": runtime,
            "data_security_mode": own.weighted((("USER_ISOLATION", 6), ("SINGLE_USER", 3), ("NONE", 1))),
            "driver_instance_pool_id": f"pool-{team.name}" if number % 5 == 0 else None,
            "worker_instance_pool_id": f"pool-{team.name}" if number % 5 == 0 else None,
            "policy_id": own.word(16).upper() if own.chance(0.6) else None,
        }
        versions = [(created, row)]
        for _ in range(own.weighted(((0, 5), (1, 3), (2, 2)))):
            edited = window.at(own.below(window.days), own.between(7, 18), own.below(60))
            if edited <= versions[-1][0]:
                continue
            row = dict(row)
            change = own.below(3)
            if change == 0:
                row["dbr_version"] = "17.3.x-scala2.13"
            elif change == 1:
                row["auto_termination_minutes"] = 20
            else:
                row["worker_count"], row["min_autoscale_workers"], row["max_autoscale_workers"] = (
                    None,
                    2,
                    own.between(4, 20),
                )
            versions.append((edited, row))
        rate = int(own.between(2, 7) * 1_000_000 * own.long_tail(8))
        photon = "photon" in runtime
        usage_tags = {**tags, "Vendor": "Databricks", "ClusterName": str(row["cluster_name"])}
        clusters.append(
            AllPurposeCluster(
                cluster_id, workspace, owner, photon, driver, worker, usage_tags, versions, rate
            )
        )
    return clusters


def cluster_line(row: dict[str, object], change: int, deleted: int | None = None) -> str:
    """Return a version of a cluster as a line of JSON.

    Args:
        row: Its configuration.
        change: `change_time`, in seconds since 1970.
        deleted: `delete_time`; None: it exists.
    """
    full = {**row, "change_time": time_text(change), "change_date": date_text(change)}
    if deleted is not None:
        full["delete_time"] = time_text(deleted)
    return json.dumps({k: v for k, v in full.items() if v is not None}, ensure_ascii=False) + "\n"


def deliver_clusters(clusters: Sequence[AllPurposeCluster], window: Window, deliveries: Deliveries) -> None:
    """Write every version of the all-purpose clusters to the day it becomes known."""
    for cluster in clusters:
        for change, row in cluster.versions:
            day = deliveries.arrival(CLUSTERS, window.day_of(change + cluster.latency.get(change, 0)))
            if day is not None:
                deliveries.add(CLUSTERS, day, cluster_line(row, change))
