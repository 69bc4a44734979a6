"""All that the rules make of an account below Gold, worked out once and settled by what a warehouse chose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from oracle.account_folder import AccountFolder
from oracle.compare import same_value
from oracle.entity_versions import (
    CLUSTER,
    ENTITY_TABLES,
    JOB,
    PIPELINE,
    EntityTable,
    Histories,
    Version,
    Versions,
    histories,
    in_effect,
    single_histories,
    version_row,
)
from oracle.expected_usage import UsageOutcome, UsageOutcomes, usage_outcomes
from oracle.price_rules import REPORTING_CURRENCY
from oracle.run_rules import JOB_RUN, PIPELINE_UPDATE, TASK_RUN, Runs, RunTable, runs, with_attempts
from oracle.source_tables import Key
from oracle.tag_rules import (
    LEVELS,
    ResolvedTags,
    TagSeeds,
    level_tags,
    read_tag_seeds,
    resolve_canonical,
)
from oracle.usage_rules import UsageKey, UsageRow

RUN_TABLES = (JOB_RUN, TASK_RUN, PIPELINE_UPDATE)

FetchedRows = Iterable[Mapping[str, Any]]


@dataclass(slots=True)
class AccountState:
    """What an account says.

    Attributes:
        account: The account.
        usage: What becomes of every usage key.
        histories: Possible versions of entities, by snapshot (`slv_jobs`, ...).
        runs: Possible rows of runs, by table (`slv_job_runs`, ...).
        seeds: What an admin has decided about tags.
        currency: The reporting currency.
    """

    account: AccountFolder
    usage: UsageOutcomes
    histories: dict[str, Histories]
    runs: dict[str, Runs]
    seeds: TagSeeds
    currency: str = REPORTING_CURRENCY

    def settle_versions(self, table: EntityTable, fetched: FetchedRows) -> None:
        """Narrows ties to the versions that the warehouse holds; without any of them, to the first.

        Args:
            table: The table.
            fetched: The rows of its snapshot.
        """
        possible = self.histories[table.silver]
        tied = {key: ways for key, ways in possible.items() if len(ways) > 1}
        held = _by_key(fetched, table.key_columns, tied)
        for key, ways in tied.items():
            rows = held[key]
            possible[key] = (next((way for way in ways if _is_held(table, way, rows)), ways[0]),)

    def settle_runs(self, table: RunTable, fetched: FetchedRows) -> None:
        """Narrows ties to the run that the warehouse holds; without any of them, to the first.

        Args:
            table: The timeline.
            fetched: The rows of its runs.
        """
        possible = self.runs[table.silver]
        tied = {key: ways for key, ways in possible.items() if len(ways) > 1}
        held = _by_key(fetched, table.key_columns, tied)
        for key, ways in tied.items():
            rows = held[key]
            possible[key] = (next((way for way in ways if any(_agree(way, row) for row in rows)), ways[0]),)

    def versions(self, table: EntityTable) -> Mapping[Key, Versions]:
        """The versions of each entity.

        Args:
            table: The table.

        Returns:
            By (workspace_id, id).

        Raises:
            ValueError: If ties are not settled.
        """
        return single_histories(self.histories[table.silver])

    def run_rows(self, table: RunTable) -> dict[Key, Mapping[str, Any]]:
        """The row of each run, with the attempts of task runs numbered.

        Args:
            table: The timeline.

        Returns:
            By (workspace_id, run_id).

        Raises:
            ValueError: If ties are not settled.
        """
        rows: dict[Key, Mapping[str, Any]] = {}
        for key, ways in self.runs[table.silver].items():
            if len(ways) != 1:
                raise ValueError(f"{key} has {len(ways)} possible runs: settle them first")
            rows[key] = ways[0]
        return dict(with_attempts(rows)) if table is TASK_RUN else rows


class TagResolver:
    """The tags of usage records, each level read once for a version and not for a record.

    Args:
        state: The account, with ties of entities settled.
    """

    def __init__(self, state: AccountState) -> None:
        self._seeds = state.seeds
        self._levels = {
            "cluster": (state.versions(CLUSTER), "cluster_id"),
            "job": (state.versions(JOB), "job_id"),
            "pipeline": (state.versions(PIPELINE), "pipeline_id"),
        }
        self._defaults = {
            workspace: level_tags(raw, state.seeds)
            for workspace, raw in state.seeds.workspace_defaults.items()
        }
        self._of_versions: dict[int, tuple[Version, dict[str, str]]] = {}
        self._of_maps: dict[tuple[tuple[str, str | None], ...], dict[str, str]] = {}

    def resolve(self, row: UsageRow) -> ResolvedTags:
        """The tags of a record.

        Args:
            row: A usage record that breaks no rule, so that it has a start.

        Returns:
            Its tags; levels are as of its start, by the nearest version where none covers it.
        """
        levels = {LEVELS[0]: self._of_map(row.custom_tags)}
        for level, (entities, id_column) in self._levels.items():
            versions = entities.get((row.workspace_id, getattr(row, id_column)))
            if versions is not None and row.usage_start_time is not None:
                levels[level] = self._of_version(in_effect(versions, row.usage_start_time)[0])
        if row.workspace_id is not None:
            levels["workspace"] = self._defaults.get(row.workspace_id, {})
        return resolve_canonical(levels)

    def _of_map(self, custom_tags: tuple[tuple[str, str | None], ...]) -> dict[str, str]:
        if custom_tags not in self._of_maps:
            self._of_maps[custom_tags] = level_tags(dict(custom_tags), self._seeds)
        return self._of_maps[custom_tags]

    def _of_version(self, version: Version) -> dict[str, str]:
        held = self._of_versions.get(id(version))
        if held is None:
            # The version is kept beside its tags, so that its id stays its own.
            held = self._of_versions[id(version)] = version, level_tags(version.row["tags"], self._seeds)
        return held[1]


def read_state(
    account: AccountFolder, seeds: TagSeeds | None = None, currency: str = REPORTING_CURRENCY
) -> AccountState:
    """Reads an account.

    Args:
        account: The account.
        seeds: What an admin has decided about tags; those of this project if left out.
        currency: The reporting currency.

    Returns:
        What it says.

    Raises:
        AccountFolderError: If the account is malformed.
    """
    return AccountState(
        account,
        usage_outcomes(account, currency),
        {table.silver: histories(account, table) for table in ENTITY_TABLES},
        {table.silver: runs(account, table) for table in RUN_TABLES},
        read_tag_seeds() if seeds is None else seeds,
        currency,
    )


def accepted_usage(outcomes: UsageOutcomes) -> dict[UsageKey, tuple[UsageOutcome, ...]]:
    """Keys that may go to Silver, with the outcomes that do.

    Args:
        outcomes: What `usage_outcomes` returns.

    Returns:
        One entry a key with at least one such outcome.
    """
    accepted = {
        key: tuple(one for one in candidates if not one.judged.is_quarantined)
        for key, candidates in outcomes.items()
    }
    return {key: candidates for key, candidates in accepted.items() if candidates}


def _by_key(
    fetched: FetchedRows, columns: tuple[str, ...], wanted: Iterable[Key]
) -> dict[Key, list[Mapping[str, Any]]]:
    held: dict[Key, list[Mapping[str, Any]]] = {key: [] for key in wanted}
    if held:
        for row in fetched:
            key = tuple(row[column] for column in columns)
            if key in held:
                held[key].append(row)
    return held


def _agree(wanted: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    return all(same_value(wanted[column], row[column]) for column in wanted if column in row)


def _is_held(table: EntityTable, versions: Versions, rows: list[Mapping[str, Any]]) -> bool:
    wanted = [version_row(table, version) for version in versions]
    return len(rows) == len(wanted) and all(any(_agree(one, row) for row in rows) for one in wanted)
