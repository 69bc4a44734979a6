from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from tags.resolving import Resolver


@pytest.fixture(scope="package")
def resolver(spark: SparkSession) -> Resolver:
    return Resolver(spark)
