from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from oracle.account_folder import AccountFolder, as_timestamp
from oracle.observed_versions import NODE_TYPES, WORKSPACES, expected_observations, versions_seen
from oracle.tiny_account import at, write_account

Life = list[tuple[str, str | None, str | None, str]]


def clock(text: str) -> datetime:
    found = as_timestamp(at(text))
    assert found is not None
    return found


def hour(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%H:%M")


@pytest.mark.parametrize(
    ("sights", "expected"),
    [
        pytest.param({"10:00": "a", "11:00": "a"}, [("10:00", None, None, "a")], id="seen_again"),
        pytest.param(
            {"10:00": "a", "11:00": "b"},
            [("10:00", "11:00", None, "a"), ("11:00", None, None, "b")],
            id="changed",
        ),
        pytest.param({"10:00": "a", "11:00": None}, [("10:00", "11:00", "11:00", "a")], id="gone"),
        pytest.param(
            {"10:00": "a", "11:00": None, "12:00": None, "13:00": "a"},
            [("10:00", "11:00", "11:00", "a"), ("13:00", None, None, "a")],
            id="comes_back_as_it_was",
        ),
        pytest.param({"10:00": None, "11:00": "a"}, [("11:00", None, None, "a")], id="comes_later"),
        pytest.param({"10:00": None}, [], id="was_never_there"),
    ],
)
def test_versions_by_hand(sights: dict[str, str | None], expected: Life) -> None:
    seen = [(clock(time), None if name is None else {"name": name}) for time, name in sights.items()]
    found = [
        (hour(one["valid_from"]), hour(one["valid_to"]), hour(one["source_removed_at"]), one["name"])
        for one in versions_seen(seen, None)
    ]
    assert found == expected


def test_only_the_first_version_begins_when_the_row_came_into_being(tmp_path: Path) -> None:
    def workspace(name: str, **columns: Any) -> dict[str, Any]:
        return {"account_id": "a1", "workspace_id": "w1", "workspace_name": name, **columns}

    created = {"create_time": at("08:00")}
    account = write_account(
        tmp_path,
        {
            "2026-03-01": {"access.workspaces_latest": [workspace("old", **created)]},
            "2026-03-02": {"access.workspaces_latest": [workspace("new", **created)]},
        },
    )
    first, _ = account.delivery_dates()
    sights = [(AccountFolder(tmp_path, first), clock("10:00")), (account, clock("11:00"))]
    expected = expected_observations(WORKSPACES, sights)
    assert {key[-1]: row["workspace_name"] for key, (row,) in expected.rows.items() if row} == {
        clock("08:00"): "old",
        clock("11:00"): "new",
    }


def test_a_key_that_is_there_twice_is_refused_unless_both_say_the_same(tmp_path: Path) -> None:
    row = {"account_id": "a1", "node_type": "m5", "core_count": 4}
    rows = {"2026-03-01": {"compute.node_types": [row, row]}}
    same = write_account(tmp_path / "same", rows)
    assert len(expected_observations(NODE_TYPES, [(same, clock("10:00"))]).rows) == 1
    rows = {"2026-03-01": {"compute.node_types": [row, {**row, "core_count": 8}]}}
    other = write_account(tmp_path / "other", rows)
    with pytest.raises(ValueError, match="twice"):
        expected_observations(NODE_TYPES, [(other, clock("10:00"))])
