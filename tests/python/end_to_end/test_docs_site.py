"""The docs site of a whole project: it builds, explains all it shows, and leads back to the system tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from end_to_end.project_run import ProjectRun

pytestmark = pytest.mark.warehouse


@dataclass(frozen=True)
class Site:
    """What `dbt docs generate` wrote: one page, and the two files it shows."""

    page: str
    manifest: dict[str, Any]
    catalog: dict[str, Any]

    def documented(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Everything of this project that is a table or a view, by its id in the manifest."""
        for unique_id, node in (self.manifest["nodes"] | self.manifest["sources"]).items():
            is_relation = node["resource_type"] in ("model", "seed", "snapshot", "source")
            is_stored = node["config"].get("materialized") != "ephemeral"
            if is_relation and is_stored and node["package_name"] == "platform_observability":
                yield unique_id, node

    def in_catalog(self, unique_id: str) -> dict[str, Any] | None:
        """A table or view as the warehouse has it."""
        found: dict[str, Any] = self.catalog["nodes"] | self.catalog["sources"]
        return found.get(unique_id)

    def ancestors(self, unique_id: str) -> set[str]:
        """All that something is made of, however far back."""
        reached: set[str] = set()
        waiting = [unique_id]
        while waiting:
            parents = set(self.manifest["parent_map"][waiting.pop()]) - reached
            reached |= parents
            waiting.extend(parents)
        return reached


@pytest.fixture(scope="module")
def site(reported: ProjectRun) -> Site:
    reported.dbt("docs", "generate", "--static")
    return Site(
        (reported.target / "static_index.html").read_text(encoding="utf-8"),
        json.loads((reported.target / "manifest.json").read_text(encoding="utf-8")),
        json.loads((reported.target / "catalog.json").read_text(encoding="utf-8")),
    )


def test_the_warehouse_has_all_that_the_project_describes(site: Site) -> None:
    assert site.catalog["errors"] is None
    assert [unique_id for unique_id, _ in site.documented() if site.in_catalog(unique_id) is None] == []


def test_someone_answers_for_each_model_snapshot_and_seed(site: Site) -> None:
    owners = {group["name"]: group["owner"] for group in site.manifest["groups"].values()}
    assert all(owner["name"] and owner["email"] for owner in owners.values())
    own = [(unique_id, node) for unique_id, node in site.documented() if node["resource_type"] != "source"]
    assert [unique_id for unique_id, node in own if node["config"].get("group") not in owners] == []
    # The reports of a folder belong to those whose dashboard shows them.
    shown_by = {
        exposure["name"].removesuffix("_dashboard"): exposure["owner"]
        for exposure in site.manifest["exposures"].values()
        if exposure["type"] == "dashboard"
    }
    folders = {"data_engineering", "finops", "operations", "platform"}
    assert shown_by.keys() == folders
    for _, node in own:
        folder = node["path"].split("/")[2:3] if node["path"].startswith("gold/reports/") else []
        if folder and folder[0] in folders:
            owner, expected = owners[node["config"]["group"]], shown_by[folder[0]]
            assert (owner["name"], owner["email"]) == (expected["name"], expected["email"]), node["path"]


def test_every_table_and_every_column_in_the_catalog_is_explained(site: Site) -> None:
    unexplained = []
    for unique_id, node in site.documented():
        if not node["description"].strip():
            unexplained.append(unique_id)
        columns = {name.lower(): column["description"].strip() for name, column in node["columns"].items()}
        in_catalog = site.in_catalog(unique_id) or {"columns": {}}
        unexplained += [
            f"{unique_id}.{name}" for name in in_catalog["columns"] if not columns.get(name.lower())
        ]
    assert unexplained == []


def test_lineage_leads_from_every_report_to_the_system_tables(site: Site) -> None:
    reports = [
        unique_id
        for unique_id, node in site.documented()
        if node["resource_type"] == "model" and node["name"].startswith("rpt_")
    ]
    assert reports
    ancestors = {report: site.ancestors(report) for report in reports}
    without_source = [
        report for report, made_of in ancestors.items() if not made_of & set(site.manifest["sources"])
    ]
    assert without_source == []


def test_no_system_table_ends_in_its_copy(site: Site) -> None:
    used = set().union(
        *(
            site.ancestors(unique_id)
            for unique_id, node in site.documented()
            if node["resource_type"] in ("model", "snapshot") and "bronze" not in node["fqn"]
        )
    )
    assert set(site.manifest["sources"]) - used == set()


def test_the_page_has_the_project_in_it(site: Site) -> None:
    absent = [unique_id for unique_id, _ in site.documented() if f'"{unique_id}"' not in site.page]
    assert absent == []
