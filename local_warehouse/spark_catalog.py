"""Reads and writes Spark's shared catalog through its Java objects: milliseconds a table, no Spark job.

Spark forgets this catalog when it ends. `definition` turns an entry into plain values that can be kept, and
`register` brings such an entry back without running SQL.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypedDict
from urllib.parse import unquote, urlparse

from pyspark.sql import SparkSession


class Definition(TypedDict):
    """What Spark knows of a table or view, as plain values."""

    type: str
    provider: str | None
    location: str | None
    serde: str | None
    storage_properties: dict[str, str]
    schema: str
    partitions: list[str]
    properties: dict[str, str]
    comment: str | None
    view_text: str | None
    view_original_text: str | None
    owner: str
    collation: str | None


class SparkCatalog:
    """Spark's external catalog.

    Args:
        spark: Any session of the application; all share the catalog.
    """

    def __init__(self, spark: SparkSession) -> None:
        self._jvm: Any = spark._jvm
        self._session: Any = spark._jsparkSession
        self._catalog: Any = spark._jsparkSession.sharedState().externalCatalog()
        self._package = self._jvm.org.apache.spark.sql.catalyst.catalog
        self._identifier: Any = self._jvm.org.apache.spark.sql.catalyst.TableIdentifier
        self._struct: Any = self._jvm.org.apache.spark.sql.types.DataType

    def relations(self, database: str) -> list[str]:
        """List the tables and views of one database; none if there is no such database."""
        if not self._catalog.databaseExists(database):
            return []
        return _strings(self._catalog.listTables(database))

    def create_database(self, database: str, location: Path) -> None:
        """Create a database at a folder, unless it is there."""
        entry = self._package.CatalogDatabase(database, "", self._uri(str(location)), self._map({}))
        self._catalog.createDatabase(entry, True)

    def drop_database(self, database: str) -> None:
        """Drop a database and what is in it, if it is there."""
        self._catalog.dropDatabase(database, True, True)

    def definition(self, database: str, relation: str) -> Definition | None:
        """Read one entry.

        Returns:
            Its values, or None where there is no such table or view.
        """
        if not self._catalog.databaseExists(database) or not self._catalog.tableExists(database, relation):
            return None
        table = self._catalog.getTable(database, relation)
        storage = table.storage()
        return Definition(
            type=table.tableType().name(),
            provider=_option(table.provider()),
            location=_location(storage.locationUri()),
            serde=_option(storage.serde()),
            storage_properties=_dictionary(storage.properties()),
            schema=table.schema().json(),
            partitions=_strings(table.partitionColumnNames()),
            properties=_dictionary(table.properties()),
            comment=_option(table.comment()),
            view_text=_option(table.viewText()),
            view_original_text=_option(table.viewOriginalText()),
            owner=table.owner(),
            collation=_option(table.collation()),
        )

    def delta_metadata(self, location: str) -> tuple[str, str | None]:
        """Read a Delta table's schema (as JSON) and comment from its log."""
        table = self._jvm.org.apache.spark.sql.delta.DeltaLog.forTable(self._session, location)
        # Files and log are also written without Spark: what Delta remembers of the table may be behind.
        none = self._option(None)
        metadata = table.update(False, none, none).metadata()
        comment = metadata.description()
        return metadata.schema().json(), None if comment is None else str(comment)

    def forget_delta_log(self, location: str) -> None:
        """Have Delta read a folder's log anew: it may remember a table that was there before."""
        path = self._jvm.org.apache.hadoop.fs.Path(self._uri(location))
        self._jvm.org.apache.spark.sql.delta.DeltaLog.invalidateCache(self._session, path)

    def partition_columns(self, location: str) -> list[str]:
        """Read a Delta table's partition columns from its log."""
        table = self._jvm.org.apache.spark.sql.delta.DeltaLog.forTable(self._session, location)
        return _strings(table.unsafeVolatileSnapshot().metadata().partitionColumns())

    def register(self, database: str, relation: str, definition: Definition) -> None:
        """Add an entry, replacing one of that name. Data files are left alone.

        Args:
            database: Spark's name of the schema.
            relation: The table's or view's name.
            definition: As `definition` returned it.
        """
        entry = self._table(database, relation, definition)
        if self._catalog.tableExists(database, relation):
            self._catalog.alterTable(entry)
        else:
            self._catalog.createTable(entry, True)

    def _table(self, database: str, relation: str, of: Definition) -> Any:
        package = self._package
        none = self._option(None)
        storage = package.CatalogStorageFormat(
            self._option(None if of["location"] is None else self._uri(of["location"])),
            none,
            none,
            self._option(of["serde"]),
            False,
            self._map(of["storage_properties"]),
            none,
        )
        now = self._jvm.java.lang.System.currentTimeMillis()
        return package.CatalogTable(
            self._identifier(relation, self._option(database)),
            package.CatalogTableType(of["type"]),
            storage,
            self._struct.fromJson(of["schema"]),
            self._option(of["provider"]),
            self._seq(of["partitions"]),
            none,
            of["owner"],
            now,
            -1,
            "",
            self._map(of["properties"]),
            none,
            self._option(of["view_text"]),
            self._option(of["comment"]),
            self._option(of["collation"]),
            self._seq([]),
            False,
            True,
            self._map({}),
            self._option(of["view_original_text"]),
            none,
        )

    def _option(self, value: Any) -> Any:
        return self._jvm.scala.Option.apply(value)

    def _uri(self, location: str) -> Any:
        return self._jvm.java.io.File(location).toURI()

    def _seq(self, values: list[str]) -> Any:
        return self._jvm.PythonUtils.toSeq(values)

    def _map(self, values: dict[str, str]) -> Any:
        return self._jvm.PythonUtils.toScalaMap(values)


def delta_table(location: Path, owner: str) -> Definition:
    """Describe a managed Delta table by its folder alone: Delta reads everything else from its log."""
    return Definition(
        type="MANAGED",
        provider="delta",
        location=str(location),
        serde=None,
        storage_properties={},
        schema='{"type":"struct","fields":[]}',
        partitions=[],
        properties={},
        comment=None,
        view_text=None,
        view_original_text=None,
        owner=owner,
        collation=None,
    )


def _option(value: Any) -> str | None:
    return str(value.get()) if value.isDefined() else None


def _location(value: Any) -> str | None:
    if not value.isDefined():
        return None
    return unquote(urlparse(str(value.get().toString())).path).rstrip("/")


def _strings(values: Any) -> list[str]:
    return [str(values.apply(at)) for at in range(values.size())]


def _dictionary(values: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    iterator = values.iterator()
    while iterator.hasNext():
        pair = iterator.next()
        found[str(pair._1())] = str(pair._2())
    return found
