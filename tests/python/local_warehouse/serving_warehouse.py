"""A warehouse as a process of its own, to be reached, stopped and killed by tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from databricks import sql

ROOT = Path(__file__).resolve().parents[3]

Run = Callable[[str], list[tuple[Any, ...]]]
"""Runs a statement and returns its rows."""


@dataclass
class Warehouse:
    """A serving process and how to reach it."""

    home: Path
    port: int
    process: subprocess.Popen[str]

    @property
    def host(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def http_path(self) -> str:
        return "/sql/1.0/warehouses/local"

    @property
    def token(self) -> str:
        return (self.home / "token").read_text().strip()

    def connect(self, **options: Any) -> Any:
        options.setdefault("access_token", self.token)
        return sql.connect(
            server_hostname="127.0.0.1",
            http_path=self.http_path,
            _connection_uri=self.host + self.http_path,
            enable_telemetry=False,
            _retry_stop_after_attempts_count=1,
            **options,
        )

    def rows(self, statement: str, **options: Any) -> list[tuple[Any, ...]]:
        """Run one statement in a session of its own."""
        with self.connect(**options) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return [tuple(row) for row in cursor.fetchall()]

    def kill(self) -> None:
        """Kill it as a power cut would: the process at once, its Java with it."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Ask it to stop, and wait."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()


def start_warehouse(home: Path, program: Sequence[str] = ("-m", "local_warehouse.server")) -> Warehouse:
    """Start a process that serves a home, and wait until it answers.

    Args:
        home: The state folder.
        program: What Python is to run: a module, or a text that imports and changes it first.
    """
    home.mkdir(parents=True, exist_ok=True)
    log = (home.parent / f"{home.name}.log").open("a")
    process = subprocess.Popen(
        [sys.executable, *program, "--home", str(home), "--port", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        start_new_session=True,
    )
    timer = threading.Timer(120, process.kill)
    timer.start()
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if line.startswith("http://"):
                return Warehouse(home, int(line.split(":")[2].split("/")[0]), process)
    finally:
        timer.cancel()
    raise RuntimeError(f"the warehouse did not start; see {log.name}")
