"""The members of Gold's dimensions, and the member that a fact points to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from oracle.account_state import AccountState, accepted_usage
from oracle.compare import ExpectedRows, RowKey
from oracle.entity_versions import (
    AS_OF,
    CLUSTER,
    ENTITY_TABLES,
    JOB,
    PIPELINE,
    UNKNOWN,
    WAREHOUSE,
    EntityTable,
    Version,
    Versions,
    in_effect,
)
from oracle.run_rules import JOB_RUN, PIPELINE_UPDATE, TASK_RUN
from oracle.runtime_rules import runtime_columns
from oracle.source_tables import Key
from oracle.tag_rules import TagSeeds, level_tags
from oracle.usage_rules import UsageRow

SINCE_EVER = datetime(1900, 1, 1, tzinfo=UTC)
"""When a member begins that no source table dates."""

EntityKey = tuple[str, str | None, str | None, datetime]
"""(entity_type, workspace_id, entity_id, valid_from): what an `entity_key` stands for."""

ClusterKey = tuple[str | None, str | None, datetime | None]
"""(workspace_id, cluster_id, valid_from): what a `cluster_key` stands for; all None for "none"."""

NO_CLUSTER: ClusterKey = (None, None, None)

ENTITY_KEY_COLUMNS = ("entity_type", "workspace_id", "entity_id", "valid_from")
DIM_ENTITY_COLUMNS = (
    *ENTITY_KEY_COLUMNS,
    "entity_name",
    "owner",
    "tags",
    "valid_to",
    "is_current",
    "is_deleted",
)

CLUSTER_KEY_COLUMNS = ("workspace_id", "cluster_id", "valid_from")
_CLUSTER_COPIED = (
    "cluster_source",
    "driver_node_type",
    "worker_node_type",
    "worker_count",
    "min_autoscale_workers",
    "max_autoscale_workers",
    "auto_termination_minutes",
    "dbr_version",
    "policy_id",
    "data_security_mode",
)
DIM_CLUSTER_COLUMNS = (
    *CLUSTER_KEY_COLUMNS,
    "cluster_name",
    *_CLUSTER_COPIED,
    "dbr_major_version",
    "dbr_minor_version",
    "tags",
    "valid_to",
    "is_current",
)

# What names an entity, and who owns it: the first column that has a value.
_NAMES = {"JOB": "name", "PIPELINE": "name", "CLUSTER": "cluster_name", "WAREHOUSE": "warehouse_name"}
_OWNERS = {
    "JOB": ("run_as_user_name", "creator_user_name", "run_as", "creator_id"),
    "PIPELINE": ("run_as", "created_by"),
    "CLUSTER": ("owned_by",),
    "WAREHOUSE": ("created_by",),
}


class Members:
    """Finds the member of a dimension that a fact points to.

    Args:
        state: The account, with ties of entities settled.
    """

    def __init__(self, state: AccountState) -> None:
        # Without their source table, warehouses are like endpoints: nothing says what they were called when.
        self.tables: dict[str, EntityTable] = {
            table.entity_type: table
            for table in ENTITY_TABLES
            if table is not WAREHOUSE or state.account.has_table(table.source.name)
        }
        self.versions: dict[str, Mapping[Key, Versions]] = {
            entity_type: state.versions(table) for entity_type, table in self.tables.items()
        }

    def entity(
        self, entity_type: str, workspace_id: str | None, entity_id: str | None, time: datetime | None
    ) -> tuple[EntityKey, str]:
        """The entity of a fact.

        Args:
            entity_type: JOB, PRODUCT and the like.
            workspace_id: Its workspace.
            entity_id: Its id.
            time: When the fact began.

        Returns:
            The version in effect, or the member named by the id; and how it matches.
        """
        known = self.versions.get(entity_type)
        if known is None:
            return (entity_type, workspace_id, entity_id, SINCE_EVER), AS_OF
        versions = known.get((workspace_id, entity_id))
        if versions is None or time is None:
            return (entity_type, workspace_id, entity_id, SINCE_EVER), UNKNOWN
        version, match = in_effect(versions, time)
        return (entity_type, workspace_id, entity_id, version.valid_from), match

    def usage_entity(self, row: UsageRow) -> tuple[EntityKey, str]:
        """The entity of a usage record, and how it matches."""
        return self.entity(row.entity_type, row.workspace_id, row.entity_id, row.usage_start_time)

    def usage_cluster(self, row: UsageRow) -> ClusterKey:
        """The cluster of a usage record."""
        if row.cluster_id is None:
            return NO_CLUSTER
        entity, _ = self.entity(CLUSTER.entity_type, row.workspace_id, row.cluster_id, row.usage_start_time)
        return row.workspace_id, row.cluster_id, entity[3]


def expected_dim_entity(state: AccountState) -> ExpectedRows:
    """The rows of `dim_entity`: every version, and a member for each other id that usage, runs or tasks name.

    An id that a fact names without pointing to it (the cluster of a job's usage, the pipeline of an update)
    may have a member or not. Tags are as the source has them, or by canonical key.

    Args:
        state: The account, with ties settled.

    Returns:
        Rows keyed by type, workspace, id and valid_from.

    Raises:
        ValueError: If ties are not settled.
    """
    members = Members(state)
    rows: dict[RowKey, tuple[Mapping[str, Any] | None, ...]] = {}
    for entity_type in members.tables:
        for (workspace_id, entity_id), versions in members.versions[entity_type].items():
            for version in versions:
                key = (entity_type, workspace_id, entity_id, version.valid_from)
                name = version.row[_NAMES[entity_type]]
                described = {
                    "entity_name": entity_id if name is None else name,
                    "owner": _first(version.row, _OWNERS[entity_type]),
                    "valid_to": version.valid_to,
                    "is_current": version.valid_to is None,
                    "is_deleted": version.is_deleted,
                }
                rows[key] = _with_tags(ENTITY_KEY_COLUMNS, key, described, version.row["tags"], state.seeds)
    names = _names_in_usage(state)
    for key in _named_by_facts(state, members):
        rows.setdefault(key, _undated_entity(key, names.get(key), state.seeds))
    for key in _named_beside(state, members):
        rows.setdefault(key, (*_undated_entity(key, names.get(key), state.seeds), None))
    return ExpectedRows(ENTITY_KEY_COLUMNS, DIM_ENTITY_COLUMNS, rows)


def expected_dim_cluster(state: AccountState) -> ExpectedRows:
    """The rows of `dim_cluster`: every version, the clusters only usage knows, and "none", all of NULLs.

    Args:
        state: The account, with ties settled.

    Returns:
        Rows keyed by workspace, id and valid_from.

    Raises:
        ValueError: If ties are not settled.
    """
    members = Members(state)
    rows: dict[RowKey, tuple[Mapping[str, Any] | None, ...]] = {
        NO_CLUSTER: (dict.fromkeys(DIM_CLUSTER_COLUMNS),)
    }
    for (workspace_id, cluster_id), versions in members.versions[CLUSTER.entity_type].items():
        for version in versions:
            key = (workspace_id, cluster_id, version.valid_from)
            rows[key] = _cluster_rows(key, version, state.seeds)
    for candidates in accepted_usage(state.usage).values():
        for one in candidates:
            named = members.usage_cluster(one.row)
            rows.setdefault(named, _cluster_rows(named, None, state.seeds))
    return ExpectedRows(CLUSTER_KEY_COLUMNS, DIM_CLUSTER_COLUMNS, rows)


def without_values_of_none(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Rows of `dim_cluster` in which the "none" member has NULLs alone, whenever it is said to begin."""
    return [dict.fromkeys(row) if row["cluster_id"] is None else row for row in rows]


def _named_by_facts(state: AccountState, members: Members) -> Iterable[EntityKey]:
    for candidates in accepted_usage(state.usage).values():
        for one in candidates:
            yield members.usage_entity(one.row)[0]
    for table in (JOB_RUN, TASK_RUN):
        for run in state.run_rows(table).values():
            start = run[f"{table.prefix}_start_time"]
            yield members.entity(JOB.entity_type, run["workspace_id"], run["job_id"], start)[0]


def _named_beside(state: AccountState, members: Members) -> Iterable[EntityKey]:
    for candidates in accepted_usage(state.usage).values():
        for one in candidates:
            for table in ENTITY_TABLES:
                entity_id = getattr(one.row, table.id_column)
                if entity_id is not None:
                    time = one.row.usage_start_time
                    yield members.entity(table.entity_type, one.row.workspace_id, entity_id, time)[0]
    for run in state.run_rows(PIPELINE_UPDATE).values():
        start = run["update_start_time"]
        yield members.entity(PIPELINE.entity_type, run["workspace_id"], run["pipeline_id"], start)[0]


def _names_in_usage(state: AccountState) -> dict[EntityKey, str]:
    """What the newest usage that names an endpoint, app or notebook calls it."""
    newest: dict[EntityKey, tuple[tuple[Any, ...], str]] = {}
    for candidates in accepted_usage(state.usage).values():
        for one in candidates:
            row = one.row
            if row.entity_name is None:
                continue
            key: EntityKey = (row.entity_type, row.workspace_id, row.entity_id, SINCE_EVER)
            order = (row.usage_start_time, row.record_id, row.record_type)
            if key not in newest or order > newest[key][0]:
                newest[key] = (order, row.entity_name)
    return {key: name for key, (_, name) in newest.items()}


def _undated_entity(key: EntityKey, name: str | None, seeds: TagSeeds) -> tuple[Mapping[str, Any], ...]:
    described = {
        "entity_name": key[2] if name is None else name,
        "owner": None,
        "valid_to": None,
        "is_current": True,
        "is_deleted": False,
    }
    return _with_tags(ENTITY_KEY_COLUMNS, key, described, None, seeds)


def _cluster_rows(key: ClusterKey, version: Version | None, seeds: TagSeeds) -> tuple[Mapping[str, Any], ...]:
    row = {} if version is None else version.row
    runtime = runtime_columns(row.get("dbr_version"))
    described = {
        # Only a cluster that no source table describes is named by its id.
        "cluster_name": key[1] if version is None else row["cluster_name"],
        **{column: row.get(column) for column in _CLUSTER_COPIED},
        "dbr_major_version": runtime["dbr_major_version"],
        "dbr_minor_version": runtime["dbr_minor_version"],
        "valid_to": None if version is None else version.valid_to,
        "is_current": version is None or version.valid_to is None,
    }
    return _with_tags(CLUSTER_KEY_COLUMNS, key, described, row.get("tags"), seeds)


def _with_tags(
    key_columns: tuple[str, ...],
    key: tuple[Any, ...],
    described: Mapping[str, Any],
    raw: Mapping[str, str | None] | None,
    seeds: TagSeeds,
) -> tuple[Mapping[str, Any], ...]:
    named = {**dict(zip(key_columns, key, strict=True)), **described}
    readings: tuple[Mapping[str, str | None] | None, ...] = (raw, level_tags(raw, seeds))
    return tuple({**named, "tags": None if tags is None else dict(tags)} for tags in readings)


def _first(row: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((row[name] for name in names if row[name] is not None), None)
