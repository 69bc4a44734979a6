"""Lakeflow pipelines, materialized views and ingestion: what they are, and their history."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from synthetic_account.clusters import cloud_attributes, cluster_line, node_types_of
from synthetic_account.deliveries import CLUSTERS, PIPELINES, Deliveries
from synthetic_account.organisation import Team, environment_of
from synthetic_account.prices import PriceBook, sku_of
from synthetic_account.sizes import Size
from synthetic_account.streams import Stream
from synthetic_account.truths import Place
from synthetic_account.usage import Billed, Places, fragment
from synthetic_account.window import DAY, HOUR, Window, time_text
from synthetic_account.workspaces import Workspace

_KINDS = (
    # pipeline type, product that bills it, SKU, edition, weight
    (("ETL_PIPELINE", "DLT", "DLT_ADVANCED_COMPUTE", "ADVANCED"), 3),
    (("ETL_PIPELINE", "DLT", "DLT_PRO_COMPUTE", "PRO"), 2),
    (("ETL_PIPELINE", "DLT", "DLT_CORE_COMPUTE", "CORE"), 2),
    (("ETL_PIPELINE", "DLT", "JOBS_SERVERLESS_COMPUTE", "ADVANCED"), 4),
    (("MATERIALIZED_VIEW", "SQL", "JOBS_SERVERLESS_COMPUTE", None), 3),
    (("STREAMING_TABLE", "SQL", "JOBS_SERVERLESS_COMPUTE", None), 1),
    (("INGESTION_PIPELINE", "LAKEFLOW_CONNECT", "JOBS_SERVERLESS_COMPUTE", None), 2),
)


@dataclass(eq=False)
class Pipeline:
    """A pipeline.

    Attributes:
        place: What its records are added up by.
        columns: What its records share, without `usage_metadata`, as the inside of a JSON object.
        versions: Its history: change time, row, whether the change is the deletion.
        continuous: True: one update runs day and night.
        starts: Second of the day of each update, unless it is continuous.
        seconds: How long an update usually takes.
        rate: DBU an hour, in millionths.
        cluster_id: Of a pipeline on classic compute.
        run_as: Application id it runs as.
        is_sql: Whether it refreshes a materialized view or a streaming table.
        latency: Seconds until the version of a change time appears in the source, where it is not an hour.
    """

    pipeline_id: str
    workspace: Workspace
    place: Place
    columns: str
    versions: list[tuple[int, dict[str, object], bool]]
    continuous: bool
    starts: tuple[int, ...]
    seconds: int
    rate: int
    cluster_id: str | None
    run_as: str
    is_sql: bool
    latency: dict[int, int] = field(default_factory=dict)

    def billed(self, update_id: str, maintenance_id: str | None = None) -> Billed:
        """Return what the hours of an update are billed for."""
        metadata = {
            "dlt_pipeline_id": self.pipeline_id,
            "dlt_update_id": None if maintenance_id else update_id,
            "dlt_maintenance_id": maintenance_id,
            "cluster_id": self.cluster_id,
        }
        return Billed(self.place, f'{self.columns}, "usage_metadata": {{{fragment(metadata)}}}')

    def ends(self) -> int | None:
        """When it was deleted, if it was."""
        return next((change for change, _, deleted in self.versions if deleted), None)


def make_pipelines(
    stream: Stream,
    account_id: str,
    size: Size,
    window: Window,
    workspaces: Sequence[Workspace],
    teams: Sequence[Team],
    book: PriceBook,
    places: Places,
) -> list[Pipeline]:
    """Make the pipelines of the account and their versions.

    Args:
        stream: The random numbers of this part.
        account_id: Of the account.
        size: How many.
        window: The days of the account; some pipelines are edited or deleted within it.
        workspaces: Where they are.
        teams: Whose they are.
        book: Their SKUs.
        places: What their records are added up by.

    Returns:
        The pipelines in a fixed order.
    """
    pipelines = []
    for number in range(size.pipelines):
        own = stream.part(number)
        workspace = workspaces[number % len(workspaces)]
        team = own.pick(teams)
        pipeline_type, origin, sku, edition = own.weighted(_KINDS)
        serverless = sku == "JOBS_SERVERLESS_COMPUTE"
        run_as = own.pick(team.principals)
        tags = team.tags(environment_of(workspace.purpose, own), "streaming", own, 60)
        photon = serverless or own.chance(0.5)
        continuous = pipeline_type == "ETL_PIPELINE" and own.chance(0.12)
        created = (
            max(workspace.create_time, window.start - own.between(15, 600) * DAY) + own.between(1, 30) * HOUR
        )
        row: dict[str, object] = {
            "account_id": account_id,
            "workspace_id": workspace.workspace_id,
            "pipeline_id": own.uuid(),
            "pipeline_type": pipeline_type,
            "name": f"{team.name} {pipeline_type.lower()} {number}",
            "created_by": own.pick(team.people),
            "run_as": run_as,
            "tags": tags,
            "settings": {
                "photon": photon,
                "development": workspace.purpose == "dev",
                "continuous": continuous,
                "serverless": serverless,
                "edition": edition,
                "channel": "CURRENT",
            },
            "configuration": {"spark.sql.shuffle.partitions": "auto"} if own.chance(0.3) else {},
            "create_time": time_text(created),
        }
        versions = [(created, row, False)]
        if own.chance(0.35):
            edited = window.at(own.below(window.days), own.between(7, 18), own.below(60))
            if edited > created:
                row = {**row, "name": f"{row['name']} renamed", "tags": {**tags, "reviewed": "yes"}}
                versions.append((edited, row, False))
        if own.chance(0.05):
            gone = window.at(own.below(window.days), 20, own.below(60))
            if gone > versions[-1][0]:
                versions.append((gone, row, True))
        place = places.of(
            book.plan(sku_of(workspace, sku, photon and not serverless), workspace.cloud),
            origin,
            workspace.workspace_id,
        )
        columns = fragment(
            {
                "account_id": account_id,
                "workspace_id": workspace.workspace_id,
                "sku_name": place.sku_name,
                "cloud": place.cloud,
                "usage_unit": place.unit,
                "custom_tags": tags,
                "identity_metadata": {"run_as": run_as},
                "billing_origin_product": origin,
                "product_features": {"dlt_tier": edition, "is_serverless": serverless, "is_photon": photon},
                "usage_type": "COMPUTE_TIME",
            }
        )
        count = own.weighted(((1, 5), (2, 2), (4, 1)))
        first = own.between(0, 6) * HOUR + own.below(3600)
        pipelines.append(
            Pipeline(
                pipeline_id=str(row["pipeline_id"]),
                workspace=workspace,
                place=place,
                columns=columns,
                versions=versions,
                continuous=continuous,
                starts=tuple(first + n * (DAY // count) for n in range(count)),
                seconds=int(400 * own.long_tail(25)),
                rate=int(14_000_000 * own.long_tail(20)),
                cluster_id=None if serverless else f"{own.digits(4)}-{own.digits(6)}-{own.word(8)}",
                run_as=run_as,
                is_sql=origin == "SQL",
            )
        )
    return pipelines


def deliver_pipelines(
    pipelines: Sequence[Pipeline], account_id: str, window: Window, deliveries: Deliveries
) -> None:
    """Write every version of the pipelines, and of their clusters, to the day it becomes known."""
    clusters: set[str] = set()
    for pipeline in pipelines:
        for change, row, deleted in pipeline.versions:
            day = deliveries.arrival(PIPELINES, window.day_of(change + pipeline.latency.get(change, HOUR)))
            if day is None:
                continue
            full = {**row, "change_time": time_text(change)}
            if deleted:
                full["delete_time"] = time_text(change)
            deliveries.add(PIPELINES, day, json.dumps(full, ensure_ascii=False) + "\n")
        if pipeline.cluster_id is not None and pipeline.cluster_id not in clusters:
            clusters.add(pipeline.cluster_id)
            _deliver_cluster(pipeline, account_id, window, deliveries)


def _deliver_cluster(pipeline: Pipeline, account_id: str, window: Window, deliveries: Deliveries) -> None:
    created = pipeline.versions[0][0]
    day = deliveries.arrival(CLUSTERS, window.day_of(created))
    if day is None:
        return
    nodes = node_types_of(pipeline.workspace.cloud)
    row: dict[str, object] = {
        "account_id": account_id,
        "workspace_id": pipeline.workspace.workspace_id,
        "cluster_id": pipeline.cluster_id,
        "cluster_name": f"dlt-execution-{pipeline.pipeline_id}",
        "owned_by": pipeline.run_as,
        "create_time": time_text(created),
        "driver_node_type": nodes[0],
        "worker_node_type": nodes[0],
        "min_autoscale_workers": 1,
        "max_autoscale_workers": 5,
        "auto_termination_minutes": 0,
        "enable_elastic_disk": True,
        "tags": {},
        "cluster_source": "PIPELINE",
        "init_scripts": [],
        **cloud_attributes(pipeline.workspace.cloud),
        "dbr_version": "dlt:16.4.8-delta-pipelines-dlt-release-2026.30-rc0",
        "data_security_mode": "SINGLE_USER",
    }
    deliveries.add(CLUSTERS, day, cluster_line(row, created))
