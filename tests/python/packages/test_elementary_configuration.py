"""What the project asks of Elementary: versions that fit, monitors that one var switches, a profile."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
SCHEMA = "plt_ops_elementary"

Monitors = dict[str, dict[str, Any]]


def parse(folder: Path, *, switched_on: bool) -> dict[str, Any]:
    """The manifest of the project as it stands, with no warehouse in reach."""
    command = [str(Path(sys.executable).with_name("dbt")), "--quiet", "parse", "--target", "prod"]
    dbt = subprocess.run(
        [
            *command,
            "--vars",
            json.dumps({"elementary_enabled": switched_on}),
            "--profiles-dir",
            str(folder),
            "--target-path",
            str(folder / "target"),
            "--log-path",
            str(folder / "logs"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert dbt.returncode == 0, dbt.stdout
    manifest: dict[str, Any] = json.loads((folder / "target/manifest.json").read_text())
    return manifest


def is_monitor(node: dict[str, Any]) -> bool:
    return (node.get("test_metadata") or {}).get("namespace") == "elementary"


def enabled(manifest: dict[str, Any]) -> Monitors:
    return {node["name"]: node for node in manifest["nodes"].values() if is_monitor(node)}


def disabled(manifest: dict[str, Any]) -> Monitors:
    return {
        node["name"]: node for nodes in manifest["disabled"].values() for node in nodes if is_monitor(node)
    }


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bool], dict[str, Any]]:
    """Gives the manifest with the var on or off; each is parsed once."""
    parsed: dict[bool, dict[str, Any]] = {}

    def of(switched_on: bool) -> dict[str, Any]:
        if switched_on not in parsed:
            folder = tmp_path_factory.mktemp("parsed")
            (folder / "profiles.yml").write_text((ROOT / "profiles.example.yml").read_text())
            parsed[switched_on] = parse(folder, switched_on=switched_on)
        return parsed[switched_on]

    return of


def pins(file_name: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w-]+)==(\S+)", (ROOT / file_name).read_text(), re.MULTILINE))


def test_edr_and_the_dbt_package_have_one_version() -> None:
    wanted = yaml.safe_load((ROOT / "packages.yml").read_text())["packages"]
    (version,) = (entry["version"] for entry in wanted if entry["package"] == "elementary-data/elementary")
    assert pins("requirements-elementary.in")["elementary-data"] == version
    assert pins("requirements-elementary.txt")["elementary-data"] == version


def test_edr_runs_the_dbt_that_the_project_runs() -> None:
    for package in ("dbt-core", "dbt-databricks"):
        assert len({pins(f"requirements{kind}.in").get(package) for kind in ("", "-elementary")}) == 1
        assert len({pins(f"requirements{kind}.txt")[package] for kind in ("", "-elementary")}) == 1


def test_edr_reaches_every_target_in_elementarys_schema() -> None:
    profiles = yaml.safe_load((ROOT / "profiles.example.yml").read_text())
    expected = {
        name: target | {"schema": SCHEMA}
        for name, target in profiles["platform_observability"]["outputs"].items()
    }
    assert profiles["elementary"]["outputs"] == expected
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text())
    assert project["models"]["elementary"]["+schema"] == SCHEMA


def test_off_by_default_and_every_monitor_is_disabled(manifest: Callable[[bool], dict[str, Any]]) -> None:
    assert yaml.safe_load((ROOT / "dbt_project.yml").read_text())["vars"]["elementary_enabled"] is False
    off, on = manifest(False), manifest(True)
    assert enabled(off) == {}
    assert set(disabled(off)) == set(enabled(on)) != set()


def test_the_var_switches_on_every_monitor_and_none_of_them_stops_a_build(
    manifest: Callable[[bool], dict[str, Any]],
) -> None:
    on = manifest(True)
    assert disabled(on) == {}
    assert {monitor["config"]["severity"].lower() for monitor in enabled(on).values()} == {"warn"}


def test_what_must_be_watched_is_watched(manifest: Callable[[bool], dict[str, Any]]) -> None:
    on = manifest(True)
    watched = set()
    for monitor in enabled(on).values():
        arguments = monitor["test_metadata"]["kwargs"]
        (parent,) = {*monitor["depends_on"]["nodes"]}
        about = (on["nodes"] | on["sources"])[parent]["name"]
        watched.add((monitor["test_metadata"]["name"], about, *arguments.get("dimensions", [])))
    assert watched >= {
        ("schema_changes", "usage"),
        ("schema_changes", "fct_usage"),
        ("freshness_anomalies", "brz_lakeflow_job_run_timeline"),
        ("volume_anomalies", "brz_billing_usage"),
        ("volume_anomalies", "brz_lakeflow_job_run_timeline"),
        ("dimension_anomalies", "fct_usage", "billing_origin_product"),
        ("column_anomalies", "fct_usage", "billing_origin_product"),
        ("column_anomalies", "fct_usage", "workspace_id"),
        ("column_anomalies", "fct_cost_daily"),
        ("column_anomalies", "fct_runs_finished_daily"),
    }


def test_every_column_that_a_monitor_names_is_there(manifest: Callable[[bool], dict[str, Any]]) -> None:
    on = manifest(True)
    for monitor in enabled(on).values():
        arguments = monitor["test_metadata"]["kwargs"]
        (parent,) = {*monitor["depends_on"]["nodes"]}
        columns = set((on["nodes"] | on["sources"])[parent]["columns"])
        named = {arguments.get("column_name"), *arguments.get("dimensions", [])} - {None}
        # A time is a column, or an expression over one.
        times = set(re.findall(r"\w+", arguments.get("timestamp_column", "")))
        assert named <= columns, monitor["name"]
        assert times == set() or times & columns, monitor["name"]


def test_a_stand_in_that_is_switched_on_does_not_pass() -> None:
    for file in (ROOT / "offline_packages/elementary/macros/generic_tests").glob("*.sql"):
        assert re.search(r"^\s*select 'Elementary is not installed' as not_watched$", file.read_text(), re.M)
