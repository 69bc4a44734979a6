"""The one Spark session behind the warehouse: where its jars, its Java and its settings come together."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from pyspark.sql import SparkSession

from local_warehouse import processes
from local_warehouse.hadoop_defaults import write_hadoop_defaults
from local_warehouse.home import Home
from local_warehouse.jars import ensure_jars
from local_warehouse.java import find_java, java_home_for_spark

SIZES = ("small", "large")
"""Names of the settings profiles: accounts of up to about a million usage rows, and larger ones."""

_LOG_KEPT_BYTES = 16 * 1024 * 1024


class SparkStartError(RuntimeError):
    """Spark did not start; the message says where its own messages are."""


def settings(home: Home, size: str = "small") -> dict[str, str]:
    """List the Spark settings of one profile.

    Args:
        home: The state folder: tables and scratch files go there.
        size: One of `SIZES`.

    Returns:
        Spark's configuration keys and values.

    Raises:
        ValueError: There is no such profile.
    """
    if size not in SIZES:
        raise ValueError(f"{size!r} is no size: choose one of {', '.join(SIZES)}")
    cores = usable_cores()
    memory = _share_of_memory(4, 1, 4) if size == "small" else _share_of_memory(3, 2, 12)
    shared = {
        "spark.master": f"local[{cores}]",
        "spark.app.name": "local_warehouse",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.local.dir": str(home.scratch_dir),
        "spark.sql.warehouse.dir": str(home.warehouse_dir),
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        # A SQL warehouse has ANSI semantics and, here, one time zone: what is stored is what is shown.
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.sources.default": "delta",
        # Delta's parser drops the parameters of a statement, unless Spark binds them after parsing.
        "spark.sql.legacy.parameterSubstitution.constantsOnly": "true",
        "spark.scheduler.mode": "FAIR",
        # Spark keeps the plans of past statements for a web page that is not there: a thousand of them fill
        # the memory within a few builds.
        "spark.sql.ui.retainedExecutions": "1",
        "spark.ui.retainedJobs": "10",
        "spark.ui.retainedStages": "10",
        "spark.ui.retainedTasks": "100",
        # Delta replays a table's log in this many tasks; a local log is far too small to split.
        "spark.databricks.delta.snapshotPartitions": "1",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        # Python would tell Java for each column of an expression from which line of a model it comes, for
        # error messages: telling takes nearly as long as making them.
        "spark.python.sql.dataFrameDebugging.enabled": "false",
        "spark.driver.memory": f"{memory}g",
        "spark.driver.extraClassPath": str(home.hadoop_dir),
        "spark.driver.extraJavaOptions": " ".join(
            (
                "-XX:+UseSerialGC",
                # Plans are short-lived garbage, and Spark loads tens of thousands of classes: with Java's own
                # first guesses it collects all of its memory each time one of these grows.
                f"-Xms{memory}g",
                "-XX:MetaspaceSize=512m",
                "-XX:ReservedCodeCacheSize=512m",
                "-Duser.timezone=UTC",
                _java_option(f"-Djava.io.tmpdir={home.scratch_dir}"),
            )
        ),
    }
    by_size = {
        # Statements over little data: planning and compiling cost more than running, so nothing is compiled.
        "small": {
            # Every further task of a shuffle costs more than it saves; statements run side by side instead.
            "spark.sql.shuffle.partitions": "1",
            # Each sort, aggregate and broadcast takes a page of memory, by default one of 16 to 64 MB; that
            # of a broadcast stays for as long as anything still knows its plan.
            "spark.buffer.pageSize": "1m",
            "spark.sql.codegen.wholeStage": "false",
            "spark.sql.codegen.factoryMode": "NO_CODEGEN",
            "spark.sql.adaptive.enabled": "false",
        },
        "large": {
            "spark.sql.shuffle.partitions": str(2 * cores),
            # A model that is built again gives the same code again. One of many joins alone fills the hundred
            # places that Spark has by default, and Java would compile all of it at each build.
            "spark.sql.codegen.cache.maxEntries": "2000",
            # Sorts and shuffles of many rows fill pages that live long: in Java's memory they would make it
            # collect all of it again and again.
            "spark.memory.offHeap.enabled": "true",
            "spark.memory.offHeap.size": f"{_share_of_memory(6, 1, 6)}g",
            # What is shuffled never leaves this machine.
            "spark.shuffle.checksum.enabled": "false",
            "spark.sql.shuffle.orderIndependentChecksum.enabled": "false",
        },
    }
    return shared | by_size[size]


def _java_option(text: str) -> str:
    """Quote one option the way Spark takes a list of them apart."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def usable_cores() -> int:
    """Count the cores this process may use, two at least so that sessions can overlap."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
    return max(allowed, 2)


def _share_of_memory(divisor: int, least: int, most: int) -> int:
    """Take one part of the machine's memory (or of its container's) in GiB, within bounds."""
    available = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with contextlib.suppress(OSError, ValueError):
        available = min(available, int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    return min(max(available // divisor // 2**30, least), most)


def start_spark(
    home: Home, size: str = "small", progress: Callable[[str], None] = lambda line: None
) -> SparkSession:
    """Start Spark with Delta on the tables of one home. Its output goes to the home's log file.

    Args:
        home: The state folder. The caller should hold its lock.
        size: The settings profile, one of `SIZES`.
        progress: Called with a line before each step that takes long.

    Returns:
        The session; `stop_spark` ends it.

    Raises:
        JavaNotFoundError: There is no Java new enough.
        JarsError: A jar cannot be fetched, or is not the pinned one.
        SparkStartError: Java ended or Spark refused its settings.
        ValueError: There is no such size.
    """
    wanted = settings(home, size)
    java = find_java()
    jars = ensure_jars(java.home / "bin" / "java", progress=progress)
    os.environ["JAVA_HOME"] = str(java_home_for_spark(java, home.root / "java"))
    # Only the owner of the home comes here: what lies in scratch is left over from a process that was killed.
    shutil.rmtree(home.scratch_dir, ignore_errors=True)
    home.scratch_dir.mkdir()
    write_hadoop_defaults(home.hadoop_dir)
    # Python workers must be this interpreter: another may lack pyspark.
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    # Spark logs every failed statement again as one long JSON line; the client gets the error itself.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    progress(f"Starting Spark ({size} settings, Java {java.major} from {java.source})")
    builder = SparkSession.builder.config("spark.jars", ",".join(str(path) for path in jars))
    for key, value in wanted.items():
        builder = builder.config(key, value)
    try:
        with _output_in_log(home.log_file):
            spark = builder.getOrCreate()
    except Exception as error:
        raise SparkStartError(f"Spark did not start: {error} What it said: {home.log_file}") from error
    owner = home.owner()
    if owner is not None and owner.pid == os.getpid():
        jvm = int(spark._jvm.java.lang.ProcessHandle.current().pid())
        home.record_owner(replace(owner, jvm_pid=jvm, jvm_started=processes.start_mark(jvm), size=size))
    return spark


def stop_spark(spark: SparkSession) -> None:
    """End Spark and its Java process, so that this process may start another one.

    Args:
        spark: The session `start_spark` gave.
    """
    context = spark.sparkContext
    gateway = context._gateway
    spark.stop()
    if gateway is not None:
        gateway.shutdown()
        process = getattr(gateway, "proc", None)
        if process is not None:
            # The Java side ends when the pipe to its standard input closes.
            process.stdin.close()
            process.wait(timeout=30)
    type(context)._gateway = None
    type(context)._jvm = None


@contextlib.contextmanager
def _output_in_log(log_file: Path) -> Iterator[None]:
    """Let what is started inside write to the log instead of this process's own output."""
    if log_file.exists() and log_file.stat().st_size > _LOG_KEPT_BYTES:
        log_file.replace(log_file.with_suffix(".log.1"))
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(1), os.dup(2)]
    log = os.open(log_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.dup2(log, 1)
        os.dup2(log, 2)
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, original in zip((1, 2), kept, strict=True):
            os.dup2(original, number)
            os.close(original)
        os.close(log)
