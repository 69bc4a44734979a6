"""What Spark makes of the model slv_usage_tags: what it costs hangs on it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from pyspark.sql import DataFrame, SparkSession

from tags.resolving import Case, Resolver

pytestmark = pytest.mark.warehouse


@pytest.fixture(scope="module")
def resolved(spark: SparkSession, resolver: Resolver) -> Iterator[DataFrame]:
    # Planned as where there is much: a single task would have no use for the names of combinations.
    before = spark.conf.get("spark.sql.shuffle.partitions")
    spark.conf.set("spark.sql.shuffle.partitions", "2")
    yield resolver.resolved([Case({"CostCenter": "a"}), Case({"team": "b"})])
    spark.conf.set("spark.sql.shuffle.partitions", before)


def test_records_are_shuffled_once_for_both_of_their_uses(resolved: DataFrame) -> None:
    plan = resolved._jdf.queryExecution().executedPlan().toString()

    shuffles = [line for line in plan.splitlines() if "REPARTITION_BY_COL" in line]
    assert ["ReusedExchange" in line for line in shuffles] == [False, True]


def test_records_are_sorted_by_day_before_they_carry_tags(resolved: DataFrame) -> None:
    plan = resolved._jdf.queryExecution().executedPlan()

    assert re.match(r"List\(date_key#\d+ ASC", plan.outputOrdering().toString())
    text = plan.toString()
    assert text.count("Sort [date_key#") == 1
    assert text.index("ShuffledHashJoin") < text.index("Sort [date_key#")
