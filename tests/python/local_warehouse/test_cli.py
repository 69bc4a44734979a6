"""The command line as a person uses it, in processes of their own."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from databricks.sdk import WorkspaceClient

from local_warehouse import processes, values
from local_warehouse.client import split_statements
from local_warehouse.home import Home

ROOT = Path(__file__).resolve().parents[3]


def run(*arguments: str, folder: Path = ROOT, given: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local_warehouse", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        input=given,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


class TestStatements:
    @pytest.mark.parametrize(
        ("text", "statements"),
        [
            ("select 1", ["select 1"]),
            ("select 1; select 2;", ["select 1", "select 2"]),
            (
                "select ';'; select `a;b` from t -- ; \n where x",
                ["select ';'", "select `a;b` from t -- ; \n where x"],
            ),
            ("select 1 /* ; */ ;;\n;", ["select 1 /* ; */"]),
            ("-- nothing; but a comment", []),
            ("select 'it''s; \\'; here'", ["select 'it''s; \\'; here'"]),
        ],
    )
    def test_semicolons_part_statements_unless_they_are_in_something(
        self, text: str, statements: list[str]
    ) -> None:
        assert split_statements(text) == statements


class TestValues:
    ROWS = pa.table(
        {
            "n": pa.array([Decimal("1E-18"), None], pa.decimal128(38, 18)),
            "s": pa.array(['a,"b"\n', ""]),
            "t": pa.array([1_767_225_600_000_000, None], pa.timestamp("us", "UTC")),
            "m": pa.array(
                [[("k", {"x": Decimal("1.50")})], None],
                pa.map_(pa.string(), pa.struct([("x", pa.decimal128(5, 2))])),
            ),
            "f": pa.array([0.1, float("nan")]),
        }
    )

    def text(self, style: str) -> str:
        return "".join(values.write([self.ROWS], self.ROWS.column_names, style))

    def test_csv_tells_null_from_empty_text_and_keeps_every_digit(self) -> None:
        assert self.text("csv").splitlines()[-1] == ',"",,,NaN'
        header, first, _ = csv.reader(io.StringIO(self.text("csv")))
        assert header == ["n", "s", "t", "m", "f"]
        assert first == [
            "0.000000000000000001",
            'a,"b"\n',
            "2026-01-01T00:00:00Z",
            '{"k": {"x": "1.50"}}',
            "0.1",
        ]

    def test_json_has_decimals_as_strings(self) -> None:
        assert json.loads(self.text("json")) == [
            {
                "n": "0.000000000000000001",
                "s": 'a,"b"\n',
                "t": "2026-01-01T00:00:00Z",
                "m": {"k": {"x": "1.50"}},
                "f": 0.1,
            },
            {"n": None, "s": "", "t": None, "m": None, "f": "NaN"},
        ]

    def test_a_table_keeps_one_row_a_line(self) -> None:
        header, _, first, second, count = self.text("table").splitlines()
        assert header.split(" | ")[0].strip() == "n"
        assert 'a,"b"\\n' in first
        assert second.startswith("NULL ")
        assert count == "(2 rows)"

    def test_columns_of_one_name_stay_apart_in_json(self) -> None:
        rows = pa.table([[1], [2]], names=["a", "a"])
        assert json.loads("".join(values.write([rows], ["a", "a"], "json"))) == [{"a": 1, "a_2": 2}]

    def test_no_rows_are_an_empty_list(self) -> None:
        assert json.loads("".join(values.write([], ["a"], "json"))) == []


class TestNotUp:
    def test_sql_says_what_to_run(self, tmp_path: Path) -> None:
        Home(tmp_path)
        shown = run("sql", "--home", str(tmp_path), "select 1")
        assert shown.returncode == 1
        assert f"python -m local_warehouse up --home {tmp_path}" in shown.stderr

    def test_looking_at_a_home_does_not_make_one(self, tmp_path: Path) -> None:
        home = tmp_path / "none"
        for command in (["status"], ["env"], ["sql", "select 1"], ["down"]):
            run(command[0], "--home", str(home), *command[1:])
        assert not home.exists()

    def test_status_is_down(self, tmp_path: Path) -> None:
        shown = run("status", "--home", str(tmp_path), "--format", "json")
        assert shown.returncode == 3
        assert json.loads(shown.stdout)["state"] == "down"

    def test_a_taken_port_is_named_before_anything_starts(self, tmp_path: Path) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = str(taken.getsockname()[1])
            shown = run("up", "--home", str(tmp_path / "home"), "--port", port)
        assert shown.returncode == 1
        assert f"Port {port} on 127.0.0.1 is taken" in shown.stderr

    def test_a_home_held_by_a_delivery_is_left_alone(self, tmp_path: Path) -> None:
        home = Home(tmp_path)
        with home.lock("deliver"):
            up, down = run("up", "--home", str(tmp_path)), run("down", "--home", str(tmp_path))
        assert (up.returncode, down.returncode) == (1, 1)
        assert f"held by process {os.getpid()}, which is delivering" in up.stderr
        assert f"Process {os.getpid()} is delivering" in down.stderr

    def test_every_command_explains_itself(self) -> None:
        for command in ("up", "down", "status", "env", "sql", "deliver"):
            assert "usage: python -m local_warehouse" in run(command, "--help").stdout

    def test_a_failing_start_gives_its_reason(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LOCAL_WAREHOUSE_JARS", str(tmp_path / "no jars"))
        monkeypatch.setenv("LOCAL_WAREHOUSE_IVY_SETTINGS", str(tmp_path / "none.xml"))
        shown = run("up", "--home", str(tmp_path / "home"))
        assert shown.returncode == 1
        assert "none.xml, which is not a file" in shown.stderr
        assert (
            json.loads(run("status", "--home", str(tmp_path / "home"), "--format", "json").stdout)["state"]
            == "down"
        )


def put(account: Path, date: str, *quantities: str) -> None:
    path = account / "deliveries" / date / "billing.usage.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "".join(json.dumps({"record_id": f"{date} {q}", "usage_quantity": q}) + "\n" for q in quantities)
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("cli") / "a home's"
    yield folder
    run("down", "--home", str(folder))


@pytest.mark.warehouse
class TestUp:
    """One life of a warehouse, from the first `up` over a kill to `down`; the tests run in this order."""

    @staticmethod
    def sql(home: Path, *arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        return run("sql", "--home", str(home), *arguments, given=given)

    @staticmethod
    def status(home: Path) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(run("status", "--home", str(home), "--format", "json").stdout)
        return found

    def test_deliver_without_a_warehouse_loads_by_itself(self, home: Path, tmp_path: Path) -> None:
        put(tmp_path, "2026-01-01", "1.000000000000000001")
        shown = run("deliver", "--home", str(home), str(tmp_path))
        assert shown.returncode == 0, shown.stderr
        assert shown.stdout.splitlines()[-1] == "Delivered 1 (2026-01-01), 1 rows"
        assert self.status(home)["state"] == "down"

    def test_up_returns_once_the_warehouse_answers(self, home: Path, tmp_path: Path) -> None:
        shown = run("up", "--home", str(home), folder=tmp_path)
        assert shown.returncode == 0, shown.stderr
        found = self.status(home)
        assert found["state"] == "up"
        assert f"Up: {found['host']}" in shown.stdout
        assert run("status", "--home", str(home)).returncode == 0

    def test_a_second_up_says_that_it_is_up_already(self, home: Path) -> None:
        before = self.status(home)
        shown = run("up", "--home", str(home))
        assert shown.returncode == 0
        assert f"Already up (process {before['pid']})" in shown.stdout
        assert self.status(home) == before

    def test_env_prints_what_a_shell_can_take(self, home: Path) -> None:
        exports = run("env", "--home", str(home)).stdout
        script = (
            exports
            + 'printf "%s\\n" "$LOCAL_WAREHOUSE_HOST" "$LOCAL_WAREHOUSE_HTTP_PATH" "$LOCAL_WAREHOUSE_TOKEN"'
        )
        shown = subprocess.run(
            ["sh", "-c", script], capture_output=True, text=True, check=True
        ).stdout.splitlines()
        assert shown == [self.status(home)["host"], "/sql/1.0/warehouses/local", Home(home).token]

    def test_sql_prints_what_was_delivered_before_it_was_up(self, home: Path) -> None:
        shown = self.sql(home, "--format", "csv", "select usage_quantity from system.billing.usage")
        assert shown.stdout == "usage_quantity\n1.000000000000000001\n"

    def test_sql_runs_several_statements_from_a_file_or_standard_input(
        self, home: Path, tmp_path: Path
    ) -> None:
        text = "create schema if not exists cli_test;\nselect ';' as a, null as b; -- done;\n"
        (tmp_path / "some.sql").write_text(text)
        from_file = self.sql(home, "-f", str(tmp_path / "some.sql"))
        assert from_file.stdout == "OK\na | b\n--+-----\n; | NULL\n(1 row)\n"
        assert self.sql(home, given=text).stdout == from_file.stdout

    def test_a_failing_statement_tells_why_on_standard_error(self, home: Path) -> None:
        shown = self.sql(
            home, "--format", "csv", "select 1 as a; select * from system.billing.nothing; select 2 as b"
        )
        assert (shown.returncode, shown.stdout) == (1, "a\n1\n")
        assert "[TABLE_OR_VIEW_NOT_FOUND]" in shown.stderr

    def test_a_result_of_many_fetches_is_printed_to_the_last_row(self, home: Path) -> None:
        shown = self.sql(home, "--format", "csv", "select id from range(250000) order by id")
        assert shown.stdout.splitlines()[1:] == [str(number) for number in range(250_000)]

    def test_a_long_statement_tells_a_terminal_that_it_runs_and_ends_when_interrupted(
        self, home: Path
    ) -> None:
        terminal, other_end = pty.openpty()
        statement = "select count(*) from range(1000000000) cross join range(1000000000)"
        running = subprocess.Popen(
            [sys.executable, "-m", "local_warehouse", "sql", "--home", str(home), statement],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=other_end,
            # As at a terminal, even where these tests run in the background, which ignores interrupts.
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        )
        os.close(other_end)
        told = b""
        while b"running for 3 s" not in told:
            told += os.read(terminal, 1000)
        running.send_signal(signal.SIGINT)
        assert running.wait(60) != 0
        os.close(terminal)
        client = WorkspaceClient(host=self.status(home)["host"], token=Home(home).token)
        assert not client.query_history.list().res

    def test_deliver_goes_through_the_warehouse_that_is_up(self, home: Path, tmp_path: Path) -> None:
        for day in (1, 2, 3):
            put(tmp_path, f"2026-01-0{day}", "1.000000000000000001")
        shown = run("deliver", "--home", str(home), str(tmp_path), "--until", "2026-01-02")
        assert shown.stdout.splitlines()[-2:] == [
            "Delivered 1 (2026-01-02), 1 rows",
            "1 had been delivered before",
        ]
        put(tmp_path, "2026-01-03", "1.5", "x")
        refused = run("deliver", "--home", str(home), str(tmp_path))
        assert refused.returncode == 1
        assert (
            'billing.usage.jsonl, line 2, column usage_quantity: "x" is not a decimal number'
            in refused.stderr
        )
        count = self.sql(home, "--format", "csv", "select count(*) as n from system.billing.usage")
        assert count.stdout == "n\n2\n"

    def test_a_column_that_a_delivery_adds_is_described_at_once(self, home: Path, tmp_path: Path) -> None:
        describe = "describe table extended system.billing.usage as json"
        assert "carbon_grams" not in self.sql(home, describe).stdout
        put(tmp_path, "2026-01-04", "0")
        file = tmp_path / "deliveries" / "2026-01-04" / "billing.usage.jsonl"
        row = json.loads(file.read_text(encoding="utf-8"))
        file.write_text(json.dumps(row | {"carbon_grams": 12}) + "\n", encoding="utf-8")
        assert run("deliver", "--home", str(home), str(tmp_path)).returncode == 0
        assert "carbon_grams" in self.sql(home, describe).stdout

    def test_after_a_kill_up_opens_the_same_state_on_the_same_port(self, home: Path) -> None:
        before = self.status(home)
        os.kill(before["pid"], signal.SIGKILL)
        assert self.status(home)["state"] == "down"
        assert run("up", "--home", str(home)).returncode == 0
        after = self.status(home)
        assert after["state"] == "up"
        assert after["host"] == before["host"]
        shown = self.sql(home, "--format", "csv", "select sum(usage_quantity) as n from system.billing.usage")
        assert shown.stdout == "n\n2.000000000000000002\n"

    def test_where_java_was_killed_the_warehouse_ends_and_up_starts_another(self, home: Path) -> None:
        before = Home(home).owner()
        assert before is not None
        os.kill(before.jvm_pid, signal.SIGKILL)
        assert processes.wait_until_gone(before.pid, before.started, 30)
        assert run("up", "--home", str(home)).returncode == 0
        shown = self.sql(home, "--format", "csv", "select sum(usage_quantity) as n from system.billing.usage")
        assert shown.stdout == "n\n2.000000000000000002\n"

    def test_down_waits_until_it_is_gone_and_leaves_the_state(self, home: Path) -> None:
        pid = self.status(home)["pid"]
        assert run("down", "--home", str(home)).returncode == 0
        assert processes.start_mark(pid) == ""
        assert self.status(home)["state"] == "down"
        assert run("down", "--home", str(home)).stdout == "Not up\n"
        assert (home / "warehouse").is_dir()
