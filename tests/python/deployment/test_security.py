"""Who sees what, and that names which users give are never more than text: one build with all of it on."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from end_to_end.project_run import CATALOG, ROOT, ProjectRun

from local_warehouse.home import Home

pytestmark = pytest.mark.warehouse

GIVEN_SALT = "a salt of the tests, 1234"
SALT_TABLE = f"{CATALOG}.plt_ops.identity_salt"
HOSTILE = """it's {{ 1 / 0 }} {% raw %} \\ '); drop table x; -- ${env} <script>"""
ON = {
    "mask_identities": True,
    "secure_by_cost_center": True,
    "gold_readers": "analysts",
    "secured_readers": "leads",
}
#: What is shown by cost center, and from which fact.
VIEWS = {
    f"{CATALOG}.plt_secured.costs_of_my_cost_centers": f"{CATALOG}.plt_gold.fct_cost_daily",
    f"{CATALOG}.plt_secured.usage_of_my_cost_centers": f"{CATALOG}.plt_gold.fct_usage",
}
READERS = f"{CATALOG}.plt_silver.cost_center_readers"


def literal(text: str) -> str:
    """A SQL literal of the local warehouse, written apart from the project's macro."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    # Spark takes ${name} in the text of a statement for a variable: here it is to be data.
    return "'" + escaped.replace("$", "' || char(36) || '") + "'"


#: Columns of Silver that name people and service principals.
PEOPLE = {
    "slv_usage": "identity_metadata.run_as, identity_metadata.owned_by, identity_metadata.created_by",
    "slv_jobs": "creator_id, creator_user_name, run_as, run_as_user_name",
    "slv_pipelines": "created_by, run_as",
    "slv_clusters": "owned_by",
    "slv_warehouses": "created_by",
}


#: Reports that show people, tags or names; the others show the same columns of the same tables.
REPORTS = ("rpt_top_cost_drivers", "rpt_unattributed_costs", "rpt_tag_quality", "rpt_cluster_costs")


def salt_of(run: ProjectRun) -> str:
    """The salt that is kept on the warehouse."""
    return str(run.value(f"select salt from {SALT_TABLE}"))


@pytest.fixture(scope="module")
def secured(project: ProjectRun, account: Path) -> ProjectRun:
    """A warehouse on which names and tags are hostile; nothing is built."""
    run = project
    run.deliver(account)
    run.fetch(f"update system.compute.clusters set cluster_name = {literal(HOSTILE)}")
    run.fetch(
        f"update system.billing.usage set custom_tags = map({literal(HOSTILE)}, {literal(HOSTILE)},"
        f" 'cost_center', if(hash(record_id) % 2 = 0, 'cc-1', {literal(HOSTILE)}),"
        " 'owner', identity_metadata.created_by)"
    )
    # People stand in names and tags, too.
    person = run.value("select min(created_by) from system.compute.warehouses where created_by like '%@%'")
    for change in (
        f"lakeflow.jobs set name = concat('copy of <{person}>: ', name), tags = map('owner', '{person}')",
        f"lakeflow.job_run_timeline set run_name = 'started by {person}'",
        f"compute.warehouses set warehouse_name = '{person}', tags = map('contact', 'mailto:{person}')",
    ):
        run.fetch(f"update system.{change}")
    return run


def test_names_are_not_masked_with_no_salt_or_a_short_one(secured: ProjectRun) -> None:
    output = secured.dbt_failing("run", "--select", "processing_state", variables=ON)
    assert "there is no salt" in output
    secured.environment["PLT_IDENTITY_SALT"] = "short"
    assert "16 characters or more" in secured.dbt_failing("run-operation", "set_identity_salt")
    # What an operation leaves that was interrupted.
    secured.fetch(f"create schema if not exists {CATALOG}.plt_ops")
    secured.fetch(f"create table {SALT_TABLE} (salt string)")
    output = secured.dbt_failing("run", "--select", "processing_state", variables=ON)
    assert "there is no salt" in output


def test_the_salt_is_set_once_and_no_statement_holds_it_whole(secured: ProjectRun) -> None:
    secured.environment["PLT_IDENTITY_SALT"] = GIVEN_SALT
    secured.dbt("run-operation", "set_identity_salt")
    assert "there is a salt" in secured.dbt_failing("run-operation", "set_identity_salt")
    kept = salt_of(secured)
    assert re.fullmatch("[0-9a-f]{64}", kept)
    assert kept != hashlib.sha256(GIVEN_SALT.encode()).hexdigest()


def test_a_build_with_everything_on_takes_hostile_names_for_text(secured: ProjectRun) -> None:
    del secured.environment["PLT_IDENTITY_SALT"]
    secured.dbt(
        "build", "--select", "+path:models/gold/core", "+path:models/gold/secured",
        *(f"+{report}" for report in REPORTS),
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


def masked(salt: str, name: str | None) -> str | None:
    """How Gold shows a name, written apart from the project's macro."""
    return None if name is None else hashlib.sha256((salt + name).encode()).hexdigest()[:32]


def test_people_have_one_masked_name_everywhere(secured: ProjectRun) -> None:
    salt = salt_of(secured)
    rows = secured.fetch(
        f"select distinct slv.run_as as name, fct.run_as as shown from {CATALOG}.plt_silver.slv_usage as slv"
        f" inner join {CATALOG}.plt_gold.fct_usage as fct using (record_id, record_type)"
    )
    assert len(rows) > 2
    assert [row for row in rows if row["shown"] != masked(salt, row["name"])] == []
    owners = secured.fetch(
        f"select owned_by as name from {CATALOG}.plt_silver.slv_clusters where owned_by is not null"
    )
    shown = secured.fetch(
        f"select distinct owner from {CATALOG}.plt_gold.dim_cluster where owner is not null"
    )
    assert {row["owner"] for row in shown} == {masked(salt, row["name"]) for row in owners}
    for table in ("dim_entity", "dim_cluster"):
        count = f"select count(*) from {CATALOG}.plt_gold.{table} where owner not rlike '^[0-9a-f]{{32}}$'"
        assert secured.value(count) == 0


def test_a_notebook_lies_in_the_folder_of_a_masked_name(secured: ProjectRun) -> None:
    rows = secured.fetch(
        "select distinct slv.usage_metadata.notebook_path as path, dim.entity_name as shown"
        f" from {CATALOG}.plt_silver.slv_usage as slv inner join {CATALOG}.plt_gold.dim_entity as dim"
        " on slv.workspace_id = dim.workspace_id and slv.entity_id = dim.entity_id"
        " where slv.entity_type = 'NOTEBOOK' and dim.entity_type = 'NOTEBOOK'"
    )
    assert rows
    salt = salt_of(secured)
    for row in rows:
        _, users, name, notebook = row["path"].split("/")
        assert row["shown"] == f"/{users}/{masked(salt, name)}/{notebook}"


def test_reports_get_texts_of_people_from_gold() -> None:
    """What is looked through below holds for all reports as long as no other one reads names below Gold."""
    reading = {
        file.stem: found
        for file in (ROOT / "models" / "gold" / "reports").rglob("*.sql")
        if (found := re.findall(r"ref\([\"']((?:slv|brz)_\w+)", file.read_text(encoding="utf-8")))
    }
    # Prices name nobody, and int_tag_conflicts is what rpt_tag_quality shows.
    assert reading == {"rpt_unpriced_usage": ["slv_prices"], "int_tag_conflicts": ["slv_usage_tags"]}


def test_nothing_in_gold_names_a_person_or_principal_that_silver_knows(secured: ProjectRun) -> None:
    """Every column of the tables and of some reports is looked through, with members of tags and structs."""
    people = {
        name
        for table, columns in PEOPLE.items()
        for row in secured.fetch(f"select distinct {columns} from {CATALOG}.plt_silver.{table}")
        for name in row.values()
        # The account has hostile texts in place of some people, too, and the same ones as names of things.
        if name is not None and (re.fullmatch(r"\S+@\S+", name) or re.fullmatch("[0-9a-f-]{36}", name))
    }
    assert len([name for name in people if "@" in name]) > 5
    assert len([name for name in people if "@" not in name]) > 2
    relations = [
        row["table_name"]
        for row in secured.fetch(
            f"select table_name from {CATALOG}.information_schema.tables where table_schema = 'plt_gold'"
        )
    ]
    assert {"dim_entity", "dim_cluster", "fct_usage", "fct_job_runs", *REPORTS} <= set(relations)
    found = {}
    for relation in sorted(relations):
        rows = secured.fetch(f"select distinct to_json(struct(*)) as text from {CATALOG}.plt_gold.{relation}")
        text = "\n".join(row["text"] for row in rows)
        if named := sorted(name for name in people if name in text):
            found[relation] = named
    assert found == {}
    names = [row["name"] for row in secured.fetch(
        f"select entity_name as name from {CATALOG}.plt_gold.dim_entity"
        " where entity_type = 'JOB' and is_known"
    )]  # fmt: skip
    assert names
    assert [name for name in names if not name.startswith("copy of <(masked)>: ")] == []


def test_the_salt_is_in_no_log_and_no_artifact(secured: ProjectRun) -> None:
    kept = salt_of(secured)
    # The table that keeps the salt holds it, and so may what Spark works with while it reads that table: both
    # are for the warehouse alone, the latter until it ends.
    scratch = Home(secured.home).scratch_dir
    places = [
        path
        for folder in (secured.logs, secured.target, secured.home)
        for path in folder.rglob("*")
        if path.is_file() and "identity_salt" not in path.parts and not path.is_relative_to(scratch)
    ]
    assert any(path.name == "dbt.log" for path in places)
    assert any(path.is_relative_to(secured.home) and path.suffix == ".log" for path in places)
    for salt in (GIVEN_SALT, kept):
        assert [path for path in places if salt.encode() in path.read_bytes()] == []


def test_a_reader_sees_the_cost_centers_that_the_seed_maps(secured: ProjectRun) -> None:
    summed = "select count(*) as row_count, sum(list_cost) as list_cost from "
    for view in VIEWS:
        assert secured.value(f"select count(*) from {view}") == 0
    secured.fetch(
        f"insert into {READERS} values (current_user(), 'cc-1'), ('someone else', {literal(HOSTILE)})"
    )
    for view, fact in VIEWS.items():
        centers = secured.fetch(f"select distinct cost_center from {view}")
        assert [row["cost_center"] for row in centers] == ["cc-1"]
        assert secured.fetch(summed + view) == secured.fetch(f"{summed}{fact} where cost_center = 'cc-1'")
    secured.fetch(f"insert into {READERS} values (current_user(), '*')")
    for view, fact in VIEWS.items():
        assert secured.fetch(summed + view) == secured.fetch(summed + fact)


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


def test_maintenance_orders_the_files_of_late_days_and_loses_nothing(secured: ProjectRun) -> None:
    usage = f"{CATALOG}.plt_gold.fct_usage"

    def files() -> dict[int, set[str]]:
        found: dict[int, set[str]] = {}
        for row in secured.fetch(f"select distinct date_key, _metadata.file_path as path from {usage}"):
            found.setdefault(row["date_key"], set()).add(row["path"])
        return found

    before, rows = files(), secured.fetch(f"select * from {usage} order by record_id, record_type")
    newest = int(secured.fetch(f"describe history {usage} limit 1")[0]["version"])
    *early, day = sorted(before)
    assert early
    reach = (datetime.now(UTC).date() - datetime.strptime(str(day), "%Y%m%d").date()).days
    arguments = ("run-operation", "maintain", "--args", "{tables: [fct_usage]}")
    assert "1 tables maintained" in secured.dbt(*arguments, variables={"optimize_days": reach})

    (done,) = [row for row in secured.fetch(f"describe history {usage}") if row["operation"] == "OPTIMIZE"]
    parameters = dict(done["operationParameters"])
    assert json.loads(parameters["zOrderBy"]) == ["workspace_id", "entity_id"]
    assert [part for part in json.loads(parameters["predicate"]) if str(day) in part]
    after = files()
    assert after[day].isdisjoint(before[day])
    assert {key: after[key] for key in early} == {key: before[key] for key in early}
    assert secured.fetch(f"select * from {usage} order by record_id, record_type") == rows
    # Who reads the change feed finds no change, and can still read from its beginning.
    moved = f"select count(*) from table_changes('{usage}', {newest + 1})"
    assert secured.value(moved) == 0
    assert secured.value(f"select count(*) from table_changes('{usage}', 0)") >= len(rows)
    versions = secured.versions()
    secured.dbt("run", "--select", "fct_usage", "fct_cost_daily", variables=ON)
    # The record of the run itself is all that is new.
    assert set(secured.rows_written_since(versions)) <= {"plt_ops.model_runs"}
    assert secured.touched_days("fct_cost_daily") == []
