"""What the README tells a person with a workspace to do, and the workflow file, name what is there."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from deployment.bundle import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def workflow() -> dict[Any, Any]:
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    loaded: dict[Any, Any] = yaml.safe_load(text)
    return loaded


def test_a_first_deployment_takes_at_most_five_commands_each_explained() -> None:
    section = README.split("## Deploy to a workspace")[1].split("\n## ")[0]
    commands = section.split("```")[1].strip().splitlines()
    assert len(commands) <= 5
    for number, line in enumerate(commands, start=1):
        command, _, explained = line.partition(f"# {number}. ")
        assert explained, line
        program = command.split()[0]
        assert program == "databricks" or (ROOT / program).exists()
    assert "bundle deploy" in section
    assert "Edit `variables.yml`" in section


def test_documents_link_to_files_that_are_there() -> None:
    for name in ("README.md", "SECURITY.md", "UPGRADING.md", "CHANGELOG.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
            assert (ROOT / target).exists(), f"{name}: {target}"


def test_the_operations_that_documents_name_are_macros() -> None:
    macros = {path.stem for path in (ROOT / "macros").rglob("*.sql")}
    for path in [*ROOT.glob("*.md"), ROOT / "dbt_project.yml"]:
        for name in re.findall(r"run-operation (\w+)", path.read_text(encoding="utf-8")):
            assert name in macros, f"{path.name}: {name}"


def test_the_workflow_tests_before_it_deploys(workflow: dict[Any, Any]) -> None:
    jobs = workflow["jobs"]
    assert jobs["deploy"]["needs"] == "test"
    assert workflow["permissions"] == {"contents": "read"}
    runs = {name: [step["run"] for step in job["steps"] if "run" in step] for name, job in jobs.items()}
    assert runs == {
        "test": ["scripts/test"],
        "deploy": ["scripts/setup --packages hub", "databricks bundle deploy --target prod"],
    }


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
