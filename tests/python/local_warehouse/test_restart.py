"""What was answered survives; what was cut short is either there or not, and never in the way."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sql.exc import Error
from serving_warehouse import Warehouse, start_warehouse

pytestmark = pytest.mark.warehouse

C = "platform_observability"


@contextlib.contextmanager
def running(home: Path) -> Iterator[Warehouse]:
    warehouse = start_warehouse(home)
    try:
        yield warehouse
    finally:
        warehouse.stop()


def run_all(warehouse: Warehouse, *statements: str) -> None:
    with warehouse.connect() as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def test_everything_recorded_survives_a_kill_in_the_middle_of_work(tmp_path: Path) -> None:
    home = tmp_path / "home"
    warehouse = start_warehouse(home)
    answered: list[str] = []

    def keep_working() -> None:
        # Whatever the killed server's end looks like to the connector.
        with contextlib.suppress(Exception), warehouse.connect() as connection, connection.cursor() as cursor:
            for number in range(1000):
                cursor.execute(f"create or replace table {C}.s.w{number} as select {number} as x")
                answered.append(f"w{number}")
                if number % 2:
                    cursor.execute(f"drop table {C}.s.w{number - 1}")
                    answered.remove(f"w{number - 1}")

    try:
        run_all(
            warehouse,
            "create catalog other comment 'another'",
            "create schema other.kept comment 'a schema'",
            f"create schema {C}.s",
            f"create table {C}.s.t (id int comment 'the id', day int) partitioned by (id) comment 'a table'",
            f"insert into {C}.s.t values (1, 2)",
            f"alter table {C}.s.t add constraint pk primary key (id)",
            f"alter table {C}.s.t set tags ('a' = 'b')",
            f"create view {C}.s.v as select id * 2 as twice from {C}.s.t",
            f"create function {C}.s.f(x int) returns int return x + 1",
            f"grant select on table {C}.s.t to someone",
        )
        before = describe(warehouse)
        # Nobody waits for it: the connector keeps trying to reach the killed server for a while.
        worker = threading.Thread(target=keep_working, daemon=True)
        worker.start()
        while len(answered) < 4:
            assert worker.is_alive()
            time.sleep(0.05)
    finally:
        warehouse.kill()
    before_kill = list(answered)
    with running(home) as again:
        assert describe(again) == before
        assert again.rows(f"select twice, {C}.s.f(twice) from {C}.s.v") == [(2, 3)]
        assert again.rows("show schemas in other like 'kept'") == [("kept",)]
        assert again.rows(f"show grants on table {C}.s.t")[0][:2] == ("someone", "SELECT")
        tables = {row[1] for row in again.rows(f"show tables in {C}.s like 'w*'")}
        # The statement under way when it was killed may have come through or not: one table more, or one
        # less.
        assert len(tables ^ set(before_kill)) <= 1
        for table in tables:
            assert again.rows(f"select x from {C}.s.{table}") == [(int(table[1:]),)]
        run_all(
            again, *(f"create or replace table {C}.s.w{number} as select 'new' as y" for number in range(3))
        )
        run_all(again, f"create or replace table {C}.s.t partitioned by (id) as select 5 as id, 6 as day")


def describe(warehouse: Warehouse) -> tuple[object, ...]:
    document = json.loads(warehouse.rows(f"describe table extended {C}.s.t as json")[0][0])
    view = json.loads(warehouse.rows(f"describe table extended {C}.s.v as json")[0][0])
    tags = warehouse.rows("select tag_name, tag_value from system.information_schema.table_tags")
    comments = warehouse.rows("select schema_name, comment from system.information_schema.schemata")
    return document, view, tags, sorted(comments, key=str)


def test_what_a_kill_left_half_done_is_put_right_at_the_next_start(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running(home) as warehouse:
        run_all(
            warehouse,
            f"create schema {C}.s",
            *(
                f"create table {C}.s.{name} as select 1 as x"
                for name in ("unrecorded", "half_dropped", "lost", "old")
            ),
            f"alter table {C}.s.old set tags ('a' = 'b')",
            f"create table {C}.s.plain using parquet as select 7 as x",
            f"create view {C}.s.seen as select * from {C}.s.plain",
        )
        run_all(warehouse, f"alter table {C}.s.old rename to {C}.s.new")
    folder = home / "warehouse" / f"{C}__s"
    # A create that was killed before its commit leaves data files only.
    (folder / "half_created").mkdir()
    (folder / "half_created" / "part-0.parquet").write_bytes(b"PAR1")
    shutil.rmtree(folder / "lost")
    with contextlib.closing(sqlite3.connect(home / "catalog.sqlite")) as database, database:
        database.execute("delete from relations where name = 'unrecorded'")
        dropped = {"name": [C, "s", "half_dropped"], "location": str(folder / "half_dropped")}
        database.execute("insert into intents (action, subject) values ('drop', ?)", (json.dumps(dropped),))
        # A rename that was killed after the folder moved.
        database.execute("update relations set name = 'old' where name = 'new'")
        database.execute("update tags set relation = 'old'")
        renamed = {"old": [C, "s", "old"], "new": [C, "s", "new"]}
        places = {"source": str(folder / "old"), "target": str(folder / "new")}
        database.execute(
            "insert into intents (action, subject) values ('rename', ?)", (json.dumps(renamed | places),)
        )
    with running(home) as again:
        assert [row[1] for row in again.rows(f"show tables in {C}.s")] == [
            "new",
            "plain",
            "seen",
            "unrecorded",
        ]
        assert again.rows(f"select x from {C}.s.seen") == [(7,)]
        assert again.rows(f"select * from {C}.s.unrecorded union all select * from {C}.s.new") == [(1,), (1,)]
        assert again.rows("select table_name from system.information_schema.table_tags") == [("new",)]
        for name in ("half_created", "half_dropped", "lost", "old"):
            run_all(again, f"create table {C}.s.{name} (y string)")
            assert again.rows(f"select * from {C}.s.{name}") == []


_QUICKLY_SWEPT = """
from local_warehouse import engine, server
engine.IDLE_SESSION_SECONDS, engine.ABANDONED_SECONDS, engine.SWEEP_SECONDS = 2.0, 2.0, 0.1
server.main()
"""


_ASKING = """
import os
from databricks import sql
connection = sql.connect(server_hostname="127.0.0.1", http_path="{path}", _connection_uri="{host}{path}",
    access_token=os.environ["TOKEN"], enable_telemetry=False)
connection.cursor().execute("select count(*) from range(1000000000) cross join range(1000000000)")
"""


def test_sessions_of_clients_that_went_away_are_closed_and_busy_ones_are_not(tmp_path: Path) -> None:
    warehouse = start_warehouse(tmp_path / "home", ("-c", _QUICKLY_SWEPT))
    try:
        client = WorkspaceClient(host=warehouse.host, token=warehouse.token)
        idle = warehouse.connect()
        with idle.cursor() as cursor:
            cursor.execute("create temporary view v as select 1 as x")
        with warehouse.connect() as busy, busy.cursor() as cursor:
            failures: list[BaseException] = []

            def execute() -> None:
                try:
                    cursor.execute("select count(*) from range(1000000000) cross join range(1000000000)")
                except Error as error:
                    failures.append(error)

            thread = threading.Thread(target=execute)
            thread.start()
            while client.warehouses.get("local").num_active_sessions != 1:
                time.sleep(0.1)
            # Its client waits for a statement longer than a session may be idle.
            time.sleep(3)
            assert client.warehouses.get("local").num_active_sessions == 1 and thread.is_alive()
            cursor.cancel()
            thread.join(60)
            assert "OPERATION_CANCELED" in str(failures[0])
        # A client that is killed says no goodbye: what it has asked for is not worked out to its end.
        program = _ASKING.format(host=warehouse.host, path=warehouse.http_path)
        asking = subprocess.Popen(
            [sys.executable, "-c", program], env=os.environ | {"TOKEN": warehouse.token}
        )
        while not client.query_history.list().res:
            assert asking.poll() is None
            time.sleep(0.1)
        asking.kill()
        asking.wait()
        while client.query_history.list().res:
            time.sleep(0.1)
        with idle.cursor() as cursor, pytest.raises(Error, match="SESSION_NOT_FOUND"):
            cursor.execute("select * from v")
    finally:
        warehouse.stop()
