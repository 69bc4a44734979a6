"""Deliveries: each once, in date order, whole or not at all, whenever the process is killed."""

from __future__ import annotations

import ast
import contextlib
import datetime
import json
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from local_warehouse.account_folder import DeliveryError
from local_warehouse.deliver import Journal, Outcome, deliver, finish, has_unfinished
from local_warehouse.home import Home


class Recorder:
    """Stands where the catalog stands; the tables are Delta's, on disk. Spark is not needed for any of it."""

    def __init__(self) -> None:
        self.catalog = self
        self._folder = tempfile.TemporaryDirectory(prefix="tables-")
        self.root = Path(self._folder.name)
        self.known: list[str] = []

    @property
    def spark(self) -> Any:
        raise AssertionError("Spark was asked to write a plain table")

    def physical(self, catalog: str, schema: str, table: str) -> str:
        return f"{catalog}.{schema}.{table}"

    def managed_location(self, catalog: str, schema: str, table: str) -> Path:
        return self.root / self.physical(catalog, schema, table)

    def creating(self, name: tuple[str, str, str]) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def ensure_schema(self, catalog: str, schema: str) -> None:
        assert catalog == "system"

    def adopt_table(self, catalog: str, schema: str, table: str) -> None:
        self.known.append(self.physical(catalog, schema, table))

    def register_table(self, catalog: str, schema: str, table: str) -> None:
        raise AssertionError("Spark was asked to write a plain table")

    @property
    def tables(self) -> dict[str, list[dict[str, Any]]]:
        found = {}
        for name in self.known:
            files = logged(self.root / name, "add", without="remove")
            found[name] = [
                row for path in files for row in pq.read_table(self.root / name / path).to_pylist()
            ]
        return found

    @property
    def columns(self) -> dict[str, list[tuple[str, Any]]]:
        described = {
            name: list(logged(self.root / name, "metaData", key="id").values()) for name in self.known
        }
        return {
            name: [(of["name"], of["type"]) for of in json.loads(found[-1]["schemaString"])["fields"]]
            for name, found in described.items()
        }

    @property
    def writes(self) -> int:
        return len(list(self.root.glob("*/_delta_log/*.json")))


def logged(folder: Path, kind: str, *, without: str = "", key: str = "path") -> dict[str, dict[str, Any]]:
    """What a table's log says of one kind of action, in order, less what a later one takes back."""
    found: dict[str, dict[str, Any]] = {}
    for commit in sorted((folder / "_delta_log").glob("*.json")):
        for line in commit.read_text().splitlines():
            action = json.loads(line)
            if kind in action:
                found[action[kind][key]] = action[kind]
            if without in action:
                found.pop(action[without][key])
    return found


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def account(tmp_path: Path) -> Path:
    return tmp_path / "account"


def put(account: Path, date: str, table: str, *rows: dict[str, Any] | str) -> Path:
    path = account / "deliveries" / date / f"{table}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def usage(number: int, **more: Any) -> dict[str, Any]:
    return {"record_id": str(number), "record_type": "ORIGINAL", "usage_quantity": "1.5", **more}


def run(
    home: Home, target: Recorder, account: Path, until: str | None = None, lines: list[str] | None = None
) -> Outcome:
    date = None if until is None else datetime.date.fromisoformat(until)
    told = (lambda line: None) if lines is None else lines.append
    return deliver(home, lambda: target, account, date, told)


def ids(target: Recorder, table: str = "system.billing.usage", column: str = "record_id") -> list[str]:
    return [row[column] for row in target.tables[table]]


class TestOnce:
    def test_deliveries_are_applied_in_date_order_and_once(self, home: Home, account: Path) -> None:
        target = Recorder()
        for day in (3, 1, 2):
            put(account, f"2026-01-0{day}", "billing.usage", usage(day))
        assert [str(of) for of in run(home, target, account, until="2026-01-02").delivered] == [
            "2026-01-01",
            "2026-01-02",
        ]
        outcome = run(home, target, account)
        assert [str(of) for of in outcome.delivered] == ["2026-01-03"]
        assert outcome.skipped == 2
        assert ids(target) == ["1", "2", "3"]
        assert run(home, target, account).delivered == []
        assert target.writes == 2

    def test_nothing_new_needs_no_spark(self, home: Home, account: Path) -> None:
        put(account, "2026-01-01", "billing.usage", usage(1))
        run(home, Recorder(), account)

        def no_spark() -> Recorder:
            raise AssertionError("Spark was started for nothing")

        assert deliver(home, no_spark, account).skipped == 1

    def test_other_content_for_a_delivered_date_is_refused(self, home: Home, account: Path) -> None:
        target = Recorder()
        put(account, "2026-01-01", "billing.usage", usage(1))
        run(home, target, account)
        put(account, "2026-01-01", "billing.usage", usage(2))
        put(account, "2026-01-02", "billing.usage", usage(3))
        with pytest.raises(DeliveryError, match="2026-01-01 was delivered before with other content"):
            run(home, target, account)
        assert ids(target) == ["1"]

    def test_small_deliveries_share_a_write(self, home: Home, account: Path) -> None:
        target = Recorder()
        for day in range(1, 31):
            put(account, f"2026-01-{day:02}", "billing.usage", usage(day))
        assert len(run(home, target, account).delivered) == 30
        assert target.writes == 1
        assert ids(target) == [str(day) for day in range(1, 31)]

    def test_large_deliveries_do_not(
        self, home: Home, account: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("local_warehouse.deliver._BATCH_ROWS", 3)
        target = Recorder()
        for day in range(1, 4):
            put(account, f"2026-01-0{day}", "billing.usage", usage(1), usage(2), usage(3))
        run(home, target, account)
        assert target.writes == 3

    def test_a_late_delivery_is_applied_and_said_to_be_late(self, home: Home, account: Path) -> None:
        target = Recorder()
        put(account, "2026-01-02", "billing.usage", usage(2))
        put(account, "2026-01-02", "compute.node_types", {"node_type": "new"})
        run(home, target, account)
        put(account, "2026-01-01", "billing.usage", usage(1))
        put(account, "2026-01-01", "compute.node_types", {"node_type": "old"})
        lines: list[str] = []
        run(home, target, account, lines=lines)
        assert ids(target) == ["2", "1"]
        assert "2026-01-01: 2 tables, 1 rows (late: newer ones are there already)" in lines
        # What replaces a table is not undone by what is older.
        assert ids(target, "system.compute.node_types", "node_type") == ["new"]


class TestTables:
    def test_tables_of_the_current_state_are_replaced_and_others_grow(
        self, home: Home, account: Path
    ) -> None:
        target = Recorder()
        names = ("billing.list_prices", "access.workspaces_latest", "compute.node_types", "compute.clusters")
        for day in (1, 2):
            for name in names:
                put(account, f"2026-01-0{day}", name, {"account_id": str(day)})
        put(account, "2026-01-03", "compute.clusters")
        put(account, "2026-01-03", "compute.node_types")
        run(home, target, account)
        found = {name: ids(target, f"system.{name}", "account_id") for name in names}
        assert found == {
            "billing.list_prices": ["2"],
            "access.workspaces_latest": ["2"],
            "compute.node_types": [],
            "compute.clusters": ["1", "2"],
        }

    def test_one_go_and_day_by_day_give_the_same_tables(
        self, home: Home, account: Path, tmp_path: Path
    ) -> None:
        for day in range(1, 5):
            put(account, f"2026-01-0{day}", "billing.usage", usage(day), usage(-day, **{f"new_{day}": day}))
            put(account, f"2026-01-0{day}", "billing.list_prices", {"sku_name": str(day)})
        one_go, daily = Recorder(), Recorder()
        run(home, one_go, account)
        other = Home(tmp_path / "other")
        for day in range(1, 5):
            run(other, daily, account, until=f"2026-01-0{day}")
        assert one_go.columns == daily.columns

        def known(target: Recorder) -> dict[str, list[dict[str, Any]]]:
            return {
                name: [{key: value for key, value in row.items() if value is not None} for row in rows]
                for name, rows in target.tables.items()
            }

        assert known(one_go) == known(daily)

    def test_an_empty_file_makes_the_table_and_an_unmentioned_table_is_not_made(
        self, home: Home, account: Path
    ) -> None:
        target = Recorder()
        put(account, "2026-01-01", "lakeflow.jobs")
        run(home, target, account)
        assert target.tables == {"system.lakeflow.jobs": []}
        assert target.columns["system.lakeflow.jobs"][0] == ("account_id", "string")
        put(account, "2026-01-02", "lakeflow.jobs")
        run(home, target, account)
        assert target.writes == 1

    def test_a_day_without_any_file_is_a_delivery(self, home: Home, account: Path) -> None:
        (account / "deliveries" / "2026-01-01").mkdir(parents=True)
        assert len(run(home, Recorder(), account).delivered) == 1
        assert run(home, Recorder(), account).skipped == 1

    def test_new_columns_are_added_named_and_remembered(self, home: Home, account: Path) -> None:
        target = Recorder()
        put(
            account,
            "2026-01-01",
            "billing.usage",
            usage(1, budget=7, usage_metadata={"genie": {"mood": "good"}}),
        )
        lines: list[str] = []
        outcome = run(home, target, account, lines=lines)
        assert outcome.new_columns == [
            ("billing.usage", "usage_metadata.genie.mood", "STRING"),
            ("billing.usage", "budget", "BIGINT"),
        ]
        assert "  billing.usage: new column budget BIGINT" in lines
        put(account, "2026-01-02", "billing.usage", usage(2, budget=8))
        assert run(home, target, account).new_columns == []
        assert [row["budget"] for row in target.tables["system.billing.usage"]] == [7, 8]
        assert ("budget", "long") in target.columns["system.billing.usage"]

    def test_a_new_column_keeps_the_type_it_got(self, home: Home, account: Path) -> None:
        target = Recorder()
        put(account, "2026-01-01", "billing.usage", usage(1, budget=7))
        put(account, "2026-01-02", "billing.usage", usage(2, budget="a"))
        with pytest.raises(DeliveryError, match=r"line 1, column budget: a whole number is expected"):
            run(home, target, account)
        assert ids(target) == ["1"]


class TestRefusal:
    def test_a_malformed_line_leaves_out_its_delivery_and_keeps_those_before(
        self, home: Home, account: Path
    ) -> None:
        target = Recorder()
        put(account, "2026-01-01", "billing.usage", usage(1))
        put(account, "2026-01-02", "billing.list_prices", {"sku_name": "kept"})
        put(account, "2026-01-02", "billing.usage", usage(2), usage(3, usage_quantity="x", new_column=1))
        put(account, "2026-01-03", "billing.usage", usage(4))
        with pytest.raises(DeliveryError) as caught:
            run(home, target, account)
        assert caught.value.file.parent.name == "2026-01-02"
        assert (caught.value.line, caught.value.column) == (2, "usage_quantity")
        assert set(target.tables) == {"system.billing.usage"}
        assert ids(target) == ["1"]
        assert "new_column" not in dict(target.columns["system.billing.usage"])
        # Mended, it goes on where it stopped.
        put(account, "2026-01-02", "billing.usage", usage(2), usage(3))
        assert len(run(home, target, account).delivered) == 2
        assert ids(target) == ["1", "2", "3", "4"]

    def test_the_first_delivery_refused_leaves_nothing(self, home: Home, account: Path) -> None:
        target = Recorder()
        put(account, "2026-01-01", "billing.usage", "{")
        with pytest.raises(DeliveryError):
            run(home, target, account)
        assert target.tables == {}
        assert not (home.root / "staging").exists()
        assert not has_unfinished(home)


class TestReadInParts:
    """Large files are read by several processes: nobody should notice, but by the time."""

    @pytest.fixture(autouse=True)
    def small_parts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("local_warehouse.deliver._LARGE_BYTES", 0)
        monkeypatch.setattr("local_warehouse.staging._LEAST_PART_BYTES", 200)

    def test_all_rows_come_in_order(self, home: Home, account: Path) -> None:
        target = Recorder()
        wide = {"custom_tags": {"long": "x" * 1000}}
        put(account, "2026-01-01", "billing.usage", *(usage(day, **wide) for day in range(50)))
        put(account, "2026-01-01", "lakeflow.jobs", {"job_id": "1"})
        outcome = run(home, target, account)
        assert outcome.rows == {"billing.usage": 50, "lakeflow.jobs": 1}
        assert ids(target) == [str(day) for day in range(50)]
        assert [of.name for of in home.root.glob("staging/*")] == []

    def test_the_first_line_that_does_not_fit_is_named(self, home: Home, account: Path) -> None:
        target = Recorder()
        rows: list[dict[str, Any] | str] = [usage(number) for number in range(60)]
        rows[47], rows[48], rows[58] = usage(47, usage_date="yesterday"), "{", usage(58, usage_quantity="x")
        put(account, "2026-01-01", "billing.usage", *rows)
        put(account, "2026-01-01", "lakeflow.jobs", {"job_id": 1})
        with pytest.raises(DeliveryError, match=r'"yesterday" is not a date') as caught:
            run(home, target, account)
        assert (caught.value.file.name, caught.value.line, caught.value.column) == (
            "billing.usage.jsonl",
            48,
            "usage_date",
        )
        assert target.tables == {} and not (home.root / "staging").exists()

    def test_a_new_column_in_any_part_is_found(self, home: Home, account: Path) -> None:
        target = Recorder()
        rows = [usage(number) for number in range(60)]
        put(account, "2026-01-01", "billing.usage", *rows[:-1], usage(59, mood={"of": "day"}))
        assert run(home, target, account).new_columns == [("billing.usage", "mood", "STRUCT<`of`: STRING>")]
        assert [row["mood"] for row in target.tables["system.billing.usage"]] == [None] * 59 + [{"of": "day"}]

    def test_a_reading_process_that_ends_is_told(
        self, home: Home, account: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "executable", "/bin/false")
        put(account, "2026-01-01", "billing.usage", usage(1))
        with pytest.raises(OSError, match=r"a process that reads .*billing.usage.jsonl ended"):
            run(home, Recorder(), account)


class KilledError(BaseException):
    """Stands for the end of the process."""


POINTS = ("staged", "prepared", "wrote billing.list_prices", "wrote billing.usage", "written", "applied")


class TestKilled:
    @pytest.mark.parametrize("point", POINTS)
    def test_the_next_call_completes_what_was_begun(self, home: Home, account: Path, point: str) -> None:
        target = Recorder()
        put(account, "2026-01-01", "billing.usage", usage(1))
        put(account, "2026-01-01", "billing.list_prices", {"sku_name": "a"})

        def die(reached: str) -> None:
            if reached == point:
                raise KilledError

        with contextlib.suppress(KilledError):
            deliver(home, lambda: target, account, checkpoint=die)
        put(account, "2026-01-02", "billing.usage", usage(2))
        run(home, target, account)
        assert ids(target) == ["1", "2"]
        assert ids(target, "system.billing.list_prices", "sku_name") == ["a"]
        with contextlib.closing(Journal(home.deliveries_file)) as journal:
            assert journal.prepared() == []
            assert journal.newest() == "2026-01-02"

    def test_up_completes_it_as_well(self, home: Home, account: Path) -> None:
        target = Recorder()
        put(account, "2026-01-01", "billing.usage", usage(1))

        def die(reached: str) -> None:
            if reached == "prepared":
                raise KilledError

        with contextlib.suppress(KilledError):
            deliver(home, lambda: target, account, checkpoint=die)
        assert has_unfinished(home)
        finish(home, target)
        assert ids(target) == ["1"]
        assert not has_unfinished(home)


_DELIVERING = textwrap.dedent(
    """
    import os, signal, sys
    from pathlib import Path
    from local_warehouse.deliver import deliver
    from local_warehouse.engine import Engine
    from local_warehouse.home import Home
    from local_warehouse.spark_session import start_spark

    home, point = Home(Path(sys.argv[1])), sys.argv[3]
    engines = []

    def engine():
        if not engines:
            engines.append(Engine(home, start_spark(home)))
        return engines[0]

    def die(reached):
        if reached == point:
            os.kill(os.getpid(), signal.SIGKILL)

    with home.lock("deliver"):
        deliver(home, engine, Path(sys.argv[2]), checkpoint=die)
        for statement in sys.argv[4:]:
            print([tuple(row) for row in engine().spark.sql(statement).collect()])
    """
)


@pytest.mark.warehouse
class TestOnSpark:
    """The same promises with Spark, Delta and a real SIGKILL."""

    @staticmethod
    def process(home: Path, account: Path, point: str, *statements: str) -> subprocess.CompletedProcess[str]:
        root = Path(__file__).resolve().parents[3]
        return subprocess.run(
            [sys.executable, "-c", _DELIVERING, str(home), str(account), point, *statements],
            env=os.environ | {"PYTHONPATH": str(root)},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def test_a_delivery_killed_anywhere_is_there_once(self, tmp_path: Path) -> None:
        home, account = tmp_path / "home", tmp_path / "account"
        put(account, "2026-01-01", "billing.usage", usage(1, custom_tags={"a;`'": "{{ x }}"}, grown=1))
        put(account, "2026-01-01", "billing.list_prices", {"sku_name": "a", "pricing": {"default": "0.1"}})
        put(account, "2026-01-01", "lakeflow.jobs", {"job_id": "1", "health_rules": [{"metric": "m"}]})
        for point in ("staged", "prepared", "wrote billing.usage", "written"):
            killed = self.process(home, account, point)
            assert killed.returncode == -signal.SIGKILL, killed.stderr
        put(account, "2026-01-02", "billing.usage", usage(2, usage_quantity="0.000000000000000001", grown=2))
        put(account, "2026-01-02", "lakeflow.jobs", {"job_id": "2", "health_rules": [{"level": 3}]})
        # Wider columns than the deliveries before have made them.
        put(account, "2026-01-04", "billing.usage", usage(4, grown=0.5, since="2026-01-04"))
        put(account, "2026-01-05", "billing.usage", usage(5, since="soon", newer=True, counted=1))
        far = {"usage_start_time": "0001-01-01T00:00:00Z", "usage_end_time": "9999-12-31T23:59:59.999999Z"}
        put(account, "2026-01-03", "billing.usage", usage(3, **far, identity_metadata={"mood": "good"}))
        killed = self.process(home, account, "wrote billing.usage")
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        done = self.process(
            home,
            account,
            "nowhere",
            "select record_id, cast(usage_quantity as string), custom_tags, grown"
            " from system__billing.usage order by 1",
            "select cast(usage_start_time as string), cast(usage_end_time as string), identity_metadata.mood"
            " from system__billing.usage where record_id = 3",
            "select job_id, health_rules[0].metric, health_rules[0].level"
            " from system__lakeflow.jobs order by 1",
            "select sku_name, cast(pricing.default as string) from system__billing.list_prices",
            "select record_id, grown, since, newer from system__billing.usage order by 1",
        )
        assert done.returncode == 0, done.stderr
        rows, times, jobs, prices, wider = done.stdout.splitlines()
        first, second, *_ = ast.literal_eval(rows)
        assert first == ("1", "1.500000000000000000", {"a;`'": "{{ x }}"}, 1)
        assert second == ("2", "0.000000000000000001", None, 2)
        assert times == "[('0001-01-01 00:00:00', '9999-12-31 23:59:59.999999', 'good')]"
        assert jobs == "[('1', 'm', None), ('2', None, 3)]"
        assert prices == "[('a', '0.100000000000000000')]"
        assert ast.literal_eval(wider) == [
            ("1", 1.0, None, None),
            ("2", 2.0, None, None),
            ("3", None, None, None),
            ("4", 0.5, "2026-01-04", None),
            ("5", None, "soon", True),
        ]
        # Another call knows nothing of the table yet when its column has to become wider.
        put(account, "2026-01-06", "billing.usage", usage(6, counted=1.5))
        done = self.process(
            home, account, "nowhere", "select record_id, counted from system__billing.usage order by 1"
        )
        assert done.returncode == 0, done.stderr
        assert ast.literal_eval(done.stdout)[-2:] == [("5", 1.0), ("6", 1.5)]

    def test_spark_and_deliveries_write_the_same_tables_in_turn(self, tmp_path: Path) -> None:
        home, account = tmp_path / "home", tmp_path / "account"
        for day in range(1, 16):
            start = f"2026-01-{day:02}T00:00:00.000001Z"
            put(account, f"2026-01-{day:02}", "billing.usage", usage(day, usage_start_time=start))
            put(account, f"2026-01-{day:02}", "billing.list_prices", {"sku_name": f"of day {day}"})
        done = subprocess.run(
            [sys.executable, "-c", _TAKING_TURNS, str(home), str(account)],
            env=os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[3])},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert [ast.literal_eval(line) for line in done.stdout.splitlines()] == [
            # Twelve commits and the checkpoint of the tenth: all rows, by each way to look at them.
            [(12, "12")],
            [(3,)],
            [(12,)],
            [("of day 12",)],
            # Times are found to the microsecond, though the log knows them to the millisecond.
            [("7",)],
            # A row of Spark's own, and files it has rewritten.
            [(14,)],
            [("OPTIMIZE",), ("WRITE",)],
            # With a change feed, Spark writes the delivery.
            [("14", "insert")],
            # Dropped by a user, and made again by the next delivery.
            [(1, "of day 15")],
            [("of day 15", "new")],
        ]


_TAKING_TURNS = textwrap.dedent(
    """
    import sys
    from datetime import date
    from pathlib import Path
    from local_warehouse.deliver import deliver
    from local_warehouse.engine import Engine
    from local_warehouse.home import Home
    from local_warehouse.spark_session import start_spark

    home, account = Home(Path(sys.argv[1])), Path(sys.argv[2])

    def until(day):
        deliver(home, lambda: engine, account, date(2026, 1, day))

    def sql(statement):
        return [tuple(row.values()) for row in session.execute(statement).table().to_pylist()]

    with home.lock("deliver"):
        engine = Engine(home, start_spark(home))
        session = engine.open_session()
        usage, prices = "system.billing.usage", "system.billing.list_prices"
        for day in range(1, 13):
            until(day)
            if day == 5:
                sql(f"select count(*) from {usage}")
        print(sql(f"select count(*), max(cast(record_id as int))||'' from {usage}"))
        print(sql(f"select count(*) from {usage} version as of 2"))
        print([(len(sql(f"describe history {usage}")),)])
        print(sql(f"select sku_name from {prices}"))
        print(sql(f"select record_id from {usage} where usage_start_time = '2026-01-07 00:00:00.000001'"))
        sql(f"insert into {usage} (record_id) values ('by hand')")
        sql(f"optimize {usage}")
        until(13)
        print(sql(f"select count(*) from {usage}"))
        print([(row[4],) for row in sql(f"describe history {usage}")[:2]][::-1])
        sql(f"alter table {usage} set tblproperties (delta.enableChangeDataFeed = true)")
        until(14)
        last = sql(f"describe history {usage}")[0][0]
        print(sql(f"select record_id, _change_type from table_changes('{usage}', {last})"))
        sql(f"drop table {prices}")
        until(15)
        print(sql(f"select count(*), min(sku_name) from {prices}"))
        sql(f"alter table {prices} add column mood string")
        sql(f"update {prices} set mood = 'new'")
        print(sql(f"select sku_name, mood from {prices}"))
    """
)
