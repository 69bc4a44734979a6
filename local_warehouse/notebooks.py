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
from pyspark.sql.catalog import Catalog, Table
from pyspark.sql.merge import MergeIntoWriter

from local_warehouse.engine import Engine, Session
from local_warehouse.errors import from_exception, unsupported
from local_warehouse.lexer import tokenize
from local_warehouse.names import read_name, translate

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
            session.spark.client_session = session
            with _session_of_this_thread(session), session.held():
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


def _session_of(spark: SparkSession) -> Session | None:
    """The session a notebook's Spark session belongs to; in its own thread, that of any Spark session.

    A notebook may ask Spark itself for a session, and may use its own from threads it starts.
    """
    found: Session | None = getattr(spark, "client_session", None)
    return found or getattr(_current, "session", None)


class NotebookSession(SparkSession):  # type: ignore[misc]
    """A Spark session whose methods take names of three parts, as on Databricks.

    Attributes:
        client_session: The session whose current catalog and schema complete shorter names.
    """

    client_session: Session

    def sql(self, sqlQuery: str, args: Any = None, **kwargs: Any) -> DataFrame:  # noqa: N803
        """Run a statement; see `SparkSession.sql`."""
        physical = self.client_session.translate(sqlQuery).physical()
        return super().sql(physical, args, **kwargs)

    @property
    def catalog(self) -> NotebookCatalog:
        """What exists; see `SparkSession.catalog`."""
        return NotebookCatalog(self)


class NotebookCatalog(Catalog):  # type: ignore[misc]
    """Spark's catalog interface, with the names the user knows; what it cannot give so, it refuses."""

    def __init__(self, spark: NotebookSession) -> None:
        super().__init__(spark)
        self._session = spark.client_session

    def currentCatalog(self) -> str:  # noqa: N802
        """Name the current catalog."""
        return self._session.catalog

    def currentDatabase(self) -> str:  # noqa: N802
        """Name the current schema."""
        return self._session.schema

    def setCurrentCatalog(self, catalogName: str) -> None:  # noqa: N802, N803
        """Make another catalog the current one."""
        self._session.use(catalogName.strip("`"), "default")

    def setCurrentDatabase(self, dbName: str) -> None:  # noqa: N802, N803
        """Make another schema the current one."""
        self._session.use(*self._schema(dbName))

    def databaseExists(self, dbName: str) -> bool:  # noqa: N802, N803
        """Tell whether a schema exists."""
        return self._session.engine.catalog.has_schema(*self._schema(dbName))

    def tableExists(self, tableName: str, dbName: str | None = None) -> bool:  # noqa: N802, N803
        """Tell whether a table or view exists."""
        return bool(super().tableExists(self._table(tableName, dbName)))

    def getTable(self, tableName: str) -> Table:  # noqa: N802, N803
        """Describe a table or view."""
        return self._as_known(super().getTable(self._table(tableName, None)))

    def _table(self, name: str, schema: str | None) -> str:
        return _physical(self._session, name if schema is None else f"{schema}.{name}")

    def _schema(self, name: str) -> tuple[str, str]:
        parts, _ = read_name(tokenize(name), 0)
        catalog = self._session.catalog if len(parts) < 2 else parts[0]
        return catalog.lower(), parts[-1].lower() if parts else name

    def _as_known(self, table: Table) -> Table:
        logical = self._session.engine.catalog.logical_schemas()
        if not table.namespace or table.namespace[-1] not in logical:
            return table
        catalog, schema = logical[table.namespace[-1]]
        return table._replace(catalog=catalog, namespace=[schema])


def _refuse(method: str) -> None:
    def refused(self: NotebookCatalog, *arguments: Any, **options: Any) -> None:
        raise unsupported(f"spark.catalog.{method} is not available here; use spark.sql.")

    setattr(NotebookCatalog, method, refused)


for _method in (
    "listCatalogs",
    "listDatabases",
    "getDatabase",
    "createDatabase",
    "dropDatabase",
    "createTable",
    "createExternalTable",
    "dropTable",
    "dropView",
    "listTables",
    "listViews",
    "listColumns",
    "listPartitions",
    "truncateTable",
    "listFunctions",
    "getFunction",
    "functionExists",
    "recoverPartitions",
):
    _refuse(_method)


def _physical(session: Session, name: str) -> str:
    """Spark's name for a table a notebook names; a temporary view's name stays."""
    statement = translate(f"SELECT * FROM {name}", session.engine.catalog, session.catalog, session.schema)
    return statement.physical(3)


_patched = False


def _name_tables_as_the_user_does() -> None:
    """Have the methods that take a table's name take one of three parts, in sessions of notebooks."""
    global _patched
    if _patched:
        return
    _patched = True

    def by_name(owner: type, method: str, spark_of: Callable[[Any], SparkSession]) -> None:
        original: Callable[..., Any] = getattr(owner, method)

        def renamed(self: Any, name: str, *arguments: Any, **options: Any) -> Any:
            session = _session_of(spark_of(self))
            return original(
                self, name if session is None else _physical(session, name), *arguments, **options
            )

        renamed.__name__, renamed.__doc__ = method, original.__doc__
        setattr(owner, method, renamed)

    def by_frame(owner: type) -> None:
        original: Callable[..., Any] = owner.__init__  # type: ignore[misc]

        def made(self: Any, df: DataFrame, table: str, *arguments: Any) -> None:
            session = _session_of(df.sparkSession)
            original(self, df, table if session is None else _physical(session, table), *arguments)

        owner.__init__ = made  # type: ignore[misc]

    by_name(SparkSession, "table", lambda spark: spark)
    by_name(DataFrameReader, "table", lambda reader: reader._spark)
    for method in ("saveAsTable", "insertInto"):
        by_name(DataFrameWriter, method, lambda writer: writer._spark)
    for method in (
        "isCached",
        "cacheTable",
        "uncacheTable",
        "refreshTable",
        "getTableProperties",
        "getCreateTableString",
        "analyzeTable",
    ):
        by_name(Catalog, method, lambda catalog: catalog._sparkSession)
    by_frame(DataFrameWriterV2)
    by_frame(MergeIntoWriter)
