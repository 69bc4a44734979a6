"""Sessions and statements: one Spark session a client session, one statement at a time in each."""

from __future__ import annotations

import contextlib
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from enum import Enum

from pyspark.sql import SparkSession

from local_warehouse import results, statements
from local_warehouse.catalog import Catalog
from local_warehouse.errors import WarehouseError, from_exception
from local_warehouse.home import Home
from local_warehouse.names import Statement, translate
from local_warehouse.results import Result
from local_warehouse.settings import SessionSettings

log = logging.getLogger(__name__)

IDLE_SESSION_SECONDS = 3600.0
"""A session nothing was asked of for so long is closed: its client is gone."""

ABANDONED_SECONDS = 600.0
"""A statement whose client has not asked about it for so long is stopped: clients ask all the time."""

SWEEP_SECONDS = 60.0
"""How often such sessions are looked for."""

_POOLS = 16


class State(Enum):
    """Where an operation stands."""

    RUNNING = "running"
    FINISHED = "finished"
    CANCELED = "canceled"
    FAILED = "failed"


class Operation:
    """One statement under way, or done.

    Attributes:
        id: Its id, 16 bytes.
        started_ms: When the client asked for it, in milliseconds since the epoch.
        state: Where it stands; changes once, from `RUNNING`.
        result: The rows, once finished.
        error: Why it failed, once failed or canceled.
        is_compressed: Whether the client takes, and so gets, its rows compressed.
    """

    def __init__(self, session: Session, sql: str, work: Callable[[], Result]) -> None:
        self._work = work
        self.id = secrets.token_bytes(16)
        self.session = session
        self.sql = sql
        self.is_compressed = False
        self.started_ms = int(time.time() * 1000)
        self.state = State.RUNNING
        self.result: Result | None = None
        self.error: WarehouseError | None = None
        self._done = threading.Event()
        self._canceled: WarehouseError | None = None
        self._started = False
        self._change = threading.Lock()

    @property
    def group(self) -> str:
        """The name of its Spark jobs' group."""
        return self.id.hex()

    def wait(self, seconds: float | None) -> bool:
        """Wait until it is done.

        Args:
            seconds: How long at most; None waits as long as it takes.

        Returns:
            Whether it is done.
        """
        return self._done.wait(seconds)

    def cancel(self, reason: WarehouseError | None = None) -> None:
        """Stop it: its Spark jobs now, and those it would start later. Does nothing once it is done.

        Args:
            reason: What the client is told; by default that it was canceled.
        """
        with self._change:
            if self._done.is_set() or self._canceled is not None:
                return
            self._canceled = reason or WarehouseError(
                "OPERATION_CANCELED", "The statement was canceled.", "HY008"
            )
            if not self._started:
                return
        self.session.spark.sparkContext._jsc.sc().cancelJobGroupAndFutureJobs(self.group)

    def run(self) -> None:
        """Execute it, in the session's own thread."""
        with self._change:
            self._started = True
        context = self.session.spark.sparkContext
        try:
            if self._canceled is not None:
                raise self._canceled
            # Without a pool of its own a long statement would keep the others waiting.
            context.setLocalProperty("spark.scheduler.pool", f"session-{self.session.id[0] % _POOLS}")
            context.setJobGroup(self.group, self.sql[:200], interruptOnCancel=True)
            self.result = self._work()
            state = State.FINISHED
        except BaseException as error:
            logical = self.session.engine.catalog.logical_schemas()
            self.error = self._canceled or from_exception(error, logical)
            state = State.CANCELED if self._canceled is not None else State.FAILED
            log.info("statement failed: %s", self.error.message)
        finally:
            # A cancel that came after the commit did not stop anything: the statement is reported as
            # finished.
            with self._change:
                self.state = state
                self._done.set()

    def close(self) -> None:
        """Stop it if it runs, and free its rows."""
        self.cancel()
        if self.result is not None:
            self.result.close()


class Session:
    """A client's session: current catalog and schema, settings, temporary views.

    Attributes:
        id: Its id, 16 bytes.
        spark: Its own Spark session.
        catalog: The current catalog.
        schema: The current schema.
        settings: Its settings.
    """

    def __init__(self, engine: Engine, catalog: str, schema: str, configuration: Mapping[str, str]) -> None:
        self.id = secrets.token_bytes(16)
        self.engine = engine
        self.spark: SparkSession = engine.spark.newSession()
        self.catalog = catalog
        self.schema = schema
        self.settings = SessionSettings(self.spark, configuration)
        self.use(catalog, schema)
        self.last_used = time.monotonic()
        self._holders = 0
        self._operations: dict[bytes, Operation] = {}
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="session")
        self._closed = False

    def use(self, catalog: str, schema: str) -> None:
        """Make a catalog and schema the current ones. The schema need not exist yet.

        Raises:
            WarehouseError: There is no such catalog.
        """
        catalog, schema = catalog.lower(), schema.lower()
        if not self.engine.catalog.has_catalog(catalog):
            raise WarehouseError("NO_SUCH_CATALOG_EXCEPTION", f"Catalog '{catalog}' was not found.", "42704")
        self.catalog, self.schema = catalog, schema
        physical = self.engine.catalog.physical_schema(catalog, schema)
        exists = self.engine.catalog.has_schema(catalog, schema)
        self._schema_was_missing = not exists
        self.spark._jsparkSession.sessionState().catalog().setCurrentDatabase(
            physical if exists else "default"
        )

    def translate(self, sql: str) -> Statement:
        """Find the names in a statement, by this session's current catalog and schema."""
        return translate(sql, self.engine.catalog, self.catalog, self.schema)

    def execute(self, sql: str) -> Result:
        """Run one statement and return its rows, in the calling thread.

        Args:
            sql: The statement.

        Returns:
            The rows.

        Raises:
            Exception: A `WarehouseError`, or what Spark raises.
        """
        if self._schema_was_missing and self.engine.catalog.has_schema(self.catalog, self.schema):
            self.use(self.catalog, self.schema)
        return statements.execute(self, self.translate(sql))

    def sql(self, physical: str) -> Result:
        """Run a statement that has Spark's names."""
        return results.of_dataframe(self.spark.sql(physical), self.engine.home.scratch_dir)

    def start(self, sql: str, timeout: float | None = None) -> Operation:
        """Begin a statement in the session's thread, after those begun before.

        Args:
            sql: The statement.
            timeout: Seconds after which it is stopped; None takes the session's setting.

        Returns:
            The operation, to wait for.

        Raises:
            WarehouseError: The session is closed.
        """
        return self._start(sql, lambda: self.execute(sql), timeout)

    def start_call(self, work: Callable[[], Result]) -> Operation:
        """Begin something that is not SQL, such as listing tables, as an operation like a statement."""
        return self._start("", work, None)

    def _start(self, sql: str, work: Callable[[], Result], timeout: float | None) -> Operation:
        if self._closed:
            raise WarehouseError("INVALID_HANDLE.SESSION_CLOSED", "The session is closed.", "HY000")
        self.last_used = time.monotonic()
        operation = Operation(self, sql, work)
        self._operations[operation.id] = operation
        future: Future[None] = self._worker.submit(operation.run)
        seconds = timeout or self.settings.statement_timeout
        if seconds:
            timer = threading.Timer(seconds, operation.cancel, (_timed_out(seconds),))
            timer.daemon = True
            timer.start()
            future.add_done_callback(lambda _: timer.cancel())
        return operation

    def operation(self, number: bytes) -> Operation | None:
        """Find an operation of this session that was not closed yet."""
        self.last_used = time.monotonic()
        return self._operations.get(number)

    def close_operation(self, number: bytes) -> None:
        """Stop an operation and free its rows."""
        operation = self._operations.pop(number, None)
        if operation is not None:
            operation.close()

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Keep the session while something in this process works with it, though no client asks of it."""
        self._holders += 1
        try:
            yield
        finally:
            self._holders -= 1
            self.last_used = time.monotonic()

    def is_forsaken(self, now: float) -> bool:
        """Tell whether its client is gone, as far as that shows.

        Args:
            now: The time on the monotonic clock.
        """
        limit = ABANDONED_SECONDS if self.running() else IDLE_SESSION_SECONDS
        return not self._holders and self.last_used < now - limit

    def running(self) -> list[Operation]:
        """List its statements that are not done: one at work, others waiting for it."""
        return [of for of in list(self._operations.values()) if of.state is State.RUNNING]

    def close(self) -> None:
        """Stop what runs, drop temporary views, free rows."""
        self._closed = True
        for number in list(self._operations):
            self.close_operation(number)
        self._worker.submit(self._forget_spark)
        self._worker.shutdown(wait=False)

    def _forget_spark(self) -> None:
        try:
            self.spark._jsparkSession.sessionState().catalog().clearTempTables()
        except Exception:
            log.debug("a session could not be reset", exc_info=True)


def _timed_out(seconds: float) -> WarehouseError:
    return WarehouseError(
        "STATEMENT_TIMEOUT", f"The statement took longer than {seconds:g} seconds.", "57014"
    )


class Engine:
    """All sessions of one home.

    Args:
        home: The state folder; the caller holds its lock.
        spark: The session that owns Spark.
    """

    def __init__(self, home: Home, spark: SparkSession) -> None:
        # Spark logs every failed statement as a long JSON line, and py4j every closed connection.
        logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
        logging.getLogger("py4j").setLevel(logging.WARNING)
        self.home = home
        self.spark = spark
        self.catalog = Catalog(home, spark)
        self.default_catalog = "hive_metastore"
        self._sessions: dict[bytes, Session] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        threading.Thread(target=self._sweep, name="idle-sessions", daemon=True).start()

    def open_session(
        self,
        catalog: str | None = None,
        schema: str | None = None,
        configuration: Mapping[str, str] | None = None,
    ) -> Session:
        """Open a session.

        Args:
            catalog: The current catalog; it is made if it does not exist.
            schema: The current schema; it may not exist yet.
            configuration: Session settings.

        Returns:
            The session; `close()` it.

        Raises:
            WarehouseError: A setting is not known.
        """
        if catalog:
            self.catalog.ensure_catalog(catalog)
        session = Session(self, catalog or self.default_catalog, schema or "default", configuration or {})
        with self._lock:
            self._sessions[session.id] = session
        return session

    def session(self, number: bytes) -> Session | None:
        """Find an open session."""
        return self._sessions.get(number)

    def close_session(self, number: bytes) -> None:
        """Close a session if it is open."""
        with self._lock:
            session = self._sessions.pop(number, None)
        if session is not None:
            session.close()

    def sessions(self) -> list[Session]:
        """List the open sessions."""
        with self._lock:
            return list(self._sessions.values())

    def close(self) -> None:
        """Close all sessions and the catalog's file. Spark is left to its owner."""
        self._stop.set()
        for session in self.sessions():
            self.close_session(session.id)
        self.catalog.close()

    def close_forsaken(self) -> None:
        """Close the sessions whose clients are gone, and stop what they have left running."""
        for session in self.sessions():
            if session.is_forsaken(time.monotonic()):
                log.info("a session was closed: nobody has asked of it for long")
                self.close_session(session.id)

    def _sweep(self) -> None:
        while not self._stop.wait(SWEEP_SECONDS):
            self.close_forsaken()
