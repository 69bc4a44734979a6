from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.account_folder import as_timestamp
from oracle.entity_versions import JOB, WAREHOUSE, Versions, histories, in_effect, version_row, versions_of
from oracle.source_tables import JOBS, WAREHOUSES
from oracle.tiny_account import at, job, write_account

Life = list[tuple[str, str | None, bool, str | None]]


def time(clock: str) -> datetime:
    found = as_timestamp(at(clock))
    assert found is not None
    return found


def clock(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%H:%M")


def deletion(delete_time: str, change_time: str, **columns: Any) -> dict[str, Any]:
    return job(change_time, "gone", delete_time=at(delete_time)) | columns


def versions(*rows: dict[str, Any]) -> Versions:
    return versions_of([JOBS.read(row) for row in rows])


def life(*rows: dict[str, Any]) -> Life:
    return [
        (one.valid_from.strftime("%H:%M"), clock(one.valid_to), one.is_deleted, one.row["name"])
        for one in versions(*rows)
    ]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([job("10:00", "a")], [("10:00", None, False, "a")], id="one_version_is_open"),
        pytest.param(
            [job("12:00", "c"), job("10:00", "a"), job("11:00", "b")],
            [("10:00", "11:00", False, "a"), ("11:00", "12:00", False, "b"), ("12:00", None, False, "c")],
            id="a_version_ends_where_the_next_begins_in_whatever_order_they_come",
        ),
        pytest.param(
            [job("10:00", "a"), job("11:00", "a")],
            [("10:00", "11:00", False, "a"), ("11:00", None, False, "a")],
            id="a_new_change_time_alone_is_a_version",
        ),
        pytest.param(
            [job("10:00", "a"), deletion("12:00", "13:00")],
            [("10:00", "12:00", True, "a")],
            id="delete_time_wins_over_change_time",
        ),
        pytest.param(
            [job("10:00", "a"), deletion("12:00", "12:00"), job("14:00", "b")],
            [("10:00", "12:00", True, "a"), ("14:00", None, False, "b")],
            id="a_gap_before_the_re_creation_stays_a_gap",
        ),
        pytest.param(
            [job("10:00", "a"), deletion("12:00", "12:00"), deletion("11:00", "13:00")],
            [("10:00", "11:00", True, "a")],
            id="of_several_deletions_the_earliest_closes",
        ),
        pytest.param(
            [job("10:00", "a"), job("11:00", "b"), deletion("11:30", "09:00")],
            [("10:00", "11:00", False, "a"), ("11:00", "11:30", True, "b")],
            id="a_deletion_closes_by_its_delete_time_alone",
        ),
        pytest.param(
            [deletion("08:00", "09:00"), job("10:00", "a")],
            [("10:00", None, False, "a")],
            id="a_deletion_before_the_first_version_closes_nothing",
        ),
        pytest.param(
            [job("10:00", "a"), deletion("09:00", "12:00")],
            [("10:00", "10:00", True, "a")],
            id="unless_it_is_the_newest_row_that_tells_of_it",
        ),
        pytest.param(
            [job("10:00", "a"), job("11:10", "b"), deletion("11:00", "11:20")],
            [("10:00", "11:00", True, "a"), ("11:10", "11:10", True, "b")],
            id="an_edit_between_the_deletion_and_its_row_ends_as_it_starts",
        ),
        pytest.param(
            [job("10:00", "a"), job("11:10", "b"), deletion("11:00", "11:20"), job("12:00", "c")],
            [
                ("10:00", "11:00", True, "a"),
                ("11:10", "12:00", False, "b"),
                ("12:00", None, False, "c"),
            ],
            id="and_a_row_after_that_opens_it_again",
        ),
        pytest.param(
            [job("10:00", "a"), deletion("10:00", "12:00")],
            [("10:00", "10:00", True, "a")],
            id="deleted_the_moment_it_began",
        ),
        pytest.param(
            [deletion("12:00", "12:00", create_time=at("08:00"))],
            [("08:00", "12:00", True, "gone")],
            id="only_a_deletion_is_known",
        ),
        pytest.param(
            [deletion("12:00", "12:00")], [("12:00", "12:00", True, "gone")], id="without_a_create_time"
        ),
        pytest.param(
            [deletion("12:00", "12:00", create_time=at("13:00"))],
            [("12:00", "12:00", True, "gone")],
            id="created_after_it_was_deleted",
        ),
        pytest.param(
            [deletion("12:00", "12:00", name="later"), deletion("11:00", "14:00", name="earlier")],
            [("11:00", "11:00", True, "earlier")],
            id="of_deletions_alone_the_earliest_tells",
        ),
        pytest.param(
            [job("10:00", "a"), job("10:00", "b") | {"change_time": None}],
            [("10:00", None, False, "a")],
            id="a_row_without_change_time_cannot_be_placed",
        ),
    ],
)
def test_versions_by_hand(rows: list[dict[str, Any]], expected: Life) -> None:
    assert life(*rows) == expected
    assert life(*reversed(rows)) == expected


def test_a_warehouse_known_only_by_its_deletion_has_a_version_without_length() -> None:
    row = {"workspace_id": "w1", "warehouse_id": "x", "change_time": at("12:00"), "delete_time": at("11:00")}
    (version,) = versions_of([WAREHOUSES.read(row)])
    assert (version.valid_from, version.valid_to, version.is_deleted) == (time("11:00"), time("11:00"), True)


def test_an_entity_lives_within_its_workspace(tmp_path: Path) -> None:
    rows = [job("10:00", "here"), job("10:00", "there", workspace_id="w2")]
    found = histories(write_account(tmp_path, {"2026-03-01": {"lakeflow.jobs": rows}}), JOB)
    assert {key: [version.row["name"] for version in way] for key, (way,) in found.items()} == {
        ("w1", "j1"): ["here"],
        ("w2", "j1"): ["there"],
    }


def test_rows_of_one_change_time_are_a_tie_unless_they_say_the_same(tmp_path: Path) -> None:
    account = write_account(
        tmp_path,
        {
            "2026-03-01": {"lakeflow.jobs": [job("10:00", "a"), job("11:00", "c")]},
            "2026-03-02": {"lakeflow.jobs": [job("10:00", "b"), job("11:00", "c")]},
        },
    )
    (ways,) = histories(account, JOB).values()
    assert [[version.row["name"] for version in way] for way in ways] == [["a", "c"], ["b", "c"]]


def test_an_account_without_the_table_has_no_history(tmp_path: Path) -> None:
    assert histories(write_account(tmp_path, {"2026-03-01": {}}), WAREHOUSE) == {}


@pytest.mark.parametrize(
    ("when", "name", "match"),
    [
        ("09:00", "first", "nearest"),
        ("10:00", "first", "as_of"),
        ("11:59:59", "first", "as_of"),
        ("12:00", "first", "nearest"),
        ("13:59", "first", "nearest"),
        ("14:00", "second", "as_of"),
        ("23:00", "second", "as_of"),
    ],
)
def test_the_version_in_effect_or_the_nearest(when: str, name: str, match: str) -> None:
    known = versions(job("10:00", "first"), deletion("12:00", "12:00"), job("14:00", "second"))
    version, found = in_effect(known, time(when))
    assert (version.row["name"], found) == (name, match)


def test_the_row_of_a_version_has_the_columns_of_the_source_and_its_interval() -> None:
    (version,) = versions(job("10:00", "a", tags={"env": "prod"}))
    row = version_row(JOB, version)
    assert (row["name"], row["tags"], row["paused"]) == ("a", {"env": "prod"}, None)
    assert (row["valid_from"], row["valid_to"], row["is_deleted"]) == (time("10:00"), None, False)


HOURS = st.integers(min_value=0, max_value=9)


@given(st.sets(HOURS), st.lists(st.tuples(HOURS, HOURS), max_size=4))
def test_intervals_of_one_entity_never_overlap(changes: set[int], deletions: list[tuple[int, int]]) -> None:
    rows = [job(f"0{hour}:00") for hour in changes]
    rows += [deletion(f"0{deleted}:30", f"0{changed}:00") for deleted, changed in deletions]
    known = versions(*rows)
    for earlier, later in pairwise(known):
        assert earlier.valid_to is not None
        assert earlier.valid_from <= earlier.valid_to <= later.valid_from
        assert earlier.is_deleted or earlier.valid_to == later.valid_from
    assert sum(version.valid_to is None for version in known) <= 1
