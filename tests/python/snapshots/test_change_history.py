"""Any order and batching of the same changes gives the versions of the rule, through the real snapshots."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import pytest
from end_to_end.project_run import CATALOG, ProjectRun
from hypothesis import strategies as st
from oracle.entity_versions import versions_of

from snapshots.changed_periods import Periods
from snapshots.edited_bronze import (
    SILVER,
    assert_promises,
    differences,
    drawn,
    hour_of,
    merge_rows,
    moment,
    newest_version,
    snapshot,
)

pytestmark = pytest.mark.warehouse

BATCHES = 4
EXAMPLES = 1000


@dataclass(frozen=True)
class Edit:
    """A source row, or its removal: rows of one change_time replace one another."""

    change: int | None
    delete: int | None
    create: int | None
    content: int
    is_removed: bool


Rows = dict[int | None, Edit]
"""The rows of one key that Bronze holds, by their change_time."""

Version = tuple[int, int | None, bool, int]
"""valid_from, valid_to, is_deleted and the content."""

hours = st.integers(0, 7)
edits = st.builds(
    Edit,
    change=st.one_of(hours, hours, hours, hours, hours, st.none()),
    delete=st.one_of(st.none(), st.none(), st.none(), hours),
    create=st.one_of(st.none(), st.integers(-3, 9)),
    content=st.integers(0, 2),
    is_removed=st.sampled_from([False] * 7 + [True]),
)
# Batches of edits, and for the same rows in another order the batch each of them comes with.
histories = st.tuples(
    st.lists(st.lists(edits, min_size=1, max_size=4), min_size=BATCHES, max_size=BATCHES),
    st.lists(st.integers(0, BATCHES - 1), min_size=8, max_size=9),
)


def collapsed(batches: list[list[Edit]]) -> Rows:
    rows: Rows = {}
    for batch in batches:
        for edit in batch:
            rows[edit.change] = edit
    return {change: edit for change, edit in rows.items() if not edit.is_removed}


def plans(example: tuple[list[list[Edit]], list[int]]) -> dict[str, list[list[Edit]]]:
    """Ways to the same rows: as drawn, all at the end, each row in a batch of its own and again later."""
    batches, order = example
    final = collapsed(batches)
    shuffled: list[list[Edit]] = [[] for _ in range(BATCHES)]
    for edit, at in zip(final.values(), order, strict=False):
        shuffled[at].append(edit)
        shuffled[BATCHES - 1].append(edit)
    return {
        "drawn": batches,
        "at_once": [*([] for _ in range(BATCHES - 1)), list(final.values())],
        "shuffled": shuffled,
    }


def expected(rows: Rows, has_create_time: bool = True) -> tuple[Version, ...]:
    typed = [
        {
            "change_time": edit.change,
            "delete_time": edit.delete,
            "create_time": edit.create if has_create_time else None,
            "content": edit.content,
        }
        for edit in rows.values()
    ]
    return tuple(
        (version.valid_from, version.valid_to, version.is_deleted, version.row["content"])  # type: ignore[misc]
        for version in versions_of(typed)
    )


class Entities:
    """Keys that are edited batch by batch, each in three ways, in one Bronze table with its snapshot.

    Args:
        table: The table, in Bronze.
        name: The snapshot.
        id_column: The column that names an entity.
        content: The columns the content is written to, with their types.
        has_create_time: Whether the table has a create_time.
    """

    def __init__(
        self, table: str, name: str, id_column: str, content: dict[str, str], has_create_time: bool = True
    ) -> None:
        self.table = table
        self.name = name
        self.id_column = id_column
        self.content = content
        self.has_create_time = has_create_time
        self.key = ("workspace_id", id_column)
        self.examples = drawn(histories, EXAMPLES)
        self.plans = {
            (None if way == "shuffled" and number % 5 == 0 else "one", f"{way}-{number}"): plan
            for number, example in enumerate(self.examples)
            for way, plan in plans(example).items()
        }
        self.rows: dict[Any, Rows] = {key: {} for key in self.plans}

    def edit(self, project: ProjectRun, batch: int) -> None:
        """Bring Bronze to what it holds after a batch."""
        types = {
            "workspace_id": "string",
            self.id_column: "string",
            "change_time": "timestamp",
            "delete_time": "timestamp",
            **({"create_time": "timestamp"} if self.has_create_time else {}),
            **self.content,
            "row_hash": "string",
        }
        written = []
        for key, plan in self.plans.items():
            last = {edit.change: edit for edit in plan[batch]}
            for change, edit in last.items():
                values: dict[str, Any] = {"workspace_id": key[0], self.id_column: key[1]}
                values |= {
                    name: None if hour is None else moment(hour)
                    for name, hour in (
                        ("change_time", change),
                        ("delete_time", edit.delete),
                        ("create_time", edit.create),
                    )
                    if name in types
                }
                values |= {
                    name: {"content": str(edit.content)} if kind.startswith("map") else str(edit.content)
                    for name, kind in self.content.items()
                }
                values |= {
                    "is_removed": edit.is_removed,
                    "row_hash": repr((edit, self.name)).replace("'", ""),
                }
                written.append(values)
                if edit.is_removed:
                    self.rows[key].pop(change, None)
                else:
                    self.rows[key][change] = edit
        merge_rows(project, self.table, (*self.key, "change_time"), types, written)

    def expected(self) -> dict[Any, tuple[Version, ...]]:
        """The versions of every key that has any."""
        found = {key: expected(rows, self.has_create_time) for key, rows in self.rows.items()}
        return {key: versions for key, versions in found.items() if versions}

    def held(self, project: ProjectRun) -> dict[Any, tuple[Version, ...]]:
        """What the snapshot holds."""
        found: dict[Any, list[Version]] = defaultdict(list)
        (shown, *_) = self.content
        for row in project.fetch(
            f"select {', '.join(self.key)}, valid_from, valid_to, is_deleted, {shown} as content"
            f" from {SILVER}.{self.name} order by valid_from, valid_to"
        ):
            valid_from = hour_of(row["valid_from"])
            assert valid_from is not None
            found[row["workspace_id"], row[self.id_column]].append(
                (valid_from, hour_of(row["valid_to"]), row["is_deleted"], int(row["content"]))
            )
        return {key: tuple(versions) for key, versions in found.items()}

    def assert_exact(self, project: ProjectRun) -> None:
        """The snapshot holds what the rule says, for every key."""
        assert not (found := differences(self.expected(), self.held(project), self.plans.__getitem__)), found


JOBS = Entities("brz_lakeflow_jobs", "slv_jobs", "job_id", {"name": "string", "tags": "map<string, string>"})
WAREHOUSES = Entities(
    "brz_compute_warehouses",
    "slv_warehouses",
    "warehouse_id",
    {"warehouse_name": "string"},
    has_create_time=False,
)


@pytest.fixture(scope="module")
def periods(project: ProjectRun) -> Periods:
    return Periods(project, "slv_jobs", JOBS.key)


def test_every_batch_gives_the_versions_of_the_rule_and_the_periods_that_changed(
    project: ProjectRun, periods: Periods
) -> None:
    for batch in range(BATCHES):
        before, version = JOBS.held(project), newest_version(project, "slv_jobs")
        for entities in (JOBS, WAREHOUSES):
            entities.edit(project, batch)
        snapshot(project, "slv_jobs", "slv_warehouses")
        for entities in (JOBS, WAREHOUSES):
            entities.assert_exact(project)
        assert newest_version(project, "slv_jobs") == version + 1, "a build is one commit"
        periods.assert_exact((version + 1, version + 1), before, JOBS.held(project), JOBS.plans.__getitem__)
    ways = {way for _, way in JOBS.held(project)}
    assert len(ways) > 2.5 * EXAMPLES, "the examples were meant to have versions"


def test_periods_over_several_commits_are_those_between_the_ends(
    project: ProjectRun, periods: Periods
) -> None:
    last = newest_version(project, "slv_jobs")
    periods.assert_exact((1, last), {}, JOBS.held(project), JOBS.plans.__getitem__)


def test_all_ways_to_the_same_rows_give_the_same_versions(project: ProjectRun) -> None:
    for entities in (JOBS, WAREHOUSES):
        versions: dict[str, dict[str, Any]] = defaultdict(dict)
        for (_, name), found in entities.held(project).items():
            way, _, number = name.partition("-")
            versions[number][way] = found
        different = {
            number: ways for number, ways in versions.items() if len(set(map(str, ways.values()))) > 1
        }
        assert not different
        assert all(len(ways) == 3 for ways in versions.values())


def test_reading_changes_again_writes_nothing(project: ProjectRun) -> None:
    """A build that was killed after its merge, before its offset: the offset is forgotten."""
    project.fetch(
        f"delete from {CATALOG}.plt_ops.processing_state"
        " where task in ('slv_jobs', 'slv_warehouses') and offset_version > 0"
    )
    before = {entities.name: newest_version(project, entities.name) for entities in (JOBS, WAREHOUSES)}
    snapshot(project, *before)
    assert {name: newest_version(project, name) for name in before} == before
    for entities in (JOBS, WAREHOUSES):
        entities.assert_exact(project)


def test_bronze_created_anew_is_compared_whole(project: ProjectRun) -> None:
    table = f"{CATALOG}.plt_bronze.brz_lakeflow_jobs"
    gone = {key for number, key in enumerate(JOBS.rows) if number % 7 == 0}
    project.fetch(
        f"create or replace table {table} tblproperties ('delta.enableChangeDataFeed' = 'true') as"
        f" select * from {table} where not (coalesce(workspace_id, ''), job_id) in"
        f" ({', '.join(str((workspace or '', job)) for workspace, job in sorted(gone, key=str))})"
    )
    for key in gone:
        JOBS.rows[key] = {}
    snapshot(project, "slv_jobs")
    JOBS.assert_exact(project)


def test_a_new_column_of_bronze_appears_with_its_values(project: ProjectRun) -> None:
    table = f"{CATALOG}.plt_bronze.brz_lakeflow_jobs"
    project.fetch(f"alter table {table} add columns (grown string)")
    (key,) = [key for key, versions in JOBS.held(project).items() if versions][:1]
    project.fetch(
        f"update {table} set grown = 'value', row_hash = concat(row_hash, ' grown')"
        f" where workspace_id <=> {'null' if key[0] is None else repr(key[0])} and job_id = '{key[1]}'"
    )
    snapshot(project, "slv_jobs")
    JOBS.assert_exact(project)
    rows = project.fetch(
        f"select distinct workspace_id, job_id, grown from {SILVER}.slv_jobs where grown is not null"
    )
    assert [((row["workspace_id"], row["job_id"]), row["grown"]) for row in rows] == [(key, "value")]


def test_the_promises_of_the_project_hold(project: ProjectRun) -> None:
    assert_promises(project, "slv_jobs", "slv_warehouses")
