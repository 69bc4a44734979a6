"""What builds see of a source that keeps no history becomes the versions of the rule."""

from __future__ import annotations

from collections import defaultdict

import pytest
from end_to_end.project_run import CATALOG, ProjectRun
from hypothesis import strategies as st

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

pytestmark = [pytest.mark.warehouse, pytest.mark.long]

BATCHES = 4
STEPS = 2
EXAMPLES = 1500
TABLE = f"{CATALOG}.plt_bronze.brz_access_workspaces_latest"

Content = tuple[str, int | None]
"""Name and create_time."""

Version = tuple[int, int | None, int | None, Content]
"""valid_from, valid_to, source_removed_at and the content."""

contents = st.tuples(st.sampled_from(["a", "b"]), st.sampled_from([None, -3, 2, 30]))
# In each batch some builds of Bronze, each with the content it finds, or none, and whether time moves on
# before: in a replay it may stand still.
histories = st.lists(
    st.lists(st.tuples(st.one_of(contents, contents, st.none()), st.booleans()), max_size=STEPS),
    min_size=BATCHES,
    max_size=BATCHES,
)
Batches = list[list[tuple[Content | None, bool]]]


def expected(seen: dict[int, Content | tuple[Content]]) -> tuple[Version, ...]:
    """The versions of what was seen, by hour: a content, or within a tuple the content that was gone."""
    versions: list[Version] = []
    for hour, sight in sorted(seen.items()):
        is_gone = len(sight) == 1
        content: Content = sight[0] if is_gone else sight  # type: ignore[assignment]
        is_open = bool(versions) and versions[-1][1] is None
        start = hour if versions or content[1] is None else min(hour, content[1])
        if is_gone and not versions:
            versions.append((start, hour, hour, content))
        elif is_gone and is_open:
            versions[-1] = (versions[-1][0], hour, hour, versions[-1][3])
        elif not is_gone and not (is_open and versions[-1][3] == content):
            if is_open:
                versions[-1] = (versions[-1][0], hour, None, versions[-1][3])
            versions.append((start, None, None, content))
    return tuple(versions)


class Workspaces:
    """Workspaces as a row of builds finds them, and the Bronze row each has."""

    def __init__(self) -> None:
        self.examples = dict(enumerate(drawn(histories, EXAMPLES)))
        self.hours = dict.fromkeys(self.examples, 0)
        self.bronze: dict[int, Content | tuple[Content]] = {}
        self.seen: dict[int, dict[int, Content | tuple[Content]]] = defaultdict(dict)

    def build_bronze(self, project: ProjectRun, batch: int, step: int) -> None:
        """One build of Bronze: it overwrites rows that differ, and marks rows that the source lacks."""
        rows = []
        for number, batches in self.examples.items():
            if step >= len(batches[batch]):
                continue
            found, moves_on = batches[batch][step]
            self.hours[number] += moves_on
            held = self.bronze.get(number)
            if found is None and (held is None or len(held) == 1):
                continue
            if found == held:
                continue
            sight: Content | tuple[Content] = (held,) if found is None else found  # type: ignore[assignment]
            hour = self.hours[number]
            self.bronze[number] = self.seen[number][hour] = sight
            name, created = sight[0] if len(sight) == 1 else sight
            rows.append(
                {
                    "account_id": None if number % 3 == 0 else "account",
                    "workspace_id": str(number),
                    "workspace_name": name,
                    "create_time": None if created is None else moment(created),
                    "observed_at": moment(hour),
                    "source_removed_at": moment(hour) if found is None else None,
                    "row_hash": str(sight),
                    "is_removed": False,
                }
            )
        types = dict.fromkeys(["account_id", "workspace_id", "workspace_name", "row_hash"], "string")
        types |= dict.fromkeys(["create_time", "observed_at", "source_removed_at"], "timestamp")
        for row in rows:
            row["row_hash"] = str(row["row_hash"]).replace("'", "")
        merge_rows(project, "brz_access_workspaces_latest", ("account_id", "workspace_id"), types, rows)

    def assert_exact(self, project: ProjectRun) -> None:
        """The snapshot holds what the rule says."""
        held: dict[int, list[Version]] = defaultdict(list)
        for row in project.fetch(
            "select workspace_id, valid_from, valid_to, source_removed_at, workspace_name, create_time,"
            f" is_deleted from {SILVER}.slv_workspaces order by valid_from, valid_to"
        ):
            assert not row["is_deleted"]
            valid_from = hour_of(row["valid_from"])
            assert valid_from is not None
            content = (row["workspace_name"], hour_of(row["create_time"]))
            held[int(row["workspace_id"])].append(
                (valid_from, hour_of(row["valid_to"]), hour_of(row["source_removed_at"]), content)
            )
        wanted = {number: expected(seen) for number, seen in self.seen.items()}
        found = differences(
            wanted, {number: tuple(versions) for number, versions in held.items()}, self.examples.__getitem__
        )
        assert not found, found


@pytest.fixture(scope="module")
def workspaces() -> Workspaces:
    return Workspaces()


def test_every_batch_gives_the_versions_of_the_rule(project: ProjectRun, workspaces: Workspaces) -> None:
    for batch in range(BATCHES):
        for step in range(STEPS):
            workspaces.build_bronze(project, batch, step)
        snapshot(project, "slv_workspaces")
        workspaces.assert_exact(project)


def test_reading_all_changes_again_writes_nothing(project: ProjectRun, workspaces: Workspaces) -> None:
    project.fetch(f"delete from {CATALOG}.plt_ops.processing_state where task = 'slv_workspaces'")
    before = newest_version(project, "slv_workspaces")
    snapshot(project, "slv_workspaces")
    assert newest_version(project, "slv_workspaces") == before
    workspaces.assert_exact(project)


def test_a_snapshot_made_anew_finds_the_whole_change_feed(
    project: ProjectRun, workspaces: Workspaces
) -> None:
    project.fetch(f"drop table {SILVER}.slv_workspaces")
    snapshot(project, "slv_workspaces")
    workspaces.assert_exact(project)


def test_bronze_created_anew_loses_no_history(project: ProjectRun, workspaces: Workspaces) -> None:
    """The new table knows only what exists now, and from a later hour."""
    later = moment(100)
    past = f"select * from {SILVER}.slv_workspaces where valid_to is not null"
    before = {str(row) for row in project.fetch(past)}
    project.fetch(
        f"create or replace table {TABLE} tblproperties ('delta.enableChangeDataFeed' = 'true') as"
        f" select * except (observed_at), timestamp'{later}' as observed_at"
        f" from {TABLE} where source_removed_at is null"
    )
    snapshot(project, "slv_workspaces")
    workspaces.assert_exact(project)
    assert {str(row) for row in project.fetch(past)} == before


def test_another_rule_of_the_category_reaches_all_versions(project: ProjectRun) -> None:
    """A node type grows, then is no longer offered; both versions were made by a rule that is no more."""
    held = f"{SILVER}.slv_node_types"
    types = {"account_id": "string", "node_type": "string", "core_count": "double", "memory_mb": "bigint"}
    types |= {"gpu_count": "bigint", "row_hash": "string"}
    types |= dict.fromkeys(["observed_at", "source_removed_at"], "timestamp")
    for hour, memory, gone in ((1, 16384, False), (2, 32768, False), (3, 32768, True)):
        row = {
            "account_id": "account",
            "node_type": "m5.xlarge",
            "core_count": 4,
            "memory_mb": memory,
            "gpu_count": 0,
            "observed_at": moment(hour),
            "source_removed_at": moment(hour) if gone else None,
            "row_hash": str(hour),
            "is_removed": False,
        }
        merge_rows(project, "brz_compute_node_types", ("account_id", "node_type"), types, [row])
    snapshot(project, "slv_node_types")
    made = project.fetch(f"select * from {held} order by valid_from")
    assert [row["node_category"] for row in made] == ["General Purpose", "Memory Optimized"]
    project.fetch(
        f"update {held} set node_category = 'Other', row_hash = sha2(concat(row_hash, 'other rule'), 256)"
    )
    # A new table of Bronze knows only what left last: it has forgotten the first size.
    bronze = f"{CATALOG}.plt_bronze.brz_compute_node_types"
    project.fetch(f"create table {bronze}_kept as select * from {bronze}")
    project.fetch(f"drop table {bronze}")
    project.fetch(
        f"create table {bronze} tblproperties ('delta.enableChangeDataFeed' = 'true') as"
        f" select * from {bronze}_kept"
    )
    project.fetch(f"drop table {bronze}_kept")
    project.dbt("build", "--full-refresh", "--select", "slv_node_types", "--exclude", "resource_type:test")
    assert project.fetch(f"select * from {held} order by valid_from") == made


def test_the_promises_of_the_project_hold(project: ProjectRun) -> None:
    assert_promises(project, "slv_workspaces")
