"""One local warehouse under measurement, and dbt on it, from a copy of the project that stays as it is."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import threading
import time
from bisect import bisect_left
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from steps import ROOT, StepFailed

from local_warehouse import client
from local_warehouse.home import Home

_COPIED = (
    ".dbtignore",
    "dbt_project.yml",
    "packages.yml",
    "profiles.yml",
    "models",
    "macros",
    "seeds",
    "account_seeds",
    "snapshots",
    "tests",
    "analyses",
    "dbt_packages",
    "local_warehouse",
)

CATALOG = "platform_observability"


def copy_project(target: Path) -> Path:
    """Copy what dbt and the warehouse run from, so that all runs of a comparison run the same.

    Args:
        target: A folder that does not exist yet.

    Returns:
        The folder.
    """
    target.mkdir(parents=True)
    for name in _COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__", "python"))
        elif source.exists():
            shutil.copy2(source, target / name)
    # The warehouse keeps the libraries it fetched here: they need not be fetched again.
    (ROOT / ".cache").mkdir(exist_ok=True)
    (target / ".cache").symlink_to(ROOT / ".cache")
    return target


@dataclass(frozen=True)
class Cost:
    """What something took.

    Attributes:
        wall: Seconds by the clock.
        processor: Seconds of processor time, of dbt, the warehouse and its Java together.
    """

    wall: float
    processor: float


@dataclass(frozen=True)
class Build:
    """One dbt run.

    Attributes:
        cost: Of the whole program, dbt's own start included.
        nodes: What each model, snapshot and seed took, by name. Processor time is that of everything that ran
            meanwhile: with more than one thread, of its neighbours too.
        spans: When each of them began and ended, as epoch times.
        relations: The table or view of each node, for dbt's names.
        started: The epoch time at which it started.
    """

    cost: Cost
    nodes: dict[str, Cost]
    spans: dict[str, tuple[float, float]]
    relations: dict[str, str]
    started: float


class Trial:
    """One warehouse home and the dbt state that goes with it.

    Args:
        folder: Holds all of its state; created where it is missing.
        project: The folder `copy_project` made.
    """

    def __init__(self, folder: Path, project: Path) -> None:
        self.folder = folder
        self.project = project
        self.home = folder / "warehouse"
        folder.mkdir(parents=True, exist_ok=True)

    def up(self, size: str = "small") -> None:
        """Start the warehouse with the settings of a size.

        Raises:
            StepFailed: It does not start.
        """
        self._warehouse("up", "--size", size)

    def down(self) -> None:
        """Stop the warehouse, if it is up."""
        if self.home.is_dir():
            self._warehouse("down")

    def deliver(self, account: Path, until: date | None = None) -> Cost:
        """Deliver an account folder.

        Args:
            account: The folder.
            until: The last day; None for all.

        Returns:
            What it took, the program's own start included.

        Raises:
            StepFailed: It was refused.
        """
        before = self._processor_seconds()
        started = time.monotonic()
        self._warehouse("deliver", str(account), *([] if until is None else ["--until", until.isoformat()]))
        return Cost(time.monotonic() - started, self._processor_seconds() - before)

    def build(self, threads: int, *selection: str) -> Build:
        """Run seeds, snapshots and models, without tests: what the daily job does to the tables.

        Args:
            threads: How many nodes dbt runs at once.
            selection: Further words of dbt's command line; without any, all nodes run.

        Returns:
            What it took, as a whole and by node.

        Raises:
            StepFailed: A node failed. dbt has said which.
        """
        target = self.folder / "target"
        command = [str(Path(sys.executable).parent / "dbt"), "--quiet"]
        command += ["build", "--target", "local"]
        for kind in ("seed", "snapshot", "model"):
            command += ["--resource-type", kind]
        command += [*selection, "--threads", str(threads), "--target-path", str(target)]
        command += ["--log-path", str(self.folder / "logs"), "--profiles-dir", str(self.project)]
        before = self._processor_seconds()
        wall, epoch = time.monotonic(), time.time()
        with _Meter(self) as meter:
            self._run(command, self.environment(), meter)
        cost = Cost(time.monotonic() - wall, self._processor_seconds() - before)
        results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
        return Build(
            cost=cost,
            nodes={
                _name(of["unique_id"]): Cost(float(of["execution_time"]), meter.between(*_span(of)))
                for of in results
                if of["timing"]
            },
            spans={_name(of["unique_id"]): _span(of) for of in results if of["timing"]},
            relations={_name(of["unique_id"]): of["relation_name"] for of in results if of["relation_name"]},
            started=epoch,
        )

    def environment(self) -> dict[str, str]:
        """Give the variables the `local` target reads."""
        endpoint = client.find(Home(self.home))
        return {
            "LOCAL_WAREHOUSE_HOST": endpoint.host,
            "LOCAL_WAREHOUSE_HTTP_PATH": client.HTTP_PATH,
            "LOCAL_WAREHOUSE_TOKEN": endpoint.token,
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        }

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Run a query.

        Args:
            sql: The query.

        Returns:
            Its rows.

        Raises:
            RefusedError: The warehouse refused it.
        """
        found: list[dict[str, Any]] = []
        client.run_statements(
            client.find(Home(self.home)),
            [sql],
            lambda pieces, columns: found.extend(row for piece in pieces for row in piece.to_pylist()),
            CATALOG,
        )
        return found

    def statement(self, sql: str) -> Cost:
        """Run a statement, and tell what it took here and in the warehouse.

        Args:
            sql: The statement.

        Raises:
            RefusedError: The warehouse refused it.
        """
        processor, wall = self._processor_seconds(), time.monotonic()
        self.rows(sql)
        return Cost(time.monotonic() - wall, self._processor_seconds() - processor)

    def _processor_seconds(self) -> float:
        """Add up the processor time of the warehouse, its Java, and the programs run so far."""
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return children.ru_utime + children.ru_stime + sum(processor_seconds(pid) for pid in self.processes())

    def processes(self) -> list[int]:
        """List the ids of the warehouse and of its Java, while it is up."""
        owner = Home(self.home).owner()
        return [] if owner is None or not owner.is_alive() else [owner.pid, owner.jvm_pid]

    def _warehouse(self, command: str, *arguments: str) -> None:
        self._run(
            [sys.executable, "-m", "local_warehouse", command, "--home", str(self.home), *arguments], {}
        )

    def _run(self, command: list[str], environment: dict[str, str], meter: _Meter | None = None) -> None:
        # Into a file: a full pipe would hold the program up.
        with (self.folder / "output.txt").open("w+", encoding="utf-8") as output:
            started = subprocess.Popen(
                command,
                cwd=self.project,
                env={**os.environ, **environment},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            if meter is not None:
                meter.pids.append(started.pid)
            try:
                code = started.wait()
            except BaseException:
                started.terminate()
                started.wait()
                raise
            if code != 0:
                output.seek(0)
                raise StepFailed(f"this ended with code {code}: {' '.join(command)}\n{output.read()[-4000:]}")


class _Meter:
    """Notes the processor time of a trial's processes many times a second: what did a span of time cost?"""

    def __init__(self, trial: Trial) -> None:
        self.pids = trial.processes()
        self._times: list[float] = []
        self._used: list[float] = []
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._note, daemon=True)

    def __enter__(self) -> _Meter:
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._done.set()
        self._thread.join()

    def _note(self) -> None:
        while not self._done.wait(0.05):
            self._times.append(time.time())
            self._used.append(sum(processor_seconds(pid) for pid in self.pids))

    def between(self, start: float, end: float) -> float:
        """Tell the processor seconds from one epoch time to another."""
        last = len(self._times) - 1
        first, then = (min(bisect_left(self._times, at), last) for at in (start, end))
        return max(self._used[then] - self._used[first], 0.0) if last >= 0 else 0.0


def _span(result: dict[str, Any]) -> tuple[float, float]:
    """Read when a node of `run_results.json` began and ended, as epoch times; dbt writes UTC."""
    times = [
        datetime.fromisoformat(timing[edge].replace("Z", "+00:00")).timestamp()
        for timing in result["timing"]
        for edge in ("started_at", "completed_at")
    ]
    return min(times), max(times)


def _name(unique_id: str) -> str:
    return unique_id.rpartition(".")[2]


def processor_seconds(pid: int) -> float:
    """Read the processor time a process has used.

    Args:
        pid: Its id.

    Returns:
        Seconds in user and system mode (`proc(5)`: fields 14 and 15 of `stat`); 0 where the process is gone.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
