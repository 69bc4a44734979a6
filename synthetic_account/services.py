"""Everything that is billed and is neither a job nor a pipeline.

SQL warehouses, all-purpose clusters, serverless notebooks, serving endpoints, vector search, apps,
databases, storage and the background work of the platform.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from synthetic_account.clusters import AllPurposeCluster
from synthetic_account.organisation import Team, environment_of
from synthetic_account.prices import PriceBook, sku_of
from synthetic_account.sizes import Size
from synthetic_account.streams import Stream
from synthetic_account.usage import Billed, Meter, Places, billed, day_factor, hourly_quantity
from synthetic_account.warehouses import CLASSIC, PRO, SERVERLESS, Warehouse
from synthetic_account.window import HOUR, Window
from synthetic_account.workspaces import Workspace


@dataclass(frozen=True)
class Service:
    """Something that is billed by the hour.

    Attributes:
        billed: One or more things billed in the same hour, each with the thousandths of the rate it takes.
        workspace: Where it runs.
        rate: Units an hour, in millionths.
        opens: First hour of the day it runs in.
        closes: The hour it stops.
        weekend_percent: How busy it is on a Saturday or Sunday; 0: not at all.
        daily: True: one record a day instead of one an hour, as for storage.
    """

    billed: tuple[tuple[Billed, int], ...]
    workspace: Workspace
    rate: int
    opens: int
    closes: int
    weekend_percent: int
    daily: bool = False


def make_services(
    stream: Stream,
    account_id: str,
    size: Size,
    workspaces: Sequence[Workspace],
    teams: Sequence[Team],
    clusters: Sequence[AllPurposeCluster],
    warehouses: Sequence[Warehouse],
    book: PriceBook,
    places: Places,
) -> list[Service]:
    """Make all services of the account.

    Args:
        stream: The random numbers of this part.
        account_id: Of the account.
        size: How many of each.
        workspaces: Where they run.
        teams: Whose they are.
        clusters: The all-purpose clusters, which are billed here.
        warehouses: The SQL warehouses, which are billed here.
        book: Their SKUs.
        places: What their records are added up by.

    Returns:
        The services in a fixed order.
    """
    services: list[Service] = []

    def thing(
        workspace: Workspace,
        sku_product: str,
        origin: str,
        tags: dict[str, str] | None,
        metadata: dict[str, object],
        identity: dict[str, object],
        features: dict[str, object],
        usage_type: str = "COMPUTE_TIME",
        photon: bool = False,
    ) -> Billed:
        plan = book.plan(sku_of(workspace, sku_product, photon), workspace.cloud)
        return billed(
            account_id,
            places.of(plan, origin, workspace.workspace_id),
            tags=tags,
            metadata=metadata,
            identity=identity,
            features=features,
            usage_type=usage_type,
        )

    for number, warehouse in enumerate(warehouses):
        sku = {
            SERVERLESS: "SERVERLESS_SQL_COMPUTE",
            PRO: "SQL_PRO_COMPUTE",
            CLASSIC: "SQL_COMPUTE",
        }[warehouse.kind]
        one = thing(
            warehouse.workspace,
            sku,
            "SQL",
            warehouse.usage_tags,
            {"warehouse_id": warehouse.warehouse_id},
            {"owned_by": warehouse.owner},
            {
                "sql_tier": warehouse.kind,
                "is_serverless": warehouse.kind == SERVERLESS,
                "is_photon": True,
            },
        )
        halves = ((one, 700), (one, 300)) if number % 3 == 0 else ((one, 1000),)
        services.append(Service(halves, warehouse.workspace, warehouse.rate, 7, 18, 25))

    for cluster in clusters:
        own = stream.part("cluster", cluster.cluster_id)
        product = "ALL_PURPOSE_COMPUTE"
        identity: dict[str, object] = {"run_as": cluster.owner}
        features: dict[str, object] = {"is_serverless": False, "is_photon": cluster.photon}
        nodes = [(cluster.worker_node_type, 1000)]
        if cluster.driver_node_type != cluster.worker_node_type:
            nodes = [(cluster.driver_node_type, 250), (cluster.worker_node_type, 750)]
        parts = tuple(
            (
                thing(
                    cluster.workspace,
                    product,
                    "ALL_PURPOSE",
                    cluster.usage_tags,
                    {"cluster_id": cluster.cluster_id, "node_type": node},
                    identity,
                    features,
                    photon=cluster.photon,
                ),
                share,
            )
            for node, share in nodes
        )
        opens = own.between(6, 10)
        services.append(Service(parts, cluster.workspace, cluster.rate, opens, opens + own.between(4, 9), 0))

    for number in range(size.notebooks):
        own = stream.part("notebook", number)
        workspace = own.pick(workspaces)
        team = own.pick(teams)
        person = own.pick(team.people)
        one = thing(
            workspace,
            "ALL_PURPOSE_SERVERLESS_COMPUTE",
            "INTERACTIVE",
            team.tags(environment_of(workspace.purpose, own), "exploration", own, 30),
            {
                "notebook_id": own.digits(15),
                "notebook_path": f"/Users/{person}/{team.name} exploration {number}",
            },
            {"run_as": person},
            {"is_serverless": True, "is_photon": True},
        )
        opens = own.between(8, 15)
        services.append(
            Service(((one, 1000),), workspace, own.between(600_000, 3_000_000), opens, opens + 3, 0)
        )

    for number in range(size.endpoints):
        own = stream.part("endpoint", number)
        workspace = workspaces[4] if number == 0 else own.pick(workspaces)
        team = own.pick(teams)
        origin = "VECTOR_SEARCH" if number % 3 == 2 else "MODEL_SERVING"
        one = thing(
            workspace,
            "SERVERLESS_REAL_TIME_INFERENCE",
            origin,
            team.tags(environment_of(workspace.purpose, own), "serving", own, 70),
            {"endpoint_name": f"{team.name}-model-{number}", "endpoint_id": own.word(32)},
            {"run_as": own.pick(team.principals)},
            {"serving_type": "MODEL", "is_serverless": True, "is_photon": False},
        )
        rate = int(own.between(3, 9) * 1_000_000 * own.long_tail(5))
        services.append(Service(((one, 1000),), workspace, rate, 0, 24, 90))

    for number in range(size.apps):
        own = stream.part("app", number)
        workspace = own.pick(workspaces)
        team = own.pick(teams)
        one = thing(
            workspace,
            "ALL_PURPOSE_SERVERLESS_COMPUTE",
            "APPS",
            None,
            {"app_id": own.uuid(), "app_name": f"{team.name}-app-{number}"},
            {"created_by": own.pick(team.people)},
            {"is_serverless": True, "is_photon": False, "apps": {"compute_size": "MEDIUM"}},
        )
        services.append(Service(((one, 1000),), workspace, 500_000, 0, 24, 100))

    for number in range(max(1, size.apps // 2)):
        own = stream.part("database", number)
        workspace = workspaces[0] if number == 0 else own.pick(workspaces)
        team = own.pick(teams)
        one = thing(
            workspace,
            "DATABASE_SERVERLESS_COMPUTE",
            "DATABASE",
            team.tags("prod", "serving", own, 50),
            {"database_instance_id": own.uuid()},
            {"run_as": own.pick(team.people)},
            {"is_serverless": True, "lakebase": {"compute_type": "AUTOSCALING"}},
        )
        services.append(Service(((one, 1000),), workspace, own.between(1, 4) * 1_000_000, 0, 24, 80))

    for number, workspace in enumerate(workspaces):
        own = stream.part("background", number)
        storage = thing(
            workspace,
            "DATABRICKS_STORAGE",
            "DEFAULT_STORAGE",
            None,
            {"metastore_id": own.uuid(), "catalog_id": own.uuid()},
            {},
            {"is_serverless": True},
            usage_type="STORAGE_SPACE",
        )
        services.append(
            Service(((storage, 1000),), workspace, own.between(40, 900) * 1_000_000, 0, 24, 100, daily=True)
        )
        upkeep = thing(
            workspace,
            "JOBS_SERVERLESS_COMPUTE",
            own.pick(("PREDICTIVE_OPTIMIZATION", "DATA_QUALITY_MONITORING", "LAKEHOUSE_MONITORING")),
            None,
            {},
            {},
            {"jobs_tier": "CLASSIC", "is_serverless": True, "is_photon": True},
        )
        services.append(Service(((upkeep, 1000),), workspace, own.between(300_000, 2_000_000), 1, 4, 100))
    return services


def bill_services(
    services: Sequence[Service], window: Window, day: int, meter: Meter, stream: Stream
) -> None:
    """Write one day of records of all services.

    Args:
        services: All of them.
        window: The days of the account.
        day: Which day.
        meter: Writes the records.
        stream: The random numbers of this part; each day has its own.
    """
    own = stream.part("day", day)
    for service in services:
        if not service.workspace.has_work(day):
            continue
        if service.weekend_percent == 0 and window.is_weekend(day):
            continue
        busy = day_factor(window, day, service.weekend_percent) * service.rate // 1000
        step = 24 if service.daily else 1
        for hour in range(service.opens, min(service.closes, 24), step):
            start = window.at(day, hour)
            rate = busy * own.between(700, 1300) // 1000
            for thing, share in service.billed:
                quantity = hourly_quantity(rate * share // 1000, HOUR)
                meter.hour(thing, start, start + step * HOUR, quantity, own)
