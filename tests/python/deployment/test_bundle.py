"""The Asset Bundle is whole: what it names is there, and the APIs know every field it sets."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import pytest
import yaml
from databricks.sdk.service import catalog, dashboards, jobs, sql

from deployment.bundle import ROOT, Bundle
from deployment.sdk_fields import unknown_fields

TARGETS = ("dev", "prod")
#: What a bundle takes for every resource besides the fields of the API.
OF_BUNDLES = {"lifecycle": dict[str, bool], "permissions": list[dict[str, str]]}
#: Kind of resource -> (its type in the SDK, what the bundle takes besides).
KINDS: dict[str, tuple[Any, dict[str, Any]]] = {
    "jobs": (jobs.JobSettings, OF_BUNDLES),
    "schemas": (catalog.SchemaInfo, OF_BUNDLES | {"grants": list[catalog.PrivilegeAssignment]}),
    "alerts": (sql.AlertV2, OF_BUNDLES),
    "dashboards": (
        dashboards.Dashboard,
        OF_BUNDLES
        | {"file_path": str, "dataset_catalog": str, "dataset_schema": str, "embed_credentials": bool},
    ),
}


@pytest.fixture(scope="module", params=TARGETS)
def bundle(request: pytest.FixtureRequest) -> Bundle:
    return Bundle(request.param)


@pytest.fixture(scope="module")
def daily(bundle: Bundle) -> dict[str, Any]:
    job: dict[str, Any] = bundle.resources["jobs"]["daily"]
    return job


def test_every_field_is_known_to_its_api(bundle: Bundle) -> None:
    problems: list[str] = []
    for kind, resources in bundle.resources.items():
        expected, also = KINDS[kind]
        for name, resource in resources.items():
            problems += unknown_fields(resource, expected, f"{kind}.{name}", also)
    assert problems == []


def test_the_check_of_fields_finds_what_is_wrong() -> None:
    job = {
        "name": "x",
        "task": [],
        "schedule": {"quartz_cron_expression": "0 0 * * * ?", "pause_status": "OFF"},
        "tasks": [{"task_key": 1}],
    }
    assert set(unknown_fields(job, jobs.JobSettings, "job")) == {
        "job.task: no such field",
        "job.schedule.timezone_id: lacking",
        "job.schedule.pause_status: 'OFF' is none of ['PAUSED', 'UNPAUSED']",
        "job.tasks[0].task_key: 1 is no str",
    }


def test_the_job_runs_at_half_past_five_in_india(daily: dict[str, Any]) -> None:
    assert daily["schedule"]["quartz_cron_expression"] == "0 30 5 * * ?"
    assert daily["schedule"]["timezone_id"] == "Asia/Kolkata"
    assert daily["schedule"]["timezone_id"] in available_timezones()


def results(tasks: list[dict[str, Any]], failing: str) -> dict[str, bool]:
    """Whether each task succeeds, where one fails if it runs; as Databricks tells it.

    A task runs when all it depends on have succeeded, or are over with ALL_DONE. One that does not run for a
    failure before it counts as failed.
    """
    well: dict[str, bool] = {}
    while len(well) < len(tasks):
        for task in tasks:
            before = [other["task_key"] for other in task.get("depends_on", [])]
            if all(key in well for key in before):
                runs = task.get("run_if") == "ALL_DONE" or all(well[key] for key in before)
                well[task["task_key"]] = runs and task["task_key"] != failing
    return well


def run_fails(tasks: list[dict[str, Any]], failing: str) -> bool:
    """Whether the run fails: by its last tasks alone, those that no other depends on."""
    well = results(tasks, failing)
    waited_for = {other["task_key"] for task in tasks for other in task.get("depends_on", [])}
    return not all(well[key] for key in well.keys() - waited_for)


def test_a_run_fails_whichever_task_fails(daily: dict[str, Any]) -> None:
    """A run that fails sends mail; one whose last tasks succeed sends none, whatever went wrong before."""
    keys = [task["task_key"] for task in daily["tasks"]]
    assert keys == ["preflight", "build", "maintenance", "health"]
    assert not run_fails(daily["tasks"], "none of them")
    assert [key for key in keys if not run_fails(daily["tasks"], key)] == []


def test_a_health_check_that_stands_alone_at_the_end_would_hide_failures(daily: dict[str, Any]) -> None:
    """So that the test above can fail."""
    tasks = [
        task | {"depends_on": [{"task_key": "maintenance"}]} if task["task_key"] == "health" else task
        for task in daily["tasks"]
    ]
    assert [task["task_key"] for task in tasks if not run_fails(tasks, task["task_key"])] == [
        "preflight",
        "build",
        "maintenance",
    ]


def test_the_tasks_follow_one_another_and_the_health_check_always_runs(daily: dict[str, Any]) -> None:
    after = {
        task["task_key"]: [other["task_key"] for other in task.get("depends_on", [])]
        for task in daily["tasks"]
    }
    assert after == {
        "preflight": [],
        "build": ["preflight"],
        "maintenance": ["build"],
        "health": ["build"],
    }
    (health,) = [task for task in daily["tasks"] if task["task_key"] == "health"]
    assert health["run_if"] == "ALL_DONE"


def command_of(daily: dict[str, Any], key: str) -> list[str]:
    """The words of the one command of a task."""
    (task,) = [task for task in daily["tasks"] if task["task_key"] == key]
    (command,) = task["dbt_task"]["commands"]
    return shlex.split(command)


def test_the_health_check_takes_no_build_of_another_day_for_this_one(daily: dict[str, Any]) -> None:
    """Its limit is longer than a run can take, and shorter than the time since yesterday's run was over."""
    words = command_of(daily, "health")
    limit = yaml.safe_load(words[words.index("--vars") + 1])["build_at_least_every_hours"] * 3600
    assert daily["timeout_seconds"] < limit < 24 * 3600 - daily["timeout_seconds"]


def test_the_daily_build_runs_no_unit_tests_and_records_what_it_writes(daily: dict[str, Any]) -> None:
    words = command_of(daily, "build")
    assert words[words.index("--exclude-resource-type") + 1] == "unit_test"
    assert yaml.safe_load(words[words.index("--vars") + 1]) == {
        "record_written_bytes": True,
        "elementary_enabled": False,
    }


def test_each_task_is_dbt_on_the_warehouse_with_json_logs(bundle: Bundle, daily: dict[str, Any]) -> None:
    environments = {environment["environment_key"] for environment in daily["environments"]}
    macros = {path.stem for path in (ROOT / "macros").rglob("*.sql")}
    for task in daily["tasks"]:
        dbt = task["dbt_task"]
        assert task["environment_key"] in environments
        assert (ROOT / "resources" / dbt["project_directory"] / "dbt_project.yml").exists()
        assert dbt["catalog"] == bundle.resources["schemas"]["gold"]["catalog_name"]
        for command in dbt["commands"]:
            words = shlex.split(command)
            assert words[:3] == ["dbt", "--log-format", "json"]
            assert words[3] == "build" or (words[3] == "run-operation" and words[4] in macros), command
            assert "deps" not in words


def test_the_job_installs_what_the_project_is_tested_with(daily: dict[str, Any]) -> None:
    pinned = dict(
        re.findall(r"^([\w-]+)==(\S+)", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.M)
    )
    for environment in daily["environments"]:
        for dependency in environment["spec"]["dependencies"]:
            name, _, version = dependency.partition("==")
            assert pinned[name] == version


def test_those_who_are_to_be_notified_hear_of_failed_and_of_long_runs(daily: dict[str, Any]) -> None:
    told = ["platform-team@example.com"]
    assert Bundle("dev").source["variables"]["notify"]["default"] == told
    assert daily["email_notifications"] == {
        "on_failure": told,
        "on_duration_warning_threshold_exceeded": told,
    }
    (rule,) = daily["health"]["rules"]
    assert rule["metric"] == "RUN_DURATION_SECONDS"
    assert rule["value"] < daily["timeout_seconds"], "a run that is stopped has been warned of before"


def test_the_schemas_are_those_of_the_models_and_none_is_dropped_with_the_bundle(bundle: Bundle) -> None:
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    own = [project[kind]["platform_observability"] for kind in ("models", "snapshots", "seeds")]
    configured = set(re.findall(r"\+schema': '(\w+)", str(own)))
    assert "plt_gold" in configured
    schemas = bundle.resources["schemas"].values()
    assert configured <= {schema["name"] for schema in schemas}
    assert all(schema["lifecycle"]["prevent_destroy"] for schema in schemas)


def test_readers_are_granted_gold_and_nothing_below_it(bundle: Bundle) -> None:
    granted = {
        schema["name"]: [
            (grant["principal"], privilege) for grant in schema["grants"] for privilege in grant["privileges"]
        ]
        for schema in bundle.resources["schemas"].values()
        if "grants" in schema
    }
    readers = Bundle("dev").source["variables"]["readers"]["default"]
    to_read = [(readers, "USE_SCHEMA"), (readers, "SELECT")]
    assert granted == {"plt_gold": to_read, "plt_secured": to_read}


def test_readers_of_some_cost_centers_are_a_group_of_their_own() -> None:
    """Nobody is granted both schemas by it."""
    bundle = Bundle("prod", secured_readers="leads")
    principals = {
        name: [grant["principal"] for grant in schema.get("grants", [])]
        for name, schema in bundle.resources["schemas"].items()
    }
    assert principals["secured"] == ["leads"]
    assert "leads" not in principals["gold"] + principals["silver"] + principals["bronze"]


def test_only_prod_works_by_itself() -> None:
    """Everything that has a schedule. A preset would fill what is empty, and leave alone what is said."""
    for target, status in (("dev", "PAUSED"), ("prod", "UNPAUSED")):
        bundle = Bundle(target)
        assert "presets" not in bundle.target
        found = {
            f"{kind}.{name}": resource["schedule"]["pause_status"]
            for kind, resources in bundle.resources.items()
            for name, resource in resources.items()
            if "schedule" in resource
        }
        assert found == dict.fromkeys(found, status)
        assert found.keys() == {"jobs.daily", *(f"alerts.{name}" for name in bundle.resources["alerts"])}


def test_prod_runs_as_the_service_principal() -> None:
    prod = Bundle("prod", service_principal="an-application").target
    assert prod["mode"] == "production"
    assert prod["run_as"] == {"service_principal_name": "an-application"}


def test_an_account_is_set_up_in_one_file() -> None:
    """What an administrator must give is asked for by variables.yml: no id or address stands elsewhere."""
    address = re.compile(
        r"[\w.+-]+@[\w-]+\.\w+|\b[0-9a-f]{8}-[0-9a-f]{4}-|\b[0-9a-f]{16}\b|https?://\S+databricks"
    )
    for path in [ROOT / "databricks.yml", *(ROOT / "resources").rglob("*.yml")]:
        assert address.findall(path.read_text(encoding="utf-8")) == [], path.name
    own = yaml.safe_load((ROOT / "variables.yml").read_text(encoding="utf-8"))["variables"]
    used = " ".join(
        path.read_text(encoding="utf-8")
        for path in [ROOT / "databricks.yml", *Path(ROOT, "resources").glob("*.yml")]
    )
    assert all(variable["description"] for variable in own.values())
    assert [name for name in own if f"${{var.{name}}}" not in used] == []


def test_what_the_job_needs_is_uploaded(bundle: Bundle) -> None:
    """The packages are not tracked, so they are named; nothing a build reads is left behind."""
    sync = bundle.source["sync"]
    assert "dbt_packages/**" in sync["include"]
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    read_by_dbt = {
        folder
        for kind in ("model", "macro", "seed", "snapshot", "analysis")
        for folder in project[f"{kind}-paths"]
    }
    assert not read_by_dbt & {pattern.split("/")[0] for pattern in sync["exclude"]}
