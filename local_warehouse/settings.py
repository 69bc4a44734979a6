"""Session settings a SQL warehouse knows, and what they are to Spark."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pyspark.sql import SparkSession

from local_warehouse.errors import WarehouseError

_TO_SPARK = {
    "ansi_mode": "spark.sql.ansi.enabled",
    "timezone": "spark.sql.session.timeZone",
    "legacy_time_parser_policy": "spark.sql.legacy.timeParserPolicy",
    "max_file_partition_bytes": "spark.sql.files.maxPartitionBytes",
}
_NO_EFFECT_ON_RESULTS = frozenset(("enable_photon", "use_cached_result", "query_tags"))
_OF_THE_CONNECTION = frozenset(("spark.thriftserver.arrowbasedrowset.timestampasstring",))


def not_available(key: str) -> WarehouseError:
    """The service's error for a setting that it does not know."""
    return WarehouseError("CONFIG_NOT_AVAILABLE", f"Configuration {key} is not available.", "42K0I")


class SessionSettings:
    """The settings of one session.

    Args:
        spark: The session's Spark session.
        configuration: Settings given when the session was opened.

    Attributes:
        statement_timeout: Seconds a statement may take, 0 for no limit.
        query_tags: As the client gave them.
    """

    def __init__(self, spark: SparkSession, configuration: Mapping[str, str]) -> None:
        self._spark = spark
        self.statement_timeout = 0.0
        self.query_tags = ""
        for key, value in configuration.items():
            self.set(key, value)

    def set(self, key: str, value: str) -> None:
        """Set one setting.

        Args:
            key: Its name, in any case: one of a SQL warehouse's, or one of Spark's.
            value: Its value.

        Raises:
            WarehouseError: It is not known, or the value does not fit.
        """
        name = key.lower()
        if name in _OF_THE_CONNECTION:
            return
        if name == "statement_timeout":
            if not re.fullmatch(r"\d+", value.strip()):
                raise WarehouseError(
                    "INVALID_CONF_VALUE", f"STATEMENT_TIMEOUT is a number of seconds, not '{value}'.", "22022"
                )
            self.statement_timeout = float(value)
        elif name == "query_tags":
            self.query_tags = value
        elif name in _TO_SPARK:
            self._spark.conf.set(_TO_SPARK[name], value)
        elif name in _NO_EFFECT_ON_RESULTS:
            return
        elif name.startswith("spark."):
            self._spark.conf.set(key, value)
        else:
            raise not_available(key)

    def knows(self, key: str) -> bool:
        """Tell whether a name is a SQL warehouse's own setting."""
        name = key.lower()
        return name in _TO_SPARK or name in _NO_EFFECT_ON_RESULTS or name == "statement_timeout"
