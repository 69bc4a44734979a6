"""Who sees what, and that names which users give are never more than text: one build with all of it on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from end_to_end.project_run import CATALOG, ProjectRun

pytestmark = pytest.mark.warehouse

SALT = "a salt of the tests, 1234"
HOSTILE = """it's {{ 1 / 0 }} {% raw %} \\ '); drop table x; -- ${env} <script>"""
ON = {
    "mask_identities": True,
    "secure_by_cost_center": True,
    "gold_readers": "analysts",
    "secured_readers": "leads",
}
VIEW = f"{CATALOG}.plt_secured.costs_of_my_cost_centers"
READERS = f"{CATALOG}.plt_silver.cost_center_readers"


def literal(text: str) -> str:
    """A SQL literal of the local warehouse, written apart from the project's macro."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    # Spark takes ${name} in the text of a statement for a variable: here it is to be data.
    return "'" + escaped.replace("$", "' || char(36) || '") + "'"


@pytest.fixture(scope="module")
def secured(account: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProjectRun]:
    """A warehouse on which names and tags are hostile; nothing is built."""
    run = ProjectRun(tmp_path_factory.mktemp("secured"), tmp_path_factory.mktemp("dbt"))
    run.up()
    run.deliver(account)
    run.fetch(f"update system.compute.clusters set cluster_name = {literal(HOSTILE)}")
    run.fetch(
        f"update system.billing.usage set custom_tags = map({literal(HOSTILE)}, {literal(HOSTILE)},"
        f" 'cost_center', if(hash(record_id) % 2 = 0, 'cc-1', {literal(HOSTILE)}))"
    )
    yield run
    run.remove()


def test_names_are_not_masked_with_no_salt_or_a_short_one(secured: ProjectRun) -> None:
    output = secured.dbt_failing("run", "--select", "processing_state", variables=ON)
    assert "there is no salt" in output
    secured.environment["PLT_IDENTITY_SALT"] = "short"
    assert "16 characters or more" in secured.dbt_failing("run-operation", "set_identity_salt")


def test_the_salt_is_set_once(secured: ProjectRun) -> None:
    secured.environment["PLT_IDENTITY_SALT"] = SALT
    secured.dbt("run-operation", "set_identity_salt")
    assert "there is a salt" in secured.dbt_failing("run-operation", "set_identity_salt")
    assert secured.value(f"select salt from {CATALOG}.plt_ops.identity_salt") == SALT


def test_a_build_with_everything_on_takes_hostile_names_for_text(secured: ProjectRun) -> None:
    del secured.environment["PLT_IDENTITY_SALT"]
    secured.dbt(
        "build", "--select", "+costs_of_my_cost_centers", "dim_cluster",
        "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test",
        variables=ON,
    )  # fmt: skip
    names = secured.fetch(
        f"select distinct cluster_name from {CATALOG}.plt_gold.dim_cluster where owner is not null"
    )
    assert [row["cluster_name"] for row in names] == [HOSTILE]
    values = secured.fetch(
        f"select distinct explode(map_values(tags)) as value from {CATALOG}.plt_gold.fct_usage"
    )
    assert HOSTILE in [row["value"] for row in values]


def test_people_have_one_masked_name_everywhere(secured: ProjectRun) -> None:
    rows = secured.fetch(
        f"select distinct slv.run_as as name, fct.run_as as shown from {CATALOG}.plt_silver.slv_usage as slv"
        f" inner join {CATALOG}.plt_gold.fct_usage as fct using (record_id, record_type)"
    )
    assert len(rows) > 2
    for row in rows:
        name = row["name"]
        assert row["shown"] == (hashlib.sha256((SALT + name).encode()).hexdigest()[:32] if name else None)
    masked = {hashlib.sha256((SALT + row["name"]).encode()).hexdigest()[:32] for row in secured.fetch(
        f"select owned_by as name from {CATALOG}.plt_silver.slv_clusters where owned_by is not null"
    )}  # fmt: skip
    shown = secured.fetch(
        f"select distinct owner from {CATALOG}.plt_gold.dim_cluster where owner is not null"
    )
    assert {row["owner"] for row in shown} == masked
    for table in ("dim_entity", "dim_cluster"):
        count = f"select count(*) from {CATALOG}.plt_gold.{table} where owner not rlike '^[0-9a-f]{{32}}$'"
        assert secured.value(count) == 0


def test_the_salt_is_in_no_log_and_no_artifact(secured: ProjectRun) -> None:
    places = [
        path for folder in (secured.logs, secured.target) for path in folder.rglob("*") if path.is_file()
    ]
    assert any(path.name == "dbt.log" for path in places)
    assert [path for path in places if SALT.encode() in path.read_bytes()] == []


def test_a_reader_sees_the_cost_centers_that_the_seed_maps(secured: ProjectRun) -> None:
    daily = f"{CATALOG}.plt_gold.fct_cost_daily"
    assert secured.value(f"select count(*) from {VIEW}") == 0
    secured.fetch(
        f"insert into {READERS} values (current_user(), 'cc-1'), ('someone else', {literal(HOSTILE)})"
    )
    assert {row["cost_center"] for row in secured.fetch(f"select distinct cost_center from {VIEW}")} == {
        "cc-1"
    }
    own = f"select count(*) as row_count, sum(list_cost) as list_cost from {daily} where cost_center = 'cc-1'"
    assert secured.fetch(
        f"select count(*) as row_count, sum(list_cost) as list_cost from {VIEW}"
    ) == secured.fetch(own)
    secured.fetch(f"insert into {READERS} values (current_user(), '*')")
    assert secured.value(f"select count(*) from {VIEW}") == secured.value(f"select count(*) from {daily}")


def test_groups_are_refused_where_there_are_none(secured: ProjectRun) -> None:
    """The local warehouse knows no groups: it says so, and shows nobody anything."""
    variables = ON | {"cost_center_readers_are": "groups"}
    output = secured.dbt_failing("run", "--select", "costs_of_my_cost_centers", variables=variables)
    assert "is_account_group_member" in output


def test_a_group_is_granted_gold_and_nothing_below(secured: ProjectRun) -> None:
    granted = [
        line
        for path in secured.logs.rglob("dbt.log*")
        for line in path.read_text(encoding="utf-8").lower().splitlines()
        if line.lstrip().startswith("grant ")
    ]
    assert any("fct_cost_daily" in line and "`analysts`" in line for line in granted)
    assert any("costs_of_my_cost_centers" in line and "`leads`" in line for line in granted)
    assert {"plt_gold" if "`analysts`" in line else "plt_secured" for line in granted} == {
        "plt_gold",
        "plt_secured",
    }
    assert [line for line in granted if ("plt_gold" in line) != ("`analysts`" in line)] == []
