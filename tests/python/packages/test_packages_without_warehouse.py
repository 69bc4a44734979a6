"""The offline packages compile where no warehouse answers, and say what they leave unchecked."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

OFFLINE = Path(__file__).parents[3] / "offline_packages"
PROJECT = Path(__file__).parent / "project"
# These ask which columns a relation has, which nothing but a warehouse can answer.
INTROSPECTIVE = ("chosen_columns", "aliased_columns")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    """What `dbt compile` printed, and the manifest it wrote, with a host that does not answer."""
    project = tmp_path_factory.mktemp("offline") / "project"
    shutil.copytree(PROJECT, project)
    shutil.copytree(OFFLINE, project / "dbt_packages")
    shutil.copytree(project / "monitors", project / "models/monitors")
    target = {
        "type": "databricks",
        "catalog": "platform_observability",
        "schema": "packages_offline",
        "host": "http://127.0.0.1:1",
        "http_path": "/sql/1.0/warehouses/local",
        "token": "nobody asks",
        "connect_retries": 0,
    }
    profiles = {"package_cases": {"target": "local", "outputs": {"local": target}}}
    (project / "profiles.yml").write_text(yaml.safe_dump(profiles))
    command = [
        str(Path(sys.executable).with_name("dbt")),
        "compile",
        "--no-populate-cache",
        "--no-introspect",
    ]
    dbt = subprocess.run(
        [*command, "--profiles-dir", str(project), "--exclude", *INTROSPECTIVE],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert dbt.returncode == 0, dbt.stdout
    return dbt.stdout, json.loads((project / "target/manifest.json").read_text())


def test_everything_that_asks_nothing_compiles(compiled: tuple[str, dict[str, Any]]) -> None:
    _, manifest = compiled
    nodes = [node for node in manifest["nodes"].values() if node["resource_type"] in ("model", "test")]
    left_out = {node["name"] for node in nodes if not node.get("compiled_code")}
    assert left_out == set(INTROSPECTIVE)


def test_monitors_are_disabled_and_reported_as_disabled(compiled: tuple[str, dict[str, Any]]) -> None:
    output, manifest = compiled
    disabled = {
        node["test_metadata"]["name"]
        for versions in manifest["disabled"].values()
        for node in versions
        if node["resource_type"] == "test" and node["test_metadata"]["namespace"] == "elementary"
    }
    assert disabled == {file.stem for file in (OFFLINE / "elementary").rglob("generic_tests/*.sql")}
    enabled = [node.get("test_metadata") or {} for node in manifest["nodes"].values()]
    assert not [test for test in enabled if test.get("namespace") == "elementary"]
    assert "Elementary is not installed: its monitors are disabled" in output
