"""Appends files to a Delta table, or replaces its files, by writing its log: milliseconds, and no Spark.

The format is that of the Delta transaction log protocol. Only tables as plain as those that `commit` makes
are written: reader version 1, writer version 2, no partitions, no constraints, no property that asks
something of a writer. For any other table `NotPlainError` says what is in the way, and Spark has to write it.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from local_warehouse.source_tables import TIMESTAMP, quote

CHECKPOINT_INTERVAL = 10
"""Readers replay the log from its last checkpoint on. Spark writes one after as many commits."""

_STATISTICS_COLUMNS = "delta.dataSkippingStatsColumns"
_HARMLESS_PROPERTIES = frozenset(
    (
        _STATISTICS_COLUMNS,
        "delta.checkpointInterval",
        "delta.deletedFileRetentionDuration",
        "delta.logRetentionDuration",
    )
)
_PROTOCOL = {"minReaderVersion": 1, "minWriterVersion": 2}
_LONGEST_TEXT = 32
_LAST_CHARACTER = "\U0010ffff"

Action = dict[str, Any]
"""One line of the log, such as `{"add": {...}}`, without its outer key."""


class NotPlainError(Exception):
    """A table has something that only Spark knows how to write; the message says what."""


@dataclass(frozen=True)
class Transaction:
    """A mark a commit leaves in the table.

    Attributes:
        application: Who writes.
        version: The number of its write; of a number, only the first write takes place.
    """

    application: str
    version: int


@dataclass
class _Table:
    """What a log says at one version; -1 where there is no commit yet."""

    version: int = -1
    protocol: Action = field(default_factory=dict)
    metadata: Action = field(default_factory=dict)
    transactions: dict[str, Action] = field(default_factory=dict)
    files: dict[str, Action] = field(default_factory=dict)
    removed: dict[str, Action] = field(default_factory=dict)

    def apply(self, actions: Mapping[str, Any]) -> None:
        """Take in one line of the log."""
        for kind, action in actions.items():
            if action is None:
                continue
            if kind == "protocol":
                self.protocol = action
            elif kind == "metaData":
                self.metadata = action
            elif kind == "txn":
                self.transactions[action["appId"]] = action
            elif kind == "add":
                self.files[action["path"]] = action
                self.removed.pop(action["path"], None)
            elif kind == "remove":
                self.files.pop(action["path"], None)
                self.removed[action["path"]] = action

    def has(self, transaction: Transaction) -> bool:
        """Tell whether a write has taken place."""
        known = self.transactions.get(transaction.application)
        return known is not None and int(known["version"]) >= transaction.version

    def require_plain(self) -> None:
        """Raise `NotPlainError` unless the table is one this module writes."""
        features = self.protocol.keys() - _PROTOCOL.keys()
        if any(self.protocol.get(key, 0) > most for key, most in _PROTOCOL.items()) or any(
            self.protocol[key] for key in features
        ):
            raise NotPlainError(f"its protocol is {self.protocol}")
        if self.metadata.get("partitionColumns"):
            raise NotPlainError("it is partitioned")
        asked = {
            key
            for key in self.metadata.get("configuration", {})
            if key.startswith("delta.") and key not in _HARMLESS_PROPERTIES
        }
        if asked:
            raise NotPlainError(f"it has the properties {', '.join(sorted(asked))}")


def commit(
    folder: Path,
    transaction: Transaction,
    files: Mapping[str, Path],
    *,
    replace: bool,
    columns: pa.Schema,
    comments: Mapping[str, str],
    statistics: Sequence[str],
) -> bool:
    """Bring Parquet files into a table, in one commit; the table is made if there is none.

    Args:
        folder: The table's folder.
        transaction: The mark of this write.
        files: The files, durable and on the same file system, by the names they get in the folder.
        replace: Whether they take the place of what is in the table.
        columns: The columns of the files. What the table lacks of them is added to it.
        comments: What columns mean, for columns that are added.
        statistics: Columns whose ranges are recorded, to skip files by, where a table is made.

    Returns:
        Whether anything was written: not if the write had taken place before, or would change nothing.

    Raises:
        NotPlainError: Only Spark can write this table. Nothing was changed.
        OSError: The folder cannot be written.
    """
    log = folder / "_delta_log"
    added = [_add(name, path, statistics) for name, path in files.items()]
    while True:
        table = _read(log)
        if table.has(transaction):
            return False
        if table.version >= 0:
            table.require_plain()
        metadata = _metadata(table, columns, comments, statistics)
        if table.version >= 0 and not files and not replace and metadata is None:
            return False
        log.mkdir(parents=True, exist_ok=True)
        for name, path in files.items():
            _link(path, folder / name)
        _sync_folder(folder)
        actions = list(_actions(table, transaction, metadata, added, replace))
        try:
            _publish(log, table.version + 1, actions)
        except FileExistsError:
            # Somebody else has committed: look what the table is now.
            continue
        for action in actions:
            table.apply(action)
        table.version += 1
        if table.version and table.version % CHECKPOINT_INTERVAL == 0:
            _write_checkpoint(log, table)
        return True


# -- reading -------------------------------------------------------------------------------------------------


def _read(log: Path) -> _Table:
    table = _Table()
    start = 0
    with contextlib.suppress(FileNotFoundError):
        pointer = json.loads((log / "_last_checkpoint").read_text(encoding="utf-8"))
        checkpoint = log / f"{pointer['version']:020}.checkpoint.parquet"
        # Other kinds (of several parts, or of the second version) are left aside: the commits say the same.
        if checkpoint.exists():
            for action in pq.read_table(checkpoint).to_pylist(maps_as_pydicts="strict"):
                table.apply(action)
            table.version = int(pointer["version"])
            start = table.version + 1
    names = [entry.name for entry in log.iterdir()] if log.is_dir() else []
    versions = sorted(int(name[:20]) for name in names if len(name) == 25 and name.endswith(".json"))
    newer = [version for version in versions if version >= start]
    if newer and newer != list(range(start, newer[-1] + 1)):
        raise NotPlainError("its log has been cleaned up")
    for version in newer:
        for line in (log / f"{version:020}.json").read_text(encoding="utf-8").splitlines():
            table.apply(json.loads(line))
        table.version = version
    return table


# -- what a commit says --------------------------------------------------------------------------------------


def _actions(
    table: _Table,
    transaction: Transaction,
    metadata: Action | None,
    added: list[Action],
    replace: bool,
) -> Iterator[Action]:
    now = time.time_ns() // 1_000_000
    removed = list(table.files.values()) if replace else []
    told: Action = {
        "timestamp": now,
        "operation": "WRITE" if table.version >= 0 else "CREATE TABLE AS SELECT",
        "operationParameters": {"mode": "Overwrite" if replace else "Append", "partitionBy": "[]"},
        "isolationLevel": "Serializable",
        "isBlindAppend": not replace,
        "operationMetrics": {
            "numFiles": str(len(added)),
            "numOutputRows": str(sum(json.loads(of["stats"])["numRecords"] for of in added)),
            "numOutputBytes": str(sum(of["size"] for of in added)),
            "numRemovedFiles": str(len(removed)),
        },
        "engineInfo": "local_warehouse",
        "txnId": str(uuid.uuid4()),
    }
    if table.version >= 0:
        told["readVersion"] = table.version
    yield {"commitInfo": told}
    if table.version < 0:
        yield {"protocol": _PROTOCOL}
    if metadata is not None:
        yield {"metaData": metadata}
    yield {"txn": {"appId": transaction.application, "version": transaction.version, "lastUpdated": now}}
    for of in removed:
        yield {
            "remove": {
                "path": of["path"],
                "deletionTimestamp": now,
                "dataChange": True,
                "extendedFileMetadata": True,
                "partitionValues": {},
                "size": of["size"],
            }
        }
    for of in added:
        yield {"add": of}


def _metadata(
    table: _Table, columns: pa.Schema, comments: Mapping[str, str], statistics: Sequence[str]
) -> Action | None:
    """Describe the table where it is made or grows; None where it stays as it is."""
    wanted = {
        "type": "struct",
        "fields": [_field(of, comments.get(of.name)) for of in columns],
    }
    if table.version < 0:
        return {
            "id": str(uuid.uuid4()),
            "format": {"provider": "parquet", "options": {}},
            "schemaString": _compact(wanted),
            "partitionColumns": [],
            "configuration": {_STATISTICS_COLUMNS: ",".join(map(quote, statistics))},
            "createdTime": time.time_ns() // 1_000_000,
        }
    known = json.loads(table.metadata["schemaString"])
    merged = _merged(known, wanted, "")
    return None if merged == known else table.metadata | {"schemaString": _compact(merged)}


_TYPES = {
    pa.string(): "string",
    pa.bool_(): "boolean",
    pa.int8(): "byte",
    pa.int16(): "short",
    pa.int32(): "integer",
    pa.int64(): "long",
    pa.float32(): "float",
    pa.float64(): "double",
    pa.date32(): "date",
    TIMESTAMP: "timestamp",
    pa.binary(): "binary",
}


def _type(arrow: pa.DataType) -> Any:
    if pa.types.is_decimal(arrow):
        return f"decimal({arrow.precision},{arrow.scale})"
    if pa.types.is_list(arrow):
        return {"type": "array", "elementType": _type(arrow.value_type), "containsNull": True}
    if pa.types.is_map(arrow):
        return {
            "type": "map",
            "keyType": _type(arrow.key_type),
            "valueType": _type(arrow.item_type),
            "valueContainsNull": True,
        }
    if pa.types.is_struct(arrow):
        return {"type": "struct", "fields": [_field(of, None) for of in arrow]}
    return _TYPES[arrow]


def _field(of: pa.Field, comment: str | None) -> Action:
    return {
        "name": of.name,
        "type": _type(of.type),
        "nullable": True,
        "metadata": {"comment": comment} if comment else {},
    }


def _merged(known: Any, wanted: Any, at: str) -> Any:
    """Add to a type what another has beyond it.

    Raises:
        NotPlainError: The two do not go together, or the known one asks something of who writes.
    """
    if isinstance(known, str) or isinstance(wanted, str):
        if known != wanted:
            raise NotPlainError(f"its column {at} is {_compact(known)} and not {_compact(wanted)}")
        return known
    if known["type"] != wanted["type"]:
        raise NotPlainError(f"its column {at} is of type {known['type']} and not {wanted['type']}")
    if known["type"] == "struct":
        return known | {"fields": _merged_fields(known["fields"], wanted["fields"], at)}
    inside = {"array": ("elementType",), "map": ("keyType", "valueType")}[known["type"]]
    if not known.get("containsNull", True) or not known.get("valueContainsNull", True):
        raise NotPlainError(f"its column {at} takes no NULL inside")
    return known | {key: _merged(known[key], wanted[key], f"{at}.{key}") for key in inside}


def _merged_fields(known: list[Action], wanted: list[Action], at: str) -> list[Action]:
    theirs = {of["name"]: of for of in wanted}
    merged = []
    for of in known:
        name = f"{at}.{of['name']}" if at else of["name"]
        if not of["nullable"] or of["metadata"].keys() - {"comment"}:
            raise NotPlainError(f"its column {name} has a constraint, a default or the like")
        other = theirs.pop(of["name"], None)
        merged.append(of if other is None else of | {"type": _merged(of["type"], other["type"], name)})
    folded = {of["name"].casefold() for of in known}
    for name in theirs:
        if name.casefold() in folded:
            raise NotPlainError(f"its column {name} is written in other letters")
    return merged + list(theirs.values())


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _add(name: str, path: Path, statistics: Sequence[str]) -> Action:
    of = path.stat()
    return {
        "path": name,
        "partitionValues": {},
        "size": of.st_size,
        "modificationTime": of.st_mtime_ns // 1_000_000,
        "dataChange": True,
        "stats": _compact(_statistics(path, statistics)),
    }


def _statistics(path: Path, names: Sequence[str]) -> Action:
    """Sum up what a Parquet file's footer says of some columns: rows, NULLs, least and greatest value."""
    footer = pq.read_metadata(path)
    least: Action = {}
    greatest: Action = {}
    nothing: Action = {}
    at = {footer.schema.column(number).path: number for number in range(footer.num_columns)}
    groups = [footer.row_group(number) for number in range(footer.num_row_groups)]
    for name in names:
        found = [group.column(at[name]).statistics for group in groups if name in at]
        if not found or any(of is None or not of.has_null_count for of in found):
            continue
        nothing[name] = sum(of.null_count for of in found)
        found = [of for of in found if of.num_values]
        if not found or not all(of.has_min_max for of in found):
            continue
        low, high = _bound(min(of.min for of in found)), _upper_bound(max(of.max for of in found))
        least |= {} if low is None else {name: low}
        greatest |= {} if high is None else {name: high}
    return {"numRecords": footer.num_rows, "minValues": least, "maxValues": greatest, "nullCount": nothing}


def _bound(value: Any) -> Any:
    """Write a value as the log has it; it may become less, never more. None if it cannot be written."""
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, str):
        return value[:_LONGEST_TEXT]
    return value if isinstance(value, int) else None


def _upper_bound(value: Any) -> Any:
    """Write a value as the log has it; it may become more, never less."""
    if isinstance(value, datetime.datetime) and value.microsecond % 1000:
        try:
            value += datetime.timedelta(milliseconds=1)
        except OverflowError:
            return None
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        return None if _LAST_CHARACTER in value else value[:_LONGEST_TEXT] + _LAST_CHARACTER
    return _bound(value)


# -- writing -------------------------------------------------------------------------------------------------


def _link(source: Path, target: Path) -> None:
    """Give a file a second name, in place of what a process that was killed has left under it."""
    try:
        if target.exists() and not target.samefile(source):
            target.unlink()
        with contextlib.suppress(FileExistsError):
            os.link(source, target)
    except OSError as error:
        raise NotPlainError(f"its file system has no links: {error}") from error


def _publish(log: Path, version: int, actions: Sequence[Action]) -> None:
    """Write a commit, whole or not at all.

    Raises:
        FileExistsError: There is one of that version.
    """
    text = "".join(f"{_compact(action)}\n" for action in actions)
    _write_durably(log, f"{version:020}.json", text.encode(), replace=False)


def _write_durably(log: Path, name: str, content: bytes, *, replace: bool) -> None:
    made = log / f".{name}.{uuid.uuid4().hex}.tmp"
    try:
        with made.open("xb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        if replace:
            made.replace(log / name)
        else:
            os.link(made, log / name)
    finally:
        made.unlink(missing_ok=True)
    _sync_folder(log)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


_TEXTS = pa.map_(pa.string(), pa.string())
_CHECKPOINT = pa.schema(
    [
        pa.field(
            "txn",
            pa.struct([("appId", pa.string()), ("version", pa.int64()), ("lastUpdated", pa.int64())]),
        ),
        pa.field(
            "add",
            pa.struct(
                [
                    ("path", pa.string()),
                    ("partitionValues", _TEXTS),
                    ("size", pa.int64()),
                    ("modificationTime", pa.int64()),
                    ("dataChange", pa.bool_()),
                    ("tags", _TEXTS),
                    ("stats", pa.string()),
                ]
            ),
        ),
        pa.field(
            "remove",
            pa.struct(
                [
                    ("path", pa.string()),
                    ("deletionTimestamp", pa.int64()),
                    ("dataChange", pa.bool_()),
                    ("extendedFileMetadata", pa.bool_()),
                    ("partitionValues", _TEXTS),
                    ("size", pa.int64()),
                ]
            ),
        ),
        pa.field(
            "metaData",
            pa.struct(
                [
                    ("id", pa.string()),
                    ("name", pa.string()),
                    ("description", pa.string()),
                    ("format", pa.struct([("provider", pa.string()), ("options", _TEXTS)])),
                    ("schemaString", pa.string()),
                    ("partitionColumns", pa.list_(pa.string())),
                    ("configuration", _TEXTS),
                    ("createdTime", pa.int64()),
                ]
            ),
        ),
        pa.field(
            "protocol",
            pa.struct([("minReaderVersion", pa.int32()), ("minWriterVersion", pa.int32())]),
        ),
    ]
)


def _write_checkpoint(log: Path, table: _Table) -> None:
    """Sum up the log, so that readers need not replay it from its beginning."""
    actions: list[Action] = [
        {"protocol": table.protocol},
        {"metaData": table.metadata},
        *({"txn": of} for of in table.transactions.values()),
        *({"add": of | {"dataChange": False}} for of in table.files.values()),
        *({"remove": of | {"dataChange": False}} for of in table.removed.values()),
    ]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(actions, _CHECKPOINT), sink)
    content = sink.getvalue().to_pybytes()
    _write_durably(log, f"{table.version:020}.checkpoint.parquet", content, replace=True)
    pointer = _compact({"version": table.version, "size": len(actions)})
    _write_durably(log, "_last_checkpoint", pointer.encode(), replace=True)
