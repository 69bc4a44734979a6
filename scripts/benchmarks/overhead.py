"""What the local warehouse adds to Spark: the same statements through the connector and straight on it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from pyspark.sql import SparkSession
from steps import ROOT, StepFailed, step

from benchmarks.accounts import generate
from benchmarks.tables import Verdict, paired, ratio, seconds, show
from benchmarks.trial import CATALOG, Cost, processor_seconds
from local_warehouse import client, deliver, server
from local_warehouse.engine import Engine
from local_warehouse.home import Home
from local_warehouse.rest import Routes
from local_warehouse.spark_session import start_spark, stop_spark

#: How much longer a statement of a second or more may take through the warehouse.
GOAL = 1.10
_SCHEMA = "bench"
_WAYS = ("straight", "through")


@dataclass(frozen=True)
class Plan:
    """What to measure.

    Attributes:
        size: The warehouse's Spark settings.
        copies: How often the usage of the small account (4,000 rows of 9 days) is repeated in the table.
        rounds: Pairs of runs of each statement, after one that does not count.
    """

    size: str = "small"
    copies: int = 250
    rounds: int = 5


#: `{usage}` and so on stand for the tables' names, `{own}` and `{made}` for those that only one way writes.
STATEMENTS = {
    "aggregate": """
        select usage_date, workspace_id, sku_name, sum(usage_quantity) as quantity, count(*) as records,
            count(distinct usage_metadata.job_id) as jobs
        from {usage} group by all""",
    "join": """
        select u.usage_date, u.sku_name, sum(u.usage_quantity * p.price) as cost
        from {usage} as u left join {prices} as p
            on u.sku_name = p.sku_name and u.cloud = p.cloud and u.usage_unit = p.usage_unit
                and u.usage_start_time >= p.price_start_time
                and (p.price_end_time is null or u.usage_start_time < p.price_end_time)
        group by all""",
    "window": """
        select count(*) as newest from (
            select row_number() over (
                partition by workspace_id, sku_name, usage_date order by usage_start_time desc) as place
            from {usage})
        where place = 1""",
    "merge": """
        merge into {own} as held using (
            select concat_ws('/', record_id, record_type, copy) as id, usage_quantity + 1 as quantity
            from {usage} where copy % 10 = 0) as new
        on held.id = new.id
        when matched then update set quantity = new.quantity
        when not matched then insert *""",
    "create table": """
        create or replace table {made} using delta as
        select record_id, record_type, usage_date, sku_name, usage_quantity, custom_tags from {usage}""",
    "300,000 rows out": """
        select record_id, record_type, account_id, workspace_id, sku_name, cloud, usage_start_time,
            usage_end_time, usage_quantity, usage_unit, usage_metadata.job_id as job_id, copy
        from {usage} limit 300000""",
}


@dataclass
class Figures:
    """What one statement took each way, pair by pair.

    Attributes:
        straight: On Spark itself.
        through: Through the warehouse, with the client.
        client: The processor seconds of `through` that the client used.
    """

    straight: list[Cost] = field(default_factory=list)
    through: list[Cost] = field(default_factory=list)
    client: list[float] = field(default_factory=list)


class _Client:
    """The connector in a process of its own, so that it shares no interpreter with the warehouse."""

    def __init__(self, endpoint: client.Endpoint) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.connector_client"],
            cwd=ROOT / "scripts",
            env={
                **os.environ,
                "LOCAL_WAREHOUSE_HOST": endpoint.host,
                "LOCAL_WAREHOUSE_HTTP_PATH": client.HTTP_PATH,
                "LOCAL_WAREHOUSE_TOKEN": endpoint.token,
                "BENCH_CATALOG": CATALOG,
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.pid = self._process.pid

    def run(self, sql: str) -> int:
        """Run a statement and fetch all its rows.

        Returns:
            How many rows there were.

        Raises:
            StepFailed: The statement failed.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({"sql": sql}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline() or '{"error": "the client ended"}')
        if "error" in answer:
            raise StepFailed(f"{answer['error']}\n{sql}")
        return int(answer["rows"])

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def measure(folder: Path, plan: Plan) -> list[Verdict]:
    """Measure and print.

    Both ways use one Spark, in turns: the same Java at the same warmth, the same tables, moments apart. The
    straight way is a session of its own in the process that owns Spark, and takes its rows as Arrow, as the
    connector does.

    Args:
        folder: Scratch space.
        plan: What to measure.

    Returns:
        For each statement of a second or more, the median ratio by processor time.

    Raises:
        StepFailed: A statement failed.
    """
    account = generate(folder / "account", "small", 9)
    home = Home(folder / "warehouse")
    figures = {name: Figures() for name in STATEMENTS}
    with home.lock("up") as owner, contextlib.ExitStack() as closing:
        with step(f"Starting Spark ({plan.size} settings)"):
            spark = start_spark(home, plan.size)
            closing.callback(stop_spark, spark)
            owner = home.owner() or owner
        with step("Delivering the account"):
            engine, through = closing.enter_context(_serving(home, spark, account))
            straight = engine.spark.newSession()
            schema = engine.catalog.physical_schema(CATALOG, _SCHEMA)
        with step(f"Making the tables: the usage of the account {plan.copies} times"):
            _prepare(through, plan)
        with step("Running everything once, not counted"):
            _round(0, figures, straight, through, schema, owner.jvm_pid)
        for number in range(1, plan.rounds + 1):
            with step(f"Round {number} of {plan.rounds}"):
                _round(number, figures, straight, through, schema, owner.jvm_pid)
    return _report(figures, plan)


@contextlib.contextmanager
def _serving(home: Home, spark: SparkSession, account: Path) -> Iterator[tuple[Engine, _Client]]:
    """Serve a Spark session with an account delivered, and connect to it."""
    engine = Engine(home, spark)
    deliver.deliver(home, lambda: engine, account, None, lambda line: None)
    ports: list[int] = []
    stops: list[Callable[[], None]] = []
    ready = threading.Event()

    def on_ready(port: int) -> None:
        ports.append(port)
        ready.set()

    def keep_stop(routes: Routes, stop: Callable[[], None]) -> None:
        stops.append(stop)

    serving = threading.Thread(target=server.serve, args=(home, engine, 0, on_ready, keep_stop), daemon=True)
    serving.start()
    if not ready.wait(60):
        raise StepFailed("the warehouse does not serve")
    through = _Client(client.Endpoint(f"http://127.0.0.1:{ports[0]}", ports[0], home.token))
    try:
        yield engine, through
    finally:
        through.close()
        stops[0]()
        serving.join()
        engine.close()


def _prepare(through: _Client, plan: Plan) -> None:
    through.run(f"create schema if not exists {CATALOG}.{_SCHEMA}")
    table = f"{CATALOG}.{_SCHEMA}"
    through.run(
        f"create or replace table {table}.usage using delta as select usage.*, copies.id as copy"
        f" from system.billing.usage as usage cross join range({plan.copies}) as copies"
        # One row a record, since a merge wants its keys unique.
        " where record_id is not null and record_type is not null qualify row_number() over ("
        "partition by record_id, record_type, copies.id order by ingestion_date desc) = 1"
    )
    through.run(
        f"create or replace table {table}.prices using delta as select sku_name, cloud, usage_unit,"
        " price_start_time, price_end_time, pricing.`default` as price"
        " from system.billing.list_prices where currency_code = 'USD'"
    )
    for way in _WAYS:
        through.run(
            f"create or replace table {table}.{way} using delta as"
            " select concat_ws('/', record_id, record_type, copy) as id, usage_quantity as quantity"
            f" from {table}.usage"
        )


def _round(
    number: int,
    figures: dict[str, Figures],
    straight: SparkSession,
    through: _Client,
    schema: str,
    jvm: int,
) -> None:
    shared = (os.getpid(), jvm)

    def run_straight(sql: str) -> None:
        straight.sql(_with_names(sql, f"`{schema}`", "straight")).toArrow()

    def run_through(sql: str) -> None:
        through.run(_with_names(sql, f"{CATALOG}.{_SCHEMA}", "through"))

    for name, sql in STATEMENTS.items():
        ways = [("straight", run_straight, shared), ("through", run_through, (*shared, through.pid))]
        for way, run, pids in ways if number % 2 else reversed(ways):
            used, by_client = sum(map(processor_seconds, pids)), processor_seconds(through.pid)
            started = time.monotonic()
            run(sql)
            cost = Cost(time.monotonic() - started, sum(map(processor_seconds, pids)) - used)
            if number > 0:
                getattr(figures[name], way).append(cost)
                if way == "through":
                    figures[name].client.append(processor_seconds(through.pid) - by_client)


def _with_names(sql: str, schema: str, way: str) -> str:
    """Put in the names of the tables, as the way in question writes them."""
    return sql.format(
        usage=f"{schema}.usage", prices=f"{schema}.prices", own=f"{schema}.{way}", made=f"{schema}.made_{way}"
    )


def _report(figures: dict[str, Figures], plan: Plan) -> list[Verdict]:
    rows = []
    verdicts = []
    for name, of in figures.items():
        cells = [name]
        for kind in ("wall", "processor"):
            under = [getattr(cost, kind) for cost in of.straight]
            over = [getattr(cost, kind) for cost in of.through]
            cells += [seconds(under), seconds(over), ratio(over, under)]
        if median(cost.wall for cost in of.straight) >= 1:
            ratios = paired([cost.processor for cost in of.through], [cost.processor for cost in of.straight])
            verdicts.append(
                Verdict(f"through the warehouse to straight on Spark, {name}", median(ratios), GOAL)
            )
        rows.append([*cells, seconds(of.client)])
    show(
        f"Through the warehouse against straight on Spark ({plan.size} settings, {plan.rounds} pairs)",
        [
            "statement",
            "Spark s",
            "warehouse s",
            "ratio",
            "Spark CPU s",
            "warehouse CPU s",
            "CPU ratio",
            "of it the client",
        ],
        rows,
    )
    if not verdicts:
        raise StepFailed("no statement took a second: there is nothing to compare; use more copies")
    return verdicts
