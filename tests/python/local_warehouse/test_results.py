"""How rows are taken from Spark."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from local_warehouse.results import Result, of_dataframe

pytestmark = pytest.mark.warehouse

_EVERY_TYPE = """
    (
        cast(1 as tinyint), cast(2 as smallint), 3, 4L, cast(1.5 as float), 2.5d,
        cast('0.5' as decimal(38, 18)), true, 'text', cast('bytes' as binary), date '2026-01-31',
        timestamp '2026-10-25 00:30:00.000001+00:00', timestamp_ntz '2026-10-25 02:30:00', array(1, null),
        map('z', timestamp '2026-01-31 12:00:00+00:00', 'key', null, 'a1', timestamp '0001-01-01'),
        map(array(1), 1),
        struct(1 as one, array(struct('x' as x)) as many), cast(null as string)
    )
"""


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
@pytest.mark.parametrize("rows", [1, 3])
def test_rows_at_hand_are_what_a_query_gives(
    spark: SparkSession, tmp_path: Path, rows: int, zone: str
) -> None:
    session = spark.newSession()
    session.conf.set("spark.sql.session.timeZone", zone)
    values = "values " + ", ".join([_EVERY_TYPE] * rows)
    at_hand, query = session.sql(values), session.sql(f"select * from ({values})")
    assert (at_hand.isLocal(), query.isLocal()) == (True, False)

    of_answer, of_query = of_dataframe(at_hand, tmp_path), of_dataframe(query, tmp_path)

    assert of_answer.schema.equals(of_query.schema)
    assert of_answer.table().equals(of_query.table())
    assert of_answer.row_count == rows


@pytest.mark.parametrize(
    "statement", ["show databases", "show tables like 'nothing'", "describe detail answered"]
)
def test_what_a_command_answers_is_read_without_a_spark_job(
    spark: SparkSession, tmp_path: Path, statement: str
) -> None:
    spark.sql("create or replace table answered (id int) using delta")
    spark.sql("insert into answered values (1)")
    answer = spark.sql(statement)

    result, jobs = _with_jobs(spark, lambda: of_dataframe(answer, tmp_path))
    of_query, jobs_of_query = _with_jobs(spark, lambda: of_dataframe(answer.where("true"), tmp_path))

    assert result.schema.equals(of_query.schema)
    assert result.table().equals(of_query.table())
    assert (jobs, jobs_of_query) == (0, 1)


def _with_jobs(spark: SparkSession, read: Callable[[], Result]) -> tuple[Result, int]:
    """Read a result, and count the jobs that Spark ran for it."""
    group = uuid.uuid4().hex
    spark.sparkContext.setJobGroup(group, "reading a result")
    try:
        result = read()
    finally:
        spark.sparkContext._jsc.clearJobGroup()
    # Spark hears of its own jobs a little later.
    spark.sparkContext._jsc.sc().listenerBus().waitUntilEmpty()
    return result, len(spark.sparkContext.statusTracker().getJobIdsForGroup(group))
