"""The real Databricks CLI takes the bundle, and so does its JSON schema; where the CLI is installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from deployment.bundle import ROOT, files
from deployment.workspace_stub import serving_workspace

CLI = os.environ.get("DATABRICKS_CLI") or shutil.which("databricks")
pytestmark = pytest.mark.skipif(
    CLI is None,
    reason="no Databricks CLI on PATH or in DATABRICKS_CLI: the bundle is held to the SDK's fields only",
)


def run(*arguments: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(CLI), *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with serving_workspace() as host:
        yield {
            "HOME": str(tmp_path_factory.mktemp("home")),
            "DATABRICKS_HOST": host,
            "DATABRICKS_TOKEN": "of-the-stub",
        }


@pytest.mark.parametrize("target", ["dev", "prod"])
def test_the_cli_takes_the_bundle(environment: dict[str, str], target: str) -> None:
    finished = run("bundle", "validate", "--strict", "--target", target, environment=environment)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "Validation OK!" in finished.stdout


@pytest.mark.parametrize(("target", "status"), [("dev", "PAUSED"), ("prod", "UNPAUSED")])
def test_only_prod_works_by_itself(environment: dict[str, str], target: str, status: str) -> None:
    """What the CLI makes of variables and presets, which is what it deploys."""
    finished = run("bundle", "validate", "--target", target, "--output", "json", environment=environment)
    resources = json.loads(finished.stdout)["resources"]
    scheduled = [resources["jobs"]["daily"], *resources["alerts"].values()]
    assert {resource["schedule"]["pause_status"] for resource in scheduled} == {status}


def test_the_cli_refuses_what_is_wrong(environment: dict[str, str], tmp_path: Path) -> None:
    """So that the test above can fail."""
    for file in files():
        copy = tmp_path / file.relative_to(ROOT)
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(
            file.read_text(encoding="utf-8").replace("max_concurrent_runs", "max_runs"), encoding="utf-8"
        )
    finished = subprocess.run(
        [str(CLI), "bundle", "validate", "--strict", "--target", "dev"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert finished.returncode != 0
    assert "unknown field: max_runs" in finished.stdout + finished.stderr


def test_each_file_holds_to_the_schema_of_bundles(environment: dict[str, str]) -> None:
    schema = json.loads(run("bundle", "schema", environment=environment).stdout)
    validator = jsonschema.Draft202012Validator(schema)
    for file in files():
        errors = list(validator.iter_errors(yaml.safe_load(file.read_text(encoding="utf-8"))))
        assert errors == [], f"{file.name}: {[error.message[:200] for error in errors]}"
