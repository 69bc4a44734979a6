"""Results of statements: Arrow batches read from Spark as they come, and handed out in pieces.

Small results, and what a command answers, stay in memory. A large one goes to a file in the home's scratch
folder and is read back from the page cache, so that neither Spark nor this process holds it as a whole.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.serializers import read_int
from pyspark.sql import DataFrame
from pyspark.util import _create_local_socket

IN_MEMORY_BYTES = 128 * 1024 * 1024
"""Results up to this size never touch the disk."""

_ROWS_AT_ONCE = 10_000
_BYTES_AT_ONCE = 4 * 1024 * 1024


class Result:
    """Rows of a finished statement.

    Args:
        schema: Columns, with the names the client is to see.
        batches: The rows, in order. All batches have the types of `schema`.
        spark_types: Spark's type of each column as JSON, for the column descriptions; None derives them.
        spool: The file behind the batches, removed by `close`.
    """

    def __init__(
        self,
        schema: pa.Schema,
        batches: Sequence[pa.RecordBatch],
        spark_types: list[Any],
        spool: _Spool | None = None,
    ) -> None:
        self.schema = schema
        self.spark_types = spark_types
        self._batches = list(batches)
        self._spool = spool
        self._at = (0, 0)
        self.rows_given = 0

    @property
    def row_count(self) -> int:
        """How many rows there are in all."""
        return sum(batch.num_rows for batch in self._batches)

    @property
    def modified_rows(self) -> int | None:
        """How many rows an INSERT, UPDATE, DELETE or MERGE changed, where this is its answer."""
        if self.schema.names[:1] != ["num_affected_rows"] or self.row_count != 1:
            return None
        value = self._batches[0].column(0)[0].as_py()
        return None if value is None else int(value)

    def table(self) -> pa.Table:
        """All rows at once."""
        return pa.Table.from_batches(
            [batch.rename_columns(self.schema.names) for batch in self._batches], self.schema
        )

    def map_strings(self, change: Callable[[str], str], columns: Sequence[str] | None = None) -> Result:
        """Change every text in columns of type STRING.

        Args:
            change: Gives the new text for an old one.
            columns: Which of these columns; None for all.

        Returns:
            A result with the new texts.
        """
        batches = []
        for batch in self._batches:
            arrays = [
                pa.array(
                    [None if value is None else change(value) for value in column.to_pylist()], column.type
                )
                if pa.types.is_string(column.type) and (columns is None or name in columns)
                else column
                for name, column in zip(self.schema.names, batch.columns, strict=True)
            ]
            batches.append(pa.RecordBatch.from_arrays(arrays, schema=batch.schema))
        return Result(self.schema, batches, self.spark_types, self._spool)

    def next(self, max_rows: int, max_bytes: int) -> tuple[list[pa.RecordBatch], bool]:
        """Take the next rows.

        Args:
            max_rows: At most so many.
            max_bytes: About so many bytes; at least one row is returned where there is one.

        Returns:
            Batches, and whether there are more rows after them.
        """
        taken: list[pa.RecordBatch] = []
        rows = size = 0
        index, offset = self._at
        while index < len(self._batches) and rows < max_rows and (size < max_bytes or not taken):
            batch = self._batches[index]
            left = batch.num_rows - offset
            per_row = max(1, batch.nbytes // max(batch.num_rows, 1))
            count = min(left, max_rows - rows, max(1, (max_bytes - size) // per_row))
            if count > 0:
                taken.append(batch if count == batch.num_rows else batch.slice(offset, count))
            rows += count
            size += count * per_row
            offset += count
            if offset >= batch.num_rows:
                index, offset = index + 1, 0
        self._at = (index, offset)
        self.rows_given += rows
        return taken, index < len(self._batches)

    def close(self) -> None:
        """Free the rows, and the file behind them."""
        self._batches = []
        if self._spool is not None:
            self._spool.close()
            self._spool = None


class _Spool:
    """A temporary Arrow file that batches are appended to and read back from by memory map."""

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix="result-", suffix=".arrow", delete=False) as made:
            self._path = Path(made.name)
        self._sink = pa.OSFile(str(self._path), "wb")
        self._writer = pa.ipc.new_file(self._sink, schema)
        self._map: pa.MemoryMappedFile | None = None

    def write(self, batch: pa.RecordBatch) -> None:
        self._writer.write_batch(batch)

    def read(self) -> list[pa.RecordBatch]:
        self._writer.close()
        self._sink.close()
        self._map = pa.memory_map(str(self._path))
        # Unlinked while mapped: the space is freed when the map goes, even if the process is killed.
        self._path.unlink()
        reader = pa.ipc.open_file(self._map)
        return [reader.get_batch(number) for number in range(reader.num_record_batches)]

    def close(self) -> None:
        if self._map is not None:
            self._map.close()
        else:
            self._writer.close()
            self._sink.close()
            self._path.unlink(missing_ok=True)


def empty() -> Result:
    """The result of a statement that returns nothing."""
    return Result(pa.schema([]), [], [])


def of_rows(columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[Any]]) -> Result:
    """Make a result from plain values.

    Args:
        columns: Name and Spark type (`string`, `integer`, `long`, `boolean`, `timestamp`) of each column.
        rows: The values.

    Returns:
        The result.
    """
    arrow = {
        "string": pa.string(),
        "integer": pa.int32(),
        "short": pa.int16(),
        "long": pa.int64(),
        "boolean": pa.bool_(),
        "timestamp": pa.timestamp("us", tz="UTC"),
        "date": pa.date32(),
    }
    schema = pa.schema([pa.field(name, arrow[kind]) for name, kind in columns])
    listed = [tuple(row) for row in rows]
    arrays = [pa.array([row[at] for row in listed], schema.field(at).type) for at in range(len(columns))]
    batches = [pa.RecordBatch.from_arrays(arrays, schema=schema)] if listed else []
    return Result(schema, batches, [kind for _, kind in columns])


def of_dataframe(frame: DataFrame, scratch: Path) -> Result:
    """Run a query and take its rows from Spark as they come.

    Args:
        frame: The query.
        scratch: Folder for a result too large to keep in memory.

    Returns:
        The rows in the query's order.

    Raises:
        Exception: Whatever Spark raises.
    """
    spark_schema = json.loads(frame._jdf.schema().json())
    fields = spark_schema["fields"]
    if not fields:
        return empty()
    names = [field["name"] for field in fields]
    as_text = [_as_text(field["type"]) for field in fields]
    # Spark's Arrow writer refuses two columns of one name.
    if any(as_text) or len({name.lower() for name in names}) < len(names):
        frame = frame.toDF(*[f"column_{at}" for at in range(len(names))])
    if any(as_text):
        frame = frame.selectExpr(
            *[text.format(f"column_{at}") if text else f"column_{at}" for at, text in enumerate(as_text)]
        )
    schema, batches, order, spool = _collect_at_hand(frame) or _collect(frame, scratch)
    schema = pa.schema([field.with_name(name) for field, name in zip(schema, names, strict=True)])
    ordered = [batches[at] for at in order]
    kinds = ["string" if text else field["type"] for field, text in zip(fields, as_text, strict=True)]
    return Result(schema, [batch for batch in ordered if batch.num_rows], kinds, spool)


def _as_text(kind: Any) -> str | None:
    """How a column that clients take as text becomes text: the service sends intervals and VARIANT so."""
    if kind == "variant":
        return "to_json({0}) AS {0}"
    if isinstance(kind, str) and kind.startswith("interval"):
        return "CAST({0} AS STRING) AS {0}"
    return None


def _collect_at_hand(frame: DataFrame) -> tuple[pa.Schema, list[pa.RecordBatch], list[int], None] | None:
    """Take rows that Java has at hand, as those of a command's answer: a job costs more than most commands.

    Returns:
        What `_collect` would give; None where the rows have to be computed.
    """
    if not frame.isLocal():
        return None
    spark = frame.sparkSession
    converters = getattr(spark._jvm.org.apache.spark.sql.execution.arrow, "ArrowConverters$")
    converters = getattr(converters, "MODULE$")
    # As `_collect` has it: an error where a struct has two fields of one name, and no large types.
    how = (spark.conf.get("spark.sql.session.timeZone"), True, False)
    rows = frame._jdf.queryExecution().executedPlan().rows().iterator()
    schema = frame._jdf.schema()
    serialized = converters.toBatchWithSchemaIterator(rows, schema, _ROWS_AT_ONCE, _BYTES_AT_ONCE, *how)
    batches: list[pa.RecordBatch] = []
    while serialized.hasNext():
        batches.extend(pa.ipc.open_stream(serialized.next()))
    if not batches:
        batches = list(pa.ipc.open_stream(converters.createEmptyArrowBatch(schema, *how)))
    return batches[0].schema, batches, list(range(len(batches))), None


def _collect(
    frame: DataFrame, scratch: Path
) -> tuple[pa.Schema, list[pa.RecordBatch], list[int], _Spool | None]:
    """Read Spark's stream of batches, which ends with the order they belong in."""
    port, secret, server = frame._jdf.collectAsArrowToPython()
    kept: list[pa.RecordBatch] = []
    spool: _Spool | None = None
    size = 0
    try:
        file, connection = _create_local_socket((port, secret))
        with connection, file:
            reader = pa.ipc.open_stream(file)
            for batch in reader:
                size += batch.nbytes
                if spool is None and size > IN_MEMORY_BYTES:
                    spool = _Spool(scratch, reader.schema)
                    for earlier in kept:
                        spool.write(earlier)
                    kept = []
                if spool is None:
                    kept.append(batch)
                else:
                    spool.write(batch)
            order = [read_int(file) for _ in range(read_int(file))]
    except (OSError, EOFError, pa.ArrowException):
        if spool is not None:
            spool.close()
        server.getResult()  # raises the cause, where it lies in Spark
        raise
    try:
        server.getResult()
    except BaseException:
        if spool is not None:
            spool.close()
        raise
    return reader.schema, kept if spool is None else spool.read(), order, spool
