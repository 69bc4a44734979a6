"""A whole project run on its own warehouse: deliver, build with the real dbt, kill, ask."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from databricks import sql
from oracle.account_folder import AccountFolder
from oracle.star_check import check_all

from local_warehouse.home import Home

ROOT = Path(__file__).resolve().parents[3]
CATALOG = "platform_observability"
DBT = Path(sys.executable).parent / "dbt"

#: The budgets and waivers of generated accounts.
PLANTED_SEEDS = {"account_seeds": "synthetic_account/account_seeds"}

#: Words for dbt: everything that makes a table or a view, and no test.
WITHOUT_TESTS = ("build", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")

#: The same, up to Gold's dimensions and facts: what the oracle works out, too.
UP_TO_FACTS = (*WITHOUT_TESTS, "--exclude", "path:models/gold/reports", "path:models/ops/data_quality")

#: What an entry of a Delta history counts as a row written, moved or removed.
ROW_METRICS = (
    "numOutputRows",
    "numTargetRowsInserted",
    "numTargetRowsUpdated",
    "numTargetRowsDeleted",
    "numTargetRowsCopied",
    "numDeletedRows",
    "numCopiedRows",
)


class ProjectRun:
    """One warehouse home and what is done on it.

    Args:
        folder: Where its state goes.
        shared: A folder for what dbt parses, which runs may share since they parse the same project.

    Attributes:
        variables: What every call of dbt is given besides its own; dbt parses anew where they change.
        profiles: The folder of profiles.yml.
        holds: What is built on it, where others may look at it; None where it is anything else.
    """

    def __init__(self, folder: Path, shared: Path) -> None:
        self.home = folder / "warehouse"
        self.target = shared / "target"
        self.logs = folder / "logs"
        self.environment: dict[str, str] = {}
        self.variables: Mapping[str, Any] = {}
        self.profiles = ROOT
        self.holds: str | None = None

    def warehouse(self, *arguments: str | Path, check: bool = True) -> str:
        """Run `python -m local_warehouse ...` on this home and give back what it printed."""
        finished = subprocess.run(
            [sys.executable, "-m", "local_warehouse", *map(str, arguments), "--home", str(self.home)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        if check:
            assert finished.returncode == 0, finished.stdout + finished.stderr
        return finished.stdout + finished.stderr

    def up(self) -> None:
        """Start the warehouse and learn how to reach it."""
        self.warehouse("up")
        self.connect()

    def connect(self) -> None:
        """Learn how to reach the warehouse, which runs already."""
        for line in self.warehouse("env").splitlines():
            words = shlex.split(line, comments=True)
            if len(words) == 2 and words[0] == "export":
                name, _, value = words[1].partition("=")
                self.environment[name] = value

    def down(self) -> None:
        """Stop the warehouse, if it runs."""
        self.warehouse("down", check=False)

    def kill_warehouse(self) -> None:
        """End the warehouse as a power cut would: Java does not get to finish its statement."""
        owner = Home(self.home).owner()
        assert owner is not None and owner.is_alive() and owner.jvm_pid
        for pid in (owner.jvm_pid, owner.pid):
            os.kill(pid, signal.SIGKILL)

    def deliver(self, account: Path, until: date | None = None) -> str:
        """Deliver an account, up to a date."""
        return self.warehouse("deliver", account, *(["--until", until.isoformat()] if until else []))

    def _dbt(self, arguments: Sequence[str], variables: Mapping[str, Any] | None = None) -> list[str]:
        return [
            str(DBT),
            "--no-use-colors",
            *arguments,
            "--vars",
            json.dumps({**PLANTED_SEEDS, **self.variables, **(variables or {})}),
            "--target",
            "local",
            "--profiles-dir",
            str(self.profiles),
            "--target-path",
            str(self.target),
            "--log-path",
            str(self.logs),
        ]

    def dbt(self, *arguments: str, variables: Mapping[str, Any] | None = None) -> str:
        """Run dbt to its end; a failure shows its output."""
        finished = self._finished(arguments, variables)
        assert finished.returncode == 0, finished.stdout[-6000:] + finished.stderr[-2000:]
        return finished.stdout

    def dbt_failing(self, *arguments: str, variables: Mapping[str, Any] | None = None) -> str:
        """Run dbt where it is to fail, and give back what it printed."""
        finished = self._finished(arguments, variables)
        assert finished.returncode != 0, "dbt was to fail:\n" + finished.stdout[-6000:]
        return finished.stdout

    def _finished(
        self, arguments: Sequence[str], variables: Mapping[str, Any] | None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._dbt(arguments, variables),
            cwd=ROOT,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=1500,
            check=False,
        )

    def _started(self, arguments: Sequence[str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self._dbt(arguments),
            cwd=ROOT,
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def dbt_until(self, wanted: str, *arguments: str) -> subprocess.Popen[str]:
        """Start dbt and come back, while it runs, as soon as it prints a line that holds `wanted`."""
        running = self._started(arguments)
        assert running.stdout is not None
        seen = []
        for line in running.stdout:
            seen.append(line)
            if wanted in line:
                return running
        raise AssertionError(f"dbt ended before it printed {wanted!r}:\n" + "".join(seen)[-4000:])

    def dbt_with_pauses(self, pauses: Mapping[str, Callable[[], None]], *arguments: str) -> None:
        """Run dbt to its end. While it prints certain lines it is stopped, and something else is done.

        Args:
            pauses: What each line holds, and what is done then.
            arguments: Words for dbt.
        """
        running = self._started(arguments)
        assert running.stdout is not None
        seen, left = [], dict(pauses)
        for line in running.stdout:
            seen.append(line)
            for wanted in [text for text in left if text in line]:
                running.send_signal(signal.SIGSTOP)
                left.pop(wanted)()
                running.send_signal(signal.SIGCONT)
        assert running.wait() == 0, "".join(seen)[-6000:]
        assert not left, f"dbt never printed {list(left)}:\n" + "".join(seen)[-4000:]

    def fetch(self, query: str) -> list[dict[str, Any]]:
        """Rows of a query by column name, in the connector's types."""
        with (
            sql.connect(
                server_hostname="127.0.0.1",
                http_path=self.environment["LOCAL_WAREHOUSE_HTTP_PATH"],
                access_token=self.environment["LOCAL_WAREHOUSE_TOKEN"],
                _connection_uri=self.environment["LOCAL_WAREHOUSE_HOST"]
                + self.environment["LOCAL_WAREHOUSE_HTTP_PATH"],
                enable_telemetry=False,
            ) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(query)
            names = [column[0] for column in cursor.description or []]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()] if names else []

    def value(self, query: str) -> Any:
        """The one value of a query."""
        (row,) = self.fetch(query)
        (value,) = row.values()
        return value

    def tables(self) -> list[str]:
        """All Delta tables of models, snapshots and seeds, by schema and name."""
        found = self.fetch(
            f"select table_schema, table_name from {CATALOG}.information_schema.tables"
            " where table_schema like 'plt\\_%' and table_type <> 'VIEW' order by 1, 2"
        )
        return [f"{row['table_schema']}.{row['table_name']}" for row in found]

    def versions(self) -> dict[str, int]:
        """The newest Delta version of every table."""
        return {
            table: int(self.fetch(f"describe history {CATALOG}.{table} limit 1")[0]["version"])
            for table in self.tables()
        }

    def rows_written_since(self, versions: Mapping[str, int]) -> dict[str, list[str]]:
        """What wrote, added or removed rows in each table after some versions: operation and its metrics."""
        written: dict[str, list[str]] = {}
        for table, before in versions.items():
            for entry in self.fetch(f"describe history {CATALOG}.{table}"):
                metrics = dict(entry["operationMetrics"] or {})
                counts = {
                    name: int(value)
                    for name, value in metrics.items()
                    if name
                    in (
                        "numOutputRows",
                        "numTargetRowsInserted",
                        "numTargetRowsUpdated",
                        "numTargetRowsDeleted",
                        "numDeletedRows",
                    )
                }
                if entry["version"] > before and any(counts.values()):
                    written.setdefault(table, []).append(f"{entry['operation']} {counts}")
        return written

    def touched_days(self, model: str) -> list[int] | str:
        """The days that the last build of a model says it touches, in its SQL or its Python."""
        # Unit tests of a model have its name, in a folder that is called as the file they are written in.
        found = [
            path
            for path in (self.target / "compiled").rglob(f"{model}.*")
            if path.is_file() and not any(part.endswith(".yml") for part in path.parts)
        ]
        (compiled,) = [path for path in found if path.suffix in (".sql", ".py")]
        mark = "-- touches: "
        (line,) = [
            text.removeprefix("# ")
            for text in compiled.read_text(encoding="utf-8").splitlines()
            if text.removeprefix("# ").startswith(mark)
        ]
        days: list[int] | str = json.loads(line.removeprefix(mark))
        return days

    def days_with_other_files(self, table: str, before: int, after: int) -> dict[int | None, bool]:
        """For each day of a table, whether one version of it has other files there than another version."""
        found = self.fetch(
            "select date_key, min(n) = 1 as is_other from (select date_key, file, count(*) as n from ("
            + " union all ".join(
                f"select distinct date_key, _metadata.file_path as file from {table} version as of {version}"
                for version in (before, after)
            )
            + ") group by date_key, file) group by date_key"
        )
        return {row["date_key"]: row["is_other"] for row in found}

    def assert_as_expected(self, account: Path, until: date | None = None) -> None:
        """Hold every row of Silver and Gold to the oracle."""
        for table, comparison in check_all(AccountFolder(account, until), self.fetch).items():
            assert comparison.is_equal, f"{table} (until {until}):\n{comparison}"

    def clear(self) -> None:
        """Take away all that was delivered or built, as if the warehouse were new."""
        self.variables, self.holds = {}, None
        for catalog in (CATALOG, "system"):
            for row in self.fetch(f"show schemas in {catalog}"):
                (schema,) = row.values()
                if schema not in ("default", "information_schema"):
                    self.fetch(f"drop schema {catalog}.`{schema}` cascade")
        with contextlib.closing(sqlite3.connect(self.home / "deliveries.sqlite", timeout=60)) as journal:
            names = journal.execute(
                "select name from sqlite_master where type = 'table' and name not like 'sqlite%'"
            )
            for (name,) in names.fetchall():
                journal.execute(f'delete from "{name}"')
            journal.commit()

    def remove(self) -> None:
        """Stop the warehouse and delete its state: a test's warehouse is some hundred megabytes."""
        self.down()
        shutil.rmtree(self.home, ignore_errors=True)


def wait_for(condition: Any, seconds: float = 60) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.2)
