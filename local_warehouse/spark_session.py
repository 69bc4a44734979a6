"""The one Spark session behind the warehouse: where its jars, its Java and its settings come together."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

from pyspark.sql import SparkSession

from local_warehouse import processes
from local_warehouse.home import Home

SIZES = ("small", "large")
"""Names of the settings profiles: accounts of up to about a million usage rows, and larger ones."""

DELTA = "io.delta:delta-spark_4.2_2.13:4.4.0"


def settings(home: Home, size: str = "small") -> dict[str, str]:
    """List the Spark settings of one profile.

    Args:
        home: The state folder: tables and scratch files go there.
        size: One of `SIZES`.

    Returns:
        Spark's configuration keys and values.
    """
    cores = os.cpu_count() or 2
    shared = {
        "spark.master": f"local[{max(cores, 2)}]",
        "spark.app.name": "local_warehouse",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.local.dir": str(home.scratch_dir),
        "spark.sql.warehouse.dir": str(home.warehouse_dir),
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.sources.default": "delta",
        "spark.scheduler.mode": "FAIR",
        "spark.databricks.delta.snapshotPartitions": "1",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
    }
    by_size = {
        "small": {
            "spark.sql.shuffle.partitions": "2",
            "spark.sql.codegen.wholeStage": "false",
            "spark.sql.codegen.factoryMode": "NO_CODEGEN",
            "spark.sql.adaptive.enabled": "false",
        },
        "large": {
            "spark.sql.shuffle.partitions": str(max(2 * cores, 4)),
        },
    }
    return shared | by_size[size]


def start_spark(home: Home, size: str = "small") -> SparkSession:
    """Start Spark with Delta on the tables of one home. Its output goes to the home's log file.

    Args:
        home: The state folder. The caller should hold its lock.
        size: The settings profile, one of `SIZES`.

    Returns:
        The session; `stop()` it to end Spark.

    Raises:
        RuntimeError: There is no usable Java.
    """
    # Only the owner of the home comes here: what lies in scratch is left over from a process that was killed.
    shutil.rmtree(home.scratch_dir, ignore_errors=True)
    home.scratch_dir.mkdir()
    # Python workers must be this interpreter: another may lack pyspark.
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    os.environ["TZ"] = "UTC"
    # Spark logs every failed statement again as one long JSON line; the client gets the error itself.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    builder = SparkSession.builder
    for key, value in settings(home, size).items():
        builder = builder.config(key, value)
    builder = builder.config("spark.jars.packages", DELTA)
    builder = builder.config(
        "spark.driver.extraJavaOptions",
        f"-XX:+UseSerialGC -Duser.timezone=UTC -Dderby.system.home={home.scratch_dir}",
    ).config("spark.driver.memory", "3g")
    spark = builder.getOrCreate()
    owner = home.owner()
    if owner is not None and owner.pid == os.getpid():
        jvm = int(spark._jvm.java.lang.ProcessHandle.current().pid())
        home.record_owner(replace(owner, jvm_pid=jvm, jvm_started=processes.start_mark(jvm), size=size))
    return spark


def log_file_handle(path: Path) -> int:
    """Open the log file for appending, as a descriptor to put the process's own output on."""
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
