"""The keys that Gold declares are constraints of the warehouse, so that tools and analysts find the joins."""

from __future__ import annotations

import json
import re
from collections import defaultdict

import pytest

from end_to_end.project_run import CATALOG, ProjectRun

pytestmark = pytest.mark.warehouse

#: Table, kind, columns, and the table that a foreign key points to.
Key = tuple[str, str, tuple[str, ...], str | None]


def declared_keys(project: ProjectRun) -> set[Key]:
    """The keys of the project's own tables in Gold."""
    manifest = json.loads((project.target / "manifest.json").read_text(encoding="utf-8"))
    keys: set[Key] = set()
    for node in manifest["nodes"].values():
        if node["resource_type"] == "model" and node["schema"] == "plt_gold":
            for one in node["constraints"]:
                kind = {"primary_key": "PRIMARY KEY", "foreign_key": "FOREIGN KEY"}[one["type"]]
                target = re.search(r"(\w+)\W*$", one["to"])[1] if one["to"] else None  # type: ignore[index]
                keys.add((node["name"], kind, tuple(one["columns"]), target))
    return keys


def keys_of_the_warehouse(project: ProjectRun) -> set[Key]:
    """The keys that its information_schema has."""
    schema = f"{CATALOG}.information_schema"
    columns: dict[tuple[str, str, str], dict[int, str]] = defaultdict(dict)
    points_to: dict[str, str] = {}
    for row in project.fetch(
        "select found.table_name, found.constraint_type, found.constraint_name, used.column_name,"
        " used.ordinal_position, pointed_to.unique_constraint_name as target"
        f" from {schema}.table_constraints as found"
        f" inner join {schema}.key_column_usage as used"
        " on found.constraint_schema = used.constraint_schema"
        " and found.constraint_name = used.constraint_name"
        f" left join {schema}.referential_constraints as pointed_to"
        " on found.constraint_schema = pointed_to.constraint_schema"
        " and found.constraint_name = pointed_to.constraint_name"
        " where found.table_schema = 'plt_gold'"
    ):
        key = (row["table_name"], row["constraint_type"], row["constraint_name"])
        columns[key][row["ordinal_position"]] = row["column_name"]
        if row["target"]:
            points_to[row["constraint_name"]] = row["target"]
    tables = {name: table for table, _, name in columns}
    return {
        (table, kind, tuple(name for _, name in sorted(named.items())), tables.get(points_to.get(name, "")))
        for (table, kind, name), named in columns.items()
    }


def test_every_declared_key_is_a_constraint(reported: ProjectRun) -> None:
    declared = declared_keys(reported)
    assert declared == keys_of_the_warehouse(reported)
    assert len({table for table, kind, _, _ in declared if kind == "PRIMARY KEY"}) == 14
