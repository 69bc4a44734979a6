"""The catalog that outlives the process: what exists, and what only Unity Catalog would know of it.

Durable state is a SQLite file plus the Delta folders. For managed tables the folder decides: a folder with a
Delta
commit is a table, a folder without one is the rest of a statement that was killed. Everything else (schemas,
views,
functions, comments, tags, keys, grants) is a row, written in one transaction. Spark's own catalog is a copy
that
`Catalog` fills at start.
"""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import json
import logging
import re
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from local_warehouse.errors import WarehouseError
from local_warehouse.home import Home
from local_warehouse.lexer import quoted
from local_warehouse.spark_catalog import Definition, SparkCatalog, delta_table

log = logging.getLogger(__name__)

BUILT_IN_CATALOGS = ("platform_observability", "system", "hive_metastore")
"""Catalogs every home has; others come by CREATE CATALOG, CREATE SCHEMA or a session's initial catalog."""

_TABLES = """
create table if not exists catalogs (name text primary key, comment text, owner text, created text);
create table if not exists schemas (
    catalog text, name text, physical text unique, comment text, owner text, created text, last_altered text,
    primary key (catalog, name));
create table if not exists relations (
    catalog text, schema text, name text, type text, provider text, location text, owner text, comment text,
    created text, last_altered text, view_text text, definition text, columns text,
    version integer,
    primary key (catalog, schema, name));
create table if not exists functions (
    catalog text, schema text, name text, statement text, physical_statement text, owner text, comment text,
    created text, last_altered text, primary key (catalog, schema, name));
create table if not exists tags (
    catalog text, schema text, relation text, column_name text, tag text, value text,
    primary key (catalog, schema, relation, column_name, tag));
create table if not exists key_constraints (
    catalog text, schema text, relation text, name text, kind text, columns text,
    parent_catalog text, parent_schema text, parent_relation text, parent_columns text, options text,
    primary key (catalog, schema, relation, name));
create table if not exists grants (
    kind text, securable text, principal text, privilege text, primary key (kind, securable, principal,
    privilege));
create table if not exists materialized_views (
    catalog text, schema text, name text, query text, current_catalog text, current_schema text,
    primary key (catalog, schema, name));
create table if not exists intents (id integer primary key, action text, subject text);
"""

_KEPT_MISSING = 1000

Name = tuple[str, str, str]
"""Catalog, schema and relation, in lower case."""


@dataclass(frozen=True)
class Relation:
    """A table or view as recorded.

    Attributes:
        catalog: Its catalog.
        schema: Its schema.
        name: Its name.
        type: MANAGED, EXTERNAL, VIEW, METRIC_VIEW or MATERIALIZED_VIEW.
        provider: `delta` for tables and materialized views, None for other views.
        location: The data folder of a table.
        owner: Who made it.
        comment: Its comment, for views; a table's is in its Delta log and copied here.
        created: When, ISO 8601 in UTC.
        last_altered: When a statement last wrote to it or altered it.
        view_text: The query of a view as it was written.
    """

    catalog: str
    schema: str
    name: str
    type: str
    provider: str | None
    location: str | None
    owner: str
    comment: str | None
    created: str
    last_altered: str
    view_text: str | None

    @property
    def key(self) -> Name:
        """Its full name."""
        return (self.catalog, self.schema, self.name)

    @property
    def is_view(self) -> bool:
        """Whether it is a view that keeps no rows of its own."""
        return self.type in ("VIEW", "METRIC_VIEW")


@dataclass(frozen=True)
class MaterializedView:
    """What a materialized view is worked out from.

    Attributes:
        query: Its query, as it was written.
        catalog: The current catalog it was written for.
        schema: The current schema it was written for.
    """

    query: str
    catalog: str
    schema: str


_RELATION_FIELDS = (
    "catalog, schema, name, type, provider, location, owner, comment, created, last_altered, view_text"
)
_SELECT_RELATIONS = (
    "select catalog, schema, name, iif(query is null, type, 'MATERIALIZED_VIEW'), provider, location, owner,"
    " comment, created, last_altered, coalesce(query, view_text)"
    " from relations left join materialized_views using (catalog, schema, name)"
)


def now_text() -> str:
    """The current time in UTC, ISO 8601 with microseconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")


class Catalog:
    """What exists in one home.

    Args:
        home: The state folder.
        spark: The session that owns Spark; its catalog is filled from the durable state.
    """

    def __init__(self, home: Home, spark: SparkSession) -> None:
        self._warehouse = home.warehouse_dir
        self._lock = threading.RLock()
        self._db = sqlite3.connect(home.catalog_file, check_same_thread=False, isolation_level=None)
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = full")
        self._db.executescript(_TABLES)
        self._db.execute("pragma case_sensitive_like = on")
        self._db.create_function("if", 3, lambda test, yes, no: yes if test else no, deterministic=True)
        self.user = getpass.getuser()
        self._spark = spark
        self._spark_catalog = SparkCatalog(spark)
        self._physical: dict[tuple[str, str], str] = {}
        self._missing: dict[str, tuple[str, str]] = {}
        self._catalogs: set[str] = set()
        self._being_created: list[Name] = []
        self._open()

    # -- opening
    # -------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        with self.transaction() as db:
            for name in BUILT_IN_CATALOGS:
                db.execute(
                    "insert or ignore into catalogs values (?, null, ?, ?)", (name, self.user, now_text())
                )
        self._catalogs = {row[0] for row in self._db.execute("select name from catalogs")}
        self._physical = {
            (c, s): p for c, s, p in self._db.execute("select catalog, name, physical from schemas")
        }
        self.ensure_schema("hive_metastore", "default")
        self._finish_intents()
        for (catalog, schema), physical in sorted(self._physical.items()):
            self._spark_catalog.create_database(physical, self._warehouse / physical)
            self._adopt_folders(catalog, schema, physical)
        for catalog, schema, name, definition in self._db.execute(
            "select catalog, schema, name, definition from relations order by created"
        ).fetchall():
            self._spark_catalog.register(self._physical[catalog, schema], name, json.loads(definition))
        for (statement,) in self._db.execute(
            "select physical_statement from functions order by created"
        ).fetchall():
            try:
                self._spark.sql(statement)
            except Exception:
                log.exception("a function could not be brought back: %s", statement)

    def _finish_intents(self) -> None:
        """Complete what a killed process had begun: drops go through, a folder that moved is recorded."""
        for number, action, subject in self._db.execute(
            "select id, action, subject from intents order by id"
        ).fetchall():
            what = json.loads(subject)
            with self.transaction() as db:
                if action == "drop":
                    self._forget(db, tuple(what["name"]))
                    shutil.rmtree(what["location"], ignore_errors=True)
                elif action == "drop schema":
                    catalog, schema = what["schema"]
                    self._forget_schema(db, catalog, schema)
                    self._physical.pop((catalog, schema), None)
                    shutil.rmtree(what["location"], ignore_errors=True)
                elif action == "materialize":
                    if latest_version(Path(what["location"])) != what["version"]:
                        self._record_view(db, tuple(what["name"]), MaterializedView(**what["view"]))
                elif action == "rename":
                    old, new = tuple(what["old"]), tuple(what["new"])
                    source, target = Path(what["source"]), Path(what["target"])
                    if latest_version(source) is None and latest_version(target) is not None:
                        self._rename_rows(db, old, new)
                        definition = delta_table(target, self.user)
                        db.execute(
                            "update relations set location = ?, definition = ?"
                            " where catalog = ? and schema = ? and name = ?",
                            (str(target), json.dumps(definition), *new),
                        )
                db.execute("delete from intents where id = ?", (number,))

    def _adopt_folders(self, catalog: str, schema: str, physical: str) -> None:
        folder = self._warehouse / physical
        known = {
            row[0]: row[1]
            for row in self._db.execute(
                "select name, location from relations"
                " where catalog = ? and schema = ? and type = 'MANAGED' and provider = 'delta'",
                (catalog, schema),
            )
        }
        others = {
            row[0]
            for row in self._db.execute(
                "select location from relations where catalog = ? and schema = ? and provider is not 'delta'",
                (catalog, schema),
            )
        }
        found: set[str] = set()
        for entry in sorted(folder.iterdir()) if folder.is_dir() else []:
            if not entry.is_dir():
                continue
            version = latest_version(entry)
            if version is not None:
                found.add(entry.name)
                if entry.name not in known:
                    self._record(catalog, schema, entry.name, delta_table(entry, self.user), None)
                # A process that was killed may have written to the table without noting it.
                self._db.execute(
                    "update relations set columns = null, version = ?"
                    " where catalog = ? and schema = ? and name = ? and version is not ?",
                    (version, catalog, schema, entry.name, version),
                )
            elif str(entry) not in others:
                shutil.rmtree(entry, ignore_errors=True)
        for name, location in known.items():
            if name not in found:
                with self.transaction() as db:
                    self._forget(db, (catalog, schema, name))
                if location:
                    shutil.rmtree(location, ignore_errors=True)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One durable change: all of it is kept, or none."""
        with self._lock:
            if self._db.in_transaction:
                yield self._db
                return
            self._db.execute("begin immediate")
            try:
                yield self._db
            except BaseException:
                self._db.execute("rollback")
                raise
            self._db.execute("commit")

    def rows(self, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Read from the durable state."""
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def select(self, sql: str, values: tuple[Any, ...] = ()) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Read from the durable state, with the column names."""
        with self._lock:
            cursor = self._db.execute(sql, values)
            return [column[0] for column in cursor.description], cursor.fetchall()

    # -- catalogs and schemas
    # ------------------------------------------------------------------------------------

    def catalogs(self) -> list[str]:
        """List the catalogs."""
        return sorted(self._catalogs)

    def has_catalog(self, catalog: str) -> bool:
        """Tell whether a catalog exists."""
        return catalog.lower() in self._catalogs

    def ensure_catalog(self, catalog: str, comment: str | None = None) -> None:
        """Make a catalog unless it exists."""
        name = catalog.lower()
        if name in self._catalogs:
            return
        with self.transaction() as db:
            db.execute(
                "insert or ignore into catalogs values (?, ?, ?, ?)", (name, comment, self.user, now_text())
            )
        self._catalogs.add(name)

    def drop_catalog(self, catalog: str) -> None:
        """Forget an empty catalog.

        Raises:
            WarehouseError: It is built in, or still has schemas.
        """
        name = catalog.lower()
        if name in BUILT_IN_CATALOGS:
            raise WarehouseError(
                "UNSUPPORTED_FEATURE", f"Catalog '{name}' is built in and cannot be dropped.", "0A000"
            )
        if self.schemas(name):
            raise WarehouseError(
                "CATALOG_NOT_EMPTY", f"Catalog '{name}' still has schemas; use CASCADE.", "2BP01"
            )
        with self.transaction() as db:
            db.execute("delete from catalogs where name = ?", (name,))
            db.execute("delete from tags where catalog = ?", (name,))
        self._catalogs.discard(name)

    def schemas(self, catalog: str) -> list[str]:
        """List the schemas of a catalog."""
        return sorted(s for c, s in list(self._physical) if c == catalog.lower())

    def has_schema(self, catalog: str, schema: str) -> bool:
        """Tell whether a schema exists."""
        return (catalog.lower(), schema.lower()) in self._physical

    def physical_schema(self, catalog: str, schema: str) -> str:
        """Name Spark's database for a schema, which need not exist (yet).

        Args:
            catalog: The catalog.
            schema: The schema.

        Returns:
            The database's name, not quoted.
        """
        key = (catalog.lower(), schema.lower())
        known = self._physical.get(key)
        if known is not None:
            return known
        made = f"{key[0]}__{key[1]}"
        if not re.fullmatch(r"[a-z0-9_]+", made) or made in list(self._physical.values()):
            digest = hashlib.sha256("\0".join(key).encode()).hexdigest()[:10]
            made = re.sub(r"[^a-z0-9_]", "_", made)[:80] + "__" + digest
        if len(self._missing) >= _KEPT_MISSING:
            self._missing = {}
        self._missing[made] = key
        return made

    def physical(self, catalog: str, schema: str, table: str) -> str:
        """Name a table for Spark.

        Args:
            catalog: The catalog.
            schema: The schema.
            table: The table.

        Returns:
            Spark's name, quoted: two parts, as Spark knows one catalog only.
        """
        return f"{quoted(self.physical_schema(catalog, schema))}.{quoted(table.lower())}"

    def logical_schemas(self) -> dict[str, tuple[str, str]]:
        """Map Spark's database names back to (catalog, schema), those too that were asked for in vain."""
        return dict(self._missing) | {physical: key for key, physical in list(self._physical.items())}

    def ensure_schema(self, catalog: str, schema: str, comment: str | None = None) -> None:
        """Make a schema, and its catalog, unless it exists.

        Args:
            catalog: The catalog.
            schema: The schema.
            comment: Its comment, where it is new.
        """
        key = (catalog.lower(), schema.lower())
        with self._lock:
            self.ensure_catalog(key[0])
            if key not in self._physical:
                physical = self.physical_schema(*key)
                with self.transaction() as db:
                    db.execute(
                        "insert into schemas values (?, ?, ?, ?, ?, ?, ?)",
                        (*key, physical, comment, self.user, now_text(), now_text()),
                    )
                self._spark_catalog.create_database(physical, self._warehouse / physical)
                # Only now: other sessions look without the lock, and make Spark use what they find.
                self._physical[key] = physical

    def drop_schema(self, catalog: str, schema: str) -> None:
        """Drop a schema with everything in it.

        Args:
            catalog: The catalog.
            schema: The schema; it must exist.
        """
        key = (catalog.lower(), schema.lower())
        with self._lock:
            physical = self._physical[key]
            location = self._warehouse / physical
            number = self.begin("drop schema", {"schema": key, "location": str(location)})
            self._spark_catalog.drop_database(physical)
            shutil.rmtree(location, ignore_errors=True)
            with self.transaction() as db:
                self._forget_schema(db, *key)
                db.execute("delete from intents where id = ?", (number,))
            del self._physical[key]

    # -- relations
    # -----------------------------------------------------------------------------------------------

    def relation(self, catalog: str, schema: str, name: str) -> Relation | None:
        """Look one relation up."""
        found = self.rows(
            f"{_SELECT_RELATIONS} where catalog = ? and schema = ? and name = ?",
            (catalog.lower(), schema.lower(), name.lower()),
        )
        return Relation(*found[0]) if found else None

    def relations(self, catalog: str, schema: str | None = None) -> list[Relation]:
        """List the relations of a catalog or of one schema, by name."""
        where, values = ("catalog = ?", (catalog.lower(),))
        if schema is not None:
            where, values = (where + " and schema = ?", (catalog.lower(), schema.lower()))  # type: ignore[assignment]
        found = self.rows(f"{_SELECT_RELATIONS} where {where} order by schema, name", values)
        return [Relation(*row) for row in found]

    def register_table(self, catalog: str, schema: str, table: str) -> None:
        """Record a table that was just written by Spark itself, or that it was dropped.

        Args:
            catalog: The catalog.
            schema: The schema.
            table: The table.
        """
        self.sync((catalog.lower(), schema.lower(), table.lower()))

    def managed_location(self, catalog: str, schema: str, table: str) -> Path | None:
        """Tell where a managed Delta table is, or would be made.

        Args:
            catalog: The catalog.
            schema: The schema.
            table: The table.

        Returns:
            Its folder; None where something else has that name.
        """
        name = (catalog.lower(), schema.lower(), table.lower())
        found, location = self.relation(*name), self.location_of(name)
        if found is None:
            return location
        is_plain = found.type == "MANAGED" and found.provider == "delta" and found.location == str(location)
        return location if is_plain else None

    def adopt_table(self, catalog: str, schema: str, table: str) -> None:
        """Record a managed Delta table that was just written without Spark.

        Args:
            catalog: The catalog.
            schema: The schema; it must exist.
            table: The table.
        """
        name = (catalog.lower(), schema.lower(), table.lower())
        with self._lock:
            location = self.location_of(name)
            definition = delta_table(location, self.user)
            if self.relation(*name) is None:
                self._spark_catalog.forget_delta_log(str(location))
                self._spark_catalog.register(self._physical[name[:2]], name[2], definition)
            self._record(*name, definition, None)

    def sync(self, name: Name, view_text: str | None = None, replaced: bool = False) -> None:
        """Bring the record of one relation in line with Spark's catalog, after it may have changed.

        Args:
            name: Catalog, schema and relation.
            view_text: The query as it was written, where the statement made a view.
            replaced: The statement made the relation anew: its keys are gone.
        """
        catalog, schema, relation = name
        with self._lock:
            physical = self._physical.get((catalog, schema))
            definition = None if physical is None else self._spark_catalog.definition(physical, relation)
            if definition is None:
                if self.relation(*name) is not None:
                    with self.transaction() as db:
                        self._forget(db, name)
                return
            if (
                definition["type"] == "MANAGED"
                and definition["provider"] == "delta"
                and definition["location"]
            ):
                # Spark keeps columns and partitions here only to stumble over them at the next replace when
                # the
                # partition columns are not the last ones. Delta reads both from its log.
                if definition["partitions"] or definition["schema"] != delta_table(Path(), "")["schema"]:
                    bare = delta_table(Path(definition["location"]), self.user)
                    self._spark_catalog.register(physical or "", relation, bare)
                definition = delta_table(Path(definition["location"]), self.user)
            self._record(catalog, schema, relation, definition, view_text, replaced)

    def sync_all(self) -> None:
        """Bring every record in line with Spark's catalog, after code that may have changed anything."""
        with self._lock:
            for (catalog, schema), physical in list(self._physical.items()):
                known = {
                    name: (json.loads(definition), version)
                    for name, definition, version in self._db.execute(
                        "select name, definition, version from relations where catalog = ? and schema = ?",
                        (catalog, schema),
                    )
                }
                found = set(self._spark_catalog.relations(physical))
                for name in known.keys() | found:
                    if (
                        name not in found
                        or name not in known
                        or self._has_changed(physical, name, *known[name])
                    ):
                        self.sync((catalog, schema, name))

    def _has_changed(self, physical: str, name: str, definition: Definition, version: int | None) -> bool:
        if definition["type"] == "MANAGED" and definition["location"]:
            return latest_version(Path(definition["location"])) != version
        return self._spark_catalog.definition(physical, name) != definition

    def _record(
        self,
        catalog: str,
        schema: str,
        relation: str,
        definition: Definition,
        view_text: str | None,
        replaced: bool = False,
    ) -> None:
        kind = definition["type"]
        if kind == "VIEW" and definition["properties"].get("view.viewWithMetrics") == "true":
            kind = "METRIC_VIEW"
        before = self.relation(catalog, schema, relation)
        comment = definition["comment"] or definition["properties"].get("comment")
        version = latest_version(Path(definition["location"])) if definition["location"] else None
        with self.transaction() as db:
            if before is None:
                db.execute(
                    f"insert into relations ({_RELATION_FIELDS}, definition, version)"
                    f" values ({', '.join('?' * 13)})",
                    (
                        catalog,
                        schema,
                        relation,
                        kind,
                        definition["provider"],
                        definition["location"],
                        self.user,
                        comment,
                        now_text(),
                        now_text(),
                        view_text or definition["view_original_text"] or definition["view_text"],
                        json.dumps(definition),
                        version,
                    ),
                )
            else:
                db.execute(
                    "update relations set type = ?, provider = ?, location = ?, comment = ?,"
                    " last_altered = ?,"
                    " view_text = coalesce(?, view_text), definition = ?, version = ?, columns = null"
                    " where catalog = ? and schema = ? and name = ?",
                    (
                        kind,
                        definition["provider"],
                        definition["location"],
                        comment,
                        now_text(),
                        view_text,
                        json.dumps(definition),
                        version,
                        catalog,
                        schema,
                        relation,
                    ),
                )
                if replaced:
                    db.execute(
                        "delete from key_constraints where catalog = ? and schema = ? and relation = ?",
                        (catalog, schema, relation),
                    )

    # -- materialized views
    # -----------------------------------------------------------------------------------------------

    def materialized_view(self, name: Name) -> MaterializedView | None:
        """Look up what a materialized view is worked out from; None for anything else."""
        found = self.rows(
            "select query, current_catalog, current_schema from materialized_views"
            " where catalog = ? and schema = ? and name = ?",
            name,
        )
        return MaterializedView(*found[0]) if found else None

    def begin_materializing(self, name: Name, view: MaterializedView, version: int | None) -> int:
        """Note that the table of a materialized view is about to be made; also its version as it is now."""
        location = str(self.location_of(name))
        subject = {"name": name, "view": asdict(view), "location": location, "version": version}
        return self.begin("materialize", subject)

    def end_materializing(self, number: int, name: Name, view: MaterializedView) -> None:
        """Record the view whose table was made."""
        with self.transaction() as db:
            self._record_view(db, name, view)
            db.execute("delete from intents where id = ?", (number,))

    def _record_view(self, db: sqlite3.Connection, name: tuple[str, ...], view: MaterializedView) -> None:
        db.execute(
            "insert or replace into materialized_views values (?, ?, ?, ?, ?, ?)",
            (*name, view.query, view.catalog, view.schema),
        )

    def _forget(self, db: sqlite3.Connection, name: tuple[str, ...]) -> None:
        db.execute("delete from materialized_views where catalog = ? and schema = ? and name = ?", name)
        db.execute("delete from relations where catalog = ? and schema = ? and name = ?", name)
        db.execute("delete from tags where catalog = ? and schema = ? and relation = ?", name)
        db.execute("delete from key_constraints where catalog = ? and schema = ? and relation = ?", name)
        db.execute("delete from grants where kind in ('TABLE', 'VIEW') and securable = ?", (".".join(name),))

    def _forget_schema(self, db: sqlite3.Connection, catalog: str, schema: str) -> None:
        for table in ("relations", "functions", "tags", "key_constraints", "materialized_views"):
            db.execute(f"delete from {table} where catalog = ? and schema = ?", (catalog, schema))
        db.execute("delete from schemas where catalog = ? and name = ?", (catalog, schema))
        prefix = f"{catalog}.{schema}"
        db.execute(
            "delete from grants where securable = ? or substr(securable, 1, ?) = ?",
            (prefix, len(prefix) + 1, prefix + "."),
        )

    def _rename_rows(self, db: sqlite3.Connection, old: tuple[str, ...], new: tuple[str, ...]) -> None:
        db.execute(
            "update relations set catalog = ?, schema = ?, name = ?"
            " where catalog = ? and schema = ? and name = ?",
            (*new, *old),
        )
        for table in ("tags", "key_constraints"):
            db.execute(
                f"update {table} set catalog = ?, schema = ?, relation = ?"
                " where catalog = ? and schema = ? and relation = ?",
                (*new, *old),
            )
        db.execute("update grants set securable = ? where securable = ?", (".".join(new), ".".join(old)))

    # -- statements that take more than one step
    # -----------------------------------------------------------------

    def begin(self, action: str, subject: dict[str, Any]) -> int:
        """Note what is about to happen; if the process is killed meanwhile, the next start finishes it."""
        with self.transaction() as db:
            found = db.execute(
                "insert into intents (action, subject) values (?, ?)", (action, json.dumps(subject))
            ).lastrowid
        return int(found or 0)

    def end(self, number: int) -> None:
        """Note that it is done."""
        with self.transaction() as db:
            db.execute("delete from intents where id = ?", (number,))

    def renamed(self, old: Name, new: Name) -> None:
        """Record that Spark renamed a relation."""
        with self.transaction() as db:
            self._rename_rows(db, old, new)
        self.sync(new)
        self.sync(old)

    def location_of(self, name: Name) -> Path:
        """Tell where a managed table of that name lies or would lie."""
        return self._warehouse / self.physical_schema(name[0], name[1]) / name[2]

    @contextlib.contextmanager
    def creating(self, name: Name) -> Iterator[None]:
        """Clear the place of a table about to be made, unless another statement is just writing there.

        Args:
            name: Catalog, schema and table.
        """
        with self._lock:
            self._clear_leftovers(name)
            self._being_created.append(name)
        try:
            yield
        finally:
            with self._lock:
                self._being_created.remove(name)

    def _clear_leftovers(self, name: Name) -> None:
        if name in self._being_created or self.relation(*name) is not None:
            return
        if self.has_schema(name[0], name[1]):
            location = self.location_of(name)
            if location.exists() and latest_version(location) is None:
                shutil.rmtree(location, ignore_errors=True)

    # -- columns
    # -------------------------------------------------------------------------------------------------

    def columns(self, name: Name) -> list[dict[str, Any]]:
        """Read a relation's columns, as Spark's JSON for struct fields.

        Args:
            name: Catalog, schema and relation.

        Returns:
            The fields; empty for a relation that cannot be read (a view over a dropped table).
        """
        found = self.rows(
            "select columns, location, type from relations where catalog = ? and schema = ? and name = ?",
            name,
        )
        if found and found[0][0] is not None:
            fields: list[dict[str, Any]] = json.loads(found[0][0])
            return fields
        comment = None
        try:
            if found and found[0][2] == "MANAGED":
                schema, comment = self._spark_catalog.delta_metadata(found[0][1])
            else:
                schema = self._spark.table(self.physical(*name))._jdf.schema().json()
        except Exception:
            log.warning("the columns of %s cannot be read", ".".join(name), exc_info=True)
            return []
        fields = json.loads(schema)["fields"]
        with self.transaction() as db:
            db.execute(
                "update relations set columns = ?, comment = coalesce(?, comment)"
                " where catalog = ? and schema = ? and name = ?",
                (json.dumps(fields), comment, *name),
            )
        return fields

    def partition_columns(self, name: Name) -> list[str]:
        """Read the partition columns of a managed table, in lower case."""
        found = self.relation(*name)
        if found is None or found.location is None:
            return []
        return [column.lower() for column in self._spark_catalog.partition_columns(found.location)]

    def comment(self, name: Name) -> str | None:
        """Read a relation's comment."""
        self.columns(name)
        found = self.relation(*name)
        return None if found is None else found.comment

    # -- functions, tags, keys, grants
    # ---------------------------------------------------------------------------

    def functions(self, catalog: str, schema: str) -> list[str]:
        """List the functions of a schema."""
        found = self.rows(
            "select name from functions where catalog = ? and schema = ? order by name", (catalog, schema)
        )
        return [row[0] for row in found]

    def record_function(self, name: Name, statement: str, physical_statement: str) -> None:
        """Keep a function, as the statement that made it."""
        with self.transaction() as db:
            db.execute(
                "insert into functions values (?, ?, ?, ?, ?, ?, null, ?, ?)"
                " on conflict do update set statement = excluded.statement,"
                " physical_statement = excluded.physical_statement, last_altered = excluded.last_altered",
                (*name, statement, physical_statement, self.user, now_text(), now_text()),
            )

    def forget_function(self, name: Name) -> None:
        """Forget a dropped function."""
        with self.transaction() as db:
            db.execute("delete from functions where catalog = ? and schema = ? and name = ?", name)

    def set_tags(self, name: tuple[str, ...], column: str, tags: dict[str, str]) -> None:
        """Tag a catalog, schema, relation or column.

        Args:
            name: One to three parts.
            column: A column of the relation, empty for the object itself.
            tags: Tag names and values.
        """
        full = (*name, "", "")[:3]
        with self.transaction() as db:
            for tag, value in tags.items():
                db.execute(
                    "insert or replace into tags values (?, ?, ?, ?, ?, ?)", (*full, column, tag, value)
                )

    def unset_tags(self, name: tuple[str, ...], column: str, tags: list[str]) -> None:
        """Take tags off again."""
        full = (*name, "", "")[:3]
        with self.transaction() as db:
            for tag in tags:
                db.execute(
                    "delete from tags where catalog = ? and schema = ? and relation = ?"
                    " and column_name = ? and tag = ?",
                    (*full, column, tag),
                )

    def add_constraint(
        self,
        name: Name,
        constraint: str,
        kind: str,
        columns: list[str],
        parent: Name | None = None,
        parent_columns: list[str] | None = None,
        options: str = "",
    ) -> None:
        """Record an informational constraint.

        Args:
            name: The relation.
            constraint: The constraint's name.
            kind: PRIMARY KEY, FOREIGN KEY or NOT NULL.
            columns: Its columns.
            parent: The relation a foreign key refers to.
            parent_columns: The columns there.
            options: What was written after it, such as RELY.

        Raises:
            WarehouseError: One of that name exists, or a second primary key.
        """
        with self.transaction() as db:
            for existing, existing_kind in db.execute(
                "select name, kind from key_constraints where catalog = ? and schema = ? and relation = ?",
                name,
            ).fetchall():
                if existing == constraint or (kind == existing_kind == "PRIMARY KEY"):
                    raise WarehouseError(
                        "CONSTRAINT_ALREADY_EXISTS",
                        f"Constraint '{existing}' already exists on {'.'.join(name)}.",
                        "42710",
                    )
            db.execute(
                "insert into key_constraints values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *name,
                    constraint,
                    kind,
                    json.dumps(columns),
                    *(parent or (None, None, None)),
                    json.dumps(parent_columns or []),
                    options,
                ),
            )

    def drop_constraint(self, name: Name, constraint: str) -> bool:
        """Forget a recorded constraint; tells whether there was one."""
        with self.transaction() as db:
            return bool(
                db.execute(
                    "delete from key_constraints"
                    " where catalog = ? and schema = ? and relation = ? and name = ?",
                    (*name, constraint.lower()),
                ).rowcount
            )

    def column_changed(self, name: Name, old: str, new: str | None) -> None:
        """Have tags and keys follow a column that was renamed, or forget the tags of one that was dropped.

        Args:
            name: The relation.
            old: The column, in lower case.
            new: Its new name, None where it is gone.
        """
        of_column = "catalog = ? and schema = ? and relation = ? and column_name = ?"
        of_parent = "parent_catalog = ? and parent_schema = ? and parent_relation = ?"
        with self.transaction() as db:
            if new is None:
                db.execute(f"delete from tags where {of_column}", (*name, old))
                return
            db.execute(f"update tags set column_name = ? where {of_column}", (new, *name, old))
            for kept, where in (
                ("columns", "catalog = ? and schema = ? and relation = ?"),
                ("parent_columns", of_parent),
            ):
                for number, text in db.execute(
                    f"select rowid, {kept} from key_constraints where {where}", name
                ).fetchall():
                    renamed = [new if column == old else column for column in json.loads(text)]
                    db.execute(
                        f"update key_constraints set {kept} = ? where rowid = ?",
                        (json.dumps(renamed), number),
                    )

    def constraints(self, name: Name) -> list[Constraint]:
        """List the recorded constraints of a relation."""
        return [
            found for found in self.all_constraints() if (found.catalog, found.schema, found.relation) == name
        ]

    def all_constraints(self) -> list[Constraint]:
        """List all recorded constraints."""
        return [
            Constraint(
                catalog=row[0],
                schema=row[1],
                relation=row[2],
                name=row[3],
                kind=row[4],
                columns=json.loads(row[5]),
                parent=None if row[6] is None else (row[6], row[7], row[8]),
                parent_columns=json.loads(row[9]),
            )
            for row in self.rows("select * from key_constraints order by catalog, schema, relation, name")
        ]


@dataclass(frozen=True)
class Constraint:
    """A recorded constraint.

    Attributes:
        catalog: Catalog of its relation.
        schema: Schema of its relation.
        relation: The relation.
        name: Its name.
        kind: PRIMARY KEY, FOREIGN KEY or NOT NULL.
        columns: Its columns.
        parent: What a foreign key refers to.
        parent_columns: The columns there.
    """

    catalog: str
    schema: str
    relation: str
    name: str
    kind: str
    columns: list[str]
    parent: Name | None
    parent_columns: list[str]


def latest_version(folder: Path) -> int | None:
    """The newest Delta version in a table's folder.

    Returns:
        The version, or None where there is no commit, so no table.
    """
    try:
        names = [entry.name for entry in (folder / "_delta_log").iterdir()]
    except OSError:
        return None
    commits = (name for name in names if re.fullmatch(r"\d{20}\.(json|checkpoint\..*parquet)", name))
    return max((int(name[:20]) for name in commits), default=None)
