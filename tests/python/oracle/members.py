"""The members of Gold's dimensions, and the member that a fact points to."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from oracle.account_folder import as_timestamp
from oracle.account_state import AccountState, accepted_usage
from oracle.compare import ExpectedRows, RowKey
from oracle.entity_versions import (
    AS_OF,
    CLUSTER,
    ENTITY_TABLES,
    JOB,
    UNKNOWN,
    WAREHOUSE,
    EntityTable,
    Version,
    Versions,
    in_effect,
)
from oracle.run_causes import failure_cause
from oracle.run_rules import FAILED, JOB_RUN, PIPELINE_UPDATE, TASK_RUN, status_group
from oracle.runtime_rules import runtime_columns
from oracle.source_tables import Key, as_whole_number
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

RUN_STATUS_KEY_COLUMNS = ("result_state", "termination_code")
DIM_RUN_STATUS_COLUMNS = (*RUN_STATUS_KEY_COLUMNS, "status_group", "is_failure", "failure_cause")

NODE_TYPES = "compute.node_types"
NODE_TYPE_KEY_COLUMNS = ("node_type",)
DIM_NODE_TYPE_COLUMNS = (*NODE_TYPE_KEY_COLUMNS, "core_count", "memory_mb", "gpu_count", "node_category")

WORKSPACES = "access.workspaces_latest"
WORKSPACE_KEY_COLUMNS = ("account_id", "workspace_id")
WORKSPACE_COLUMNS = (
    *WORKSPACE_KEY_COLUMNS,
    "workspace_name",
    "workspace_url",
    "status",
    "is_current",
    "begins",
    "is_in_line",
)
"""Those of the newest version, and two of all versions of a workspace: see `newest_versions`."""

# Families with disks of their own, by what their names begin with: AWS, Azure and Google.
_WITH_DISKS = re.compile(r"(i|im|is|d|h)[0-9][a-z0-9-]*\.|standard_l[0-9]|z3-")

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
    """The rows of `dim_entity`: every version of what has an id, and a member for each other id in facts.

    Facts are usage, runs and task runs. An id that a fact names without pointing to it (the cluster of a
    job's usage, the pipeline of an update) has none. Tags are as the source has them, or by canonical key.

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
            for version in versions if entity_id is not None else ():
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


def expected_dim_run_status(state: AccountState) -> ExpectedRows:
    """The rows of `dim_run_status`: how job and task runs ended.

    How pipeline updates ended, and "not yet", may have a row although no run needs it.

    Args:
        state: The account, with ties of runs settled.

    Returns:
        Rows keyed by result_state and termination_code.

    Raises:
        ValueError: If ties of runs are not settled.
    """
    rows: dict[RowKey, tuple[Mapping[str, Any] | None, ...]] = {}
    for table in (JOB_RUN, TASK_RUN):
        for run in state.run_rows(table).values():
            key = (run["result_state"], run["termination_code"])
            rows[key] = (_status_row(key),)
    beside = [(run["result_state"], None) for run in state.run_rows(PIPELINE_UPDATE).values()]
    for key in [*beside, (None, None)]:
        rows.setdefault(key, (_status_row(key), None))
    return ExpectedRows(RUN_STATUS_KEY_COLUMNS, DIM_RUN_STATUS_COLUMNS, rows)


def expected_dim_node_type(state: AccountState) -> ExpectedRows:
    """The rows of `dim_node_type`: what the last list names, and what usage names.

    Node types of earlier lists, and those that only clusters name, may have a row. A row for "none" has a
    NULL node_type.

    Args:
        state: The account.

    Returns:
        Rows keyed by node_type.

    Raises:
        AccountFolderError: If the account is malformed.
    """
    listed = {row["node_type"]: row for row in state.account.rows(NODE_TYPES) if row["node_type"] is not None}
    rows: dict[RowKey, tuple[Mapping[str, Any] | None, ...]] = {
        (name,): (_listed_node_type(row),) for name, row in listed.items()
    }
    earlier: dict[RowKey, list[Mapping[str, Any] | None]] = {}
    for _, row in state.account.delivered_rows(NODE_TYPES):
        if row["node_type"] is not None and row["node_type"] not in listed:
            earlier.setdefault((row["node_type"],), []).append(_listed_node_type(row))
    in_usage = {one.row.node_type for ones in accepted_usage(state.usage).values() for one in ones}
    for name in in_usage:
        seen = earlier.pop((name,), [])
        rows.setdefault((name,), (*seen, _unlisted_node_type(name)))
    in_clusters = {
        version.row[column]
        for versions in state.versions(CLUSTER).values()
        for version in versions
        for column in ("driver_node_type", "worker_node_type")
    }
    for name in in_clusters:
        rows.setdefault((name,), (_unlisted_node_type(name), *earlier.pop((name,), []), None))
    for key, seen in earlier.items():
        rows[key] = (*seen, None)
    rows.setdefault((None,), (_unlisted_node_type(None), None))
    return ExpectedRows(NODE_TYPE_KEY_COLUMNS, DIM_NODE_TYPE_COLUMNS, rows)


def expected_workspaces(state: AccountState) -> ExpectedRows:
    """The newest version of each workspace in `dim_workspace`.

    When a later version begins is decided by the clock of the builds, and so is which content of a workspace
    that left was ever seen: any that was listed is right. The first one begins when the workspace was
    created, where the list says so. Without a version, a workspace is named by its id.

    Args:
        state: The account.

    Returns:
        Rows keyed by account and workspace; usage of no workspace has one of NULLs alone.

    Raises:
        ValueError: If ties of runs are not settled.
    """
    created: dict[RowKey, set[datetime | None]] = {}
    for _, row in state.account.delivered_rows(WORKSPACES):
        key = (row["account_id"], row["workspace_id"])
        created.setdefault(key, set()).add(as_timestamp(row.get("create_time")))
    begins = {key: None if len(times) > 1 else next(iter(times)) for key, times in created.items()}
    rows: dict[RowKey, tuple[Mapping[str, Any] | None, ...]] = {}
    for row in state.account.rows(WORKSPACES):
        key = (row["account_id"], row["workspace_id"])
        rows[key] = (_workspace_row(row, True, begins[key]),)
    left: dict[RowKey, list[Mapping[str, Any]]] = {}
    for _, row in state.account.delivered_rows(WORKSPACES):
        key = (row["account_id"], row["workspace_id"])
        if key not in rows:
            left.setdefault(key, []).append(_workspace_row(row, False, begins[key]))
    named = {
        (one.row.account_id, one.row.workspace_id)
        for ones in accepted_usage(state.usage).values()
        for one in ones
    }
    for table in (JOB_RUN, TASK_RUN):
        named |= {(run["account_id"], run["workspace_id"]) for run in state.run_rows(table).values()}
    for key in named:
        if key[1] is None:
            rows[key] = ({**dict.fromkeys(WORKSPACE_COLUMNS), "account_id": key[0]},)
        else:
            unlisted = {"account_id": key[0], "workspace_id": key[1], "workspace_name": key[1]}
            rows.setdefault(key, (*left.pop(key, []), _workspace_row(unlisted, True, SINCE_EVER)))
    for key, seen in left.items():
        rows[key] = (*seen, None)
    return ExpectedRows(WORKSPACE_KEY_COLUMNS, WORKSPACE_COLUMNS, rows)


def newest_versions(
    rows: Iterable[Mapping[str, Any]], undated: Collection[RowKey] = ()
) -> list[Mapping[str, Any]]:
    """The newest version of each workspace, of what `dim_workspace` holds.

    Args:
        rows: Its rows, with valid_from and valid_to.
        undated: Workspaces of which nobody knows when the first version has to begin.

    Returns:
        One row a workspace, with when its first version `begins`, and whether its versions are `is_in_line`:
        none ends before it begins or after the next one begins, and the newest alone may be open. That of no
        workspace keeps its account alone.
    """
    versions: dict[RowKey, list[Mapping[str, Any]]] = {}
    for row in rows:
        versions.setdefault((row["account_id"], row["workspace_id"]), []).append(row)
    newest: list[Mapping[str, Any]] = []
    for key, ones in versions.items():
        ones.sort(key=lambda row: row["valid_from"])
        if key[1] is None:
            newest.append({**dict.fromkeys((*ones[-1], "begins", "is_in_line")), "account_id": key[0]})
            continue
        ends = [*(after["valid_from"] for after in ones[1:]), None]
        is_in_line = all(
            one["is_current"] == (one["valid_to"] is None)
            and (end is None if one["valid_to"] is None else one["valid_from"] <= one["valid_to"])
            and (end is None or one["valid_to"] <= end)
            for one, end in zip(ones, ends, strict=True)
        )
        begins = None if key in undated else ones[0]["valid_from"]
        newest.append({**ones[-1], "begins": begins, "is_in_line": is_in_line})
    return newest


def undated_workspaces(expected: ExpectedRows) -> set[RowKey]:
    """Those of `expected_workspaces` of which nobody knows when the first version has to begin."""
    return {
        key
        for key, candidates in expected.rows.items()
        if all(row is None or row["begins"] is None for row in candidates)
    }


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


def _names_in_usage(state: AccountState) -> dict[EntityKey, str]:
    """What the newest usage that names an endpoint, app or notebook calls it; of several, the last name."""
    newest: dict[EntityKey, tuple[datetime, str]] = {}
    for candidates in accepted_usage(state.usage).values():
        for one in candidates:
            row = one.row
            if row.entity_name is None:
                continue
            key: EntityKey = (row.entity_type, row.workspace_id, row.entity_id, SINCE_EVER)
            if row.usage_start_time is not None:
                named = (row.usage_start_time, row.entity_name)
                newest[key] = max(named, newest.get(key, named))
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


def _status_row(key: tuple[str | None, str | None]) -> dict[str, Any]:
    group = status_group(key[0])
    return {
        **dict(zip(RUN_STATUS_KEY_COLUMNS, key, strict=True)),
        "status_group": group,
        "is_failure": group == FAILED,
        "failure_cause": failure_cause(*key),
    }


def _listed_node_type(row: Mapping[str, Any]) -> dict[str, Any]:
    cores = None if row.get("core_count") is None else float(row["core_count"])
    memory, gpus = as_whole_number(row.get("memory_mb")), as_whole_number(row.get("gpu_count"))
    return {
        "node_type": row["node_type"],
        "core_count": cores,
        "memory_mb": memory,
        "gpu_count": gpus,
        "node_category": _node_category(row["node_type"], cores, memory, gpus),
    }


def _unlisted_node_type(name: str | None) -> dict[str, Any]:
    category = "none" if name is None else "unknown"
    return {**dict.fromkeys(DIM_NODE_TYPE_COLUMNS), "node_type": name, "node_category": category}


def _node_category(name: str, cores: float | None, memory_mb: int | None, gpus: int | None) -> str | None:
    if gpus:
        return "GPU Accelerated"
    if _WITH_DISKS.match(name.lower()):
        return "Storage Optimized"
    if not cores or memory_mb is None:
        return None
    gigabytes_a_core = memory_mb / 1024 / cores
    if gigabytes_a_core >= 6:
        return "Memory Optimized"
    return "Compute Optimized" if gigabytes_a_core < 3 else "General Purpose"


def _workspace_row(row: Mapping[str, Any], is_current: bool, begins: datetime | None) -> dict[str, Any]:
    named = ("account_id", "workspace_id", "workspace_name", "workspace_url", "status")
    told = {name: row.get(name) for name in named}
    return {**told, "is_current": is_current, "begins": begins, "is_in_line": True}


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
