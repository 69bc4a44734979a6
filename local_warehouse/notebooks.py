"""Runs Python models: notebooks as dbt-databricks uploads them, each in a Spark session of its own."""

from __future__ import annotations

import linecache
import logging
import secrets
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pyspark.sql import DataFrame, DataFrameReader, DataFrameWriter, DataFrameWriterV2, SparkSession

from local_warehouse.engine import Engine, Session
from local_warehouse.errors import from_exception
from local_warehouse.names import translate

log = logging.getLogger(__name__)

_KEPT_RUNS = 1000


@dataclass
class Run:
    """One run of a notebook.

    Attributes:
        id: The run's number; its task's number is one more.
        name: As the client named it.
        path: The notebook.
        started: When, in milliseconds since the epoch.
        state: PENDING, RUNNING, SUCCESS, FAILED or CANCELED.
        error: The last line of the traceback.
        trace: The whole traceback.
    """

    id: int
    name: str
    path: str
    started: int
    state: str = "PENDING"
    error: str = ""
    trace: str = ""
    ended: int = 0
    done: threading.Event = field(default_factory=threading.Event)
    canceled: bool = False

    @property
    def group(self) -> str:
        """The name of its Spark jobs' group."""
        return f"notebook-{self.id}"


class Notebooks:
    """Uploaded notebooks and their runs.

    Args:
        engine: Whose Spark they run on.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._sources: dict[str, str] = {}
        self._runs: dict[int, Run] = {}
        self._lock = threading.Lock()
        self._next = int(time.time()) * 1000
        self._workers = ThreadPoolExecutor(max_workers=8, thread_name_prefix="notebook")
        _name_tables_as_the_user_does()

    def upload(self, path: str, source: str) -> None:
        """Keep a notebook's source, replacing one of that path."""
        self._sources[path] = source

    def has(self, path: str) -> bool:
        """Tell whether a notebook of that path was uploaded."""
        return path in self._sources

    def submit(self, name: str, path: str) -> Run:
        """Start a run.

        Args:
            name: The run's name.
            path: The notebook, uploaded before.

        Returns:
            The run.

        Raises:
            KeyError: There is no such notebook.
        """
        source = self._sources[path]
        with self._lock:
            self._next += 2
            run = Run(self._next, name, path, int(time.time() * 1000))
            self._runs[run.id] = run
            while len(self._runs) > _KEPT_RUNS:
                self._runs.pop(next(iter(self._runs)))
        self._workers.submit(self._execute, run, source)
        return run

    def run(self, number: int) -> Run | None:
        """Find a run by its number or its task's."""
        return self._runs.get(number) or self._runs.get(number - 1)

    def runs(self) -> list[Run]:
        """List the runs, newest first."""
        return list(self._runs.values())[::-1]

    def cancel(self, number: int) -> None:
        """Stop a run's Spark jobs; code that does not use Spark runs to its end."""
        run = self.run(number)
        if run is not None and not run.done.is_set():
            run.canceled = True
            self._engine.spark.sparkContext._jsc.sc().cancelJobGroupAndFutureJobs(run.group)

    def _execute(self, run: Run, source: str) -> None:
        run.state = "RUNNING"
        session = self._engine.open_session()
        # The name under which tracebacks find the source's lines.
        file = f"<{run.path}#{secrets.token_hex(2)}>"
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        state = "FAILED"
        try:
            session.spark.sparkContext.setJobGroup(run.group, run.name, interruptOnCancel=True)
            session.spark.__class__ = NotebookSession
            with _session_of_this_thread(session):
                scope: dict[str, Any] = {"__name__": "__main__", "spark": session.spark}
                exec(compile(source, file, "exec"), scope)  # noqa: S102
            state = "SUCCESS"
        except BaseException as error:
            run.error, run.trace = self._explain(error, file)
            log.info("notebook %s failed: %s", run.path, run.error)
        finally:
            try:
                self._engine.catalog.sync_all()
            except Exception:
                log.exception("the catalog could not be brought up to date after %s", run.path)
            self._engine.close_session(session.id)
            linecache.cache.pop(file, None)
            run.ended = int(time.time() * 1000)
            run.state = "CANCELED" if run.canceled and state != "SUCCESS" else state
            run.done.set()

    def _explain(self, error: BaseException, file: str) -> tuple[str, str]:
        """The error in a line, and the traceback from the notebook's own first line on."""
        known = from_exception(error, self._engine.catalog.logical_schemas())
        is_sparks = known.error_class != "INTERNAL_ERROR"
        message = known.message if is_sparks else f"{type(error).__name__}: {error}"
        frames = traceback.extract_tb(error.__traceback__)
        own = next((at for at, frame in enumerate(frames) if frame.filename == file), 0)
        lines = traceback.format_list(frames[own:])
        return message, "Traceback (most recent call last):\n" + "".join(lines) + message


_current = threading.local()


@contextmanager
def _session_of_this_thread(session: Session) -> Iterator[None]:
    _current.session = session
    try:
        yield
    finally:
        _current.session = None


def _session() -> Session | None:
    found: Session | None = getattr(_current, "session", None)
    return found


class NotebookSession(SparkSession):  # type: ignore[misc]
    """A Spark session whose `sql` and `table` take names of three parts, as on Databricks."""

    def sql(self, sqlQuery: str, args: Any = None, **kwargs: Any) -> DataFrame:  # noqa: N803
        """Run a statement; see `SparkSession.sql`."""
        session = _session()
        if session is not None:
            sqlQuery = session.translate(sqlQuery).physical()  # noqa: N806
        return super().sql(sqlQuery, args, **kwargs)


def _physical(name: str) -> str:
    """Spark's name for a table a notebook names; a temporary view's name stays."""
    session = _session()
    if session is None:
        return name
    statement = translate(f"SELECT * FROM {name}", session.engine.catalog, session.catalog, session.schema)
    return statement.physical(3)


_patched = False


def _name_tables_as_the_user_does() -> None:
    """Have the methods that take a table's name take one of three parts, in threads that run a notebook."""
    global _patched
    if _patched:
        return
    _patched = True

    def by_name(owner: type, method: str) -> None:
        original: Callable[..., Any] = getattr(owner, method)

        def renamed(self: Any, name: str, *arguments: Any, **options: Any) -> Any:
            return original(self, _physical(name), *arguments, **options)

        renamed.__name__, renamed.__doc__ = method, original.__doc__
        setattr(owner, method, renamed)

    for owner, methods in _METHODS.items():
        for method in methods:
            by_name(owner, method)
    original_writer = DataFrameWriterV2.__init__

    def writer(self: Any, frame: DataFrame, table: str) -> None:
        original_writer(self, frame, _physical(table))

    DataFrameWriterV2.__init__ = writer


_METHODS: dict[type, tuple[str, ...]] = {
    SparkSession: ("table",),
    DataFrameReader: ("table",),
    DataFrameWriter: ("saveAsTable", "insertInto"),
}
