"""Loading deliveries: each one once, in date order, all of it or nothing, wherever the process is killed.

A delivery goes through three steps. *Staged*: every file is validated and written as typed Parquet inside the
home. *Prepared*: one transaction in the journal says which staged files belong to which tables; from here on
the delivery happens. *Applied*: the staged files become part of the Delta tables, each commit marked with the
batch's number, which Delta remembers, so that doing it again after a kill writes nothing twice. Tables that
somebody has given properties of their own are written by Spark, from the same files.

Several small deliveries are prepared and applied together: a write to a table costs about the same for ten
rows as for ten thousand.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import logging
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import SparkSession

from local_warehouse import delta_log
from local_warehouse.account_folder import (
    Delivery,
    DeliveryError,
    SourceFile,
    UnknownColumnsError,
    grown_columns,
    list_deliveries,
    read,
    widened_columns,
)
from local_warehouse.home import Home
from local_warehouse.source_tables import (
    CATALOG,
    SourceTable,
    columns_text,
    known_tables,
    merge_columns,
    new_names,
    parse_type,
    quote,
    type_text,
    widen_columns,
)
from local_warehouse.spark_session import usable_cores
from local_warehouse.staging import Readers, Result, parts, write_parquet

log = logging.getLogger(__name__)

_BATCH_ROWS = 250_000
"""Small deliveries are applied together up to so many rows: more would blur the date ranges of the files."""

_SMALL_ROWS = 50_000
"""Files of fewer rows are joined with the others of their table: reading a file costs as much as its rows."""

_LARGE_BYTES = 4 * 1024 * 1024
"""Validating so much takes long enough to start Spark meanwhile, and processes to read side by side."""

_TRANSACTION = "local_warehouse.deliver"

_JOURNAL = """
create table if not exists batches (number integer primary key autoincrement, applied integer, plan text);
create table if not exists deliveries (
    date text primary key, content_hash text, batch integer, row_count integer, prepared_at text);
create table if not exists source_columns (
    table_name text, position integer, name text, type text, primary key (table_name, name));
create table if not exists replaced (table_name text primary key, date text);
"""


class Target(Protocol):
    """What deliveries are applied to: Spark, and the names of the tables in it."""

    @property
    def spark(self) -> SparkSession:
        """Spark, for tables that need it."""

    @property
    def catalog(self) -> TargetCatalog:
        """The names of the tables."""


class TargetCatalog(Protocol):
    """The part of the catalog that deliveries use."""

    def physical(self, catalog: str, schema: str, table: str) -> str:
        """Name a table for Spark."""

    def ensure_schema(self, catalog: str, schema: str) -> None:
        """Make a schema unless it exists."""

    def managed_location(self, catalog: str, schema: str, table: str) -> Path | None:
        """Tell where a managed Delta table is, or would be made; None where something else has its name."""

    def creating(self, name: tuple[str, str, str]) -> contextlib.AbstractContextManager[None]:
        """Clear the place of a table about to be made."""

    def adopt_table(self, catalog: str, schema: str, table: str) -> None:
        """Record a table that was just written without Spark."""

    def register_table(self, catalog: str, schema: str, table: str) -> None:
        """Record a table that was just written by Spark."""


@dataclass
class Outcome:
    """What a call of `deliver` did.

    Attributes:
        delivered: The dates it applied.
        skipped: How many dates had been delivered before.
        rows: How many rows it applied, by table.
        new_columns: Columns and fields the sources had beyond those known, as (table, name, type).
    """

    delivered: list[datetime.date] = field(default_factory=list)
    skipped: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    new_columns: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass
class _Write:
    """What a batch writes to one table.

    Attributes:
        replace: Whether the table's rows are replaced.
        rows: How many rows are staged.
    """

    replace: bool
    rows: int


@dataclass
class _Batch:
    """Deliveries staged together, not yet prepared."""

    number: int
    folder: Path
    deliveries: list[tuple[Delivery, str, int]] = field(default_factory=list)
    writes: dict[str, _Write] = field(default_factory=dict)
    replaced: dict[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return sum(rows for _, _, rows in self.deliveries)


class Journal:
    """What was delivered to one home, durably.

    Args:
        path: Its SQLite file.
    """

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = full")
        self._db.executescript(_JOURNAL)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def content_hash(self, date: datetime.date) -> str | None:
        """Give the hash of the content delivered for a date, None if nothing was."""
        row = self._db.execute("select content_hash from deliveries where date = ?", (str(date),)).fetchone()
        return None if row is None else str(row[0])

    def newest(self) -> str:
        """Give the newest date delivered, empty if there is none."""
        return str(self._db.execute("select coalesce(max(date), '') from deliveries").fetchone()[0])

    def replaced_on(self, table: str) -> str:
        """Give the date of the delivery a replaced table's rows are from, empty if there is none."""
        row = self._db.execute("select date from replaced where table_name = ?", (table,)).fetchone()
        return "" if row is None else str(row[0])

    def columns(self, table: SourceTable) -> pa.Schema:
        """Give a table's columns: those of this project and those its source has grown."""
        stored = self._db.execute(
            "select name, type from source_columns where table_name = ? order by position", (table.name,)
        ).fetchall()
        return merge_columns(
            table.columns, pa.schema([pa.field(name, parse_type(text)) for name, text in stored])
        )

    def next_number(self) -> int:
        """Give the number the next batch will have."""
        row = self._db.execute("select coalesce(max(number), 0) + 1 from batches").fetchone()
        return int(row[0])

    def prepare(self, batch: _Batch, columns: dict[str, pa.Schema]) -> None:
        """Decide, in one transaction, that a batch happens."""
        plan = {name: {"replace": write.replace, "rows": write.rows} for name, write in batch.writes.items()}
        now = datetime.datetime.now(datetime.UTC).isoformat()
        self._db.execute("begin immediate")
        try:
            self._db.execute("insert into batches values (?, 0, ?)", (batch.number, json.dumps(plan)))
            self._db.executemany(
                "insert into deliveries values (?, ?, ?, ?, ?)",
                [(str(of.date), content, batch.number, rows, now) for of, content, rows in batch.deliveries],
            )
            self._db.executemany(
                "insert or replace into replaced values (?, ?)", list(batch.replaced.items())
            )
            for name in batch.writes:
                self._db.executemany(
                    "insert or replace into source_columns values (?, ?, ?, ?)",
                    [
                        (name, position, column.name, type_text(column.type))
                        for position, column in enumerate(columns[name])
                    ],
                )
            self._db.execute("commit")
        except BaseException:
            self._db.execute("rollback")
            raise

    def prepared(self) -> list[tuple[int, dict[str, _Write]]]:
        """List the batches that were prepared and not (or not wholly) applied."""
        found = self._db.execute(
            "select number, plan from batches where applied = 0 order by number"
        ).fetchall()
        return [
            (number, {name: _Write(**write) for name, write in json.loads(plan).items()})
            for number, plan in found
        ]

    def mark_applied(self, number: int) -> None:
        """Record that a batch is wholly in the tables."""
        self._db.execute("update batches set applied = 1 where number = ?", (number,))

    def dates_of(self, number: int) -> list[str]:
        """List the dates of one batch."""
        found = self._db.execute("select date from deliveries where batch = ? order by date", (number,))
        return [str(date) for (date,) in found]


def deliver(
    home: Home,
    target: Callable[[], Target],
    account: Path,
    until: datetime.date | None = None,
    progress: Callable[[str], None] = lambda line: None,
    checkpoint: Callable[[str], None] = lambda point: None,
) -> Outcome:
    """Load the deliveries of an account folder that were not loaded before.

    Args:
        home: The state folder; the caller holds its lock (or is the server that does).
        target: Gives what to apply them to; called only if there is something to apply.
        account: The account folder.
        until: Leave out newer deliveries.
        progress: Called with a line about each step.
        checkpoint: Called with the name of each point at which being killed must do no harm.

    Returns:
        What was done.

    Raises:
        DeliveryError: A delivery is refused. Nothing of it was applied; those before it were.
    """
    with contextlib.closing(Journal(home.deliveries_file)) as journal:
        return _Run(home, journal, target, progress, checkpoint).deliver(account, until)


def has_unfinished(home: Home) -> bool:
    """Tell whether a killed process left deliveries that are decided but not wholly in the tables."""
    if not home.deliveries_file.exists():
        return False
    with contextlib.closing(Journal(home.deliveries_file)) as journal:
        return bool(journal.prepared())


def finish(home: Home, target: Target, progress: Callable[[str], None] = lambda line: None) -> None:
    """Bring deliveries that a killed process had decided on into the tables.

    Args:
        home: The state folder; the caller holds its lock.
        target: What to apply them to.
        progress: Called with a line about each.
    """
    with contextlib.closing(Journal(home.deliveries_file)) as journal:
        _Run(home, journal, lambda: target, progress, lambda point: None).finish()


class _Run:
    """One call of `deliver`."""

    def __init__(
        self,
        home: Home,
        journal: Journal,
        target: Callable[[], Target],
        progress: Callable[[str], None],
        checkpoint: Callable[[str], None],
    ) -> None:
        self._staging = home.root / "staging"
        self._journal = journal
        self._target = target
        self._progress = progress
        self._checkpoint = checkpoint
        self._columns: dict[str, pa.Schema] = {}
        self._newest = journal.newest()
        self._outcome = Outcome()
        self._applying = ThreadPoolExecutor(max_workers=1)
        self._pending: Future[None] | None = None
        self._pending_dates: list[datetime.date] = []

    def deliver(self, account: Path, until: datetime.date | None) -> Outcome:
        deliveries = list_deliveries(account, until)
        self.finish()
        batch = self._new_batch()
        with self._applying:
            try:
                for delivery in deliveries:
                    if not self._is_new(delivery):
                        continue
                    if not batch.deliveries and delivery.size() > _LARGE_BYTES:
                        # Where Spark has yet to start, it does so meanwhile; what goes wrong is told on use.
                        self._applying.submit(self._target)
                    batch = self._stage_widening(batch, delivery)
                    if batch.rows >= _BATCH_ROWS:
                        self._begin_applying(batch)
                        batch = self._new_batch()
            except DeliveryError:
                # What comes before a delivery that is refused is delivered.
                self._begin_applying(batch)
                self._wait_until_applied()
                shutil.rmtree(self._staging, ignore_errors=True)
                raise
            self._begin_applying(batch)
            self._wait_until_applied()
        shutil.rmtree(self._staging, ignore_errors=True)
        return self._outcome

    def finish(self) -> None:
        for number, writes in self._journal.prepared():
            dates = self._journal.dates_of(number)
            self._progress(f"Finishing what was interrupted: deliveries {dates[0]} to {dates[-1]}")
            self._apply(number, self._staging / str(number), writes)
        shutil.rmtree(self._staging, ignore_errors=True)

    def _new_batch(self) -> _Batch:
        number = self._journal.next_number()
        folder = self._staging / str(number)
        folder.mkdir(parents=True)
        return _Batch(number, folder)

    def _is_new(self, delivery: Delivery) -> bool:
        known = self._journal.content_hash(delivery.date)
        if known is None:
            return True
        if known != delivery.content_hash():
            raise DeliveryError(
                delivery.folder,
                f"{delivery.date} was delivered before with other content; that stays as it is. "
                "Corrections of the source come as rows of a later delivery",
            )
        self._outcome.skipped += 1
        return False

    # -- staging --------------------------------------------------------------------------------------------

    def _stage_widening(self, batch: _Batch, delivery: Delivery) -> _Batch:
        """Stage a delivery, and give back the batch it is in: a new one where columns become wider for it.

        What is staged already has the types as they were.
        """
        while True:
            try:
                self._stage(batch, delivery)
            except _WiderColumnsError as wider:
                if batch.deliveries:
                    self._begin_applying(batch)
                    batch = self._new_batch()
                # The table may have been looked up within the staging that was taken back.
                known = self._columns.get(wider.table) or self._journal.columns(known_tables()[wider.table])
                for before, after in zip(known, wider.columns, strict=True):
                    if before.type != after.type:
                        shown = type_text(after.type)
                        self._progress(f"  {wider.table}: column {after.name} becomes {shown}")
                self._columns[wider.table] = wider.columns
            else:
                return batch

    def _stage(self, batch: _Batch, delivery: Delivery) -> None:
        content = delivery.content_hash()
        skipped: list[str] = []
        before = dict(self._columns)
        try:
            rows = self._stage_files(batch, delivery)
        except BaseException:
            # The batch goes on without this delivery.
            self._unstage(batch, delivery, before)
            raise
        if delivery.content_hash() != content:
            self._unstage(batch, delivery, before)
            raise DeliveryError(delivery.folder, "the delivery changed while it was read")
        for file in delivery.files:
            name = file.table.name
            if file.table.is_replaced and str(delivery.date) < max(
                self._journal.replaced_on(name), batch.replaced.get(name, "")
            ):
                # In date order, the newer delivery would have replaced these rows.
                for path in (batch.folder / name).glob(f"{delivery.date}-*.parquet"):
                    path.unlink()
                skipped.append(name)
                del rows[name]
                continue
            if file.table.is_replaced:
                for older in (batch.folder / name).glob("*.parquet"):
                    if not older.name.startswith(f"{delivery.date}-"):
                        older.unlink()
                batch.writes.pop(name, None)
                batch.replaced[name] = str(delivery.date)
            write = batch.writes.setdefault(name, _Write(file.table.is_replaced, 0))
            write.rows += rows[name]
        batch.deliveries.append((delivery, content, sum(rows.values())))
        self._report(delivery, rows, skipped, before)

    def _unstage(self, batch: _Batch, delivery: Delivery, columns: dict[str, pa.Schema]) -> None:
        for path in batch.folder.glob(f"*/{delivery.date}-*.parquet"):
            path.unlink()
        self._columns = columns

    def _stage_files(self, batch: _Batch, delivery: Delivery) -> dict[str, int]:
        """Stage the files of a delivery; of several that do not fit, the first is named."""
        size = delivery.size()
        if size > _LARGE_BYTES:
            self._progress(f"{delivery.date}: reading {size / 1e6:,.0f} MB")
        with Readers(usable_cores() if size > _LARGE_BYTES else 1) as readers:
            # The largest first: the last to finish should not be the longest.
            ordered = sorted(delivery.files, key=lambda file: -file.size())
            begun = {file.table.name: self._begin_staging(readers, batch, delivery, file) for file in ordered}
            rows = {}
            for file in delivery.files:
                name = file.table.name
                known = self._columns[name]
                try:
                    try:
                        rows[name] = self._count_staged(file, begun[name])
                    except UnknownColumnsError:
                        self._columns[name] = grown_columns(file, known)
                        again = self._begin_staging(readers, batch, delivery, file)
                        rows[name] = self._count_staged(file, again)
                except DeliveryError:
                    wider = _wider(file, known)
                    if wider == known:
                        raise
                    raise _WiderColumnsError(name, wider) from None
        return rows

    def _begin_staging(
        self, readers: Readers, batch: _Batch, delivery: Delivery, file: SourceFile
    ) -> list[Result]:
        name = file.table.name
        if name not in self._columns:
            self._columns[name] = self._journal.columns(file.table)
        folder = batch.folder / name
        pieces = parts(file, self._columns[name], folder, str(delivery.date), readers.count)
        return [readers.submit(part) for part in pieces]

    def _count_staged(self, file: SourceFile, results: list[Result]) -> int:
        rows = told = 0
        for result in results:
            rows += result()
            if rows - told >= 500_000:
                self._progress(f"  {file.path.name}: {rows:,} rows read")
                told = rows
        return rows

    def _report(
        self, delivery: Delivery, rows: dict[str, int], skipped: list[str], before: dict[str, pa.Schema]
    ) -> None:
        late = " (late: newer ones are there already)" if str(delivery.date) < self._newest else ""
        self._newest = max(self._newest, str(delivery.date))
        self._progress(f"{delivery.date}: {len(delivery.files)} tables, {sum(rows.values()):,} rows{late}")
        for name in skipped:
            self._progress(f"  {name}: left as it is, a newer delivery has replaced it")
        for file in delivery.files:
            name = file.table.name
            known = before[name] if name in before else self._journal.columns(file.table)
            for column, text in new_names(known, self._columns[name]):
                self._outcome.new_columns.append((name, column, text))
                self._progress(f"  {name}: new column {column} {text}")
        for name, count in rows.items():
            self._outcome.rows[name] = self._outcome.rows.get(name, 0) + count

    # -- applying -------------------------------------------------------------------------------------------

    def _begin_applying(self, batch: _Batch) -> None:
        """Decide on a batch and apply it, while the next one may be staged already."""
        if not batch.deliveries:
            return
        self._wait_until_applied()
        _sync_folders(batch.folder)
        self._checkpoint("staged")
        self._journal.prepare(batch, self._columns)
        self._checkpoint("prepared")
        self._pending = self._applying.submit(self._apply, batch.number, batch.folder, batch.writes)
        self._pending_dates = [delivery.date for delivery, _, _ in batch.deliveries]

    def _wait_until_applied(self) -> None:
        if self._pending is not None:
            self._pending.result()
            self._outcome.delivered += self._pending_dates
            self._pending = None

    def _apply(self, number: int, folder: Path, writes: dict[str, _Write]) -> None:
        if writes:
            target = self._target()
            self._progress(
                f"Writing {sum(write.rows for write in writes.values()):,} rows to {len(writes)} tables"
            )
            for schema in sorted({known_tables()[name].schema for name in writes}):
                target.catalog.ensure_schema(CATALOG, schema)
            for name in sorted(writes):
                self._write(target, number, folder, name, writes[name])
        self._checkpoint("written")
        self._journal.mark_applied(number)
        self._checkpoint("applied")
        shutil.rmtree(folder, ignore_errors=True)

    def _write(self, target: Target, number: int, folder: Path, name: str, write: _Write) -> None:
        table = known_tables()[name]
        location = target.catalog.managed_location(CATALOG, table.schema, table.table)
        if location is not None:
            try:
                with target.catalog.creating((CATALOG, table.schema, table.table)):
                    delta_log.commit(
                        location,
                        delta_log.Transaction(_TRANSACTION, number),
                        self._joined(number, folder, table),
                        replace=write.replace,
                        columns=self._journal.columns(table),
                        comments=table.comments,
                        statistics=table.statistics_columns(),
                    )
            except delta_log.NotPlainError as reason:
                log.info("Spark writes %s: %s", name, reason)
            else:
                self._checkpoint(f"wrote {name}")
                target.catalog.adopt_table(CATALOG, table.schema, table.table)
                return
        self._write_by_spark(target, number, folder, name, write)
        self._checkpoint(f"wrote {name}")
        target.catalog.register_table(CATALOG, table.schema, table.table)

    def _joined(self, number: int, folder: Path, table: SourceTable) -> dict[str, Path]:
        """Join the small ones of a table's staged files into one.

        Returns:
            The files that hold the rows, by the names they get in the table.
        """
        rows = {path: pq.read_metadata(path).num_rows for path in sorted((folder / table.name).iterdir())}
        found = {f"delivery-{number}-{path.name}": path for path in rows if rows[path]}
        small = [path for path in found.values() if rows[path] < _SMALL_ROWS]
        if len(small) < 2:
            return found
        joined = folder / "joined" / f"{table.name}.parquet"
        joined.parent.mkdir(exist_ok=True)
        columns = self._journal.columns(table)
        pieces = (piece for path in small for piece in read(SourceFile(path, table, "parquet"), columns))
        write_parquet(joined, columns, pieces)
        large = {name: path for name, path in found.items() if path not in small}
        return large | {f"delivery-{number}.parquet": joined}

    def _write_by_spark(self, target: Target, number: int, folder: Path, name: str, write: _Write) -> None:
        table = known_tables()[name]
        physical = target.catalog.physical(CATALOG, table.schema, table.table)
        spark = target.spark.newSession()
        if not (write.rows or write.replace) and spark.catalog.tableExists(physical):
            return
        self._widen_by_spark(target, spark, table)
        columns = columns_text(self._journal.columns(table), table.comments)
        staged = folder / name
        if write.rows > _SMALL_ROWS:
            # One piece a core: Spark cuts files at 128 MB, and so much is minutes of work for one core.
            size = sum(path.stat().st_size for path in staged.iterdir())
            spark.conf.set("spark.sql.files.openCostInBytes", "0")
            spark.conf.set("spark.sql.files.maxPartitionBytes", str(min(size // usable_cores() + 1, 2**26)))
        rows = spark.read.schema(columns).parquet(str(staged))
        if write.rows <= _SMALL_ROWS:
            rows = rows.coalesce(1)
        (
            rows.write.format("delta")
            .mode("overwrite" if write.replace else "append")
            .option("mergeSchema", "true")
            .option("txnAppId", _TRANSACTION)
            .option("txnVersion", str(number))
            # Taken when the write makes the table, ignored afterwards.
            .option("delta.dataSkippingStatsColumns", ",".join(map(quote, table.statistics_columns())))
            .saveAsTable(physical)
        )

    def _widen_by_spark(self, target: Target, spark: SparkSession, table: SourceTable) -> None:
        """Write a table anew where columns that it has grown are to be wider, unless that is done."""
        location = target.catalog.managed_location(CATALOG, table.schema, table.table)
        physical = target.catalog.physical(CATALOG, table.schema, table.table)
        if location is None or not spark.catalog.tableExists(physical):
            return
        rows = spark.read.table(physical)
        wanted = self._journal.columns(table)
        held = pa.schema(
            [
                pa.field(of.name, parse_type(of.dataType.simpleString()))
                for of in rows.schema
                if of.name in wanted.names
            ]
        )
        wider = widen_columns(held, wanted, table.columns)
        if wider == held:
            return
        types = {new.name: new.type for old, new in zip(held, wider, strict=True) if old.type != new.type}
        widened = {name: rows[quote(name)].cast(type_text(types[name])) for name in types}
        self._progress(f"  {table.name}: writing the table anew, for wider columns")
        (
            rows.withColumns(widened)
            .write.format("delta")
            .mode("overwrite")
            .option("overwriteSchema", "true")
            .save(str(location))
        )
        spark.catalog.refreshTable(physical)


class _WiderColumnsError(Exception):
    """A delivery fits its table once columns that the table has grown are of wider types."""

    def __init__(self, table: str, columns: pa.Schema) -> None:
        self.table = table
        self.columns = columns


def _wider(file: SourceFile, columns: pa.Schema) -> pa.Schema:
    """The types that let a refused file fit; the same columns where it is wrong otherwise."""
    try:
        return columns if columns == file.table.columns else widened_columns(file, columns)
    except DeliveryError:
        return columns


def _sync_folders(folder: Path) -> None:
    """Make the names of staged files durable, not only their contents."""
    for path in _folders(folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _folders(folder: Path) -> Iterator[Path]:
    yield folder.parent
    yield folder
    yield from (path for path in folder.iterdir() if path.is_dir())
