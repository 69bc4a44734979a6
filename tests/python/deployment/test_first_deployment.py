"""What the README tells a person with a workspace to do, and the workflow file, name what is there."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from deployment.bundle import ROOT, Bundle

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def workflow() -> dict[Any, Any]:
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    loaded: dict[Any, Any] = yaml.safe_load(text)
    return loaded


SECTION = README.split("## Deploy to a workspace")[1].split("\n## ")[0]


def first_commands() -> list[tuple[str, str]]:
    """The commands of a first deployment, each with what is said of it, in their order."""
    lines = SECTION.split("```")[1].strip().splitlines()
    found = [re.fullmatch(rf"(\S.*?) +# {number}\. (.+)", line) for number, line in enumerate(lines, start=1)]
    return [(match[1], match[2]) for match in found if match]


def test_a_first_deployment_takes_five_commands_each_explained() -> None:
    """From tools to a run, and nothing to edit but one file; packages are there before they are uploaded."""
    commands = [command for command, _ in first_commands()]
    assert commands == [
        "scripts/setup --packages hub",
        "databricks auth login --host https://your-workspace --profile DEFAULT",
        "databricks bundle validate --strict",
        "databricks bundle deploy",
        "databricks bundle run daily",
    ]
    assert "Edit `variables.yml`" in SECTION
    assert Bundle("dev").target["default"] is True, "commands that name no target deploy dev"
    assert "daily" in Bundle("dev").resources["jobs"]


def test_the_first_deployment_is_told_as_it_is() -> None:
    told = {command.split()[-1]: explained for command, explained in first_commands()}
    for kind in ("schemas", "daily job", "dashboards", "alerts"):
        assert kind in told["deploy"]
    assert "paused" in told["deploy"]
    schedules = [Bundle("dev").resources["jobs"]["daily"]["schedule"]]
    assert {schedule["pause_status"] for schedule in schedules} == {"PAUSED"}
    tasks = [task["task_key"] for task in Bundle("dev").resources["jobs"]["daily"]["tasks"]]
    assert re.findall(r"preflight|build|maintenance|health", told["daily"]) == tasks


def test_what_readers_and_builders_must_be_granted_is_told() -> None:
    """What a bundle cannot grant, and without which nothing can be read or built."""
    for grant in ("USE CATALOG", "CREATE SCHEMA", "CAN USE"):
        assert f"`{grant}`" in SECTION, grant


def test_every_variable_of_the_bundle_that_names_a_group_is_told() -> None:
    security = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    for name in ("readers", "secured_readers"):
        assert name in Bundle("dev").source["variables"]
        assert f"`{name}` in `variables.yml`" in security


def test_documents_link_to_files_that_are_there() -> None:
    for name in ("README.md", "SECURITY.md", "UPGRADING.md", "CHANGELOG.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
            assert (ROOT / target).exists(), f"{name}: {target}"


def commands_of(job: dict[str, Any]) -> list[str]:
    """What the steps of a job run, in order."""
    return [line for step in job["steps"] for line in step.get("run", "").splitlines()]


def test_the_operations_that_documents_name_are_macros() -> None:
    macros = {path.stem for path in (ROOT / "macros").rglob("*.sql")}
    for path in [*ROOT.glob("*.md"), ROOT / "dbt_project.yml"]:
        for name in re.findall(r"run-operation (\w+)", path.read_text(encoding="utf-8")):
            assert name in macros, f"{path.name}: {name}"


def test_the_workflow_tests_before_it_deploys(workflow: dict[Any, Any]) -> None:
    jobs = workflow["jobs"]
    assert jobs["deploy"]["needs"] == ["test", "elementary"]
    assert workflow["permissions"] == {"contents": "read"}
    assert commands_of(jobs["test"]) == ["scripts/test"]
    assert commands_of(jobs["deploy"]) == [
        "scripts/setup --packages hub",
        "databricks bundle validate --strict --target prod",
        "databricks bundle deploy --target prod",
    ]


def test_the_workflow_says_what_it_deploys(workflow: dict[Any, Any]) -> None:
    (step,) = [step for step in workflow["jobs"]["deploy"]["steps"] if "deploy" in step.get("run", "")]
    kinds = Bundle("prod").resources.keys()
    said = {"schemas": "schemas", "jobs": "daily job", "dashboards": "dashboards", "alerts": "alerts"}
    assert step["name"].lower().split(", ") == [
        said[kind] for kind in ("schemas", "jobs", "dashboards", "alerts")
    ]
    assert kinds == said.keys()


def test_the_workflow_runs_what_only_the_real_packages_can_show(workflow: dict[Any, Any]) -> None:
    """The tests that are skipped without a mirror and without edr are given both."""
    job = workflow["jobs"]["elementary"]
    commands = commands_of(job)
    assert commands[0] == "scripts/setup --dev --packages hub"
    assert (
        ".venv-elementary/bin/pip install --quiet --require-hashes -r requirements-elementary.txt" in commands
    )
    assert commands[-1] == ".venv/bin/pytest tests/python/packages"
    (mirror,) = [step["env"]["DBT_PACKAGES_MIRROR"] for step in job["steps"] if "env" in step]
    assert f'cp -r dbt_packages "{mirror.replace("${{ runner.temp }}", "$RUNNER_TEMP")}"' in commands


def test_the_workflow_uses_the_cli_that_the_bundle_asks_for(workflow: dict[Any, Any]) -> None:
    asked = yaml.safe_load((ROOT / "databricks.yml").read_text(encoding="utf-8"))["bundle"][
        "databricks_cli_version"
    ]
    used = [
        step["uses"]
        for job in workflow["jobs"].values()
        for step in job["steps"]
        if "setup-cli" in step.get("uses", "")
    ]
    assert used == [f"databricks/setup-cli@v{asked.removeprefix('>=')}"] * 2
