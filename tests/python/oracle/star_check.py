"""One call that holds the dimensions and facts of Gold to what the rules make of an account."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from oracle.account_folder import AccountFolder
from oracle.account_state import AccountState, read_state
from oracle.compare import Comparison, ExpectedRows, RowKey, compare
from oracle.expected_calendar import DIM_DATE_COLUMNS, expected_dim_date
from oracle.expected_skus import DIM_SKU_COLUMNS, expected_dim_sku
from oracle.expected_star import (
    CLUSTER,
    COST_DAILY_COLUMNS,
    ENTITY,
    FINISHED_COLUMNS,
    JOB_RUNS_COLUMNS,
    NODE_TYPE,
    RUN_COSTS_COLUMNS,
    RUN_STATUS,
    SKU,
    TASK_RUNS_COLUMNS,
    USAGE_STAR_COLUMNS,
    WORKSPACE,
    expected_cost_daily,
    expected_job_runs,
    expected_run_costs,
    expected_runs_finished_daily,
    expected_task_runs,
    expected_usage_star,
    read_star,
)
from oracle.expected_usage import FCT_USAGE_COLUMNS, settle
from oracle.gold_check import Fetch, check_usage, fetch_quarantine
from oracle.members import (
    DIM_CLUSTER_COLUMNS,
    DIM_ENTITY_COLUMNS,
    DIM_NODE_TYPE_COLUMNS,
    DIM_RUN_STATUS_COLUMNS,
    WORKSPACE_COLUMNS,
    expected_dim_cluster,
    expected_dim_entity,
    expected_dim_node_type,
    expected_dim_run_status,
    expected_workspaces,
    newest_versions,
    undated_workspaces,
    without_values_of_none,
)
from oracle.silver_check import CATALOG, SILVER_TABLES, check_silver
from oracle.tag_rules import TagSeeds

STAR_TABLES = (
    "dim_entity",
    "dim_cluster",
    "dim_workspace",
    "dim_node_type",
    "dim_run_status",
    "dim_sku",
    "dim_date",
    "fct_usage",
    "fct_cost_daily",
    "fct_run_costs",
    "fct_job_runs",
    "fct_task_runs",
    "fct_runs_finished_daily",
)
"""Tables that `check_star` compares."""

USAGE_TABLES = ("fct_usage", "slv_usage_quarantine", "fct_reconciliation")

USAGE_MEMBERS = "fct_usage_members"
"""What `check_all` calls the members and tags of `fct_usage`, beside its own columns."""

STAR_NAMES = tuple(USAGE_MEMBERS if table == "fct_usage" else table for table in STAR_TABLES)

ALL_TABLES = (*USAGE_TABLES, *SILVER_TABLES, *STAR_NAMES)
"""What `check_all` compares."""

IS_JOINED = "is_joined"
"""Whether every key of a fact has its member."""

WORKSPACE_VERSION = "workspace_member_valid_from"

# What a version of a workspace says of itself.
_OF_A_WORKSPACE = tuple(name for name in WORKSPACE_COLUMNS if name not in ("begins", "is_in_line"))

# Dimension -> its key, the columns that name a member, and what they are called beside a fact's own.
_DIMENSIONS: Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "dim_entity": ("entity_key", ("entity_type", "workspace_id", "entity_id", "valid_from"), ENTITY),
    "dim_cluster": ("cluster_key", ("workspace_id", "cluster_id", "valid_from"), CLUSTER),
    "dim_workspace": (
        "workspace_key",
        ("account_id", "workspace_id", "valid_from"),
        (*WORKSPACE, WORKSPACE_VERSION),
    ),
    "dim_node_type": ("node_type_key", ("node_type",), NODE_TYPE),
    "dim_sku": ("sku_key", ("sku_name", "cloud", "usage_unit"), SKU),
    "dim_run_status": ("run_status_key", ("result_state", "termination_code"), RUN_STATUS),
}


def fact_query(table: str, columns: Sequence[str], catalog: str = CATALOG) -> str:
    """A query of a fact with the members its keys point to.

    Args:
        table: The fact.
        columns: Its own columns, and those that name members (`expected_star.ENTITY` and the like).
        catalog: The catalog that was built.

    Returns:
        The query. It has `is_joined` as well, false where a key has no member.
    """
    gold = f"{catalog}.plt_gold"
    selected: dict[str, str] = {column: f"fact.{column}" for column in columns}
    joins, joined = [], ["true"]
    for dimension, (key, names, aliases) in _DIMENSIONS.items():
        if selected.keys() & set(aliases):
            joins.append(f"left join {gold}.{dimension} as {dimension} on fact.{key} = {dimension}.{key}")
            joined.append(f"{dimension}.{key} is not null")
            for name, alias in zip(names, aliases, strict=True):
                selected[alias] = f"{dimension}.{name}"
    listed = ", ".join(f"{source} as {column}" for column, source in selected.items())
    return " ".join(
        [f"select {listed}, {' and '.join(joined)} as {IS_JOINED}", f"from {gold}.{table} as fact", *joins]
    )


def check_star(
    state: AccountState,
    fetch: Fetch,
    catalog: str = CATALOG,
    limit: int = 20,
    tables: Sequence[str] = STAR_TABLES,
) -> dict[str, Comparison]:
    """Compares Gold's dimensions and facts, row by row, with what the account's rules say.

    A surrogate key is right when its member is: entities and clusters by their version, the others by name.

    Args:
        state: The account that was delivered, with ties of entities and runs settled (`check_silver` does).
            Ties of usage are settled here.
        fetch: Runs a query in the warehouse.
        catalog: The catalog that was built.
        limit: How many differences of a table to keep in full.
        tables: Tables to compare; `fct_usage` settles the ties of usage for the others.

    Returns:
        The comparison by table; that of `fct_usage` is about its members and tags.

    Raises:
        ValueError: If ties are not settled.
    """
    star = read_star(state)
    checked: dict[str, Comparison] = {}
    columns: Sequence[str]
    for table, expect_members, columns in (
        ("dim_entity", expected_dim_entity, DIM_ENTITY_COLUMNS),
        ("dim_cluster", expected_dim_cluster, DIM_CLUSTER_COLUMNS),
        ("dim_workspace", expected_workspaces, (*_OF_A_WORKSPACE, "valid_from", "valid_to")),
        ("dim_node_type", expected_dim_node_type, DIM_NODE_TYPE_COLUMNS),
        ("dim_run_status", expected_dim_run_status, DIM_RUN_STATUS_COLUMNS),
        ("dim_sku", expected_dim_sku, DIM_SKU_COLUMNS),
        ("dim_date", expected_dim_date, DIM_DATE_COLUMNS),
    ):
        if table in tables:
            expected = expect_members(state)
            held = list(fetch(f"select {', '.join(columns)} from {catalog}.plt_gold.{table}"))
            if table == "dim_cluster":
                held = without_values_of_none(held)
            elif table == "dim_workspace":
                held = newest_versions(held, undated_workspaces(expected))
            checked[table] = compare(expected, held, limit)
    if "fct_usage" in tables:
        names = (*FCT_USAGE_COLUMNS, *(name for name in USAGE_STAR_COLUMNS if name not in FCT_USAGE_COLUMNS))
        held = _fact_rows(fetch, "fct_usage", names, catalog)
        quarantine = fetch_quarantine(fetch, catalog)
        state.usage = settle(state.usage, held, quarantine, more=star.usage_columns)
        checked["fct_usage"] = compare(_joined(expected_usage_star(star)), held, limit)
    for table, expect, columns in (
        ("fct_cost_daily", expected_cost_daily, COST_DAILY_COLUMNS),
        ("fct_run_costs", expected_run_costs, RUN_COSTS_COLUMNS),
        ("fct_job_runs", expected_job_runs, JOB_RUNS_COLUMNS),
        ("fct_task_runs", expected_task_runs, TASK_RUNS_COLUMNS),
        ("fct_runs_finished_daily", expected_runs_finished_daily, FINISHED_COLUMNS),
    ):
        if table in tables:
            expected = expect(star)
            held = _fact_rows(fetch, table, columns, catalog)
            if set(WORKSPACE) <= set(expected.key_columns):
                held = over_workspace_versions(expected, held)
            checked[table] = compare(_joined(expected), held, limit)
    return checked


def check_all(
    account: AccountFolder,
    fetch: Fetch,
    catalog: str = CATALOG,
    seeds: TagSeeds | None = None,
    limit: int = 20,
    tables: Collection[str] = ALL_TABLES,
) -> dict[str, Comparison]:
    """Compares Silver and Gold with what the account's rules say.

    Args:
        account: The account that was delivered, up to the same date.
        fetch: Runs a query in the warehouse.
        catalog: The catalog that was built.
        seeds: What an admin has decided about tags; the seed files of this project if left out.
        limit: How many differences of a table to keep in full.
        tables: Names of `ALL_TABLES` to compare.

    Returns:
        The comparison by table.

    Raises:
        ValueError: If a name is not one of `ALL_TABLES`, or if ties of a table that is not compared are not
            settled.
    """
    unknown = sorted(set(tables) - set(ALL_TABLES))
    if unknown:
        raise ValueError(f"not compared here: {', '.join(unknown)}")
    state = read_state(account, seeds)
    checked: dict[str, Comparison] = {}
    if set(tables) & set(USAGE_TABLES):
        usage = check_usage(state.usage, fetch, catalog, state.currency, limit)
        checked |= {table: usage[table] for table in USAGE_TABLES if table in tables}
    checked |= check_silver(state, fetch, catalog, limit, [one for one in SILVER_TABLES if one in tables])
    names = dict(zip(STAR_TABLES, STAR_NAMES, strict=True))
    wanted = {table: name for table, name in names.items() if name in tables}
    if wanted:
        stars = check_star(state, fetch, catalog, limit, list(wanted))
        checked |= {wanted[table]: result for table, result in stars.items()}
    return checked


def over_workspace_versions(
    expected: ExpectedRows, rows: Iterable[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Sums the rows of a fact over the versions of a workspace.

    Args:
        expected: What the fact must hold; the columns that are no key are its measures.
        rows: Fetched rows.

    Returns:
        Rows by the key of `expected`. One of the same version twice stays a row of its own, so that comparing
        reports it.
    """
    measures = [column for column in expected.columns if column not in expected.key_columns]
    summed: dict[RowKey, dict[str, Any]] = {}
    repeated: list[Mapping[str, Any]] = []
    seen: set[RowKey] = set()
    for row in rows:
        key = tuple(row[column] for column in expected.key_columns)
        version = (*key, row[WORKSPACE_VERSION])
        if version in seen:
            repeated.append(row)
        elif key in summed:
            for measure in measures:
                summed[key][measure] = _sum(summed[key][measure], row[measure])
        else:
            summed[key] = dict(row)
        seen.add(version)
    return [*summed.values(), *repeated]


def _fact_rows(fetch: Fetch, table: str, columns: Sequence[str], catalog: str) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = []
    for fetched in fetch(fact_query(table, columns, catalog)):
        row = dict(fetched)
        if "cluster_member_id" in row and row["cluster_member_id"] is None:
            # The "none" member: when it begins, and in which workspace, says nothing.
            row |= dict.fromkeys(CLUSTER)
        rows.append(row)
    return rows


def _joined(expected: ExpectedRows) -> ExpectedRows:
    """The same rows, each of which must have all its members."""
    return ExpectedRows(
        expected.key_columns,
        (*expected.columns, IS_JOINED),
        {
            key: tuple(None if row is None else {**row, IS_JOINED: True} for row in candidates)
            for key, candidates in expected.rows.items()
        },
    )


def _sum(one: Any, other: Any) -> Any:
    if one is None or other is None:
        return other if one is None else one
    return one + other
