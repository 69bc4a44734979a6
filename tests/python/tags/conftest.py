from __future__ import annotations

from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from local_warehouse.home import Home
from local_warehouse.spark_session import start_spark, stop_spark
from tags.resolving import Resolver


@pytest.fixture(scope="package")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """One Spark of this process's own, with the settings of a small warehouse."""
    home = Home(tmp_path_factory.mktemp("spark"))
    session = start_spark(home)
    yield session
    stop_spark(session)


@pytest.fixture(scope="package")
def resolver(spark: SparkSession) -> Resolver:
    return Resolver(spark)
