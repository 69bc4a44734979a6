"""The versions an entity has had, and which of them is in effect at a time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from oracle.account_folder import AccountFolder
from oracle.source_tables import (
    CLUSTERS,
    JOBS,
    PIPELINES,
    WAREHOUSES,
    Key,
    SourceTable,
    TypedRow,
    account_rows,
    combinations,
    distinct_outcomes,
    grouped,
)

AS_OF = "as_of"
NEAREST = "nearest"
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an entity.

    Attributes:
        valid_from: When it began.
        valid_to: When it ended, exclusive; None while it is the current one.
        is_deleted: Whether a deletion ended it.
        row: The source row it comes from.
    """

    valid_from: datetime
    valid_to: datetime | None
    is_deleted: bool
    row: TypedRow

    def covers(self, time: datetime) -> bool:
        """Whether the half-open interval holds the time."""
        return self.valid_from <= time and (self.valid_to is None or time < self.valid_to)


Versions = tuple[Version, ...]
"""All versions of one entity, in order."""

Histories = dict[Key, tuple[Versions, ...]]
"""By (workspace_id, id), the possible versions; more than one possibility only where rows tie."""


@dataclass(frozen=True, slots=True)
class EntityTable:
    """A source table that holds the history of entities.

    Attributes:
        source: The table.
        silver: The snapshot that holds it in Silver.
        entity_type: What its entities are called in Gold.
        id_column: The column that names an entity within its workspace.
    """

    source: SourceTable
    silver: str
    entity_type: str
    id_column: str

    @property
    def key_columns(self) -> tuple[str, str]:
        """Columns that name an entity."""
        return "workspace_id", self.id_column


JOB = EntityTable(JOBS, "slv_jobs", "JOB", "job_id")
PIPELINE = EntityTable(PIPELINES, "slv_pipelines", "PIPELINE", "pipeline_id")
CLUSTER = EntityTable(CLUSTERS, "slv_clusters", "CLUSTER", "cluster_id")
WAREHOUSE = EntityTable(WAREHOUSES, "slv_warehouses", "WAREHOUSE", "warehouse_id")

ENTITY_TABLES = (JOB, PIPELINE, CLUSTER, WAREHOUSE)


def versions_of(rows: Sequence[TypedRow]) -> Versions:
    """The versions of one entity.

    A row without delete_time is a version from its change_time on, up to the next one. A row with
    delete_time closes the last version that began by then, at the earliest such delete_time. If the newest
    row has a delete_time, the entity is gone: the last version ends with it, but not before it began. An
    entity with nothing but deletions has one version, from the create_time of the first (else its
    delete_time) to its delete_time. A row without change_time cannot be placed and is left out.

    Args:
        rows: The winning rows of the entity, one a change_time, in any order.

    Returns:
        The versions in order; none where no row can be placed.
    """
    placed = [row for row in rows if row["change_time"] is not None]
    changes = sorted(
        (row for row in placed if row["delete_time"] is None), key=lambda row: row["change_time"]
    )
    deletions = [row for row in placed if row["delete_time"] is not None]
    if not changes:
        return (_deleted_only(deletions),) if deletions else ()
    starts = [row["change_time"] for row in changes]
    ends: dict[int, datetime] = {}
    for deletion in deletions:
        time = deletion["delete_time"]
        closed = bisect_right(starts, time) - 1
        if closed >= 0:
            ends[closed] = min(time, ends.get(closed, time))
    newest, last = max(placed, key=lambda row: row["change_time"]), len(starts) - 1
    if newest["delete_time"] is not None and last not in ends:
        ends[last] = max(starts[last], newest["delete_time"])
    following = [*starts[1:], None]
    return tuple(
        Version(start, ends.get(number, following[number]), number in ends, row)
        for number, (start, row) in enumerate(zip(starts, changes, strict=True))
    )


def histories(account: AccountFolder, table: EntityTable) -> Histories:
    """The versions of every entity of a table.

    Args:
        account: The account.
        table: The table.

    Returns:
        One entry an entity that has a version.

    Raises:
        AccountFolderError: If the account is malformed, or holds too many ties.
    """
    found: Histories = {}
    for key, rows in grouped(account_rows(account, table.source), table.key_columns).items():
        possible = distinct_outcomes(versions_of(way) for way in combinations(rows))
        if any(possible):
            found[key] = possible
    return found


def in_effect(versions: Versions, time: datetime) -> tuple[Version, str]:
    """The version that serves a time.

    Args:
        versions: The versions of an entity, at least one.
        time: When.

    Returns:
        The last version that began by then, else the first; and `as_of` where it covers the time, else
        `nearest`.
    """
    position = bisect_right(versions, time, key=lambda version: version.valid_from) - 1
    version = versions[max(position, 0)]
    return version, AS_OF if version.covers(time) else NEAREST


def _deleted_only(deletions: Sequence[TypedRow]) -> Version:
    first = min(deletions, key=lambda row: (row["delete_time"], row["change_time"]))
    deleted, created = first["delete_time"], first.get("create_time")
    start = deleted if created is None or created > deleted else created
    return Version(start, deleted, True, first)


def single_histories(possible: Histories) -> Mapping[Key, Versions]:
    """The histories of an account without ties.

    Args:
        possible: What `histories` returns, settled where rows tie.

    Returns:
        One history an entity.

    Raises:
        ValueError: If an entity still has several.
    """
    single: dict[Key, Versions] = {}
    for key, ways in possible.items():
        if len(ways) != 1:
            raise ValueError(f"{key} has {len(ways)} possible histories: settle them first")
        single[key] = ways[0]
    return single


def version_row(table: EntityTable, version: Version) -> dict[str, Any]:
    """A version as its snapshot holds it.

    Args:
        table: The table.
        version: One of its versions.

    Returns:
        The columns of the source, and valid_from, valid_to and is_deleted.
    """
    own = {name: version.row[name] for name in table.source.columns}
    return {
        **own,
        "valid_from": version.valid_from,
        "valid_to": version.valid_to,
        "is_deleted": version.is_deleted,
    }
