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


def test_the_tasks_follow_one_another_and_the_health_check_always_runs(daily: dict[str, Any]) -> None:
    after = {
        task["task_key"]: [other["task_key"] for other in task.get("depends_on", [])]
        for task in daily["tasks"]
    }
    assert after == {
        "preflight": [],
        "build": ["preflight"],
        "maintenance": ["build"],
        "health": ["build", "maintenance"],
    }
    (health,) = [task for task in daily["tasks"] if task["task_key"] == "health"]
    assert health["run_if"] == "ALL_DONE"


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


def test_someone_hears_of_a_failure(daily: dict[str, Any]) -> None:
    assert daily["email_notifications"]["on_failure"]


def test_the_schemas_are_those_of_the_models_and_none_is_dropped_with_the_bundle(bundle: Bundle) -> None:
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    own = [project[kind]["platform_observability"] for kind in ("models", "snapshots", "seeds")]
    configured = set(re.findall(r"\+schema': '(\w+)", str(own)))
    assert "plt_gold" in configured
    schemas = bundle.resources["schemas"].values()
    assert configured <= {schema["name"] for schema in schemas}
    assert all(schema["lifecycle"]["prevent_destroy"] for schema in schemas)


def test_readers_are_granted_gold_and_nothing_else(bundle: Bundle) -> None:
    granted = {
        schema["name"]: [
            (grant["principal"], privilege) for grant in schema["grants"] for privilege in grant["privileges"]
        ]
        for schema in bundle.resources["schemas"].values()
        if "grants" in schema
    }
    readers = Bundle("dev").source["variables"]["readers"]["default"]
    assert granted == {"plt_gold": [(readers, "USE_SCHEMA"), (readers, "SELECT")]}


def test_only_prod_works_by_itself() -> None:
    dev, prod = Bundle("dev"), Bundle("prod")
    assert dev.target["presets"]["trigger_pause_status"] == "PAUSED"
    for bundle, status in ((dev, "PAUSED"), (prod, "UNPAUSED")):
        assert {alert["schedule"]["pause_status"] for alert in bundle.resources["alerts"].values()} == {
            status
        }
    assert prod.target["mode"] == "production"
    assert prod.target["run_as"] == {"service_principal_name": "${var.service_principal}"}


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
