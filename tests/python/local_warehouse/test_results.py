"""How rows are taken from Spark."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from local_warehouse.results import of_dataframe

pytestmark = pytest.mark.warehouse

_EVERY_TYPE = """
    (
        cast(1 as tinyint), cast(2 as smallint), 3, 4L, cast(1.5 as float), 2.5d,
        cast('0.5' as decimal(38, 18)), true, 'text', cast('bytes' as binary), date '2026-01-31',
        timestamp '2026-10-25 00:30:00.000001+00:00', timestamp_ntz '2026-10-25 02:30:00', array(1, null),
        map('key', timestamp '2026-01-31 12:00:00+00:00'),
        struct(1 as one, array(struct('x' as x)) as many), cast(null as string)
    )
"""


@pytest.mark.parametrize("rows", [1, 3])
def test_rows_at_hand_are_what_a_query_gives(spark: SparkSession, tmp_path: Path, rows: int) -> None:
    values = "values " + ", ".join([_EVERY_TYPE] * rows)
    at_hand, query = spark.sql(values), spark.sql(f"select * from ({values})")
    assert (at_hand.isLocal(), query.isLocal()) == (True, False)

    of_answer, of_query = of_dataframe(at_hand, tmp_path), of_dataframe(query, tmp_path)

    assert of_answer.schema.equals(of_query.schema)
    assert of_answer.table().equals(of_query.table())
    assert of_answer.row_count == rows


def test_what_a_command_answers_is_read_without_a_spark_job(spark: SparkSession, tmp_path: Path) -> None:
    spark.sql("create or replace table answered (id int) using delta")
    spark.sql("insert into answered values (1)")
    jobs = spark.sparkContext.statusTracker()

    for statement in ("show databases", "show tables like 'nothing'", "describe detail answered"):
        answer = spark.sql(statement)
        spark.sparkContext.setJobGroup(statement, statement)
        result = of_dataframe(answer, tmp_path)

        assert list(jobs.getJobIdsForGroup(statement)) == []
        of_query = of_dataframe(answer.where("true"), tmp_path)
        assert result.schema.equals(of_query.schema)
        assert result.table().equals(of_query.table())
