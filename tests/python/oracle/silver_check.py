"""One call that holds the Silver of a built warehouse to what the rules make of an account."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from oracle.account_state import RUN_TABLES, AccountState, TagResolver, accepted_usage
from oracle.compare import Comparison, ExpectedRows, RowKey, compare
from oracle.entity_versions import CLUSTER, ENTITY_TABLES, EntityTable, version_row
from oracle.observed_versions import OBSERVED_TABLES, Sight, expected_observations
from oracle.run_rules import RunTable
from oracle.runtime_rules import RUNTIME_COLUMNS, runtime_columns

CATALOG = "platform_observability"

USAGE_TAGS = "slv_usage_tags"
TAG_KEY_COLUMNS = ("record_id", "record_type")
TAG_COLUMNS = (*TAG_KEY_COLUMNS, "date_key", "tags", "tag_sources", "tag_conflicts")

SILVER_TABLES = (
    *(table.silver for table in ENTITY_TABLES),
    *(table.silver for table in RUN_TABLES),
    USAGE_TAGS,
)
"""Tables that `check_silver` compares."""

Fetch = Callable[[str], Iterable[Mapping[str, Any]]]
"""Runs a query and returns its rows by column name, as databricks-sql-connector types them."""


def expected_versions(state: AccountState, table: EntityTable) -> ExpectedRows:
    """The rows of a snapshot.

    Args:
        state: The account, with ties of this table settled.
        table: The table.

    Returns:
        Rows keyed by workspace_id, id and valid_from, with the source's columns and those that are derived.

    Raises:
        ValueError: If ties are not settled.
    """
    rows: dict[RowKey, tuple[Mapping[str, Any]]] = {}
    for key, versions in state.versions(table).items():
        for version in versions:
            row = version_row(table, version)
            if table is CLUSTER:
                row |= runtime_columns(row["dbr_version"])
                row["is_autoscaling"] = row["max_autoscale_workers"] is not None
            rows[*key, version.valid_from] = (row,)
    return ExpectedRows((*table.key_columns, "valid_from"), _version_columns(table), rows)


def expected_runs(state: AccountState, table: RunTable) -> ExpectedRows:
    """The rows of a table of runs.

    Args:
        state: The account, with ties of this table settled.
        table: The timeline.

    Returns:
        Rows keyed by workspace_id and run id.

    Raises:
        ValueError: If ties are not settled.
    """
    rows = {key: (row,) for key, row in state.run_rows(table).items()}
    return ExpectedRows(table.key_columns, run_columns(table), rows)


def expected_usage_tags(state: AccountState) -> ExpectedRows:
    """The rows of `slv_usage_tags`: every usage record that breaks no rule.

    Args:
        state: The account, with ties of entities settled; usage may tie.

    Returns:
        Rows keyed by record_id and record_type.

    Raises:
        ValueError: If ties of entities are not settled.
    """
    resolver = TagResolver(state)
    rows: dict[RowKey, tuple[Mapping[str, Any] | None, ...]] = {}
    for key, candidates in accepted_usage(state.usage).items():
        tagged = [
            {
                "record_id": one.row.record_id,
                "record_type": one.row.record_type,
                "date_key": one.date_key,
                **resolver.resolve(one.row).columns(),
            }
            for one in candidates
        ]
        may_be_absent = len(candidates) < len(state.usage[key])
        rows[key] = (*tagged, None) if may_be_absent else tuple(tagged)
    return ExpectedRows(TAG_KEY_COLUMNS, TAG_COLUMNS, rows)


def run_columns(table: RunTable) -> tuple[str, ...]:
    """Columns of a table of runs.

    Args:
        table: The timeline.

    Returns:
        Those that the oracle computes and the table has.
    """
    members = tuple(name for name, _ in table.members)
    shared = ("workspace_id", table.id_column, *table.described_by, *members, "date_key")
    times = (f"{table.prefix}_start_time", f"{table.prefix}_end_time", "last_period_end_time")
    ending = tuple(name for name in ("termination_code", "termination_type") if name in table.source.columns)
    outcome = ("result_state", "status_group", *ending, "is_finished", "duration_seconds", *table.durations)
    more = {
        "slv_job_runs": ("repair_count", "compute_ids"),
        "slv_task_runs": ("attempt_number", "previous_run_id", "compute_ids"),
    }
    parts = ("slice_count", "slice_date_keys", "cluster_ids", *more.get(table.silver, ()))
    return (*shared, *times, *outcome, *parts)


def check_silver(
    state: AccountState,
    fetch: Fetch,
    catalog: str = CATALOG,
    limit: int = 20,
    tables: Sequence[str] = SILVER_TABLES,
) -> dict[str, Comparison]:
    """Compares every row of Silver's history, runs and tags with what the account's rules say.

    Ties that the rules leave to the row hash are settled in `state` by what the warehouse holds.

    Args:
        state: The account that was delivered, up to the same date: what `read_state` returns.
        fetch: Runs a query in the warehouse.
        catalog: The catalog that was built.
        limit: How many differences of a table to keep in full.
        tables: Tables to compare. The snapshots before `slv_usage_tags`, whose rows depend on them.

    Returns:
        The comparison by table. The build is right when each `is_equal`; printing one says what differs.

    Raises:
        ValueError: If ties of a table that is not compared are not settled.
    """
    checked: dict[str, Comparison] = {}

    def rows_of(table: str, columns: Sequence[str]) -> list[Mapping[str, Any]]:
        return list(fetch(f"select {', '.join(columns)} from {catalog}.plt_silver.{table}"))

    for entities in ENTITY_TABLES:
        if entities.silver in tables:
            held = rows_of(entities.silver, _version_columns(entities))
            state.settle_versions(entities, held)
            checked[entities.silver] = compare(expected_versions(state, entities), held, limit)
    for timeline in RUN_TABLES:
        if timeline.silver in tables:
            held = rows_of(timeline.silver, run_columns(timeline))
            state.settle_runs(timeline, held)
            checked[timeline.silver] = compare(expected_runs(state, timeline), held, limit)
    if USAGE_TAGS in tables:
        checked[USAGE_TAGS] = compare(expected_usage_tags(state), rows_of(USAGE_TAGS, TAG_COLUMNS), limit)
    return checked


def check_observed(
    sights: Sequence[Sight], fetch: Fetch, catalog: str = CATALOG, limit: int = 20
) -> dict[str, Comparison]:
    """Compares every version of what builds saw of sources that keep no history.

    Args:
        sights: All builds of the warehouse, in order, none of them killed: the account as it was delivered
            by then, and the clock of the build.
        fetch: Runs a query in the warehouse.
        catalog: The catalog that was built.
        limit: How many differences of a table to keep in full.

    Returns:
        The comparison by table.
    """
    checked: dict[str, Comparison] = {}
    for table in OBSERVED_TABLES:
        held = list(fetch(f"select {', '.join(table.columns)} from {catalog}.plt_silver.{table.silver}"))
        checked[table.silver] = compare(expected_observations(table, sights), held, limit)
    return checked


def _version_columns(table: EntityTable) -> tuple[str, ...]:
    derived = (*RUNTIME_COLUMNS, "is_autoscaling") if table is CLUSTER else ()
    return (*table.source.columns, "valid_from", "valid_to", "is_deleted", *derived)
