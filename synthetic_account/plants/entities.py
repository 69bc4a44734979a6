"""Entities made one by one, for cases that need full control over their history."""

from __future__ import annotations

from dataclasses import replace

from synthetic_account.clusters import AllPurposeCluster, cloud_attributes
from synthetic_account.jobs import SERVERLESS, Job, JobVersion
from synthetic_account.parts import Parts
from synthetic_account.pipelines import Pipeline
from synthetic_account.plants.cases import Facts, Key
from synthetic_account.warehouses import PRO, Warehouse
from synthetic_account.window import HOUR, time_text

TEN_O_CLOCK = 10 * HOUR


def planted_job(
    parts: Parts,
    case: str,
    versions: list[JobVersion],
    *,
    workspace: str = "prod-us",
    compute: str = SERVERLESS,
    tasks: tuple[str, ...] = ("main",),
    daily: bool = False,
    job_id: str | None = None,
) -> Job:
    """Add a job to the account.

    Args:
        parts: The account.
        case: What it is for; its ids come from a stream of that name.
        versions: Its history, oldest first.
        workspace: Name of the workspace it is in.
        compute: What it runs on.
        tasks: Its task keys.
        daily: Whether it runs each day at ten, beside the runs the case makes.
        job_id: None: a new one.

    Returns:
        The job.
    """
    stream = parts.root.part("plant", case, "job", workspace)
    team = parts.teams[8]
    job = Job(
        workspace=parts.workspace(workspace),
        job_id=job_id or stream.digits(15),
        team=team,
        run_as=team.principals[0],
        versions=versions,
        created=versions[0].change,
        cron="0 0 10 * * ?",
        weekdays=tuple(range(7)) if daily else (),
        starts=(TEN_O_CLOCK,),
        odds=100,
        tasks=tasks,
        seconds=900,
        rate=2_000_000,
        compute=compute,
        photon=False,
        driver_node_type="m5d.large",
        worker_node_type="m5d.large",
        workers=2,
        runtime="16.4.x-scala2.12",
        failures=0,
        retries=False,
    )
    parts.jobs.append(job)
    return job


def version_key(job: Job, version: JobVersion) -> Key:
    """Return the key of a row of `lakeflow.jobs`."""
    return {
        "workspace_id": job.workspace.workspace_id,
        "job_id": job.job_id,
        "change_time": time_text(version.change),
    }


def life(versions: list[tuple[int, int | None, Facts]]) -> list[Facts]:
    """Return the versions of an entity as history must show them: half-open, an open end is null.

    Args:
        versions: Start, end (None: open) and what holds in between.
    """
    return [
        {"valid_from": time_text(start), "valid_to": None if end is None else time_text(end), **facts}
        for start, end, facts in versions
    ]


def planted_cluster(
    parts: Parts,
    case: str,
    versions: list[tuple[int, Facts]],
    *,
    workspace: str = "prod-us",
    cluster_id: str | None = None,
) -> AllPurposeCluster:
    """Add an all-purpose cluster to the account.

    Args:
        parts: The account.
        case: What it is for; its id comes from a stream of that name.
        versions: Change times, each with the columns that are new from then on.
        workspace: Name of the workspace it is in.
        cluster_id: None: a new one.

    Returns:
        The cluster; nothing bills it but the records its case writes.
    """
    stream = parts.root.part("plant", case, "cluster")
    home = parts.workspace(workspace)
    cluster_id = cluster_id or f"{stream.digits(4)}-{stream.digits(6)}-{stream.word(8)}"
    row: Facts = {
        "account_id": parts.account_id,
        "workspace_id": home.workspace_id,
        "cluster_id": cluster_id,
        "cluster_name": f"planted {case}",
        "owned_by": parts.teams[8].people[0],
        "create_time": time_text(versions[0][0]),
        "driver_node_type": "m5d.large",
        "worker_node_type": "m5d.xlarge",
        "worker_count": 4,
        "auto_termination_minutes": 60,
        "enable_elastic_disk": True,
        "tags": {},
        "cluster_source": "UI",
        "init_scripts": [],
        **cloud_attributes("AWS"),
        "dbr_version": "15.4.x-scala2.12",
        "data_security_mode": "USER_ISOLATION",
    }
    rows: list[tuple[int, Facts]] = []
    for change, changes in versions:
        row = {**row, **changes}
        rows.append((change, row))
    cluster = AllPurposeCluster(
        cluster_id, home, str(row["owned_by"]), False, "m5d.large", "m5d.xlarge", {}, rows, 0
    )
    parts.clusters.append(cluster)
    return cluster


def cluster_keys(cluster: AllPurposeCluster) -> list[Key]:
    """Return the keys of the rows of a cluster."""
    return [
        {
            "workspace_id": cluster.workspace.workspace_id,
            "cluster_id": cluster.cluster_id,
            "change_time": time_text(change),
        }
        for change, _ in cluster.versions
    ]


def planted_warehouse(
    parts: Parts, case: str, versions: list[tuple[int, Facts]], *, warehouse_id: str | None = None
) -> Warehouse:
    """Add a SQL warehouse to the account.

    Args:
        parts: The account.
        case: What it is for; its id comes from a stream of that name.
        versions: Change times, each with the columns that are new from then on.
        warehouse_id: None: a new one.

    Returns:
        The warehouse; nothing bills it but the records its case writes.
    """
    workspace = parts.workspace("prod-us")
    warehouse_id = warehouse_id or parts.root.part("plant", case, "warehouse").word(16)
    owner = parts.teams[8].people[0]
    row: Facts = {
        "warehouse_id": warehouse_id,
        "workspace_id": workspace.workspace_id,
        "account_id": parts.account_id,
        "warehouse_name": f"planted {case}",
        "warehouse_type": PRO,
        "warehouse_channel": "CURRENT",
        "warehouse_size": "SMALL",
        "min_clusters": 1,
        "max_clusters": 2,
        "auto_stop_minutes": 10,
        "tags": {},
        "created_by": owner,
    }
    rows: list[tuple[int, Facts]] = []
    for change, changes in versions:
        row = {**row, **changes}
        rows.append((change, row))
    warehouse = Warehouse(warehouse_id, workspace, PRO, owner, {}, 0, rows)
    parts.warehouses.append(warehouse)
    return warehouse


def warehouse_keys(warehouse: Warehouse) -> list[Key]:
    """Return the keys of the rows of a warehouse."""
    return [
        {
            "workspace_id": warehouse.workspace.workspace_id,
            "warehouse_id": warehouse.warehouse_id,
            "change_time": time_text(change),
        }
        for change, _ in warehouse.versions
    ]


def planted_pipeline(parts: Parts, case: str, tags: dict[str, str] | None = None) -> Pipeline:
    """Add a serverless pipeline to the account.

    Args:
        parts: The account.
        case: What it is for; its id comes from a stream of that name.
        tags: Its tags; None: it has none.

    Returns:
        The pipeline, in `prod-us`; it has no updates but those its case writes.
    """
    mould = parts.pipelines[0]
    pipeline_id = parts.root.part("plant", case, "pipeline").uuid()
    born = parts.window.at(-30, 8)
    settings: Facts = {
        "photon": True,
        "development": False,
        "continuous": False,
        "serverless": True,
        "channel": "CURRENT",
    }
    row: Facts = {
        **mould.versions[0][1],
        "pipeline_id": pipeline_id,
        "pipeline_type": "ETL_PIPELINE",
        "name": f"planted {case}",
        "tags": tags or {},
        "settings": settings,
        "create_time": time_text(born),
    }
    pipeline = replace(
        mould,
        pipeline_id=pipeline_id,
        versions=[(born, row, False)],
        continuous=False,
        starts=(),
        cluster_id=None,
        latency={},
    )
    parts.pipelines.append(pipeline)
    return pipeline
